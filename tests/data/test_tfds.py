"""Real MNIST through real tfds, and images fitted to one shape."""

import os
import subprocess
import sys

import numpy as np
import pytest

from keras_infogan.data.sources import open_images
from tests.helpers import data
from tests.helpers.data import assert_one_line


def test_mnist_is_the_known_data_set(mnist_train, mnist_test):
    """The counts are those of LeCun's page; .1307 is the usual mean pixel."""
    assert mnist_train.images.shape == (60_000, 28, 28, 1)
    assert mnist_test.images.shape == (10_000, 28, 28, 1)
    assert mnist_train.images.dtype == np.uint8
    assert mnist_train.labels.dtype == np.int64
    assert np.bincount(mnist_train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    ]  # fmt: skip
    assert np.bincount(mnist_test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip
    mean = mnist_train.images.mean() / 255
    assert mean == pytest.approx(0.1307, abs=5e-5)
    assert mnist_train.name == "mnist"
    assert mnist_train.class_names == tuple("0123456789")
    assert mnist_train.image_shape == (28, 28, 1)


def test_images_and_labels_belong_together(mnist_train, mnist_test):
    """The nearest class mean is right on 82 % of the test images."""
    means = np.stack(
        [mnist_train.scaled(mnist_train.labels == k).mean(0) for k in range(10)]
    ).reshape(10, -1)
    images = mnist_test.scaled().reshape(10_000, -1)
    # |x - m|^2 less |x|^2, which is the same for all m.
    distance = (means**2).sum(1) - 2 * images @ means.T
    accuracy = (distance.argmin(1) == mnist_test.labels).mean()
    assert accuracy == pytest.approx(0.8203, abs=1e-3)


def test_reading_twice_gives_the_same_order(mnist_data_dir, mnist_test):
    again = open_images("mnist", split="test", data_dir=mnist_data_dir)
    np.testing.assert_array_equal(again.images, mnist_test.images)
    np.testing.assert_array_equal(again.labels, mnist_test.labels)


def test_a_slice_is_part_of_its_split(mnist_data_dir, mnist_test):
    part = open_images("mnist", split="test[10:30]", data_dir=mnist_data_dir)
    np.testing.assert_array_equal(part.images, mnist_test.images[10:30])
    np.testing.assert_array_equal(part.labels, mnist_test.labels[10:30])


def test_the_environment_names_the_data_dir(mnist_data_dir):
    """tfds reads `TFDS_DATA_DIR` once, when it is imported."""
    program = (
        "from keras_infogan.data.sources import open_images;"
        "print(open_images('mnist:3.0.1', split='test[:7]').images.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TFDS_DATA_DIR": str(mnist_data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "(7, 28, 28, 1)\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashon_mnist", "'fashon_mnist'. Try: fashion_mnist"),
        ("mnist/foo", "'mnist/foo'; tfds says: .*foo not found"),
        ("mnist:9.9.9", "'mnist:9.9.9'; tfds says: .*only: 3.0.1"),
        ("my digits", "'my digits'; tfds says: Parsing"),
        ("", "''; tfds says: Parsing"),
    ],
)
def test_unknown_names(name, message, tmp_path):
    with pytest.raises(ValueError, match=message) as caught:
        open_images(name, data_dir=tmp_path)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "valid"}, "of mnist: train, test, .*split='valid'"),
        ({"split": "train[:10"}, r"Expected a split .*split 'train\[:10'\.$"),
        ({"split": "train[5:5]"}, "split='train.5:5.'. It is empty"),
        ({"channels": 2}, "1 channel .* or 3 .*channels=2"),
        ({"image_size": 0}, "should be at least 1. Received: image_size=0"),
        ({"image_size": 50_000}, r"neither.*GiB.*Choose a smaller image_size"),
    ],
)
def test_impossible_images(arguments, message, mnist_data_dir):
    with pytest.raises(ValueError, match=message) as caught:
        open_images("mnist", data_dir=mnist_data_dir, **arguments)
    assert_one_line(caught.value)


def test_resizing_keeps_the_image(mnist_data_dir):
    """The mean hardly changes: 2 bytes, as the overshoot below 0 is cut off."""
    split = "test[:100]"
    plain = open_images("mnist", split=split, data_dir=mnist_data_dir)
    large = open_images(
        "mnist", split=split, data_dir=mnist_data_dir, image_size=32
    )
    small = open_images(
        "mnist", split=split, data_dir=mnist_data_dir, image_size=(14, 14)
    )
    assert large.image_shape == (32, 32, 1)
    assert small.image_shape == (14, 14, 1)
    # 14 is half of 28, so antialiasing averages over neighboring pixels.
    for other in large, small:
        assert other.images.dtype == np.uint8
        assert other.images.mean() == pytest.approx(plain.images.mean(), abs=2)
        np.testing.assert_array_equal(other.labels, plain.labels)


def test_gray_images_become_rgb(mnist_data_dir, mnist_test):
    rgb = open_images(
        "mnist", split="test[:9]", data_dir=mnist_data_dir, channels=3
    )
    expected = np.repeat(mnist_test.images[:9], 3, axis=-1)
    np.testing.assert_array_equal(rgb.images, expected)


def test_images_of_all_sizes_are_cropped_at_the_center(tmp_path):
    """Half of the square in the middle is white, whatever the height was.

    But for the ringing of Lanczos, at most 10 bytes beside the edge.
    """
    shapes = open_images(
        data.ShapesOfAllSizes.name, data_dir=tmp_path, image_size=8, channels=1
    )
    assert shapes.images.shape == (7, 8, 8, 1)
    assert (shapes.images[:, :, :3] >= 245).all()
    assert (shapes.images[:, :, 5:] <= 10).all()
    assert shapes.labels is None
    assert shapes.class_names == ()
    wide = open_images(
        data.ShapesOfAllSizes.name, data_dir=tmp_path, image_size=(4, 16)
    )
    assert wide.images.shape == (7, 4, 16, 3)
    assert (wide.images[:, :, :7] >= 245).all()
    with pytest.raises(
        ValueError, match="should have one size.*image_size=None"
    ):
        open_images(data.ShapesOfAllSizes.name, data_dir=tmp_path)


def test_zeros_and_ones_become_black_and_white(tmp_path):
    dots = open_images(data.BinaryDots.name, data_dir=tmp_path)
    assert np.unique(dots.images).tolist() == [0, 255]
    assert dots.images.mean() == 255 / 4


def test_a_data_set_without_images(tmp_path):
    with pytest.raises(ValueError, match="8-bit images.*features are: value"):
        open_images(data.JustNumbers.name, data_dir=tmp_path)


def test_a_damaged_prepared_data_set(tmp_path):
    open_images(data.BinaryDots.name, data_dir=tmp_path)
    (records,) = tmp_path.rglob("*.tfrecord*")
    content = bytearray(records.read_bytes())
    content[len(content) // 2] ^= 255
    records.write_bytes(content)
    with pytest.raises(OSError, match="is damaged.*Remove that folder") as e:
        open_images(data.BinaryDots.name, data_dir=tmp_path)
    assert_one_line(e.value)
