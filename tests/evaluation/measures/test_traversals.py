"""Traversals of a generator that draws bars of known slant and thickness."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.evaluation.measures import traversals as traversals_module
from keras_infogan.evaluation.measures.traversals import measure_traversals
from keras_infogan.evaluation.measures.traversals import traverse
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec

SPEC = LatentSpec(3, {"category": Categorical(2), "style": Uniform(2)})
SCALES = dict.fromkeys(
    ("slant", "thickness", "length", "width", "height", "area"), 0.5
)


def bar_drawer(slant_of: Any, thickness_of: Any) -> Any:
    """A model that draws a bar of a slant and a thickness of its codes."""

    def generate_from(latents: Any) -> np.ndarray:
        style = latents["style"].numpy()
        places = (np.arange(28 * 4) + 0.5) / 4 - 14.0
        x, y = np.meshgrid(places, places)
        images = []
        for row in style:
            shear = np.tan(slant_of(row))
            mask = (abs(x + shear * y) < thickness_of(row) / 2) & (abs(y) < 8)
            mass = mask.reshape(28, 4, 28, 4).mean(axis=(1, 3))
            images.append(2.0 * mass - 1.0)
        return np.stack(images)[..., None].astype(np.float32)

    def traverse_latents(
        name: str, index: int, *, num_rows: int, num_columns: int, seed: int
    ) -> Any:
        return SPEC.traverse(
            name,
            index,
            num_rows=num_rows,
            num_columns=num_columns,
            key=tf.constant([seed, 0], tf.int64),
        )

    return SimpleNamespace(
        latent_spec=SPEC,
        generate_from=generate_from,
        traverse_latents=traverse_latents,
    )


def traverse_style(model: Any, extractor: Any = None) -> list[Any]:
    return [traverse(model, "style", i, SCALES, extractor) for i in (0, 1)]


def test_two_codes_of_one_attribute_each():
    """slant = 0.4 s, thickness = 4 - 2 t: rho is 1 and -1, and the ends known.

    A slant does not depend on the thickness by more than pixels do, 1 %.
    """
    model = bar_drawer(lambda row: 0.4 * row[0], lambda row: 4 - 2 * row[1])
    slant, thickness = traverse_style(model)
    assert slant["correlation"]["slant"] == pytest.approx(1.0)
    assert slant["range"]["slant"] == pytest.approx([-0.4, 0.4], abs=0.02)
    assert slant["effect"]["slant"] == pytest.approx(0.8 / 0.5, abs=0.1)
    # Not along the horizontal, but across a stroke that is longer now.
    assert abs(slant["effect"]["thickness"]) < 0.7
    assert thickness["correlation"]["thickness"] < -0.95
    # The skeleton of a wide bar forks at its ends, where it is thinner.
    low, high = thickness["range"]["thickness"]
    assert low == pytest.approx(6.0, abs=1.2)
    assert high == pytest.approx(2.0, abs=0.5)
    assert abs(thickness["effect"]["slant"]) < 0.1
    # Four pixels of thickness in deviations of half a pixel: 8 of some 8 + 8 of
    # width and 128 of area.
    assert thickness["effect"]["area"] == pytest.approx(-2 * 64, rel=0.05)
    assert thickness["class_changes"] is None


def test_leakage():
    """The share of all effects but the largest."""
    model = bar_drawer(lambda row: 0.4 * row[0], lambda row: 4 - 2 * row[1])
    for traversal in traverse_style(model):
        sizes = sorted(abs(value) for value in traversal["effect"].values())
        assert traversal["leakage"] == pytest.approx(
            sum(sizes[:-1]) / sum(sizes)
        )


def test_a_code_without_effect():
    model = bar_drawer(lambda row: 0.2, lambda row: 3.0)
    for traversal in traverse_style(model):
        assert set(traversal["correlation"].values()) == {0.0}
        assert set(traversal["effect"].values()) == {0.0}
        assert traversal["leakage"] is None


def test_traversals_without_change_count():
    """A slant that rises for half of the values of the other code only.

    So its mean rho is the share of traversals in which it rises, and not 1.
    """
    model = bar_drawer(lambda row: 0.4 * row[0] * (row[1] > 0), lambda row: 3.0)
    latents = model.traverse_latents(
        "style", 0, num_rows=100, num_columns=1, seed=0
    )
    share = float((latents["style"].numpy()[:, 1] > 0).mean())
    assert 0.3 < share < 0.7
    slant, _ = traverse_style(model)
    assert slant["correlation"]["slant"] == pytest.approx(share, abs=1e-3)


def test_class_changes():
    """A class that is the sign of the code: five of eleven are not as the 0.

    The sixth value is 0 itself, whose sign counts as positive: so the five
    negative ones of eleven are others.
    """
    model = bar_drawer(lambda row: 0.4 * row[0], lambda row: 3.0)

    class Extractor:
        def extract(self, images: np.ndarray) -> Any:
            top = images[:, 7, :, 0].argmax(axis=1)
            bottom = images[:, 20, :, 0].argmax(axis=1)
            return SimpleNamespace(classes=(top >= bottom).astype(int))

    slant, thickness = traverse_style(model, Extractor())
    assert slant["class_changes"] == pytest.approx(5 / 11, abs=0.02)
    assert thickness["class_changes"] < 0.05


def test_traversals_are_given_scales_extractor_and_seed(monkeypatch):
    """Of each dimension of the codes without categories.

    The scale is the deviation of the first 2,000 test images, without empty
    ones, which are NaN: half of them 0 and half 2, so 1.
    """
    calls: list[Any] = []
    monkeypatch.setattr(
        traversals_module,
        "traverse",
        lambda *arguments, **options: calls.append((arguments, options)),
    )
    values = np.append(np.tile([0.0, 2.0, np.nan, np.nan], 500), [9.0] * 100)
    observations: Any = SimpleNamespace(
        model=SimpleNamespace(latent_spec=SPEC),
        attributes={"slant": values},
        extractor="extractor",
        seed=5,
    )
    result = measure_traversals(observations, {})["traversals"]
    assert result == {"style": [None, None]}
    scales = {"slant": 1.0}
    assert calls == [
        ((observations.model, "style", index, scales, "extractor"), {"seed": 5})
        for index in (0, 1)
    ]


def test_noise_and_other_codes_are_of_the_seed():
    """The other code is the thickness, which the seed draws for each row."""
    model = bar_drawer(lambda row: 0.4 * row[0], lambda row: 4 - 2 * row[1])
    one, other = (
        traverse(model, "style", 0, SCALES, seed=seed) for seed in (0, 1)
    )
    assert one["range"]["thickness"] != other["range"]["thickness"]


def test_images_without_attributes_are_not_traversed():
    model = SimpleNamespace(latent_spec=SPEC)
    observations: Any = SimpleNamespace(model=model, attributes={})
    assert measure_traversals(observations, {}) == {"traversals": {}}
