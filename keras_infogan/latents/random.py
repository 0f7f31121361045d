"""Random numbers as pure functions of a key, the same in every mode.

A key is an integer tensor of shape `(2,)`. TensorFlow's own float draws differ
between plain graphs and XLA, and so does its choice of the algorithm; raw bits
by Philox are the same.

A key may also be an int64 array. Then the results are arrays, drawn without
TensorFlow: the same, but for normal numbers, which differ by 1e-6 at most.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.latents.lazy import tf
from keras_infogan.latents.philox import draw_bits

# The second number of a key, so that no two uses of a seed draw the same.
TRAINING, INFERENCE, TESTING, DISTILLATION, REFITTING = range(5)


def numpy_key(seed: int, use: int) -> np.ndarray:
    """The key of a seed for one of its uses, such as `TRAINING`.

    Raises:
        ValueError: If the seed is not a whole number of at most 64 bits.
    """
    try:
        return np.array([operator.index(seed), use], np.int64)
    except (TypeError, OverflowError):
        raise ValueError(
            "seed should be a whole number of at most 64 bits. "
            f"Received: seed={seed!r}."
        ) from None


def fold_in(
    key: tf.Tensor | np.ndarray, number: tf.Tensor | int
) -> tf.Tensor | np.ndarray:
    """A new key from a key and a number, independent of those of others."""
    if isinstance(key, np.ndarray):
        bits = draw_bits(1, key).view(np.int32)
        return np.array([bits[0], number], np.int64)
    return tf.random.experimental.stateless_fold_in(key, number, alg="philox")


def random_bits(
    shape: tuple[int, ...], key: tf.Tensor | np.ndarray
) -> tf.Tensor | np.ndarray:
    """Fair bits, as uint32."""
    if isinstance(key, np.ndarray):
        return draw_bits(math.prod(shape), key).reshape(shape)
    bits = tf.random.stateless_uniform(
        shape, key, None, None, tf.int32, alg="philox"
    )
    return tf.bitcast(bits, tf.uint32)


def fair_bits(
    shape: tuple[int, ...], key: tf.Tensor | np.ndarray
) -> tf.Tensor | np.ndarray:
    """Float32 zeros and ones, equally likely."""
    bits = random_bits(shape, key)
    if isinstance(key, np.ndarray):
        return (bits >> 31).astype(np.float32)
    top = tf.bitwise.right_shift(bits, tf.constant(31, tf.uint32))
    return tf.cast(top, tf.float32)


def random_one_hot(
    count: int, dim: int, key: tf.Tensor | np.ndarray
) -> tf.Tensor | np.ndarray:
    """Float32 one-hot rows of shape `(count, dim)`, equally likely."""
    if isinstance(key, np.ndarray):
        return np.eye(dim, dtype=np.float32)[draw_bits(count, key) % dim]
    indices = tf.random.stateless_uniform(
        (count,), key, 0, dim, tf.int32, alg="philox"
    )
    return tf.one_hot(indices, dim)


def weighted_one_hot(
    count: int, probabilities: Any, key: tf.Tensor | np.ndarray
) -> tf.Tensor | np.ndarray:
    """Float32 one-hot rows of shape `(count, len(probabilities))`.

    By the inverse of the cumulative distribution. Probabilities may be a
    float32 tensor where the key is one. If they are numbers, the rows are the
    same in every mode; of a tensor, XLA may round the sums in another way.
    """
    draws = open_unit_uniform((count, 1), key)
    if isinstance(probabilities, Sequence):
        edges = np.cumsum(np.asarray(probabilities, np.float32))
    else:
        edges = tf.cumsum(probabilities)
    if isinstance(key, np.ndarray):
        indices = (draws >= edges[:-1]).sum(axis=1)
        return np.eye(len(edges), dtype=np.float32)[indices]
    indices = tf.reduce_sum(tf.cast(draws >= edges[:-1], tf.int32), axis=1)
    return tf.one_hot(indices, edges.shape[0])


def open_unit_uniform(
    shape: tuple[int, ...], key: tf.Tensor | np.ndarray
) -> tf.Tensor | np.ndarray:
    """Float32 draws from U(0, 1), neither end included."""
    bits = random_bits(shape, key)
    # (k + 1/2) / 2^23 for k < 2^23 is exact in float32 and is never 0 or 1.
    if isinstance(key, np.ndarray):
        return ((bits >> 9).astype(np.float32) + 0.5) * 2.0**-23
    bits = tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32))
    return (tf.cast(bits, tf.float32) + 0.5) * 2.0**-23


def standard_normal(
    shape: tuple[int, ...], key: tf.Tensor | np.ndarray
) -> tf.Tensor | np.ndarray:
    """Float32 draws from N(0, 1)."""
    draws = open_unit_uniform(shape, key)
    if isinstance(key, np.ndarray):
        from scipy import special

        return special.ndtri(draws)
    return tf.math.ndtri(draws)
