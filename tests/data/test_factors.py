"""Images with factors of variation: rendered sprites, files and arrays."""

import math
from typing import Any

import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.rendered_sprites import FACTORS
from keras_infogan.data.rendered_sprites import SIZES
from keras_infogan.data.rendered_sprites import RenderedSprites
from keras_infogan.data.rendered_sprites import render_sprites
from keras_infogan.data.source import Fit
from keras_infogan.data.sources import open_images
from tests.helpers.data import assert_one_line

IMAGES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)
# The first column, as the color of dSprites, has one value.
CLASSES = np.array([[0, i // 3, i % 3] for i in range(6)])


def random_factors(count):
    random = np.random.default_rng(0)
    return np.stack([random.integers(size, size=count) for size in SIZES], 1)


def test_all_combinations_are_there():
    """3 shapes, 6 scales, 40 orientations, 32 x 32 positions, in this order."""
    source = RenderedSprites()
    assert source.num_images("train") == 737_280 == math.prod(SIZES)
    assert source.factor_names == (
        "shape",
        "scale",
        "orientation",
        "x_position",
        "y_position",
    )
    factors = source.factors("all")
    assert factors[[0, 1, 32, 1024, -1]].tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [2, 5, 39, 31, 31],
    ]
    assert [FACTORS["scale"][i] for i in (0, 5)] == [0.5, 1.0]
    assert FACTORS["orientation"][39] == pytest.approx(2 * math.pi)
    # A tenth in random order has each of the 40 angles about as often: 1,843
    # times, with a standard deviation of 42.
    counts = np.bincount(source.factors("train[:10%]")[:, 2])
    assert (abs(counts - 1843.2) < 5 * 42).all()


def test_sprites_move_by_a_pixel_and_are_never_cut_off():
    factors = random_factors(50)
    images = render_sprites(factors)[..., 0]
    assert set(images.ravel()) == {0, 255}
    centered = factors.copy()
    centered[:, 3:] = 0
    for image, start, factor in zip(
        images, render_sprites(centered)[..., 0], factors, strict=True
    ):
        moved = np.roll(start, (factor[4], factor[3]), axis=(0, 1))
        np.testing.assert_array_equal(image, moved)
        # Nothing on the border that the other side would have got.
        assert not image[[0, -1]].any()
        assert not image[:, [0, -1]].any()


def test_areas_follow_from_shape_and_scale():
    """Of the square, 19 pixels a side; of the ellipse, pi times its half axes.

    A border of one pixel of half of the circumference is uncertain.
    """
    for shape, area, around in (
        (0, 19.0**2, 4 * 19.0),
        (1, math.pi * 14.3 * 7.2, 2 * math.pi * 11.0),
    ):
        for scale in range(6):
            factors = [[shape, scale, k, 9, 9] for k in range(40)]
            pixels = (render_sprites(factors) > 0).sum(axis=(1, 2, 3))
            size = FACTORS["scale"][scale]
            tolerance = size * around / 2 + 1
            assert abs(pixels - area * size**2).max() <= tolerance


def test_orientations_turn_the_sprite():
    """Half a turn flips both axes; the last angle is the first one."""
    first, last = render_sprites([[2, 5, 0, 9, 9], [2, 5, 39, 9, 9]])
    np.testing.assert_array_equal(first, last)
    # The heart is upright, with its tip below, and symmetric.
    heart = first[..., 0] > 0
    rows, columns = np.nonzero(heart)
    assert rows[columns == 16 + 9].max() == rows.max()
    about = heart[:, 25 - 20 : 25 + 21]
    np.testing.assert_array_equal(about, about[:, ::-1])
    # The ellipse is as wide as high after a quarter turn, but for pixels.
    flat, upright = render_sprites([[1, 5, 0, 9, 9], [1, 5, 10, 9, 9]])
    assert flat.any(axis=(0, 2)).sum() == 29
    assert upright.any(axis=(0, 2)).sum() < 17


def test_images_and_factors_go_together():
    """In each split; small images are what any other source would make."""
    data = open_images("rendered_dsprites", split="train[:40]", factors=True)
    assert data.name == "rendered_dsprites"
    assert data.factors is not None
    np.testing.assert_array_equal(data.images, render_sprites(data.factors))
    small = open_images("rendered_dsprites", split="train[:40]", image_size=32)
    fit = Fit((32, 32, 1), "crop")
    expected = np.stack([fit(image) for image in data.images])
    np.testing.assert_array_equal(small.images, expected)
    assert small.factors is None
    assert small.labels is None
    color = open_images(
        "rendered_dsprites", split="train[:2]", image_size=(16, 32), channels=3
    )
    assert color.image_shape == (16, 32, 3)


@pytest.mark.parametrize(
    "factors",
    [
        [[3, 0, 0, 0, 0]],
        [[-1, 0, 0, 0, 0]],
        [[0.5, 0, 0, 0, 0]],
        [[0, 0, 0]],
    ],
)
def test_other_factors_are_refused(factors):
    with pytest.raises(ValueError, match="whole numbers of shape"):
        render_sprites(factors)


@pytest.mark.parametrize("name", ["factors", "latents_classes"])
def test_factors_of_files(name, tmp_path):
    """In the order of the images of each split; what never changes is none."""
    path = tmp_path / "sprites.npz"
    arrays: dict[str, Any] = {"imgs": IMAGES, name: CLASSES}
    np.savez(path, **arrays)
    data = open_images(path, split="all", factors=True)
    np.testing.assert_array_equal(data.factors, CLASSES[:, 1:])
    assert data.factor_names == ("factor_0", "factor_1")
    part = open_images(path, factors=True)
    assert part.factors is not None
    for image, factors in zip(part.images, part.factors, strict=True):
        row = (IMAGES == image[..., 0]).all(axis=(1, 2)).argmax()
        assert (CLASSES[row, 1:] == factors).all()
    same = open_images({"images": IMAGES, name: CLASSES}, factors=True)
    np.testing.assert_array_equal(same.factors, part.factors)


def test_missing_factors_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Expected images with factors") as one:
        open_images(IMAGES, factors=True)
    assert_one_line(one.value)
    with pytest.raises(ValueError, match="6 images and 4 factors") as other:
        open_images({"images": IMAGES, "factors": CLASSES[:4]}, factors=True)
    assert_one_line(other.value)


@pytest.mark.parametrize(
    ("factors", "names"), [(CLASSES, ()), (None, ("a",)), (CLASSES[:3], ("a",))]
)
def test_factors_have_names(factors, names):
    with pytest.raises(ValueError, match="a name for each; or neither"):
        ImageData(
            IMAGES[..., None],
            None,
            "x",
            factors=factors,
            factor_names=names,
        )
