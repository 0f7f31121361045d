"""Latent codes: what `c` can be, and how `Q` reads it.

A code of [Chen et al., 2016](https://arxiv.org/abs/1606.03657), Section 4,
knows four things: its prior `P(c)`, its entropy `H(c)`, the parameters of
`Q(c|x)` that the discriminator has to give, and `log Q(c|x)` under them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.special
import tensorflow as tf

from keras_infogan.latents.random import open_unit_uniform
from keras_infogan.latents.random import random_bits
from keras_infogan.latents.random import standard_normal


def gaussian_log_likelihood(
    values: tf.Tensor, mean: tf.Tensor, log_stddev: tf.Tensor | float
) -> tf.Tensor:
    """Log density of independent Gaussians, summed over the last axis.

    Args:
        values: Float tensor of shape `(batch, dim)`.
        mean: Float tensor of shape `(batch, dim)`.
        log_stddev: Number, or float tensor that broadcasts to `(batch, dim)`.

    Returns:
        Float tensor of shape `(batch,)`, in nats. It is `-dim * 0.919` at the
        mean of unit Gaussians, `0.919` being `log(2 pi) / 2`.
    """
    deviations = (values - mean) * tf.exp(-log_stddev)
    densities = (
        -0.5 * tf.square(deviations)
        - log_stddev
        - 0.5 * math.log(2.0 * math.pi)
    )
    return tf.reduce_sum(densities, axis=-1)


def _gaussian_parameters(dim: int, stddev: float | None) -> dict[str, int]:
    return {"mean": dim} if stddev else {"mean": dim, "log_stddev": dim}


def _fixed_or_learned_log_likelihood(
    values: tf.Tensor, parameters: Mapping[str, tf.Tensor], stddev: float | None
) -> tf.Tensor:
    log_stddev = math.log(stddev) if stddev else parameters["log_stddev"]
    return gaussian_log_likelihood(values, parameters["mean"], log_stddev)


def _check_count(owner: object, name: str, *, least: int) -> None:
    value = getattr(owner, name)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
            f"`{name}` of {type(owner).__name__} should be a whole number of "
            f"at least {least}. Received: {name}={value!r}."
        )


def _check_stddev(owner: object, stddev: float | None) -> None:
    if stddev is None:
        return
    number = isinstance(stddev, int | float) and not isinstance(stddev, bool)
    if not (number and math.isfinite(stddev) and stddev > 0.0):
        raise ValueError(
            f"`stddev` of {type(owner).__name__} should be a positive number, "
            f"or None to learn it. Received: stddev={stddev!r}."
        )


def _range(values: np.ndarray) -> str:
    """The values of an array as a reader of an error wants them."""
    low, high = values.min(), values.max()
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def _to_rows(values: npt.ArrayLike, count: int, dim: int) -> np.ndarray:
    """Float32 `(count, dim)` from a number, a row, a column or the whole."""
    # What is beyond float32 becomes infinite, and is refused below.
    with np.errstate(over="ignore"):
        array = np.asarray(values, np.float32)
    if array.ndim == 1 and dim == 1:
        array = array[:, None]
    if array.ndim > 2 or (array.ndim == 2 and array.shape[1] not in (1, dim)):
        raise ValueError(
            f"should have shape ({count}, {dim}), or broadcast to it. "
            f"Received: shape={array.shape}."
        )
    try:
        rows = np.broadcast_to(array, (count, dim))
    except ValueError:
        raise ValueError(
            f"should have shape ({count}, {dim}), or broadcast to it. "
            f"Received: shape={array.shape}."
        ) from None
    if not np.isfinite(rows).all():
        raise ValueError("should be finite. Received: NaN or infinity.")
    return rows


@dataclass(frozen=True)
class Categorical:
    """A code that is one of `num_categories` equally likely categories.

    Its values are one-hot, float32 of shape `(batch, num_categories)`.

    Args:
        num_categories: How many categories, at least 2.
    """

    num_categories: int

    def __post_init__(self):
        _check_count(self, "num_categories", least=2)

    @property
    def dim(self) -> int:
        """Width of the one-hot values."""
        return self.num_categories

    @property
    def entropy(self) -> float:
        """`H(c) = log K`, in nats; 2.303 for ten categories."""
        return math.log(self.num_categories)

    @property
    def parameters(self) -> dict[str, int]:
        """What `Q` must give, and how wide: the logits of the categories."""
        return {"logits": self.num_categories}

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws `(batch_size, num_categories)` one-hot rows from the prior."""
        indices = tf.random.stateless_uniform(
            (batch_size,),
            key,
            0,
            self.num_categories,
            tf.int32,
            alg="philox",
        )
        return tf.one_hot(indices, self.num_categories)

    def log_likelihood(
        self, values: tf.Tensor, parameters: Mapping[str, tf.Tensor]
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`; `-log K` when uniform."""
        return tf.reduce_sum(
            values * tf.nn.log_softmax(parameters["logits"]), axis=-1
        )

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """`Q(c|x)` of each category, `(batch, num_categories)`."""
        return scipy.special.softmax(logits, axis=-1)

    def to_values(self, values: npt.ArrayLike, count: int) -> np.ndarray:
        """Category numbers, or one-hot rows, as `count` one-hot rows.

        Args:
            values: A category number, an integer array of shape `(count,)`, or
                one-hot (or probability) rows of shape
                `(count, num_categories)`.
            count: The number of rows.

        Raises:
            ValueError: If a category is not in `0..num_categories - 1`, or a
                row does not sum to 1.
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
                    f"Received: {_range(array)}."
                )
            indices = _to_rows(array.reshape(-1), count, 1)[:, 0]
            return np.eye(self.num_categories, dtype=np.float32)[
                indices.astype(int)
            ]
        rows = _to_rows(array, count, self.num_categories)
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

    def sweep(self, num_values: int) -> np.ndarray:
        """`num_values` category numbers from 0, starting over at the end."""
        return np.arange(num_values) % self.num_categories


@dataclass(frozen=True)
class Uniform:
    """A continuous code, independent and uniform on [-1, 1] in each dimension.

    `Q` is a Gaussian. Its standard deviation is learned, or fixed at `stddev`;
    the fixed case is a squared error, weighted by `1 / (2 stddev^2)`.

    Args:
        dim: The number of dimensions, at least 1.
        stddev: The fixed standard deviation of `Q`, or `None` to learn it.
    """

    dim: int = 1
    stddev: float | None = None

    def __post_init__(self):
        _check_count(self, "dim", least=1)
        _check_stddev(self, self.stddev)

    @property
    def entropy(self) -> float:
        """`H(c) = dim * log 2`, in nats (a differential entropy)."""
        return self.dim * math.log(2.0)

    @property
    def parameters(self) -> dict[str, int]:
        """What `Q` must give: mean and, if learned, log standard deviation."""
        return _gaussian_parameters(self.dim, self.stddev)

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws float32 `(batch_size, dim)` in (-1, 1) from the prior."""
        return 2.0 * open_unit_uniform((batch_size, self.dim), key) - 1.0

    def log_likelihood(
        self, values: tf.Tensor, parameters: Mapping[str, tf.Tensor]
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`."""
        return _fixed_or_learned_log_likelihood(values, parameters, self.stddev)

    def to_values(self, values: npt.ArrayLike, count: int) -> np.ndarray:
        """Numbers in [-1, 1] as float32 rows of shape `(count, dim)`."""
        rows = _to_rows(values, count, self.dim)
        if np.abs(rows).max(initial=0.0) > 1.0:
            raise ValueError(f"should be in [-1, 1]. Received: {_range(rows)}.")
        return rows

    def sweep(self, num_values: int) -> np.ndarray:
        """`num_values` evenly spaced numbers from -1 to 1."""
        return np.linspace(-1.0, 1.0, num_values, dtype=np.float32)


@dataclass(frozen=True)
class Normal:
    """A continuous code, independent and `N(0, 1)` in each dimension.

    Args:
        dim: The number of dimensions, at least 1.
        stddev: The fixed standard deviation of `Q`, or `None` to learn it.
    """

    dim: int = 1
    stddev: float | None = None

    def __post_init__(self):
        _check_count(self, "dim", least=1)
        _check_stddev(self, self.stddev)

    @property
    def entropy(self) -> float:
        """`H(c) = dim * log(2 pi e) / 2`, in nats; 1.419 a dimension."""
        return self.dim * 0.5 * math.log(2.0 * math.pi * math.e)

    @property
    def parameters(self) -> dict[str, int]:
        """What `Q` must give: mean and, if learned, log standard deviation."""
        return _gaussian_parameters(self.dim, self.stddev)

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws float32 `(batch_size, dim)` from the prior."""
        return standard_normal((batch_size, self.dim), key)

    def log_likelihood(
        self, values: tf.Tensor, parameters: Mapping[str, tf.Tensor]
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`."""
        return _fixed_or_learned_log_likelihood(values, parameters, self.stddev)

    def to_values(self, values: npt.ArrayLike, count: int) -> np.ndarray:
        """Finite numbers as float32 rows of shape `(count, dim)`."""
        return _to_rows(values, count, self.dim)

    def sweep(self, num_values: int) -> np.ndarray:
        """`num_values` even steps from -2 to 2 (95 % of the prior)."""
        return np.linspace(-2.0, 2.0, num_values, dtype=np.float32)


@dataclass(frozen=True)
class Bernoulli:
    """A code of independent fair bits, each 0 or 1.

    Args:
        dim: The number of bits, at least 1.
    """

    dim: int = 1

    def __post_init__(self):
        _check_count(self, "dim", least=1)

    @property
    def entropy(self) -> float:
        """`H(c) = dim * log 2`, in nats."""
        return self.dim * math.log(2.0)

    @property
    def parameters(self) -> dict[str, int]:
        """What `Q` must give: the logit of each bit being 1."""
        return {"logits": self.dim}

    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws float32 `(batch_size, dim)` of zeros and ones."""
        bits = random_bits((batch_size, self.dim), key)
        top = tf.bitwise.right_shift(bits, tf.constant(31, tf.uint32))
        return tf.cast(top, tf.float32)

    def log_likelihood(
        self, values: tf.Tensor, parameters: Mapping[str, tf.Tensor]
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`; `-dim log 2` at 0."""
        return -tf.reduce_sum(
            tf.nn.sigmoid_cross_entropy_with_logits(
                values, parameters["logits"]
            ),
            axis=-1,
        )

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """`Q(c = 1|x)` of each bit, `(batch, dim)`."""
        return scipy.special.expit(logits)

    def to_values(self, values: npt.ArrayLike, count: int) -> np.ndarray:
        """Zeros and ones as float32 rows of shape `(count, dim)`."""
        rows = _to_rows(values, count, self.dim)
        if not np.isin(rows, (0.0, 1.0)).all():
            raise ValueError(f"should be 0 or 1. Received: {_range(rows)}.")
        return rows

    def sweep(self, num_values: int) -> np.ndarray:
        """0 in the first half of `num_values`, 1 in the second."""
        return (np.arange(num_values) * 2 // num_values).astype(np.float32)


Code = Categorical | Uniform | Normal | Bernoulli
CODE_TYPES = {
    "categorical": Categorical,
    "uniform": Uniform,
    "normal": Normal,
    "bernoulli": Bernoulli,
}
