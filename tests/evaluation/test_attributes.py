"""The register of attributes, and one more that everything picks up."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keras_infogan.evaluation import morphology
from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.attributes import Attribute
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.measures.naming import fit_code_map
from keras_infogan.evaluation.measures.traversals import measure_traversals
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec


def test_each_attribute_is_measured():
    measured = morphology.measure(np.full((2, 8, 8, 1), -1.0))
    assert list(measured) == list(ATTRIBUTES)
    for values in measured.values():
        assert np.isnan(values).all()


@pytest.fixture
def toy(monkeypatch):
    """How far down the intensity is, in pixels."""

    def measure_depth(mass, shapes):
        del shapes
        rows = mass.sum(axis=2) / mass.sum(axis=(1, 2))[:, None]
        return {"depth": rows @ np.arange(mass.shape[1])}

    monkeypatch.setitem(
        ATTRIBUTES, "depth", Attribute("pixels", "above", "below")
    )
    monkeypatch.setattr(
        morphology, "MEASURES", (*morphology.MEASURES, measure_depth)
    )


def test_an_attribute_is_one_function_and_one_registration(toy):
    """Traversals measure it, and the code map names a code after it.

    A square of four pixels moves down with the code, by three pixels to each
    side of the middle, 7.5. All that is measured of it beside is the same.
    """
    spec = LatentSpec(1, {"u": Uniform(1)})

    def generate_from(latents: Any) -> np.ndarray:
        images = np.full((len(latents["u"]), 16, 16, 1), -1.0, np.float32)
        for image, (value,) in zip(images, latents["u"], strict=True):
            top = 6 + round(3 * value)
            image[top : top + 4, 6:10] = 1.0
        return images

    def traverse_latents(name: str, index: int, **sizes: int) -> Any:
        values = np.tile(np.linspace(-1, 1, sizes["num_columns"]), 100)
        return {name: values[:, None]}

    model = SimpleNamespace(
        latent_spec=spec,
        generate_from=generate_from,
        traverse_latents=traverse_latents,
    )
    means = np.array([[-1.0], [0.0], [1.0]])
    observations: Any = SimpleNamespace(
        model=model,
        attributes=morphology.measure(generate_from({"u": means})),
        extractor=None,
        seed=0,
        clustering_code=None,
        train=SimpleNamespace(labels=None),
        test=SimpleNamespace(labels=None),
        test_posterior={"u_mean": means, "u_log_stddev": 0.0 * means},
    )
    report = measure_traversals(observations, {})
    (traversal,) = report["traversals"]["u"]
    assert traversal["range"]["depth"] == pytest.approx([4.5, 10.5])
    report["mutual_information"] = {"u": 1.0}
    (meaning,) = (
        fit_code_map(observations, report)["code_map"].codes["u"].dimensions
    )
    assert meaning.attribute == "depth"
    assert meaning.infer(0.5) == pytest.approx(9.0)
    assert meaning.word(1.0) == "below"
    code_map = CodeMap({"u": CodeMeaning(dimensions=(meaning,))})
    assert CodeMap.from_json(code_map.to_json()) == code_map
