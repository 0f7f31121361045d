"""Which images are in which batch: seeded orders, batches and subsets."""

import enum

import numpy as np
import tensorflow as tf

from keras_infogan.latents.random import fold_in


class Consumer(enum.IntEnum):
    """The uses of a seed. Each use has random numbers of its own."""

    IMAGE_ORDER = 0
    LABELED_ORDER = 1
    LABELED_CHOICE = 2
    NEIGHBORS = 3
    SPLIT = 4

    def key(self, seed: int) -> tf.Tensor:
        """Returns the random key of this use of a 64-bit seed."""
        return fold_in(tf.constant([seed, 0], tf.int64), int(self))


def permutation(size: int, key: tf.Tensor) -> tf.Tensor:
    """Returns a random permutation of `range(size)`, an int64 tensor."""
    # The default algorithm differs between devices and under XLA.
    return tf.random.experimental.stateless_shuffle(
        tf.range(size, dtype=tf.int64), key, alg="philox"
    )


def num_full_batches(num_images: int, batch_size: int) -> int:
    """Returns the number of full batches in an epoch, or raises if it is 0."""
    if not 1 <= batch_size <= num_images:
        raise ValueError(
            f"A batch should have between 1 and all of the {num_images} "
            f"images. Received: batch_size={batch_size}. Choose a smaller one."
        )
    return num_images // batch_size


def row_batches(
    num_images: int,
    batch_size: int,
    key: tf.Tensor,
    *,
    start: int = 0,
) -> tf.data.Dataset:
    """Returns an endless stream of batches of row numbers, without the first.

    Each epoch is a new permutation of the rows, minus the remainder that does
    not fill a batch. Batch k depends on the key and k alone.

    Returns:
        A `tf.data.Dataset` of int64 tensors of shape `(batch_size,)`.
    """
    if start < 0:
        raise ValueError(
            "`start` should be the number of batches already done, 0 or more. "
            f"Received: start={start}."
        )
    per_epoch = num_full_batches(num_images, batch_size)

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order = permutation(num_images, fold_in(key, number))
        rows = tf.reshape(order[: per_epoch * batch_size], (-1, batch_size))
        return tf.data.Dataset.from_tensor_slices(rows)

    epochs = tf.data.Dataset.range(start // per_epoch, tf.int64.max)
    return epochs.flat_map(epoch).skip(start % per_epoch)


def balanced_label_indices(
    labels: np.ndarray,
    num_labels: int,
    seed: int,
    *,
    argument: str = "num_labels",
) -> np.ndarray:
    """Draws a random subset in which all classes are equally frequent.

    Class counts differ by at most one: 12 examples of 10 classes are 2 of two
    random classes and 1 of each other class. For a given seed, a smaller subset
    is contained in every larger one.

    Args:
        labels: Integer array of shape `(num_examples,)`.
        num_labels: Size of the subset; called `argument` in the error.
        seed: Any 64-bit integer.
        argument: The caller's name for it.

    Returns:
        int64 array of shape `(num_labels,)`: row numbers, in ascending order.

    Raises:
        ValueError: If `num_labels` is less than the number of classes or more
            than a balanced subset can have.
    """
    classes, counts = np.unique(labels, return_counts=True)
    most = len(classes) * int(counts.min())
    if not len(classes) <= num_labels <= most:
        raise ValueError(
            f"A balanced subset of {len(classes)} classes should have between "
            f"{len(classes)} and {most} labels. "
            f"Received: {argument}={num_labels}. Choose a number in between."
        )
    key = Consumer.LABELED_CHOICE.key(seed)
    order = permutation(len(labels), fold_in(key, 0)).numpy()
    shuffled = labels[order]
    # The first classes in a random order give one example more than the others.
    share, extra = divmod(num_labels, len(classes))
    ranking = permutation(len(classes), fold_in(key, 1)).numpy()
    chosen = [
        order[shuffled == classes[index]][: share + (rank < extra)]
        for rank, index in enumerate(ranking)
    ]
    return np.sort(np.concatenate(chosen))
