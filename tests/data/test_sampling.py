"""Class-balanced subsets of labels."""

import numpy as np
import pytest

from keras_infogan.data.sampling import balanced_label_indices


@pytest.mark.parametrize("num_labels", [10, 12, 100, 999])
def test_label_counts_differ_by_one_at_most(mnist_train, num_labels):
    chosen = balanced_label_indices(mnist_train.labels, num_labels, seed=0)
    assert chosen.dtype == np.int64
    assert len(set(chosen.tolist())) == num_labels
    counts = np.bincount(mnist_train.labels[chosen], minlength=10)
    assert counts.max() - counts.min() == (num_labels % 10 > 0)


def test_fewer_labels_are_part_of_more(mnist_train):
    sets = [
        set(balanced_label_indices(mnist_train.labels, n, 7).tolist())
        for n in (10, 13, 100)
    ]
    assert sets[0] < sets[1] < sets[2]
    other = balanced_label_indices(mnist_train.labels, 100, 8)
    assert sets[2] != set(other.tolist())
