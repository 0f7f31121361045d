"""Pictures that are none of the kind that a model knows."""

import numpy as np
import pytest

from keras_infogan import load_images
from keras_infogan.evaluation import outliers as doubts
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec

SIZE = 28


def bar(width: int, height: int = 20, *, right: int = 0) -> np.ndarray:
    """A white bar on black, in the middle but for a shift."""
    image = np.full((SIZE, SIZE, 1), -1.0, np.float32)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2 + right
    image[top : top + height, left : left + width] = 1.0
    return image


@pytest.fixture(scope="module")
def ranges():
    """Of upright bars, two to six pixels thick, and 14 to 20 high."""
    return doubts.drawn_ranges(
        np.stack([bar(w, h) for w in (2, 4, 6) for h in (14, 20)])
    )


def test_what_is_drawn_is_no_doubt(ranges):
    """Each of the bars, and one between them."""
    for image in (bar(2), bar(6, 14), bar(4, 16)):
        assert doubts.picture_doubts(image, ranges) == []


def test_the_ranges_are_of_what_was_drawn(ranges):
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
    ("image", "trait"),
    [
        (bar(12), "thickness"),
        (bar(4, 26), "height"),
        (bar(4, 8), "height"),
        (np.roll(bar(4, 14), 6, axis=0), "middle of the ink from the top 0.71"),
        (np.roll(bar(4), -6, axis=1), "middle of the ink from the left 0.29"),
        # 28 of the 112 pixels of its border, and 2 more.
        (np.roll(bar(4, 28), -12, axis=1), "brightness of the border 0.3"),
        # Black is -1: a tenth of white.
        (0.1 * (bar(4) + 1.0) - 1.0, "brightest point 0.10 of white"),
        # Nothing can be measured of it, but how faint it is.
        (0.01 * (bar(4) + 1.0) - 1.0, "brightest point 0.01 of white"),
    ],
)
def test_what_is_otherwise_is_named(image, trait, ranges):
    (sentence,) = doubts.picture_doubts(image, ranges)
    assert trait in sentence


@pytest.mark.parametrize(
    ("key", "slack"),
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
def test_slacks(key, slack):
    """A fifth of the range at each end, and no less than what is hardly seen.

    The ranges are laid around the trait of one image, a ten-thousandth within
    the slack and beyond it.
    """
    image = bar(4, right=1)
    value = doubts.drawn_ranges(image[None])[key][0]
    for width in (0.0, 2.0 * slack, 10.0 * slack):
        allowed = max(0.2 * width, slack)
        for low in (value + allowed, value - allowed - width):
            away = 1e-4 if low > value else -1e-4
            for shift, doubted in ((-away, False), (away, True)):
                ranges = {
                    "border": (0.0, 0.0),
                    key: (low + shift, low + shift + width),
                }
                assert bool(doubts.picture_doubts(image, ranges)) == doubted


def test_what_is_compared(ranges):
    assert set(ranges) == {
        *("border", "brightest", "column", "row"),
        *("thickness", "length", "width", "height"),
    }


def test_paper_is_told_how_to_be_read(ranges):
    """The negative of a bar, gray paper, too; one that is a negative already.

    A stroke that reaches the border is no paper.
    """
    for paper in (-bar(4), 0.4 * -bar(4) - 0.3):
        (sentence,) = doubts.picture_doubts(paper, ranges)
        assert "use --invert" in sentence
        (sentence,) = doubts.picture_doubts(paper, ranges, inverted=True)
        assert "leave out --invert" in sentence
    (sentence,) = doubts.picture_doubts(bar(12, 28), ranges)
    assert "--invert" not in sentence


def test_a_model_of_paper_is_not_told_of_it():
    """Its own images have bright borders; this one has a line too thick."""
    ranges = doubts.drawn_ranges(np.stack([-bar(2), -bar(4)]))
    (sentence,) = doubts.picture_doubts(-bar(12), ranges)
    assert "--invert" not in sentence


def test_an_empty_picture(ranges):
    for value in ((-1.0,), (1.0,), (1.0, -1.0, -1.0)):
        empty = np.full((SIZE, SIZE, len(value)), value, np.float32)
        (sentence,) = doubts.picture_doubts(empty, ranges)
        assert "one color" in sentence


def test_a_model_that_draws_nothing():
    """Nothing to compare with but the brightness; one of NaN draws nothing."""
    black = np.full((3, SIZE, SIZE, 1), -1.0, np.float32)
    assert set(doubts.drawn_ranges(black)) == {"border", "brightest"}
    black[1] = np.nan
    assert doubts.drawn_ranges(black)["border"] == (0.0, 0.0)
    assert doubts.drawn_ranges(black[1:2]) == {}
    assert doubts.picture_doubts(bar(4), {}) == []


def test_what_was_drawn_may_be_saved_and_read():
    """A model that draws one image alone: 8 bits round it by half a level."""
    rng = np.random.default_rng(0)
    image = bar(4) * rng.uniform(0.5, 1.0, (SIZE, SIZE, 1)).astype(np.float32)
    ranges = doubts.drawn_ranges(np.stack([image] * 3))
    saved = np.rint((image + 1.0) * 127.5) / 127.5 - 1.0
    assert (saved != image).any()
    assert doubts.picture_doubts(saved, ranges) == []


def test_digits_and_several_of_them():
    """Eight of 500 real digits at most, but each grid of four, is a doubt.

    With the range of a thousand others. One more is outside of it with a chance
    of 2 in 1,001 for each of the eight traits: eight of 500, and the slack
    leaves fewer.
    """
    digits = load_images("mnist", split="test[:1500]").scaled(slice(None))
    ranges = doubts.drawn_ranges(digits[:1000])
    others = digits[1000:]
    doubted = sum(
        bool(doubts.picture_doubts(image, ranges)) for image in others
    )
    assert doubted <= 8
    for first in range(0, 80, 4):
        a, b, c, d = others[first : first + 4]
        grid = np.concatenate(
            [np.concatenate([a, b], axis=1), np.concatenate([c, d], axis=1)]
        )
        small = grid.reshape(SIZE, 2, SIZE, 2, 1).mean(axis=(1, 3))
        assert doubts.picture_doubts(small, ranges)


def test_a_code_far_outside_is_a_doubt():
    """More than three deviations of Q beyond 1, of either side."""
    spec = LatentSpec(1, {"a": Categorical(2), "u": Uniform(2)})
    for mean, doubted in ((1.29, False), (-1.29, False), (1.31, True)):
        codes = {"u": {"mean": [0.0, mean], "stddev": [0.1, 0.1]}}
        assert bool(doubts.reading_doubts(spec, codes)) == doubted
    codes = {"u": {"mean": [-1.31, 0.0], "stddev": [0.1, 0.1]}}
    assert "'u' far outside" in doubts.reading_doubts(spec, codes)[0]
