"""Nearest neighbors against SciPy's distances, and on real digits."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_infogan.data import neighbors
from keras_infogan.data.neighbors import make_upright
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


def bar(slant: float, row: int, column: int) -> np.ndarray:
    """A bright stroke three pixels wide; `slant` in pixels per pixel."""
    rows, columns = np.mgrid[:24, :24]
    distance = np.abs(columns - column - slant * (rows - row))
    inside = np.abs(rows - row) <= 6
    return np.where(inside & (distance <= 1.5), 255, 0).astype(np.uint8)


def test_upright_images_have_no_slant():
    """A slanted bar off the center becomes an upright one in the center.

    By hand: rows 12 +/- 6 of columns 11 and 12, and parts of their neighbors;
    a quarter of a pixel allows for linear interpolation.
    """
    images = np.stack([bar(0.5, 9, 14), bar(-0.4, 13, 8), bar(0.0, 12, 12)])
    upright = make_upright(images[..., None])[..., 0].astype(float)
    rows, columns = np.mgrid[:24, :24]
    for image in upright:
        total = image.sum()
        center_row, center_column = (
            (image * places).sum() / total for places in (rows, columns)
        )
        assert center_row == pytest.approx(11.5, abs=0.25)
        assert center_column == pytest.approx(11.5, abs=0.25)
        covariance = (
            image * (rows - center_row) * (columns - center_column)
        ).sum() / total
        variance = (image * (rows - center_row) ** 2).sum() / total
        assert abs(covariance / variance) < 0.03
    difference = np.abs(upright[0] - upright[2]).mean()
    assert difference < 0.3 * np.abs(images[0] - images[2].astype(float)).mean()


def test_black_images_stay_black():
    assert not make_upright(np.zeros((2, 9, 7, 3), np.uint8)).any()


def test_upright_neighbors_are_more_often_of_one_class(mnist_train):
    """Of 4,000 digits 2 to 3 points more; one point is four deviations.

    The deviation of the difference of two shares near .93, of which most are of
    the same digits, is below sqrt(.07 / 4000) = .0042 / 1.5.
    """
    images, labels = mnist_train.images[:4000], mnist_train.labels[:4000]
    order = np.random.default_rng(3).permutation(4000)
    shares = [
        (labels[nearest_neighbors(images, order, upright=upright)] == labels)
        for upright in (False, True)
    ]
    assert shares[1].mean() > shares[0].mean() + 0.01
