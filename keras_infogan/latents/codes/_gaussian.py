"""The Gaussian posterior of continuous codes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_infogan.latents.code import Code
from keras_infogan.latents.code import Posterior
from keras_infogan.latents.code import Tensors
from keras_infogan.latents.code import check_count
from keras_infogan.latents.lazy import tf

# Bounds the standard deviation of `Q` to [0.1, 4]. An error of one standard
# deviation of the uniform prior, sqrt(1/3), costs 1 / (6 stddev^2) nats: 17 at
# 0.1, but 2,700 at one gray level of [-1, 1], 2/255. With so low a bound, `Q`
# becomes overconfident early, and its few large errors dominate the gradient:
# two of five seeds on MNIST lost an epoch or more that way.
LOG_STDDEV_RANGE = (math.log(0.1), math.log(4.0))


@dataclass(frozen=True)
class GaussianCode(Code):
    """A code of independent dimensions, of each of which `Q` is a Gaussian.

    Its standard deviation is learned, within `LOG_STDDEV_RANGE`, or fixed: then
    the log-likelihood is a squared error, weighted by `1 / (2 stddev^2)`.

    Args:
        dim: The number of dimensions, at least 1.
        stddev: The fixed standard deviation of `Q`, or `None` to learn it.
    """

    dim: int = 1
    stddev: float | None = None

    def __post_init__(self):
        check_count(self, "dim", minimum=1)
        stddev = self.stddev
        is_number = isinstance(stddev, int | float) and stddev is not True
        if stddev is not None and not (is_number and 0.0 < stddev < math.inf):
            raise ValueError(
                f"`stddev` of {type(self).__name__} should be a positive "
                f"number, or None to learn it. Received: stddev={stddev!r}."
            )

    @property
    def parameters(self) -> dict[str, int]:
        """The mean and, if learned, the log standard deviation."""
        learned = {} if self.stddev else {"log_stddev": self.dim}
        return {"mean": self.dim, **learned}

    def activate(self, parameter: str, values: Any) -> Any:
        """Bounds `log_stddev` by `LOG_STDDEV_RANGE`, smoothly."""
        if parameter != "log_stddev":
            return values
        from keras import ops

        low, high = LOG_STDDEV_RANGE
        # A clip has no gradient outside: a deviation that has fallen below the
        # least would stay there, and multiply the gradient of the mean.
        values = high - ops.softplus(high - values)
        return low + ops.softplus(values - low)

    def log_likelihood(
        self, values: tf.Tensor, parameters: Tensors
    ) -> tf.Tensor:
        """In nats; `-dim * log(2 pi) / 2` at the mean of unit Gaussians."""
        log_stddev = (
            math.log(self.stddev) if self.stddev else parameters["log_stddev"]
        )
        deviations = (values - parameters["mean"]) * tf.exp(-log_stddev)
        densities = (
            -0.5 * tf.square(deviations)
            - log_stddev
            - 0.5 * math.log(2.0 * math.pi)
        )
        return tf.reduce_sum(densities, axis=-1)

    @property
    def outputs(self) -> dict[str, str]:
        mean = "the mean of each dimension of the code, its best guess"
        if self.stddev:
            return {"mean": f"{mean} (of the standard deviation {self.stddev})"}
        return {
            "mean": mean,
            "log_stddev": "the natural logarithm of the standard deviation of "
            "each dimension",
        }

    def summarize(self, posterior: Posterior) -> dict[str, Any]:
        """`mean` and `stddev` of each dimension."""
        mean = posterior["mean"]
        stddev = (
            np.full_like(mean, self.stddev)
            if self.stddev
            else np.exp(posterior["log_stddev"])
        )
        return {"mean": mean.tolist(), "stddev": stddev.tolist()}

    def describe(self, summary: Mapping[str, Any]) -> str:
        return ", ".join(
            f"{mean:+.2f} +/- {stddev:.2f}"
            for mean, stddev in zip(
                summary["mean"], summary["stddev"], strict=True
            )
        )
