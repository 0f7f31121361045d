"""Views of images: exact where they can be, and close to SciPy elsewhere."""

import dataclasses
import functools
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage
from scipy import stats

from keras_infogan.evaluation.morphology import measure
from keras_infogan.losses import views as views_module
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import affine
from keras_infogan.losses.views import augment
from keras_infogan.losses.views import brighten
from keras_infogan.losses.views import thicken

KEY = tf.constant([3, 5], tf.int64)
NOTHING = Augmentation(0.0, 0.0, 0.0, 0.0)
SHAPES = [(8, 8, 1), (8, 12, 3), (13, 9, 1)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
IDENTITY = ((1.0, 0.0), (0.0, 1.0))


def images_of(shape: tuple[int, ...], count: int = 5) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.uniform(-1, 1, (count, *shape)).astype(np.float32)


def same_map(
    images: np.ndarray,
    matrix: tuple[tuple[float, float], ...] = IDENTITY,
    shift: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """All of the images under one map."""
    count = len(images)
    result = affine(
        tf.constant(images),
        tf.constant([matrix] * count, tf.float32),
        tf.constant([shift] * count, tf.float32),
    )
    return np.asarray(result)


@each_shape
def test_no_augmentation_is_the_identity(shape):
    """Each pixel is itself once; 1e-5 for positions in float32."""
    images = images_of(shape)
    views = augment(NOTHING, tf.constant(images), KEY)
    np.testing.assert_allclose(views.images, images, atol=1e-5)
    assert views.effects == {}


@each_shape
@pytest.mark.parametrize("shift", [(2, -1), (-3, 0), (0, 4)])
def test_whole_shifts_move_pixels(shape, shift):
    """`result[y, x] = image[y + shift_y, x + shift_x]`, the border repeated."""
    images = images_of(shape)
    height, width = shape[:2]
    rows = np.clip(np.arange(height) + shift[1], 0, height - 1)
    columns = np.clip(np.arange(width) + shift[0], 0, width - 1)
    np.testing.assert_allclose(
        same_map(images, shift=shift),
        images[:, rows[:, None], columns[None, :]],
        atol=1e-5,
    )


def test_half_a_pixel_is_the_mean_of_two():
    images = images_of((6, 7, 1))
    moved = same_map(images, shift=(0.5, 0.0))
    np.testing.assert_allclose(
        moved[:, :, :-1],
        0.5 * (images[:, :, :-1] + images[:, :, 1:]),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("matrix", "axes"),
    [
        (((-1.0, 0.0), (0.0, 1.0)), [2]),
        (((1.0, 0.0), (0.0, -1.0)), [1]),
        (((-1.0, 0.0), (0.0, -1.0)), [1, 2]),
    ],
    ids=["mirror", "flip", "half-turn"],
)
@each_shape
def test_mirrors_are_exact(shape, matrix, axes):
    """Around the center of the image, for even and odd sizes."""
    images = images_of(shape)
    np.testing.assert_allclose(
        same_map(images, matrix), np.flip(images, axes), atol=1e-5
    )


@each_shape
def test_a_constant_stays_a_constant(shape):
    """The weights of each pixel sum to 1, outside of the image too."""
    images = np.full((20, *shape), 0.7, np.float32)
    views = augment(Augmentation(shift=1.0), tf.constant(images), KEY)
    np.testing.assert_allclose(views.images, images, atol=1e-5)


def test_each_image_has_a_map_of_its_own():
    """And the same one in each of its channels."""
    image = images_of((9, 9, 1), count=1)
    images = np.tile(image, (6, 1, 1, 3))
    views = augment(Augmentation(), tf.constant(images), KEY).images.numpy()
    np.testing.assert_array_equal(views[..., 0], views[..., 1])
    np.testing.assert_array_equal(views[..., 0], views[..., 2])
    for one in range(6):
        for other in range(one):
            assert not np.allclose(views[one], views[other], atol=0.1)


HEIGHT, WIDTH, SIGMA = 40, 36, 4.0


def smooth_image(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Two Gaussian blobs, on coordinates from the center."""
    return np.exp(
        -((x - 3.0) ** 2 + (y + 5.0) ** 2) / (2.0 * SIGMA**2)
    ) + 0.5 * np.exp(-((x + 6.0) ** 2 + (y - 4.0) ** 2) / (2.0 * SIGMA**2))


@pytest.mark.parametrize(
    ("matrix", "shift"),
    [
        (((0.955, -0.296), (0.296, 0.955)), (0.0, 0.0)),
        (((0.955, 0.296), (-0.296, 0.955)), (1.3, -2.6)),
        (((1.0, 0.4), (0.0, 1.0)), (0.0, 0.0)),
        (((1.0, 0.0), (-0.3, 1.0)), (0.0, 0.7)),
        (((1.2, 0.0), (0.0, 0.85)), (-1.5, 0.0)),
        (((1.1, -0.2), (0.3, 0.9)), (2.2, 1.4)),
    ],
    ids=["turn", "turn-back", "shear", "shear-y", "scale", "all"],
)
def test_against_scipy_and_the_exact_image(matrix, shift):
    """Smooth blobs, known everywhere, under small maps.

    Linear interpolation of `f` errs by at most `max |f''| / 8`. The second
    derivatives are at most `(1 + 1/2) / sigma^2` in all directions. The first
    pass interpolates `f` along `x`; the second one along `y` what the first
    has sheared by `b / d`, for which it is `1 + (b / d)^2` times that. SciPy
    interpolates along `x` and along `y`, at once. Compared where the image is
    not outside of the image.
    """
    x, y = np.meshgrid(
        np.arange(WIDTH) - (WIDTH - 1) / 2.0,
        np.arange(HEIGHT) - (HEIGHT - 1) / 2.0,
    )
    image = smooth_image(x, y).astype(np.float32)
    ours = same_map(image[None, :, :, None], matrix, shift)[0, :, :, 0]

    (a, b), (c, d) = matrix
    source_x = a * x + b * y + shift[0]
    source_y = c * x + d * y + shift[1]
    inside = (abs(source_x) <= x.max()) & (abs(source_y) <= y.max())
    assert inside.mean() > 0.6
    exact = smooth_image(source_x, source_y)
    # SciPy's axes are (y, x).
    center = np.array([y.max(), x.max()])
    swapped = np.array([[d, c], [b, a]])
    offset = center - swapped @ center + np.array(shift[::-1])
    theirs = ndimage.affine_transform(
        image, swapped, offset, order=1, mode="nearest"
    )

    unit = 1.5 / SIGMA**2 / 8.0
    our_error = unit * (1.0 + 1.0 + (b / d) ** 2)
    np.testing.assert_allclose(ours[inside], exact[inside], atol=our_error)
    np.testing.assert_allclose(
        ours[inside], theirs[inside], atol=our_error + 2.0 * unit
    )
    # The image has moved by far more than the tolerance.
    assert abs(image - exact)[inside].max() > 5.0 * our_error


@each_shape
def test_gradient_is_the_adjoint(shape):
    """An affine map is linear: `<A x, g> = <x, A^T g>`; the gradient is that.

    Sums of some hundred products of up to 1 in float32: 1e-4.
    """
    images = tf.constant(images_of(shape))
    direction = tf.constant(images_of(shape)[::-1].copy())
    with tf.GradientTape() as tape:
        tape.watch(images)
        views = augment(Augmentation(), images, KEY).images
        product = tf.reduce_sum(views * direction)
    gradient = tape.gradient(product, images)
    assert gradient.shape == images.shape
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(
        tf.reduce_sum(images * gradient), product, atol=1e-4, rtol=1e-5
    )


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("batch_size", [5, None])
@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(),
        Augmentation(erase=0.2, thickness=1.0, log_brightness=1.5),
    ],
    ids=["map", "all"],
)
def test_views_in_a_function(augmentation, batch_size, jit_compile):
    """The same eagerly, in a graph and under XLA, the key and images unknown.

    The positions differ by float32 rounding, some 1e-6 pixels, and the images
    by up to 2 from pixel to pixel, and by twice that where they are thickened
    and the derivative of the brightness, up to e^1.5 = 4.5: 2e-5.
    """
    images = tf.constant(images_of((8, 12, 3)))
    signature = [
        tf.TensorSpec((batch_size, 8, 12, 3)),
        tf.TensorSpec((2,), tf.int64),
    ]
    compiled = tf.function(
        functools.partial(augment, augmentation),
        input_signature=signature,
        jit_compile=jit_compile,
    )
    found, expected = compiled(images, KEY), augment(augmentation, images, KEY)
    np.testing.assert_allclose(found.images, expected.images, atol=2e-5)
    assert found.effects.keys() == expected.effects.keys()
    assert tuple(found.effects) == augmentation.effects
    for name, values in expected.effects.items():
        np.testing.assert_allclose(found.effects[name], values, atol=1e-5)
    assert not np.allclose(compiled(images, KEY + 1).images, found.images)


def drawn_maps(
    monkeypatch: pytest.MonkeyPatch, augmentation: Augmentation, count: int
) -> dict[str, np.ndarray]:
    """The parameters of drawn maps, by decomposition of their matrices.

    `R(angle) [[1, shear], [0, 1]] diag(scale_x, scale_y)`: the first column is
    `scale_x (cos, sin)`, and `R(-angle)` leaves an upper triangle.
    """
    seen = []

    def record(
        images: tf.Tensor, matrix: tf.Tensor, shift: tf.Tensor
    ) -> tf.Tensor:
        seen.append((matrix.numpy().astype(np.float64), shift.numpy()))
        return images

    monkeypatch.setattr(views_module, "affine", record)
    augment(augmentation, tf.zeros((count, 20, 50, 1)), KEY)
    ((matrix, shift),) = seen
    angle = np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0])
    back = np.stack(
        [
            np.stack([np.cos(angle), np.sin(angle)], axis=1),
            np.stack([-np.sin(angle), np.cos(angle)], axis=1),
        ],
        axis=1,
    )
    triangle = back @ matrix
    return {
        "angle": angle,
        "shear": triangle[:, 0, 1] / triangle[:, 1, 1],
        "log_scale_x": np.log(triangle[:, 0, 0]),
        "log_scale_y": np.log(triangle[:, 1, 1]),
        # As a share of 50 and of 20 pixels.
        "shift_x": shift[:, 0] / 50.0,
        "shift_y": shift[:, 1] / 20.0,
    }


def test_parameters_are_uniform_and_independent(monkeypatch):
    """Each from minus to plus its limit: by a test that one key of 1000 fails.

    So the mean is 0 too: it has a standard error of `limit / sqrt(3 n)`, of
    which four are allowed. Correlations have one of `1 / sqrt(n)`.
    """
    count = 5000
    limits = {
        "angle": 0.35,
        "shear": 0.3,
        "log_scale_x": 0.2,
        "log_scale_y": 0.2,
        "shift_x": 0.09,
        "shift_y": 0.09,
    }
    maps = drawn_maps(monkeypatch, Augmentation(0.35, 0.3, 0.2, 0.09), count)
    assert list(maps) == list(limits)
    for name, limit in limits.items():
        # Float32 matrices give the parameters back to about 1e-7.
        assert abs(maps[name]).max() <= limit + 1e-6, name
        uniform = stats.uniform(-limit, 2.0 * limit)
        assert stats.kstest(maps[name], uniform.cdf).pvalue > 1e-3, name
        error = limit / math.sqrt(3.0 * count)
        assert maps[name].mean() == pytest.approx(0.0, abs=4 * error), name
    np.testing.assert_allclose(
        np.corrcoef(list(maps.values())), np.eye(6), atol=4 / math.sqrt(count)
    )


@pytest.mark.parametrize(
    ("argument", "drawn"),
    [
        ("rotation", ["angle"]),
        ("shear", ["shear"]),
        ("log_scale", ["log_scale_x", "log_scale_y"]),
        ("shift", ["shift_x", "shift_y"]),
    ],
)
def test_each_argument_is_of_its_own(monkeypatch, argument, drawn):
    """With all others 0, nothing else is drawn, to rounding."""
    none = {"rotation": 0.0, "shear": 0.0, "log_scale": 0.0, "shift": 0.0}
    maps = drawn_maps(monkeypatch, Augmentation(**none | {argument: 0.2}), 100)
    for name, values in maps.items():
        if name in drawn:
            # All 100 below half of the limit has a chance of 2^-100.
            assert 0.1 < abs(values).max() <= 0.2 + 1e-6
        else:
            np.testing.assert_allclose(values, 0.0, atol=1e-6)


def effects_of(augmentation: Augmentation, count: int) -> dict[str, np.ndarray]:
    views = augment(augmentation, tf.zeros((count, 20, 50, 1)), KEY)
    return {name: values.numpy() for name, values in views.effects.items()}


def test_slants_and_turns_are_those_of_the_maps(monkeypatch):
    """By the parameters of the maps: `(shear - tan angle) scale_y / scale_x`.

    The first row of `R(angle) [[1, shear], [0, 1]] diag(scale_x, scale_y)` is
    `(scale_x cos, scale_y (shear cos - sin))`. Float32 gives about 1e-7.
    """
    maps = drawn_maps(monkeypatch, Augmentation(), 1000)
    ratio = np.exp(maps["log_scale_y"] - maps["log_scale_x"])
    effects = effects_of(Augmentation(), 1000)
    np.testing.assert_allclose(effects["rotation"], maps["angle"], atol=1e-6)
    slants = effects["slant"]
    assert slants.std() > 0.2
    np.testing.assert_allclose(
        slants, (maps["shear"] - np.tan(maps["angle"])) * ratio, atol=1e-5
    )


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(rotation=0.0, log_scale=0.0, shift=0.0),
        Augmentation(shear=0.0, log_scale=0.0, shift=0.0),
        Augmentation(shift=0.0),
    ],
    ids=["shear", "rotation", "all"],
)
def test_slants_are_those_of_a_stroke(augmentation):
    """An upright stroke of two pixels, measured as Morpho-MNIST does.

    Its moments have terms of the order of its width over its length, squared:
    a hundredth; to the right is positive in both.
    """
    stroke = np.full((28, 28), -1.0, np.float32)
    stroke[4:24, 13:15] = 1.0
    images = tf.constant(np.tile(stroke[None, :, :, None], (50, 1, 1, 1)))
    views = augment(augmentation, images, KEY)
    slants = views.effects["slant"].numpy()
    assert slants.min() < -0.2 < 0.2 < slants.max()
    measured = np.tan(measure(views.images.numpy())["slant"])
    np.testing.assert_allclose(measured, slants, atol=0.02)


@pytest.mark.parametrize("pixels", [-2.0, -0.7, 0.0, 0.4, 2.0])
def test_thickening_is_gray_morphology(pixels):
    """By SciPy's dilation and erosion by a cross; the border repeats itself.

    Half a pixel of an edge on each side is a pixel of the stroke. Float32.
    """
    images = np.random.default_rng(0).uniform(-1, 1, (3, 7, 9, 2))
    cross = np.zeros((1, 3, 3, 1), bool)
    cross[0, 1, :, 0] = cross[0, :, 1, 0] = True
    morphology = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    goal = morphology(images, footprint=cross, mode="nearest")
    expected = images + abs(pixels) / 2 * (goal - images)
    result = thicken(
        tf.constant(images, tf.float32), tf.constant([pixels] * 3)
    ).numpy()
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_thickenings_are_those_of_a_stroke():
    """A stroke of four pixels, measured by its light in a row without ends.

    It is uniform up to the limit, independent of the map, and applied first:
    an augmentation that does nothing else shows it to rounding.
    """
    stroke = np.full((28, 28), -1.0, np.float32)
    stroke[:, 12:16] = 1.0
    images = tf.constant(np.tile(stroke[None, :, :, None], (2000, 1, 1, 1)))
    thicker = dataclasses.replace(NOTHING, thickness=1.5)
    views = augment(thicker, images, KEY)
    thickenings = views.effects["thickness"].numpy()
    light = (views.images.numpy()[:, 14, :, 0] + 1.0).sum(axis=1) / 2.0
    np.testing.assert_allclose(light, 4.0 + thickenings, atol=1e-4)
    # Uniform on [-1.5, 1.5]; the test rejects one of a million such samples.
    uniform = stats.uniform(-1.5, 3.0)
    assert stats.kstest(thickenings, uniform.cdf).pvalue > 1e-6
    both = effects_of(Augmentation(thickness=1.5), 2000)
    np.testing.assert_array_equal(both["thickness"], thickenings)
    # Correlations of 2,000 pairs have a deviation of .022.
    assert abs(np.corrcoef(both["slant"], thickenings)[0, 1]) < 0.1


def test_a_diagonal_stroke_thickens_by_less():
    """A cross moves its edges by the root of a half: 0.71 of the pixels.

    The stroke has 6 pixels in each row, and so 6 / sqrt 2 across; what it gets
    thicker by in a row is 2 for 2, one on each side.
    """
    rows, columns = np.indices((28, 28))
    stroke = np.where(abs(rows - columns + 0.5) < 3, 1.0, -1.0)
    images = tf.constant(stroke[None, :, :, None], tf.float32)
    for pixels in (-2.0, -0.5, 1.0, 2.0):
        result = thicken(images, tf.constant([pixels])).numpy()
        light = (result[0, 14, :, 0] + 1.0).sum() / 2.0
        across = (light - 6.0) / math.sqrt(2.0)
        np.testing.assert_allclose(across, pixels * math.sqrt(0.5), rtol=1e-5)


def test_brightening_multiplies_the_odds():
    """`u / (1 - u)` of `u = (x + 1) / 2`; black and white stay. Float32."""
    images = images_of((5, 6, 2), count=3)
    factors = np.array([0.2, 1.0, 7.0])[:, None, None, None]
    brightness = (images.astype(np.float64) + 1.0) / 2.0
    odds = factors * brightness / (1.0 - brightness)
    result = brighten(
        tf.constant(images), tf.constant(np.log(factors.ravel()), tf.float32)
    )
    expected = 2.0 * odds / (1.0 + odds) - 1.0
    np.testing.assert_allclose(result, expected, atol=1e-6)
    ends = tf.constant(np.full((3, 1, 1, 2), [-1.0, 1.0]), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(ends)
        result = brighten(ends, tf.math.log([0.2, 1.0, 7.0]))
    np.testing.assert_allclose(result, ends, atol=1e-6)
    # The derivative is the factor at black, and one over it at white.
    np.testing.assert_allclose(
        tf.squeeze(tape.gradient(result, ends)),
        [[0.2, 5.0], [1.0, 1.0], [7.0, 1.0 / 7.0]],
        rtol=1e-5,
    )


def test_shades_are_uniform_and_of_their_own(monkeypatch):
    """A gray image, whose odds are 1, says by which factor they were drawn.

    Independent of the maps and of the thickness: of 2,000 pairs, correlations
    have a deviation of .022.
    """
    shaded = dataclasses.replace(NOTHING, log_brightness=1.5)
    gray = tf.zeros((2000, 4, 4, 1))
    views = augment(shaded, gray, KEY).images.numpy()
    brightness = (views[:, 2, 2, 0] + 1.0) / 2.0
    drawn = np.log(brightness / (1.0 - brightness))
    # Uniform on [-1.5, 1.5]; the test rejects one of a million such samples.
    assert stats.kstest(drawn, stats.uniform(-1.5, 3.0).cdf).pvalue > 1e-6
    others = drawn_maps(monkeypatch, Augmentation(), 2000)
    others |= effects_of(Augmentation(thickness=1.0), 2000)
    for name, values in others.items():
        assert abs(np.corrcoef(values, drawn)[0, 1]) < 0.1, name


@pytest.mark.parametrize("shape", [(16, 16, 1), (16, 24, 3)])
def test_a_rectangle_is_erased(shape):
    """Black or white with equal chance, of random place and shape.

    On gray images the rest stays gray. Rows times columns, so a rectangle; its
    sides are at most e times and at least 1/e times a quarter. A pixel in the
    middle is in it with the chance of the area, 1/16 whatever the shape; of
    4,000 that is 250 +/- 15, half of them white, and four of that.
    """
    images = tf.zeros((4000, *shape))
    erased = augment(
        dataclasses.replace(NOTHING, erase=0.25),
        images,
        tf.constant([1, 2], tf.int64),
    ).images.numpy()
    assert set(np.unique(erased)) == {-1.0, 0.0, 1.0}
    # One value in an image, in all of its channels.
    values = erased.reshape(4000, -1)
    assert (values.min(1) * values.max(1) == 0.0).all()
    gone = erased[..., 0] != 0
    assert (gone[..., None] == (erased != 0)).all()
    rows, columns = gone.any(axis=2), gone.any(axis=1)
    assert (gone == rows[:, :, None] & columns[:, None, :]).all()
    height, width = shape[:2]
    heights, widths = rows.sum(axis=1), columns.sum(axis=1)
    assert heights.max() <= np.e * height / 4 + 1
    assert widths.max() <= np.e * width / 4 + 1
    assert (heights > 1.5 * height / 4).any()
    assert (widths > 1.5 * width / 4).any()
    middle = erased[:, height // 2, width // 2, 0]
    assert abs((middle != 0).sum() - 250) < 60
    assert abs((middle == 1).sum() - 125) < 45


def test_nothing_passes_through_an_erased_rectangle():
    """Its pixels get no gradient, all others a whole one."""
    images = tf.zeros((3, 8, 8, 1))
    erasing = dataclasses.replace(NOTHING, erase=0.5)
    with tf.GradientTape() as tape:
        tape.watch(images)
        erased = augment(erasing, images, tf.constant([3, 4], tf.int64)).images
    gradient = tape.gradient(erased, images).numpy()
    np.testing.assert_allclose(gradient, erased.numpy() == 0.0, atol=1e-6)
