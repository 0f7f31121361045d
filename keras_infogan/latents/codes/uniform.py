"""Numbers between -1 and 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_infogan.latents.code import array_module
from keras_infogan.latents.codes._gaussian import GaussianCode
from keras_infogan.latents.lazy import tf
from keras_infogan.latents.random import open_unit_uniform


class Uniform(GaussianCode):
    """A continuous code, independent and uniform on [-1, 1] in each dimension.

    `Q` is a Gaussian; see `GaussianCode` for the arguments.
    """

    support = "in [-1, 1]"
    prior = {"distribution": "uniform", "low": -1, "high": 1}

    @property
    def entropy(self) -> float:
        """`H(c) = dim * log 2`, in nats (a differential entropy)."""
        return self.dim * math.log(2.0)

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws float32 `(batch_size, dim)` in (-1, 1) from the prior."""
        return 2.0 * open_unit_uniform((batch_size, self.dim), key) - 1.0

    def clip(self, values: tf.Tensor) -> tf.Tensor:
        return array_module(values).clip(super().clip(values), -1.0, 1.0)

    def deviations_outside(self, summary: Mapping[str, Any]) -> float:
        beyond = np.abs(summary["mean"]) - 1.0
        return float((beyond / summary["stddev"]).max())

    def traversal(self, num_values: int) -> np.ndarray:
        """`num_values` evenly spaced numbers from -1 to 1."""
        return np.linspace(-1.0, 1.0, num_values, dtype=np.float32)
