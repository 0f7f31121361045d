"""Directions of generators whose attributes are linear in the noise."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_infogan.evaluation import directions as directions_module
from keras_infogan.evaluation.directions import direction_latents
from keras_infogan.evaluation.directions import find_direction
from keras_infogan.evaluation.directions import traverse_direction
from keras_infogan.evaluation.measures import traversals as traversals_module
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_model

# Slant and thickness by noise: their gradients.
GRADIENTS = np.array([[0.6, 0.0, 0.8, 0.0], [1.0, 2.0, 0.0, 2.0]], np.float32)
SCALES = {"slant": 0.5, "thickness": 0.25}


class Linear:
    """Generates images of two pixels, which are slant and thickness."""

    latent_spec = SPEC
    image_shape = (1, 2, 1)

    def sample_latents(self, count: int, **options: Any) -> Any:
        return tiny_model().sample_latents(count, **options)

    def generate_from(self, latents: Any) -> np.ndarray:
        return (latents["noise"].numpy() @ GRADIENTS.T)[:, None, :, None]


def read_pixels(images: np.ndarray) -> dict[str, np.ndarray]:
    return {"slant": images[:, 0, 0, 0], "thickness": images[:, 0, 1, 0]}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    for module in (directions_module, traversals_module):
        monkeypatch.setattr(module, "measure", read_pixels)
    return Linear()


def test_the_direction_of_a_linear_generator(model):
    """It is 2 p(q) / share along the gradient, as `find_direction` says.

    The mean of a standard normal variable above its quantile q is p(q) / share;
    across the gradient the mean is 0. With 10,000 images the standard error of
    a number is sqrt(2 / 500) = 0.063; allow four of them.
    """
    density = stats.norm.pdf(stats.norm.ppf(0.95))
    for attribute, gradient in zip(SCALES, GRADIENTS, strict=True):
        direction = find_direction(model, attribute, seed=3)
        expected = 2 * density / 0.05 * gradient / np.linalg.norm(gradient)
        assert np.linalg.norm(expected) == pytest.approx(4.13, abs=0.01)
        np.testing.assert_allclose(direction, expected, atol=0.25)


def test_the_means_of_the_chosen_images(model, monkeypatch):
    """Those of the three highest and lowest of twelve that are not empty.

    Twenty images, of which the eight highest are empty, and a share of 0.25.
    """
    latents = model.sample_latents(20, seed=4)["noise"].numpy()
    values = latents @ GRADIENTS[0]
    order = np.argsort(values)
    values[order[12:]] = np.nan
    monkeypatch.setattr(
        directions_module, "measure", lambda images: {"slant": values}
    )
    direction = find_direction(
        model, "slant", num_images=20, share=0.25, seed=4
    )
    expected = latents[order[9:12]].mean(axis=0) - latents[order[:3]].mean(
        axis=0
    )
    np.testing.assert_allclose(direction, expected, rtol=1e-5, atol=1e-6)


def test_a_traversal_of_a_linear_generator(model):
    """Effect = length * gradient @ direction / scale; leakage follows.

    Slant changes by 0.6 * 2 = 1.2, thickness by 1 * 2 = 2 over a length of 2,
    so by 2.4 and 8 deviations: the leakage is 2.4 / 10.4. Rounding of float32
    allows 1e-5.
    """
    direction = np.array([1.0, 0.0, 0.0, 0.0], np.float32)
    result = traverse_direction(model, direction, SCALES, length=2.0)
    assert result["effect"] == pytest.approx(
        {"slant": 2.4, "thickness": 8.0}, rel=1e-5
    )
    assert result["correlation"] == pytest.approx(dict.fromkeys(SCALES, 1.0))
    assert result["leakage"] == pytest.approx(2.4 / 10.4, rel=1e-5)
    assert result["class_changes"] is None


def test_a_direction_without_leakage(model):
    """(0.8, 0, -0.6, 0) does not change slant; thickness falls by 0.8.

    0.8 / 0.25 = 3.2 deviations. Rounding of float32 changes slant by 1e-6.
    """
    direction = np.array([-0.8, 0.0, 0.6, 0.0], np.float32)
    result = traverse_direction(model, direction, SCALES)
    assert result["effect"]["thickness"] == pytest.approx(-3.2, rel=1e-5)
    assert result["leakage"] == pytest.approx(0.0, abs=1e-5)


def test_class_changes(model):
    """The class is the sign of slant, which is N(0, 1) in the center.

    A shift by s changes the sign with probability Phi(|s|) - 1/2. The standard
    error over 100 traversals is at most 0.05 for a column, so for their mean.
    """

    class Extractor:
        def extract(self, images: np.ndarray) -> Any:
            return SimpleNamespace(classes=images[:, 0, 0, 0] > 0)

    extractor: Any = Extractor()
    result = traverse_direction(
        model, GRADIENTS[0], SCALES, extractor, length=2.0, seed=1
    )
    shifts = np.linspace(-1, 1, 11)
    expected = (stats.norm.cdf(abs(shifts)) - 0.5).mean()
    assert result["class_changes"] == pytest.approx(expected, abs=0.1)


def test_rows_are_those_of_a_traversal_of_a_code():
    """Same seed, same noise and categories; the steps add to the noise only."""
    model = tiny_model()
    steps = np.array([-1.0, 0.0, 0.5], np.float32)
    direction = np.array([1.0, 0.0, 0.0, -2.0], np.float32)
    latents = direction_latents(model, direction, steps, num_rows=5, seed=7)
    expected = model.traverse_latents(
        "continuous", num_rows=5, num_columns=3, seed=7
    )
    tf.debugging.assert_equal(latents["category"], expected["category"])
    moved = np.tile(steps, 5)[:, None] * direction
    np.testing.assert_array_equal(latents["noise"], expected["noise"] + moved)
    # Not traversed here, so one value in each row.
    assert len(np.unique(latents["continuous"].numpy()[:, 0])) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": 0.0}, r"share should be in \(0, 0.5\].*share=0.0"),
        ({"share": 0.6}, r"share should be in \(0, 0.5\].*share=0.6"),
        ({"num_images": 10}, "at least one image.*num_images=10"),
        ({"attribute": "curl"}, "one of slant, thickness.*'curl'"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        find_direction(tiny_model(), **{"attribute": "slant", **options})


def test_images_must_have_one_channel():
    model: Any = SimpleNamespace(image_shape=(32, 32, 3))
    with pytest.raises(ValueError, match=r"of 1 channel.*\(32, 32, 3\)"):
        find_direction(model, "slant")


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_an_attribute_must_vary(value, monkeypatch):
    """All images are alike, or empty."""
    monkeypatch.setattr(
        directions_module,
        "measure",
        lambda images: {"slant": np.full(len(images), value)},
    )
    with pytest.raises(ValueError, match="slant of generated images should va"):
        find_direction(tiny_model(), "slant", num_images=40)


def test_real_measures_of_a_model():
    """All that it needs of `InfoGAN`, by the shape of the result."""
    direction = find_direction(tiny_model(), "thickness", num_images=200)
    assert direction.shape == (SPEC.noise_dim,)
    assert SHAPE[-1] == 1
    assert np.isfinite(direction).all()
    assert np.linalg.norm(direction) > 0
