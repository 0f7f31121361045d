"""Random numbers as pure functions of a key, the same in every mode.

A key is an integer tensor of shape `(2,)`. TensorFlow's own float draws differ
between plain graphs and XLA, and so does its choice of the algorithm; raw bits
by Philox are the same.
"""

import tensorflow as tf


def fold_in(key: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
    """A new key from a key and a number, independent of those of others."""
    return tf.random.experimental.stateless_fold_in(key, number, alg="philox")


def random_bits(shape: tuple[int, ...], key: tf.Tensor) -> tf.Tensor:
    """A uint32 tensor of fair bits."""
    bits = tf.random.stateless_uniform(
        shape, key, None, None, tf.int32, alg="philox"
    )
    return tf.bitcast(bits, tf.uint32)


def open_unit_uniform(shape: tuple[int, ...], key: tf.Tensor) -> tf.Tensor:
    """Float32 draws from U(0, 1), neither end included."""
    bits = tf.bitwise.right_shift(
        random_bits(shape, key), tf.constant(9, tf.uint32)
    )
    # (k + 1/2) / 2^23 for k < 2^23 is exact in float32 and is never 0 or 1.
    return (tf.cast(bits, tf.float32) + 0.5) * 2.0**-23


def standard_normal(shape: tuple[int, ...], key: tf.Tensor) -> tf.Tensor:
    """Float32 draws from N(0, 1)."""
    return tf.math.ndtri(open_unit_uniform(shape, key))
