"""Drawings of photographs, against where and how they were drawn."""

import numpy as np
import pytest
from PIL import Image
from PIL import ImageDraw

from keras_infogan.data.photo import find_drawings
from keras_infogan.data.photo import turn_upside_down

SHAPE = (28, 28, 1)


def photo(*shapes, paper=200, ink=60, size=(300, 200), shade=0.0):
    """A page with shadow from left to right, and rectangles of ink."""
    page = Image.new("L", size, 0)
    draw = ImageDraw.Draw(page)
    for box in shapes:
        draw.rectangle(box, fill=255)
    mask = np.asarray(page) / 255.0
    light = 1.0 - shade * np.linspace(0.0, 1.0, size[0])
    pixels = (paper + (ink - paper) * mask) * light
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shade": 0.4},
        {"paper": 120, "ink": 90},
        {"paper": 30, "ink": 220},
        {"paper": 255, "ink": 0},
    ],
    ids=["paper", "shadow", "low contrast", "chalk", "print"],
)
def test_a_drawing_is_like_one_of_mnist(options):
    """A bar of 24 x 120 pixels becomes one of 4 x 20, in the middle, white.

    Its ends blur over a pixel at each side. Its middle, 13.5 in a row of 28
    pixels, is hit to half a pixel.
    """
    (found,) = find_drawings(photo((140, 40, 163, 159), **options), SHAPE)
    assert found.box == pytest.approx((140, 40, 164, 160), abs=3)
    assert found.image.shape == SHAPE
    assert found.image.dtype == np.float32
    white = (found.image[..., 0] + 1.0) / 2.0
    assert white.max() == 1.0
    assert np.ptp(np.flatnonzero((white > 0.5).any(axis=1))) + 1 == (
        pytest.approx(20, abs=1)
    )
    assert np.ptp(np.flatnonzero((white > 0.5).any(axis=0))) + 1 == (
        pytest.approx(4, abs=1.5)
    )
    grid = np.arange(28)
    for axis in (0, 1):
        shares = white.sum(axis=axis) / white.sum()
        assert shares @ grid == pytest.approx(13.5, abs=0.75)
    assert white[:, :8].max() == 0.0


def test_several_are_read_line_by_line():
    """Two above two; the specks between them are no drawings."""
    places = [(40, 20), (200, 24), (30, 120), (220, 116)]
    boxes = [(x, y, x + 14, y + 60) for x, y in places]
    specks = [(120, 90, 124, 93), (150, 40, 152, 43)]
    found = find_drawings(photo(*boxes, *specks), SHAPE)
    assert [drawing.box[:2] for drawing in found] == [
        pytest.approx(place, abs=3) for place in places
    ]


@pytest.mark.parametrize(
    ("bar", "box"),
    [
        ((120, 40, 170, 48), (115, 40, 171, 151)),
        ((170, 40, 230, 48), (115, 40, 231, 151)),
    ],
    ids=["above", "beside"],
)
def test_the_bar_of_a_five_belongs_to_it(bar, box):
    body = (115, 62, 160, 150)
    (found,) = find_drawings(photo(bar, body), SHAPE)
    assert found.box == pytest.approx(box, abs=3)


@pytest.mark.parametrize(
    "pair",
    [
        [(115, 62, 160, 150), (190, 40, 250, 48)],
        [(100, 40, 106, 150), (118, 60, 158, 100)],
    ],
    ids=["flat", "near"],
)
def test_what_is_only_flat_or_only_near_is_a_drawing_of_its_own(pair):
    assert len(find_drawings(photo(*pair), SHAPE)) == 2


def crop(drawing):
    """The part with ink."""
    rows, columns = np.nonzero(drawing.image[..., 0] > -0.9)
    return drawing.image[
        rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
    ]


def test_a_page_upside_down():
    """Each drawing is turned, and boxes are those of the file."""
    boxes = [(40, 20, 52, 90), (200, 30, 260, 80)]
    upright = find_drawings(photo(*boxes), SHAPE)
    turned = turn_upside_down(
        find_drawings(
            photo(*boxes).transpose(Image.Transpose.ROTATE_180), SHAPE
        )
    )
    assert len(upright) == len(turned) == 2
    for one, other in zip(upright, turned, strict=True):
        # The middle is rounded to a pixel, from either side.
        np.testing.assert_allclose(crop(one), crop(other), atol=0.3)
    assert turned[0].box == pytest.approx(
        (300 - 53, 200 - 91, 300 - 40, 200 - 20), abs=8
    )


def test_a_thin_pen_is_thickened():
    """A stroke of 2 in 160 pixels would be .25 of 20: now it is 1.5 to 3.5."""
    (found,) = find_drawings(photo((150, 20, 151, 179)), SHAPE)
    white = (found.image[..., 0] + 1.0) / 2.0
    width = white[8:20].sum(axis=1).mean()
    assert 1.5 < width < 3.5


@pytest.mark.parametrize("brightness", [0, 130, 255])
def test_blank_paper_has_none(brightness):
    noise = np.random.default_rng(0).normal(brightness, 2.0, (80, 90))
    pixels = np.clip(noise, 0, 255).astype(np.uint8)
    assert find_drawings(Image.fromarray(pixels), SHAPE) == []


def test_color_models_are_refused():
    with pytest.raises(ValueError, match="a model of 3 channels"):
        find_drawings(photo(), (32, 32, 3))
