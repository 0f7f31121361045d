"""The check of images that every folder shares."""

import re

import numpy as np
import pytest

from keras_infogan.images import check_channels
from keras_infogan.images import check_images
from keras_infogan.images import to_array

SHAPE = (4, 6, 3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_images_that_are_accepted(dtype):
    """The whole interval, and the overshoot of a resizing, 0.001."""
    images = np.linspace(-1.0, 1.0, 2 * 4 * 6 * 3).reshape(2, *SHAPE)
    check_images(images.astype(dtype), SHAPE)
    check_images((1.0005 * images).astype(dtype), SHAPE)
    check_images(np.zeros((1, *SHAPE), dtype), SHAPE)


@pytest.mark.parametrize(
    "shape", [SHAPE, (2, 6, 4, 3), (2, 4, 6, 1), (2, 4, 6), (0, *SHAPE)]
)
def test_images_of_a_wrong_shape(shape):
    with pytest.raises(
        ValueError,
        match=r"should have shape \(num_images, 4, 6, 3\), at least one of "
        rf"them. Received: shape={re.escape(str(shape))}.",
    ):
        check_images(np.zeros(shape, np.float32), SHAPE)


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_images_that_are_not_floats(dtype):
    """The remedy is in the message, and it works."""
    images = np.array([0, 1], dtype)[:, None, None, None] * np.ones(
        (1, *SHAPE), dtype
    )
    with pytest.raises(
        ValueError,
        match=f"Received: dtype={dtype}. Scale bytes by x / 127.5 - 1.",
    ):
        check_images(images, SHAPE)
    check_images(images / 127.5 - 1, SHAPE)


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_images_that_are_no_numbers_of_pixels(dtype):
    images = np.zeros((1, *SHAPE), dtype)
    with pytest.raises(ValueError, match=f"dtype={dtype}. Cast them to float"):
        check_images(images, SHAPE)


@pytest.mark.parametrize(
    ("value", "received"),
    [
        (1.01, "values from 0 to 1.01."),
        (-1.01, "values from -1.01 to 0."),
        (255.0, "values from 0 to 255."),
        (-np.inf, "NaN or infinity.*with lower learning rates"),
        (np.nan, "NaN or infinity.*its training has diverged"),
    ],
)
def test_images_out_of_range(value, received):
    """One pixel of one image is enough."""
    images = np.zeros((3, *SHAPE), np.float32)
    images[1, 2, 3, 0] = value
    with pytest.raises(
        ValueError, match=rf"floats in \[-1, 1\]. Received: {received}"
    ):
        check_images(images, SHAPE)


@pytest.mark.parametrize("shape", [(2, 4, 6), (2, 4, 0, 3), (0, *SHAPE)])
def test_images_of_any_size(shape):
    """Sizes that are not given are free, and named in the message."""
    check_images(np.zeros((2, 1, 9, 7), np.float32))
    check_images(np.zeros((2, 1, 9, 3), np.float32), (None, None, 3))
    with pytest.raises(
        ValueError,
        match=r"shape \(num_images, height, width, 3\), at least one of them. "
        rf"Received: shape={re.escape(str(shape))}.",
    ):
        check_images(np.zeros(shape, np.float32), (None, None, 3))


def test_channels():
    for channels in (1, 3):
        check_channels(channels, "shape=...")
    for channels in (0, 2, 4):
        with pytest.raises(
            ValueError,
            match=r"1 channel \(gray\) or 3 \(RGB\). Received: shape=\(2, 2\).",
        ):
            check_channels(channels, "shape=(2, 2)")


@pytest.mark.parametrize(
    ("images", "received"),
    [
        ({"images": np.zeros((2, 4, 4, 1))}, "dict"),
        ((np.zeros((2, 4, 4, 1)), np.zeros(2)), "tuple"),
        (None, "NoneType"),
        ("mnist", "str"),
        (np.array([None, 1]), "ndarray of dtype object"),
    ],
)
def test_what_is_no_array(images, received):
    with pytest.raises(ValueError, match=f"Received: {received}") as caught:
        to_array(images)
    assert "\n" not in str(caught.value)


def test_what_is_an_array():
    images = np.zeros((2, 4, 4, 1), np.uint8)
    assert to_array(images) is images
    np.testing.assert_array_equal(to_array(images.tolist()), images)
