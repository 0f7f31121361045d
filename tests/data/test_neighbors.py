"""Nearest neighbors against SciPy's distances, and on real digits."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_infogan.data import neighbors
from keras_infogan.data.neighbors import nearest_neighbors


def random_images(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize(
    ("shape", "factor"),
    [((16, 16, 1), 1), ((28, 28, 1), 2), ((34, 12, 3), 3)],
    ids=["small", "mnist", "rgb"],
)
@pytest.mark.parametrize("num_images", [2, 40, 101])
def test_the_nearest_of_the_previous_subset(
    num_images, shape, factor, monkeypatch
):
    """SciPy agrees, on sums over blocks that are padded with zeros.

    Random bytes have no ties, and whole numbers in float64 no rounding.
    """
    monkeypatch.setattr(neighbors, "SUBSET_SIZE", 25)
    images = random_images(0, num_images, *shape)
    order = np.random.default_rng(1).permutation(num_images)
    found = nearest_neighbors(images, order)

    height, width, channels = shape
    rows, columns = -(-height // factor), -(-width // factor)
    padded = np.zeros(
        (num_images, rows * factor, columns * factor, channels), np.int64
    )
    padded[:, :height, :width] = images
    sums = padded.reshape(
        num_images, rows, factor, columns, factor, channels
    ).sum(axis=(2, 4))
    distances = cdist(*2 * [sums.reshape(num_images, -1)], "sqeuclidean")
    parts = np.array_split(order, max(2, num_images // 25))
    for part, before in zip(parts, [parts[-1], *parts[:-1]], strict=True):
        nearest = distances[np.ix_(part, before)].argmin(axis=1)
        np.testing.assert_array_equal(found[part], before[nearest])
    assert (found != np.arange(num_images)).all()


def test_images_in_a_file(tmp_path):
    """A memory-mapped file gives the same neighbors as memory."""
    images = random_images(2, 30, 8, 8, 1)
    np.save(tmp_path / "x.npy", images)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(
        nearest_neighbors(mapped, np.arange(30)),
        nearest_neighbors(images, np.arange(30)),
    )


def test_neighbors_are_mostly_of_one_class(mnist_train):
    """The nearest of 2,000 is a one-nearest-neighbor classifier.

    Such a classifier errs on 8 % of MNIST with so few examples; 12 % allow for
    five deviations of the share of 4,000 images, and for the choice of them.
    """
    images, labels = mnist_train.images[:4000], mnist_train.labels[:4000]
    order = np.random.default_rng(3).permutation(4000)
    found = nearest_neighbors(images, order)
    assert (labels[found] == labels).mean() > 0.88
