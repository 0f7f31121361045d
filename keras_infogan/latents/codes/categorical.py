"""One of several categories."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.latents.code import Code
from keras_infogan.latents.code import Posterior
from keras_infogan.latents.code import Tensors
from keras_infogan.latents.code import check_count
from keras_infogan.latents.code import show_range
from keras_infogan.latents.code import to_rows
from keras_infogan.latents.lazy import tf
from keras_infogan.latents.random import random_one_hot
from keras_infogan.latents.random import weighted_one_hot

# Of the sum of probabilities from 1: a learned prior is in float32.
_SUM_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Categorical(Code):
    """A code that is one of `num_categories` categories.

    Its values are one-hot, float32 of shape `(batch, num_categories)`; people
    choose a category by its number.

    Args:
        num_categories: How many categories, at least 2.
        probabilities: The prior, one number for each category; equal ones by
            default. An objective with a `prior_rate` learns them.

    Raises:
        ValueError: If there are not as many probabilities as categories, if one
            is negative or not finite, or if they do not sum to 1.
    """

    num_categories: int
    probabilities: Sequence[float] | None = field(
        default=None, metadata={"omit": None}
    )

    is_discrete = True
    has_categories = True
    learns_from_views_alone = False
    location = "probabilities"
    control = "tiles"
    num_dimensions = 1
    outputs = {
        "logits": "what softmax turns into probabilities",
        "probabilities": "the probability of each category",
    }

    def __post_init__(self):
        check_count(self, "num_categories", minimum=2)
        if self.probabilities is not None:
            checked = _check_probabilities(
                self.probabilities, self.num_categories
            )
            # A tuple, so that a code that is read from JSON is the same.
            object.__setattr__(self, "probabilities", checked)

    @property
    def dim(self) -> int:  # type: ignore[override]
        """Width of the one-hot values."""
        return self.num_categories

    @property
    def entropy(self) -> float:
        """`H(c) = -sum p log p` in nats; `log K` if all are equally likely."""
        if self.probabilities is None:
            return math.log(self.num_categories)
        # p log p goes to 0 with p.
        return -sum(p * math.log(p) for p in self.probabilities if p)

    @property
    def prior(self) -> dict[str, Any]:
        """One-hot rows, with the probabilities unless all are the same."""
        prior: dict[str, Any] = {"distribution": "one_hot", "low": 0, "high": 1}
        if self.probabilities is not None:
            prior["probabilities"] = list(self.probabilities)
        return prior

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        if self.probabilities is None:
            return random_one_hot(batch_size, self.num_categories, key)
        return weighted_one_hot(batch_size, self.probabilities, key)

    @property
    def parameters(self) -> dict[str, int]:
        """The logits of the categories."""
        return {"logits": self.num_categories}

    def log_likelihood(
        self, values: tf.Tensor, parameters: Tensors
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`; `-log K` when uniform."""
        return tf.reduce_sum(
            values * tf.nn.log_softmax(parameters["logits"]), axis=-1
        )

    def derive(self, parameters: Tensors) -> Tensors:
        return {"probabilities": tf.nn.softmax(parameters["logits"])}

    def summarize(self, posterior: Posterior) -> dict[str, Any]:
        """The likeliest `category`, its `probability`, and all of them."""
        probabilities = posterior["probabilities"]
        return {
            "category": int(probabilities.argmax()),
            "probability": float(probabilities.max()),
            "probabilities": probabilities.tolist(),
        }

    def describe(self, summary: Mapping[str, Any]) -> str:
        return f"{summary['category']} ({summary['probability']:.1%})"

    def to_values(self, values: npt.ArrayLike, count: int) -> np.ndarray:
        """Category numbers, or one-hot rows, as `count` one-hot rows.

        `values` is a category number, an integer array of shape `(count,)`, or
        one-hot (or probability) rows of shape `(count, num_categories)`.
        """
        array = np.asarray(values)
        last = self.num_categories - 1
        if array.ndim < 2:
            if not np.issubdtype(array.dtype, np.integer):
                raise ValueError(
                    f"should be category numbers from 0 to {last}, as "
                    f"integers. Received: {array.dtype} values."
                )
            if array.size and (array.min() < 0 or array.max() > last):
                raise ValueError(
                    f"should be category numbers from 0 to {last}. "
                    f"Received: {show_range(array)}."
                )
            indices = to_rows(array.reshape(-1), count, 1)[:, 0]
            return np.eye(self.num_categories, dtype=np.float32)[
                indices.astype(int)
            ]
        rows = to_rows(array, count, self.num_categories)
        sums = rows.sum(axis=1)
        # A client may send probabilities that were printed: with four decimals,
        # each is off by up to half of the last one.
        allowed = 1e-4 * self.num_categories
        if (rows < 0.0).any() or (np.abs(sums - 1.0) > allowed).any():
            raise ValueError(
                "should be one-hot (or probability) rows that sum to 1. "
                f"Received: values from {rows.min():.4g} to {rows.max():.4g} "
                f"and sums from {sums.min():.4g} to {sums.max():.4g}."
            )
        return rows

    def served_spec(self, name: str) -> tf.TensorSpec:
        """Category numbers: int32 of shape `(batch,)`."""
        return tf.TensorSpec((None,), tf.int32, name)

    def to_served(self, values: tf.Tensor) -> tf.Tensor:
        return tf.argmax(values, axis=1, output_type=tf.int32)

    def from_served(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        nearest = tf.clip_by_value(inputs, 0, self.num_categories - 1)
        return tf.one_hot(nearest, self.num_categories), nearest == inputs

    def traversal(self, num_values: int) -> np.ndarray:
        """`num_values` category numbers from 0, starting over at the end."""
        return np.arange(num_values) % self.num_categories


def _check_probabilities(values: Any, count: int) -> tuple[float, ...]:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        array = np.full((), np.nan)
    if (
        array.shape != (count,)
        or not (array >= 0.0).all()
        or not abs(array.sum() - 1.0) <= _SUM_TOLERANCE
    ):
        raise ValueError(
            f"`probabilities` of Categorical should be {count} numbers of at "
            f"least 0 that sum to 1. Received: probabilities={values!r}."
        )
    return tuple(array.tolist())
