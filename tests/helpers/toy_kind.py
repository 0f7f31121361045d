"""A kind of code that the package does not know."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan.latents.code import Code
from keras_infogan.latents.random import open_unit_uniform


@dataclass(frozen=True)
class Share(Code):
    """Numbers in [0, 1], whose posterior is a Laplace distribution.

    Args:
        dim: How many.
        scale: Of the posterior.
    """

    dim: int = 1
    scale: float = 0.2

    support = "in [0, 1]"

    @property
    def entropy(self) -> float:
        return 0.0

    @property
    def prior(self) -> dict[str, Any]:
        return {"distribution": "share", "low": 0, "high": 1}

    def sample(self, batch_size, key):
        return open_unit_uniform((batch_size, self.dim), key)

    @property
    def parameters(self) -> dict[str, int]:
        return {"median": self.dim}

    def log_likelihood(self, values, parameters):
        distance = tf.abs(values - parameters["median"]) / self.scale
        return -tf.reduce_sum(distance + math.log(2.0 * self.scale), axis=-1)

    def clip(self, values):
        return tf.clip_by_value(super().clip(values), 0.0, 1.0)

    def traversal(self, num_values):
        return np.linspace(0.0, 1.0, num_values, dtype=np.float32)
