"""Each change against a closed form, and what all of them have in common."""

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.evaluation.corruptions import CORRUPTIONS
from keras_infogan.evaluation.corruptions import add_noise
from keras_infogan.evaluation.corruptions import blur
from keras_infogan.evaluation.corruptions import change_thickness
from keras_infogan.evaluation.corruptions import lower_resolution
from keras_infogan.evaluation.corruptions import rescale
from keras_infogan.evaluation.corruptions import rotate

ALL = [(name, x) for name, kind in CORRUPTIONS.items() for x in kind.strengths]


def draw(*shape: int) -> np.ndarray:
    """Random images in [-1, 1]."""
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


@pytest.mark.parametrize(("name", "strength"), ALL)
def test_contract(name, strength):
    """Images stay images, alone or among others, and the seed decides."""
    images = draw(5, 12, 10, 3)
    before = images.copy()
    changed = CORRUPTIONS[name].apply(images, strength, 7)
    np.testing.assert_array_equal(images, before)
    assert changed.shape == images.shape
    assert changed.dtype == np.float32
    # Sums of weights are 1 up to rounding.
    assert np.abs(changed).max() <= 1 + 1e-6
    again = CORRUPTIONS[name].apply(images, strength, 7)
    np.testing.assert_array_equal(changed, again)
    # One image has no odd number, two have one.
    for count in (1, 2):
        few = CORRUPTIONS[name].apply(images[:count], strength, 7)
        # Products of other sizes are summed in another order.
        np.testing.assert_allclose(few, changed[:count], atol=1e-6)


@pytest.mark.parametrize(("name", "strength"), ALL)
def test_borders_repeat(name, strength):
    """A gray image has nothing that could move, and no frame appears."""
    gray = np.full((2, 28, 28, 1), 0.25, np.float32)
    changed = CORRUPTIONS[name].apply(gray, strength, 0)
    if name == "noise":
        assert np.ptp(changed) > strength
    else:
        np.testing.assert_allclose(changed, gray, atol=1e-6)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_strengths_are_in_order(name):
    """A stronger change is further from a digit-like image: a cross."""
    images = np.full((2, 28, 28, 1), -1.0, np.float32)
    images[:, 6:22, 12:15] = images[:, 12:15, 8:20] = 1.0
    kind = CORRUPTIONS[name]
    distances = [
        np.square(kind.apply(images, x, 0) - images).mean()
        for x in kind.strengths
    ]
    assert distances == sorted(distances)
    assert distances[0] > 0.0


def test_rotation_by_a_right_angle():
    """On a square it moves pixels and mixes none, either way in turn."""
    images = draw(3, 7, 7, 2)
    turned = rotate(images, 90.0)
    np.testing.assert_array_equal(turned[0], np.rot90(images[0]))
    np.testing.assert_array_equal(turned[1], np.rot90(images[1], -1))
    np.testing.assert_array_equal(turned[2], np.rot90(images[2]))


def test_nothing_changes_nothing():
    images = draw(3, 9, 8, 3)
    for changed in (
        rotate(images, 0.0),
        rescale(images, 1.0),
        change_thickness(images, 0.0),
        add_noise(images, 0.0, seed=1),
        # No side is longer than 9.
        lower_resolution(images, 9.0),
        lower_resolution(images, 16.0),
    ):
        np.testing.assert_array_equal(changed, images)


def test_larger():
    """A slope is half as steep at twice the size, and stays in the center."""
    slope = np.linspace(-1, 1, 9, dtype=np.float32)
    images = np.broadcast_to(slope[:, None, None], (1, 9, 5, 1)).copy()
    # Linear interpolation of a line is the line.
    np.testing.assert_allclose(rescale(images, 2.0), images / 2, atol=1e-6)


def test_smaller():
    """At half the size, a quarter of the light is left, at the same center.

    All pixels count the same, as the triangles around each other pixel add up
    to 1/2 along each axis.
    """
    images = np.zeros((1, 16, 16, 1), np.float32)
    images[:, 4:10, 6:12] = 1.0
    small = rescale(images, 0.5)
    # 256 pixels of float32 rounding.
    assert small.sum() == pytest.approx(36 / 4, rel=1e-5)
    center = np.einsum("nyxc,y->", small, np.arange(16)) / small.sum()
    # From 6.5, a pixel above the middle of 7.5, to half a pixel.
    assert center == pytest.approx(7.0, abs=1e-4)


@pytest.mark.parametrize("pixels", [16, 12, 8])
def test_lower_resolution(pixels):
    """TensorFlow computes the same, in another order."""
    images = draw(2, 28, 28, 1)
    small = tf.image.resize(images, (pixels, pixels), antialias=True)
    large = tf.image.resize(small, (28, 28), antialias=True).numpy()
    np.testing.assert_allclose(
        lower_resolution(images, pixels), large, atol=1e-5
    )


def test_lower_resolution_keeps_the_aspect_ratio():
    """Of 8 x 4 pixels, 4 x 2 are left: means of neighbors stay in place."""
    images = np.full((1, 8, 4, 1), 0.5, np.float32)
    images[0, 0, 0] = -0.5
    changed = lower_resolution(images, 4)
    small = tf.image.resize(images, (4, 2), antialias=True)
    large = tf.image.resize(small, (8, 4), antialias=True).numpy()
    np.testing.assert_allclose(changed, large, atol=1e-6)


def test_thickness():
    """An upright line of one pixel is three wide, and then gone."""
    line = np.full((1, 7, 7, 1), -1.0, np.float32)
    line[:, :, 3] = 1.0
    thick = change_thickness(line, 2.0)
    np.testing.assert_array_equal(thick[0, 0, :, 0], [-1, -1, 1, 1, 1, -1, -1])
    assert change_thickness(line, -2.0).max() == -1.0


@pytest.mark.parametrize("name", ["thicker", "thinner"])
def test_thick_and_thin_are_on_their_sides(name):
    images = draw(4, 10, 10, 1)
    for strength in CORRUPTIONS[name].strengths:
        changed = CORRUPTIONS[name].apply(images, strength, 0)
        difference = changed - images
        difference *= 1 if name == "thicker" else -1
        assert difference.min() >= 0.0
        assert difference.mean() > 0.0


def test_noise():
    """Its deviation is the strength, where nothing is clipped.

    The standard error of the deviation of n normal numbers is that over
    sqrt(2 n), here .0005; allow four of them. It is drawn by the seed.
    """
    gray = np.zeros((2, 100, 100, 1), np.float32)
    noise = add_noise(gray, 0.1, seed=3)
    assert noise.std() == pytest.approx(0.1, abs=4 * 0.1 / np.sqrt(40_000))
    # Likewise, of a mean: .1 / sqrt(n).
    assert noise.mean() == pytest.approx(0.0, abs=4 * 0.1 / np.sqrt(20_000))
    np.testing.assert_allclose(
        add_noise(gray, 0.2, seed=3), 2 * noise, rtol=1e-6
    )
    assert np.abs(add_noise(gray, 0.1, seed=4) - noise).max() > 0.1
    assert not np.array_equal(noise[0], noise[1])


def test_noise_is_clipped():
    """Half of it on black."""
    black = np.full((1, 100, 100, 1), -1.0, np.float32)
    changed = add_noise(black, 0.5, seed=0)
    assert changed.min() == -1.0
    # The standard error of a share of 1/2 of n is 1 / (2 sqrt(n)): .005.
    assert (changed == -1.0).mean() == pytest.approx(0.5, abs=0.02)


def test_blur():
    """A dot becomes a Gaussian, cut off at three deviations."""
    dot = np.zeros((1, 11, 11, 2), np.float32)
    dot[0, 5, 5, 0] = 1.0
    kernel = np.exp(-np.square(np.arange(-5, 6)) / 2 / 1.5**2)
    kernel /= kernel.sum()
    blurred = blur(dot, 1.5)
    np.testing.assert_allclose(
        blurred[0, :, :, 0], np.outer(kernel, kernel), atol=1e-6
    )
    assert not blurred[..., 1].any()
