"""Fair bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_infogan.latents.code import Code
from keras_infogan.latents.code import Posterior
from keras_infogan.latents.code import Tensors
from keras_infogan.latents.code import array_module
from keras_infogan.latents.code import check_count
from keras_infogan.latents.lazy import tf
from keras_infogan.latents.random import fair_bits


@dataclass(frozen=True)
class Bernoulli(Code):
    """A code of independent fair bits, each 0 or 1.

    Args:
        dim: The number of bits, at least 1.
    """

    dim: int = 1

    is_discrete = True
    location = "probabilities"
    control = "switch"
    support = "0 or 1"
    prior = {"distribution": "bits", "low": 0, "high": 1}
    outputs = {
        "logits": "what the sigmoid turns into probabilities",
        "probabilities": "the probability of each bit being 1",
    }

    def __post_init__(self):
        check_count(self, "dim", minimum=1)

    @property
    def entropy(self) -> float:
        """`H(c) = dim * log 2`, in nats."""
        return self.dim * math.log(2.0)

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws float32 `(batch_size, dim)` of zeros and ones."""
        return fair_bits((batch_size, self.dim), key)

    @property
    def parameters(self) -> dict[str, int]:
        """The logit of each bit being 1."""
        return {"logits": self.dim}

    def log_likelihood(
        self, values: tf.Tensor, parameters: Tensors
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`; `-dim log 2` at 0."""
        losses = tf.nn.sigmoid_cross_entropy_with_logits(
            values, parameters["logits"]
        )
        return -tf.reduce_sum(losses, axis=-1)

    def derive(self, parameters: Tensors) -> Tensors:
        return {"probabilities": tf.sigmoid(parameters["logits"])}

    def summarize(self, posterior: Posterior) -> dict[str, Any]:
        """The `probability` of each bit being 1."""
        return {"probability": posterior["probabilities"].tolist()}

    def describe(self, summary: Mapping[str, Any]) -> str:
        bits = ", ".join(f"{share:.1%}" for share in summary["probability"])
        return f"P(1) = {bits}"

    def clip(self, values: tf.Tensor) -> tf.Tensor:
        xp = array_module(values)
        return xp.where(
            values > 0.5, xp.ones_like(values), xp.zeros_like(values)
        )

    def traversal(self, num_values: int) -> np.ndarray:
        """0 in the first half of `num_values`, 1 in the second."""
        return (np.arange(num_values) * 2 // num_values).astype(np.float32)
