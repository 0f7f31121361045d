"""Class-balanced subsets of labels, for training with a few of them."""

import numpy as np

from keras_infogan.data.batches import Consumer
from keras_infogan.data.batches import consumer_key
from keras_infogan.data.batches import permutation
from keras_infogan.latents.random import fold_in


def balanced_label_indices(
    labels: np.ndarray,
    num_labels: int,
    seed: int,
    *,
    argument: str = "num_labels",
) -> np.ndarray:
    """Draws a random subset in which all classes are equally frequent.

    For a given seed, a smaller subset is contained in every larger one.

    Args:
        labels: Integer array of shape `(num_examples,)`.
        num_labels: Size of the subset.
        seed: Any 64-bit integer.
        argument: The caller's name for `num_labels`, used in the error.

    Returns:
        int64 array of shape `(num_labels,)`: row numbers of `labels`, in
        ascending order. Class counts differ by at most one: 12 examples of 10
        classes are 2 of two random classes and 1 of each other class.

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
    key = consumer_key(seed, Consumer.LABELED_CHOICE)
    order = permutation(len(labels), fold_in(key, 0)).numpy()
    shuffled = labels[order]
    # Each class gives an equal share; the first ones in a random order give
    # one more.
    share, extra = divmod(num_labels, len(classes))
    ranking = permutation(len(classes), fold_in(key, 1)).numpy()
    chosen = [
        order[shuffled == classes[index]][: share + (rank < extra)]
        for rank, index in enumerate(ranking)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)
