"""Images of all sizes and colors, fitted to one shape."""

import numpy as np
import pytest

from keras_infogan.data.tfds import load_images
from tests.helpers import data
from tests.helpers.data import assert_one_line


def test_resizing_keeps_the_image(mnist_data_dir):
    """Bilinear interpolation hardly changes the mean: 1 byte is allowed."""
    split = "test[:100]"
    plain = load_images(split=split, data_dir=mnist_data_dir)
    large = load_images(split=split, data_dir=mnist_data_dir, image_size=32)
    small = load_images(
        split=split, data_dir=mnist_data_dir, image_size=(14, 14)
    )
    assert large.image_shape == (32, 32, 1)
    assert small.image_shape == (14, 14, 1)
    # 14 is half of 28, so antialiasing averages over neighboring pixels.
    for other in large, small:
        assert other.images.dtype == np.uint8
        assert other.images.mean() == pytest.approx(plain.images.mean(), abs=1)
        np.testing.assert_array_equal(other.labels, plain.labels)


def test_gray_images_become_rgb(mnist_data_dir, mnist_test):
    rgb = load_images(split="test[:9]", data_dir=mnist_data_dir, channels=3)
    expected = np.repeat(mnist_test.images[:9], 3, axis=-1)
    np.testing.assert_array_equal(rgb.images, expected)


def test_images_of_all_sizes_are_cropped_at_the_center(tmp_path):
    """Half of the square in the middle is white, whatever the height was."""
    shapes = load_images(
        data.ShapesOfAllSizes.name, data_dir=tmp_path, image_size=8, channels=1
    )
    assert shapes.images.shape == (7, 8, 8, 1)
    assert (shapes.images[:, :, :3] == 255).all()
    assert (shapes.images[:, :, 5:] == 0).all()
    assert shapes.labels is None
    assert shapes.num_classes is None
    wide = load_images(
        data.ShapesOfAllSizes.name, data_dir=tmp_path, image_size=(4, 16)
    )
    assert wide.images.shape == (7, 4, 16, 3)
    assert (wide.images[:, :, :7] == 255).all()
    with pytest.raises(
        ValueError, match="should have one size.*image_size=None"
    ):
        load_images(data.ShapesOfAllSizes.name, data_dir=tmp_path)


def test_zeros_and_ones_become_black_and_white(tmp_path):
    dots = load_images(data.BinaryDots.name, data_dir=tmp_path)
    assert np.unique(dots.images).tolist() == [0, 255]
    assert dots.images.mean() == 255 / 4


def test_a_data_set_without_images(tmp_path):
    with pytest.raises(ValueError, match="8-bit images.*features are: value"):
        load_images(data.JustNumbers.name, data_dir=tmp_path)


def test_a_damaged_prepared_data_set(tmp_path):
    load_images(data.BinaryDots.name, data_dir=tmp_path)
    (records,) = tmp_path.rglob("*.tfrecord*")
    content = bytearray(records.read_bytes())
    content[len(content) // 2] ^= 255
    records.write_bytes(content)
    with pytest.raises(OSError, match="is damaged.*Remove that folder") as e:
        load_images(data.BinaryDots.name, data_dir=tmp_path)
    assert_one_line(e.value)
