"""Attributes of drawn shapes, of which all is known."""

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.optimize import brentq
from skimage.morphology import skeletonize

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.morphology import measure

SIZE = 28
# A fine pixel, by which edges and distances are found.
FINE = 0.25


def as_images(*drawings):
    """From intensities in [0, 1] to images in [-1, 1]."""
    return 2 * np.stack(drawings)[..., None] - 1


def draw(inside, size=SIZE, parts=8):
    """What share of each pixel is inside, x and y from the middle."""
    places = (np.arange(size * parts) + 0.5) / parts - size / 2
    x, y = np.meshgrid(places, places)
    shape = inside(x, y).reshape(size, parts, size, parts)
    return shape.mean(axis=(1, 3))


def draw_bar(height, width):
    """An upright bar, whose edges are those of pixels."""
    drawing = np.zeros((SIZE, SIZE))
    drawing[4 : 4 + height, 10 : 10 + width] = 1
    return drawing


def draw_stroke(length, thickness, degrees=0.0, center=(0.0, 0.0)):
    """A line with round ends, turned by so much to the right from upright."""
    sine, cosine = (
        function(math.radians(degrees)) for function in (math.sin, math.cos)
    )

    def inside(x, y):
        x, y = x - center[0], y - center[1]
        along, across = x * sine - y * cosine, x * cosine + y * sine
        beyond = np.maximum(abs(along) - length / 2, 0)
        return np.hypot(beyond, across) < thickness / 2

    return draw(inside)


def draw_sheared(height, width, degrees):
    """A parallelogram with level ends, of this slant to the right."""
    shear = math.tan(math.radians(degrees))
    return draw(
        lambda x, y: (abs(y) < height / 2) & (abs(x + shear * y) < width / 2)
    )


def draw_ring(radius, thickness):
    return draw(lambda x, y: abs(np.hypot(x, y) - radius) < thickness / 2)


def draw_blobs(count, seed=0):
    """Smooth noise, of many shapes that touch the borders, too."""
    noise = np.random.default_rng(seed).normal(size=(count, SIZE, SIZE))
    smooth = ndimage.gaussian_filter(noise, (0, 1.5, 1.5))
    return np.clip(0.2 + smooth / smooth.std(), 0, 1)


def measure_one(drawing):
    return {
        name: float(v[0]) for name, v in measure(as_images(drawing)).items()
    }


def measure_slowly(drawing):
    """Thickness, length, area of one image, by loops and whole transforms."""
    drawing = (drawing - drawing.min()) / (drawing.max() - drawing.min())
    fine = ndimage.zoom(
        np.pad(drawing, 1), 4, order=3, mode="grid-constant", grid_mode=True
    )
    shape = ndimage.gaussian_filter(fine, 4 / 3, mode="constant") >= 0.5
    skeleton = skeletonize(shape)
    pixels = set(map(tuple, np.argwhere(skeleton).tolist()))
    length = 0.0
    for y, x in pixels:
        length += ((y, x + 1) in pixels) + ((y + 1, x) in pixels)
        length += math.sqrt(2) * ((y + 1, x + 1) in pixels)
        length += math.sqrt(2) * ((y + 1, x - 1) in pixels)
    for y, x in itertools.product(*map(range, shape.shape)):
        square = {(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)}
        length -= 2 * (len(square & pixels) == 3)
    distances = ndimage.distance_transform_edt(shape)[skeleton]
    return {
        "thickness": 2 * distances.mean() / 4,
        "length": length / 4,
        "area": shape.sum() / 16,
    }


def measure_box_slowly(drawing):
    """Slant, width and height of one image, by the definitions.

    A pixel is a square of even intensity, which adds 1/12 to its variance.
    """
    weights = drawing.ravel() / drawing.sum()
    y, x = (axis.ravel() for axis in np.indices(drawing.shape))
    moments = np.cov(np.stack([x, y]), aweights=weights, ddof=0)
    shear = moments[0, 1] / (moments[1, 1] + 1 / 12)

    def extent(starts):
        def below(t):
            return (weights * np.clip(t - starts, 0, 1)).sum()

        low, high = (
            brentq(lambda t: below(t) - share, -99, 99)  # noqa: B023
            for share in (0.01, 0.99)
        )
        return high - low

    return {
        "slant": math.atan(-shear),
        "width": extent(x - shear * (y - (weights * y).sum())),
        "height": extent(y),
    }


def test_results():
    """In the order of `ATTRIBUTES`, one float64 an image, from float32."""
    images = as_images(draw_bar(16, 3), draw_bar(12, 4)).astype(np.float32)
    measured = measure(images)
    assert list(measured) == list(ATTRIBUTES)
    for values in measured.values():
        assert values.dtype == np.float64
        assert values.shape == (2,)


@pytest.mark.parametrize("height", [10, 16, 20])
@pytest.mark.parametrize("width", [2, 3, 4])
def test_upright_bar(width, height):
    """The box leaves out 2 % of an even mass; edges are found to a fine pixel.

    The Gaussian rounds each corner by 1 fine pixel, and the skeleton ends half
    a thickness before each end.
    """
    measured = measure_one(draw_bar(height, width))
    assert measured["slant"] == pytest.approx(0.0, abs=1e-12)
    assert measured["width"] == pytest.approx(0.98 * width)
    assert measured["height"] == pytest.approx(0.98 * height)
    assert measured["area"] == pytest.approx(width * height - 4 * FINE**2)
    assert measured["thickness"] == pytest.approx(width, abs=FINE)
    assert measured["length"] == pytest.approx(height - width, abs=2 * FINE)


def test_thickness_grows_with_thickness():
    """In steps of half a pixel, each found to a fine pixel."""
    true = np.arange(2.0, 6.1, 0.5)
    strokes = as_images(*[draw_stroke(14, t) for t in true])
    measured = measure(strokes)["thickness"]
    assert (np.diff(measured) > 0).all()
    np.testing.assert_allclose(measured, true, atol=FINE)


@pytest.mark.parametrize("degrees", [-45, 0, 15, 22.5, 30, 60, 90])
@pytest.mark.parametrize("thickness", [2, 3])
def test_turned_stroke(thickness, degrees):
    """Its skeleton is the line between the middles of its round ends.

    Links of 1 and sqrt(2) find the length of a line at an angle of t to an axis
    as `cos t + (sqrt(2) - 1) sin t` of it; each of its ends is found to half a
    pixel. The round ends are 2 % of the area, of which the Gaussian, which cuts
    off what is bent outwards, takes some.
    """
    measured = measure_one(draw_stroke(14, thickness, degrees))
    folded = abs(math.radians(degrees))
    folded = min(folded, math.pi / 2 - folded)
    links = math.cos(folded) + (math.sqrt(2) - 1) * math.sin(folded)
    assert measured["thickness"] == pytest.approx(thickness, abs=FINE)
    assert measured["length"] == pytest.approx(14 * links, abs=1.0)
    assert measured["area"] == pytest.approx(
        14 * thickness + math.pi * thickness**2 / 4, rel=0.05
    )


@pytest.mark.parametrize("radius", [5, 8, 10])
def test_ring(radius):
    """A closed line of every direction.

    The factor of `test_turned_stroke` is 8 / pi (sqrt(2) - 1) = 1.055 on
    average over the angles. Without ends it is found to one link in 50.
    """
    measured = measure_one(draw_ring(radius, 3))
    around = 2 * math.pi * radius
    assert measured["length"] == pytest.approx(
        8 / math.pi * (math.sqrt(2) - 1) * around, rel=0.02
    )
    assert measured["thickness"] == pytest.approx(3, abs=FINE)
    assert measured["area"] == pytest.approx(3 * around, rel=0.02)
    assert measured["slant"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("step", [-1, 1])
@pytest.mark.parametrize("height", [8, 14])
def test_slant_of_stairs(step, height):
    """Rows that each start `step` to the right of the row below.

    The covariance is `step` times the variance of the rows' middles, (h^2 -
    1) / 12; with that of a pixel the variance is h^2 / 12.
    """
    drawing = np.zeros((SIZE, SIZE))
    for row in range(height):
        start = 12 - step * (row - height // 2)
        drawing[6 + row, start : start + 4] = 1
    assert measure_one(drawing)["slant"] == pytest.approx(
        math.atan(step * (1 - 1 / height**2))
    )


@pytest.mark.parametrize("degrees", [-40, -25, -10, 0, 10, 25, 40])
def test_sheared_bar(degrees):
    """The slant is the angle of the shear, the box that of the upright bar.

    Pixels, in drawing as in measuring, are 1/12 of a variance of 18^2 / 12 =
    27, 0.3 %; and each of both blurs either side by half of one.
    """
    measured = measure_one(draw_sheared(18, 4, degrees))
    assert math.tan(measured["slant"]) == pytest.approx(
        math.tan(math.radians(degrees)), rel=0.01, abs=1e-12
    )
    assert measured["height"] == pytest.approx(0.98 * 18)
    assert measured["width"] == pytest.approx(0.98 * 4 + 1, abs=1 + 1e-9)


def test_mirroring_turns_the_slant():
    """And leaves the rest, but for how ties of the skeleton are broken."""
    images = as_images(*draw_blobs(20))
    measured, mirrored = measure(images), measure(images[:, :, ::-1])
    np.testing.assert_allclose(mirrored["slant"], -measured["slant"])
    for name in ("width", "height", "area"):
        np.testing.assert_allclose(mirrored[name], measured[name])
    for name in ("thickness", "length"):
        np.testing.assert_allclose(mirrored[name], measured[name], rtol=0.1)


@pytest.mark.parametrize("shift", [(3, -2), (-4, 4)])
def test_shift(shift):
    """By whole pixels: the same."""
    here = measure_one(draw_stroke(12, 3, 20))
    there = measure_one(draw_stroke(12, 3, 20, center=shift))
    assert there == pytest.approx(here)


@pytest.mark.parametrize("shift", [(0.5, 0.25), (0.125, 0.375)])
def test_shift_within_a_pixel(shift):
    """The thickness to a fine pixel, ends and sides to half a pixel.

    The outline is 2 * 12 + 3 pi = 33 pixels, half a fine pixel off at most.
    """
    here = measure_one(draw_stroke(12, 3, 20))
    there = measure_one(draw_stroke(12, 3, 20, center=shift))
    assert there["slant"] == pytest.approx(here["slant"], abs=0.01)
    assert there["thickness"] == pytest.approx(here["thickness"], abs=FINE)
    for name in ("width", "height"):
        assert there[name] == pytest.approx(here[name], abs=0.5)
    assert there["length"] == pytest.approx(here["length"], abs=1.0)
    assert there["area"] == pytest.approx(here["area"], abs=33 * FINE / 2)


def test_against_slow_computation():
    """Another way to the same numbers, on shapes of all kinds.

    The sides of the box are found on cells of a fine pixel; what starts between
    two is shared by them. Rows start on them.
    """
    drawings = [*draw_blobs(8), draw_ring(6, 2), draw_stroke(17, 3, 65)]
    measured = measure(as_images(*drawings))
    for index, drawing in enumerate(drawings):
        for name, value in measure_slowly(drawing).items():
            assert measured[name][index] == pytest.approx(value), name
        stretched = drawing - drawing.min()
        box = measure_box_slowly(stretched)
        for name, tolerance in (
            ("slant", 0),
            ("height", 0),
            ("width", FINE / 2),
        ):
            assert measured[name][index] == pytest.approx(
                box[name], abs=tolerance + 1e-12, rel=1e-9
            ), name


def test_batching():
    """An image's values are the same to the bit, alone and among others.

    300 images are more than are in work at a time.
    """
    drawings = draw_blobs(300)
    drawings[7] = 0
    images = as_images(*drawings)
    together = measure(images)
    for some in (slice(7, 9), slice(299, 300), slice(0, 290)):
        for name, values in measure(images[some]).items():
            np.testing.assert_array_equal(values, together[name][some])


def test_empty_images():
    """They have no attributes, nor do others lose theirs."""
    black, bar = np.zeros((SIZE, SIZE)), draw_bar(14, 3)
    faint = np.where(bar, 0.04, 0.0)
    images = as_images(black, bar, faint, black + 1)
    for name, values in measure(images).items():
        assert np.isnan(values).tolist() == [True, False, True, True], name
        assert values[1] == measure_one(bar)[name]
        assert np.isnan(measure(images[:1])[name]).all()
        assert measure(images[:0])[name].shape == (0,)


def test_brightness_and_contrast_do_not_matter():
    images = as_images(*draw_blobs(10), draw_ring(8, 2))
    dimmed = measure(0.3 * images - 0.2)
    for name, values in measure(images).items():
        np.testing.assert_allclose(
            dimmed[name], values, atol=1e-12, err_msg=name
        )


def test_channels_are_averaged():
    gray = as_images(draw_stroke(14, 3, 10), draw_ring(8, 2))
    # Each channel is another; their mean is gray. Dim enough to stay in range.
    tint = np.array([-0.2, 0.1, 0.1]) * (gray + 1) / 2
    colored = measure(0.5 * gray + tint)
    for name, values in measure(0.5 * gray).items():
        np.testing.assert_allclose(
            colored[name], values, atol=1e-12, err_msg=name
        )


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


def test_strokes_may_touch_the_border():
    """What is outside is black, as thick a stroke as elsewhere."""
    drawing = np.zeros((SIZE, SIZE))
    drawing[:, :4] = 1
    measured = measure_one(drawing)
    assert measured["thickness"] == pytest.approx(4, abs=FINE)
    assert measured["height"] == pytest.approx(0.98 * SIZE)


@pytest.mark.parametrize("shape", [(1, 1, 2, 1), (1, 5, 9, 3), (1, 64, 32, 1)])
def test_any_size(shape):
    """One bright pixel or column: finite, and no slant."""
    images = -np.ones(shape)
    images[:, :, shape[2] // 2] = 1
    for values in measure(images).values():
        assert np.isfinite(values).all()
    assert measure(images)["slant"] == pytest.approx(0.0, abs=1e-12)
    assert measure(images)["height"] == pytest.approx(0.98 * shape[1])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((28, 28, 1)), r"shape=\(28, 28, 1\)"),
        (np.zeros((2, 0, 28, 1)), r"shape=\(2, 0, 28, 1\)"),
        (np.zeros((1, 28, 28, 1), np.uint8), "dtype=uint8. Scale bytes by"),
        (np.full((1, 28, 28, 1), 2.0), r"in \[-1, 1\]. .* from 2 to 2"),
        (np.full((1, 28, 28, 1), np.nan), r"in \[-1, 1\]. Received: NaN"),
    ],
)
def test_refused_images(images, message):
    with pytest.raises(ValueError, match=message):
        measure(images)
