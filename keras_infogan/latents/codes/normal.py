"""Normally distributed numbers."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from keras_infogan.latents.codes._gaussian import GaussianCode
from keras_infogan.latents.lazy import tf
from keras_infogan.latents.random import standard_normal


class Normal(GaussianCode):
    """A continuous code, independent and `N(0, 1)` in each dimension.

    `Q` is a Gaussian; see `GaussianCode` for the arguments.
    """

    prior = {"distribution": "normal", "mean": 0, "stddev": 1}
    # Every 2.5 %; within 3 standard deviations.
    quantiles = [-3.0, *map(NormalDist().inv_cdf, np.arange(1, 40) / 40), 3.0]

    @property
    def entropy(self) -> float:
        """`H(c) = dim * log(2 pi e) / 2`, in nats; 1.419 a dimension."""
        return self.dim * 0.5 * math.log(2.0 * math.pi * math.e)

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        return standard_normal((batch_size, self.dim), key)

    def traversal(self, num_values: int) -> np.ndarray:
        """`num_values` even steps from -2 to 2 (95 % of the prior)."""
        return np.linspace(-2.0, 2.0, num_values, dtype=np.float32)
