"""Angles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.latents.code import Code
from keras_infogan.latents.code import Posterior
from keras_infogan.latents.code import Tensors
from keras_infogan.latents.code import array_module
from keras_infogan.latents.code import to_rows
from keras_infogan.latents.lazy import tf
from keras_infogan.latents.random import open_unit_uniform

# A standard deviation of a tenth of a radian, as the least of a Gaussian.
MAX_CONCENTRATION = 100.0
# Vectors that were printed with three decimals have a unit norm.
_NORM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Circular(Code):
    """A code that is an angle, uniform on the circle, such as a pose.

    Its values are unit vectors `(cos, sin)`, float32 of shape `(batch, 2)`,
    which have no jump where the angle starts over. People choose an angle in
    radians. `Q` is a von Mises distribution
    ([Mardia and Jupp, 2000](https://doi.org/10.1002/9780470316979), Section
    3.5.4), `exp(kappa cos(angle - mu)) / (2 pi I0(kappa))`: its only parameter,
    `direction`, is `kappa (cos mu, sin mu)`.
    """

    dim = 2
    num_dimensions = 1
    is_periodic = True
    support = "angles in radians, or unit vectors (cos, sin)"
    entropy = math.log(2.0 * math.pi)  # Differential, in nats; 1.838.
    prior = {"distribution": "circle", "low": -1, "high": 1}
    parameters = {"direction": 2}
    quantiles = [-3.14, 3.14]
    outputs = {
        "direction": "the mean direction of the angle as (cos, sin), times its "
        "concentration"
    }

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        angles = 2.0 * math.pi * open_unit_uniform((batch_size, 1), key)
        return _to_vectors(angles)

    def activate(self, parameter: str, values: Any) -> Any:
        """Bounds the concentration by `MAX_CONCENTRATION`, smoothly."""
        from keras import ops

        del parameter
        squared = ops.sum(ops.square(values), axis=-1, keepdims=True)
        return values / ops.sqrt(1.0 + squared / MAX_CONCENTRATION**2)

    def log_likelihood(
        self, values: tf.Tensor, parameters: Tensors
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`; `-log(2 pi)` at 0."""
        direction = parameters["direction"]
        squared = tf.reduce_sum(tf.square(direction), axis=-1)
        # A norm has no gradient at 0, where that of I0 is 0.
        kappa = tf.sqrt(tf.maximum(squared, 1e-12))
        # I0 overflows from 90; this is exp(-kappa) I0(kappa).
        log_bessel = tf.math.log(tf.math.bessel_i0e(kappa)) + kappa
        dot = tf.reduce_sum(direction * values, axis=-1)
        return dot - math.log(2.0 * math.pi) - log_bessel

    def estimate(self, posterior: Posterior) -> np.ndarray:
        """The mean angle, from -pi to pi, of shape `(num_images, 1)`."""
        cosine, sine = np.split(posterior["direction"], 2, axis=-1)
        return np.arctan2(sine, cosine)

    def shift(self, parameters: Tensors, amounts: tf.Tensor) -> Tensors:
        """Turns the direction by `amounts`, in radians."""
        cosine, sine = tf.cos(amounts), tf.sin(amounts)
        x, y = tf.unstack(parameters["direction"], axis=1)
        turned = [cosine * x - sine * y, sine * x + cosine * y]
        return {"direction": tf.stack(turned, axis=1)}

    def summarize(self, posterior: Posterior) -> dict[str, Any]:
        """The mean `angle` in radians, and its `concentration`."""
        cosine, sine = posterior["direction"].tolist()
        return {
            "angle": math.atan2(sine, cosine),
            "concentration": math.hypot(cosine, sine),
        }

    def describe(self, summary: Mapping[str, Any]) -> str:
        return (
            f"{summary['angle']:+.2f} rad "
            f"(concentration {summary['concentration']:.1f})"
        )

    def to_values(self, values: npt.ArrayLike, count: int) -> np.ndarray:
        """Angles, or unit vectors, as `count` unit vectors.

        `values` is an angle in radians, angles of shape `(count,)` or
        `(count, 1)`, or unit vectors of shape `(count, 2)`.
        """
        array = np.asarray(values)
        if array.ndim < 2 or array.shape[1:] == (1,):
            return _to_vectors(to_rows(array, count, 1))
        rows = to_rows(array, count, 2)
        norms = np.linalg.norm(rows, axis=1)
        if (np.abs(norms - 1.0) > _NORM_TOLERANCE).any():
            raise ValueError(
                f"should be {self.support}. Received: vectors of norm "
                f"{norms.min():.4g} to {norms.max():.4g}."
            )
        return rows

    def served_spec(self, name: str) -> tf.TensorSpec:
        """Angles in radians: float32 of shape `(batch, 1)`."""
        return tf.TensorSpec((None, 1), tf.float32, name)

    def to_served(self, values: tf.Tensor) -> tf.Tensor:
        return tf.atan2(values[:, 1:], values[:, :1])

    def from_served(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        nearest, valid = super().from_served(inputs)
        return _to_vectors(nearest), valid

    def traversal(self, num_values: int) -> np.ndarray:
        """`num_values` angles once around, evenly spaced from 0."""
        return np.linspace(
            0.0, 2.0 * math.pi, num_values, endpoint=False, dtype=np.float32
        )


def _to_vectors(angles: tf.Tensor) -> tf.Tensor:
    """Unit vectors of shape `(batch, 2)` of angles of shape `(batch, 1)`."""
    xp = array_module(angles)
    return xp.concatenate([xp.cos(angles), xp.sin(angles)], axis=1)
