"""Endless, seeded streams of row numbers: which images are in which batch."""

import enum
from collections.abc import Callable

import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.latents.random import open_unit_uniform


class Consumer(enum.IntEnum):
    """What a seed is used for. Each use has random numbers of its own."""

    IMAGE_ORDER = 0
    LABELED_ORDER = 1
    LABELED_CHOICE = 2
    NEIGHBORS = 3


def consumer_key(seed: int, consumer: Consumer) -> tf.Tensor:
    """Returns the key of one use of `seed`."""
    return fold_in(tf.constant([seed, 0], tf.int64), int(consumer))


def permutation(size: int, key: tf.Tensor) -> tf.Tensor:
    """Returns a random permutation of `range(size)`, an int64 tensor."""
    # The default algorithm differs between devices and under XLA.
    return tf.random.experimental.stateless_shuffle(
        tf.range(size, dtype=tf.int64), key, alg="philox"
    )


def num_full_batches(
    num_images: int, batch_size: int, *, argument: str = "batch_size"
) -> int:
    """Returns the number of full batches in an epoch.

    Raises:
        ValueError: If there is not at least one.
    """
    if not 1 <= batch_size <= num_images:
        raise ValueError(
            f"A batch should have between 1 and all of the {num_images} "
            f"images. Received: {argument}={batch_size}. Choose a smaller one."
        )
    return num_images // batch_size


def row_batches(
    num_images: int,
    batch_size: int,
    key: tf.Tensor,
    *,
    start: int = 0,
    argument: str = "batch_size",
) -> tf.data.Dataset:
    """Returns an endless stream of batches of row numbers.

    Each epoch is a new permutation of the rows, minus the remainder that does
    not fill a batch.

    Args:
        num_images: Number of rows.
        batch_size: Rows in a batch.
        key: From `consumer_key()`. Batch k depends on the key and k alone.
        start: Number of batches to skip.
        argument: The caller's name for `batch_size`, used in the error.

    Returns:
        A `tf.data.Dataset` of int64 tensors of shape `(batch_size,)`.
    """
    per_epoch = num_full_batches(num_images, batch_size, argument=argument)

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order = permutation(num_images, fold_in(key, number))
        rows = tf.reshape(order[: per_epoch * batch_size], (-1, batch_size))
        return tf.data.Dataset.from_tensor_slices(rows)

    epochs = tf.data.Dataset.range(start // per_epoch, tf.int64.max)
    return epochs.flat_map(epoch).skip(start % per_epoch)


def positive_pairs(
    neighbors: tf.Tensor, neighbor_share: float, key: tf.Tensor
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Returns a function that draws the second image of each positive pair.

    Args:
        neighbors: int64 tensor of shape `(num_images,)`: a neighbor of each
            image.
        neighbor_share: Probability that an image is paired with its neighbor;
            otherwise it is paired with itself.
        key: A random key.

    Returns:
        A function of the rows in a batch and the batch's number that returns
        as many rows.
    """

    def draw(rows: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        draws = open_unit_uniform(rows.shape, fold_in(key, number))
        return tf.where(
            draws < neighbor_share, tf.gather(neighbors, rows), rows
        )

    return draw
