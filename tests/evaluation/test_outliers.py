"""Images unlike those that a model generates."""

import numpy as np
import pytest

from keras_infogan import open_images
from keras_infogan.evaluation.outliers import TRAITS
from keras_infogan.evaluation.outliers import find_deviations
from keras_infogan.evaluation.outliers import find_ranges
from keras_infogan.evaluation.outliers import is_on_paper

SIZE = 28


def bar(width: int, height: int = 20, *, right: int = 0) -> np.ndarray:
    """A white bar on black, in the middle but for a shift."""
    image = np.full((SIZE, SIZE, 1), -1.0, np.float32)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2 + right
    image[top : top + height, left : left + width] = 1.0
    return image


@pytest.fixture(scope="module")
def ranges():
    """Of upright bars, two to six pixels wide, and 14 to 20 high."""
    return find_ranges(
        np.stack([bar(w, h) for w in (2, 4, 6) for h in (14, 20)])
    )


def test_generated_images_do_not_deviate(ranges):
    """Each of the bars, and one between them."""
    for image in (bar(2), bar(6, 14), bar(4, 16)):
        assert find_deviations(image, ranges) == []


def test_ranges_are_those_of_the_generated_images(ranges):
    """Black borders, ink in the middle; 0.98 of the sides of a rectangle.

    A hundredth of the ink is left out at each end.
    """
    assert ranges["border"] == (0.0, 0.0)
    assert ranges["brightest"] == (1.0, 1.0)
    assert ranges["column"] == pytest.approx((0.5, 0.5), abs=1e-7)
    assert ranges["height"] == pytest.approx((0.98 * 14, 0.98 * 20), abs=0.01)
    assert ranges["width"] == pytest.approx((0.98 * 2, 0.98 * 6), abs=0.01)
    assert "slant" not in ranges


@pytest.mark.parametrize(
    ("image", "trait", "value"),
    [
        # 0.98 of the sides of a rectangle.
        (bar(4, 26), "height", 0.98 * 26),
        (bar(4, 8), "height", 0.98 * 8),
        (np.roll(bar(4, 14), 6, axis=0), "row", 0.5 + 6 / 28),
        (np.roll(bar(4), -6, axis=1), "column", 0.5 - 6 / 28),
        # Black is -1: a tenth of white.
        (0.1 * (bar(4) + 1.0) - 1.0, "brightest", 0.1),
        # Too faint to measure anything else.
        (0.01 * (bar(4) + 1.0) - 1.0, "brightest", 0.01),
    ],
)
def test_a_deviation_has_its_trait(image, trait, value, ranges):
    """Perhaps beside others: a longer bar has a longer skeleton."""
    deviations = {
        found.trait: found for found in find_deviations(image, ranges)
    }
    found = deviations[TRAITS[trait]]
    assert found.value == pytest.approx(value, abs=0.05)
    assert (found.low, found.high) == ranges[trait]
    assert not found.low <= found.value <= found.high


@pytest.mark.parametrize(
    ("key", "margin"),
    [
        ("border", 0.025),
        ("brightest", 0.5),
        ("column", 0.05),
        ("row", 0.05),
        ("thickness", 0.5),
        ("length", 0.5),
        ("width", 0.5),
        ("height", 0.5),
    ],
)
def test_margins(key, margin):
    """A fifth of the range at each end, and no less than is hardly visible.

    The ranges are laid around the trait of one image, a ten-thousandth within
    the margin and beyond it.
    """
    image = bar(4, right=1)
    value = find_ranges(image[None])[key][0]
    for width in (0.0, 2.0 * margin, 10.0 * margin):
        allowed = max(0.2 * width, margin)
        for low in (value + allowed, value - allowed - width):
            away = 1e-4 if low > value else -1e-4
            for shift, is_outlier in ((-away, False), (away, True)):
                ranges = {
                    "border": (0.0, 0.0),
                    key: (low + shift, low + shift + width),
                }
                assert bool(find_deviations(image, ranges)) == is_outlier


def test_slant_and_area_are_not_compared(ranges):
    assert set(ranges) == {
        *("border", "brightest", "column", "row"),
        *("thickness", "length", "width", "height"),
    }


def test_paper_is_brighter_than_what_is_on_it(ranges):
    """The negative of a bar, and gray paper; not a stroke up to the border.

    A model of paper has bright borders itself.
    """
    assert is_on_paper(-bar(4), ranges)
    assert is_on_paper(0.4 * -bar(4) - 0.3, ranges)
    assert not is_on_paper(bar(12, 28), ranges)
    of_paper = find_ranges(np.stack([-bar(2), -bar(4)]))
    assert not is_on_paper(-bar(12), of_paper)


def test_a_model_of_black_images():
    """Only the brightness can be compared; images of NaN do not count."""
    black = np.full((3, SIZE, SIZE, 1), -1.0, np.float32)
    assert set(find_ranges(black)) == {"border", "brightest"}
    black[1] = np.nan
    assert find_ranges(black)["border"] == (0.0, 0.0)
    assert find_ranges(black[1:2]) == {}
    assert find_deviations(bar(4), {}) == []


def test_a_generated_image_may_be_saved_as_bytes():
    """Of a model of one image: 8 bits round it by half a level."""
    rng = np.random.default_rng(0)
    image = bar(4) * rng.uniform(0.5, 1.0, (SIZE, SIZE, 1)).astype(np.float32)
    ranges = find_ranges(np.stack([image] * 3))
    saved = np.rint((image + 1.0) * 127.5) / 127.5 - 1.0
    assert (saved != image).any()
    assert find_deviations(saved, ranges) == []


def test_digits_and_several_of_them():
    """At most eight of 500 real digits are outliers, and each grid of four.

    With the range of a thousand others. One more is outside of it with a chance
    of 2 in 1,001 for each of the eight traits: eight of 500, and the margin
    leaves fewer.
    """
    digits = open_images("mnist", split="test[:1500]").scaled(slice(None))
    ranges = find_ranges(digits[:1000])
    others = digits[1000:]
    count = sum(bool(find_deviations(image, ranges)) for image in others)
    assert count <= 8
    for first in range(0, 80, 4):
        a, b, c, d = others[first : first + 4]
        grid = np.concatenate(
            [np.concatenate([a, b], axis=1), np.concatenate([c, d], axis=1)]
        )
        small = grid.reshape(SIZE, 2, SIZE, 2, 1).mean(axis=(1, 3))
        assert find_deviations(small, ranges)
