"""Measured properties on drawn shapes of known size and slant."""

import math
import time
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from keras_infogan.attributes import ATTRIBUTES
from keras_infogan.attributes import measure


def draw(polygon_of: Any, size: int = 28) -> np.ndarray:
    """An image of where `polygon_of(x, y)` holds, antialiased by 8 x 8 points.

    Coordinates are in pixels from the center of the image, y downwards.
    """
    places = (np.arange(size * 8) + 0.5) / 8 - size / 2
    x, y = np.meshgrid(places, places)
    inside = polygon_of(x, y).astype(np.float64)
    mass = inside.reshape(size, 8, size, 8).mean(axis=(1, 3))
    return (2.0 * mass - 1.0)[None, :, :, None]


def bar(
    width: float, height: float, slant: float = 0.0, x0: float = 0.0
) -> np.ndarray:
    """An upright bar, sheared so that its sides lean by `slant` radians."""
    shear = math.tan(slant)
    return draw(
        lambda x, y: (
            (abs(x + shear * y - x0) < width / 2) & (abs(y) < height / 2)
        )
    )


@pytest.mark.parametrize("slant", [-0.6, -0.2, 0.0, 0.3, 0.5])
@pytest.mark.parametrize("height", [12.0, 18.0])
def test_slant_of_a_bar(slant, height):
    """For x = -t y + e, e independent of y: cov(x, y) / var(y) = -t.

    Pixels spread the mass by their own width, which adds the same 1/12 to
    var(y) only: 1/12 of at least 12, so the tangent is off by 0.7 % at most.
    """
    found = measure(bar(3.0, height, slant))["slant"][0]
    assert found == pytest.approx(slant, rel=0.02, abs=1e-6)


@pytest.mark.parametrize("thickness", [2.0, 3.0, 4.0, 6.0])
@pytest.mark.parametrize("x0", [0.0, 0.5])
def test_size_of_a_bar(thickness, x0):
    """All but a hundredth on either side of a bar of even mass: 98 %.

    Thickness and length come from masks of half pixels, with ends where the
    skeleton forks or stops half a thickness early: half a pixel, and a
    thickness.
    """
    found = {
        name: values[0]
        for name, values in measure(bar(thickness, 16.0, x0=x0)).items()
    }
    assert found["area"] == pytest.approx(16.0 * thickness, rel=1e-6)
    assert found["height"] == pytest.approx(0.98 * 16.0, abs=0.05)
    # A side within a pixel is spread over it.
    on_grid = (thickness / 2 + x0) % 1 == 0
    assert found["width"] == pytest.approx(
        0.98 * thickness, abs=0.05 if on_grid else 1.0
    )
    assert found["thickness"] == pytest.approx(thickness, abs=0.5)
    assert 16.0 - thickness - 1.0 <= found["length"] <= 16.0 + 0.5


def test_width_is_along_the_slant():
    """A sheared bar is as wide as the upright one.

    Pixels of 1 x 1 become parallelograms: they add up to the shear, 0.55.
    """
    upright = measure(bar(5.0, 18.0))["width"][0]
    sheared = measure(bar(5.0, 18.0, 0.5))["width"][0]
    assert sheared == pytest.approx(upright, abs=math.tan(0.5))


def test_length_of_a_ring():
    """The skeleton of a ring is its middle circle.

    A digital circle by steps of 1 and sqrt(2) is longer by up to 8 %
    ((sqrt(2) - 1) / tan(pi / 8) at the worst angle, less on average).
    """
    ring = draw(lambda x, y: abs(np.hypot(x, y) - 8.0) < 1.5)
    found = measure(ring)
    assert found["length"][0] == pytest.approx(2 * math.pi * 8.0, rel=0.09)
    assert found["thickness"][0] == pytest.approx(3.0, abs=0.4)
    assert found["slant"][0] == pytest.approx(0.0, abs=1e-9)


def test_thickness_grows_with_a_real_stroke(mnist_test):
    """Dilation by a cross makes each digit thicker by up to two pixels."""
    images = mnist_test.scaled(slice(200))
    thin = measure(images)
    cross = ndimage.generate_binary_structure(2, 1)[None, :, :, None]
    thick = measure(ndimage.grey_dilation(images, footprint=cross))
    growth = thick["thickness"] - thin["thickness"]
    assert (growth > 0.3).mean() > 0.98
    assert 0.8 < np.median(growth) < 2.2
    assert (thick["area"] > thin["area"]).all()


def test_shift_changes_nothing(mnist_test):
    """By one and two pixels, of digits that do not reach the border."""
    images = mnist_test.scaled(slice(50))
    border = np.delete(images, np.s_[2:-2], axis=1).max(axis=(1, 2, 3))
    sides = np.delete(images, np.s_[2:-2], axis=2).max(axis=(1, 2, 3))
    images = images[(border == -1) & (sides == -1)]
    assert len(images) > 40
    moved = np.roll(images, (2, -1), axis=(1, 2))
    for name, values in measure(images).items():
        # A skeleton depends on where it begins to thin: two of its pixels.
        # Sizes are bisected to a thousandth.
        atol = {"thickness": 0.15, "length": 1.5}.get(name, 1e-3)
        np.testing.assert_allclose(
            measure(moved)[name], values, atol=atol, err_msg=name
        )


def test_images_are_measured_alone(mnist_test):
    images = mnist_test.scaled(slice(12))
    together = measure(images)
    for name in ATTRIBUTES:
        alone = [measure(image[None])[name][0] for image in images]
        np.testing.assert_allclose(together[name], alone, atol=1e-3)


def test_real_digits_are_as_in_the_paper(mnist_test):
    """Most ones of MNIST lean to the right; all is in a plausible range."""
    assert mnist_test.labels is not None
    found = measure(mnist_test.scaled(slice(2000)))
    ones = found["slant"][mnist_test.labels[:2000] == 1]
    assert np.median(ones) > 0.1
    for name, low, high in (
        ("slant", -1.0, 1.3),
        ("thickness", 0.5, 9.0),
        ("length", 4.0, 110.0),
        ("width", 1.5, 22.0),
        ("height", 5.0, 21.0),
        ("area", 15.0, 350.0),
    ):
        assert low < np.nanmin(found[name]), name
        assert np.nanmax(found[name]) < high, name


def test_ten_thousand_take_seconds(mnist_test):
    """5 s of CPU here; the bound leaves room for a machine that is busy."""
    images = mnist_test.scaled()
    begin = time.process_time()
    measure(images)
    assert time.process_time() - begin < 30.0


def test_channels_are_averaged():
    gray = bar(3.0, 15.0, 0.2)
    for name, values in measure(np.repeat(gray, 3, axis=-1)).items():
        np.testing.assert_allclose(values, measure(gray)[name], atol=1e-9)


def test_empty_images():
    images = np.concatenate([np.full((1, 28, 28, 1), -1.0), bar(3.0, 15.0)])
    for values in measure(images).values():
        assert np.isnan(values).tolist() == [True, False]
    assert all(len(x) == 0 for x in measure(images[:0]).values())


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 28, 28)), "shape"),
        (np.zeros((2, 28, 28, 1), np.uint8), "floats"),
        (np.full((2, 28, 28, 1), 255.0), r"in \[-1, 1\]"),
    ],
)
def test_wrong_images(images, message):
    with pytest.raises(ValueError, match=message):
        measure(images)
