"""A kind of code that only the tests know goes through everything.

So does the last kind that was added to the package, by the same steps.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.evaluate import evaluate
from keras_infogan.export.explorer.build import export_explorer
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.export.saved_model import export_saved_model
from keras_infogan.latents.codes import CODES
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports.grids import draw_grids
from keras_infogan.reports.outliers import describe_unlikely_codes
from keras_infogan.serving.choices import sample_inputs
from keras_infogan.serving.signatures import Signature
from keras_infogan.serving.signatures import TensorSpec
from tests.helpers.models import fit
from tests.helpers.models import tiny_model
from tests.helpers.toy_kind import Share


class Journey(NamedTuple):
    """A model with a code of the kind, and what was made of it."""

    name: str
    model: InfoGAN
    report: dict[str, Any]
    directory: Path


@pytest.fixture(
    scope="module",
    params=[("share", Share(2)), ("circular", Circular())],
    ids=lambda param: param[0],
)
def journey(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    name, code = request.param
    with pytest.MonkeyPatch.context() as patch:
        # One registration, and nothing else.
        patch.setitem(CODES, name, type(code))
        spec = LatentSpec(4, {"category": Categorical(3), "own": code})
        model = tiny_model(spec=spec)
        fit(model, [], 3)
        images = np.rint((model.generate(60) + 1.0) * 127.5).astype(np.uint8)
        data = ImageData(images, None, "toy")
        patch.setattr("keras_infogan.evaluation.observations.NUM_SAMPLES", 500)
        report = evaluate(model, data, data)
        directory = tmp_path_factory.mktemp(name)
        export_saved_model(model, directory / "served")
        export_onnx(model, directory / "generator.onnx")
        export_onnx_encoder(model, directory / "encoder.onnx")
        yield Journey(name, model, report, directory)


def test_training_moves_its_head(journey):
    """From the same start, the gradient of `log Q` has reached it."""
    spec = journey.model.latent_spec
    before = tiny_model(spec=spec).discriminator
    for parameter in spec.codes["own"].parameters:
        layer = f"own_{parameter}"
        trained, untrained = (
            network.get_layer(layer).kernel.numpy()
            for network in (journey.model.discriminator, before)
        )
        assert np.isfinite(trained).all()
        assert not np.allclose(trained, untrained)


def test_it_is_saved_and_loaded(journey, tmp_path):
    path = tmp_path / "model.keras"
    journey.model.save(path)
    loaded = keras.models.load_model(path)
    assert loaded.latent_spec == journey.model.latent_spec
    codes = {"own": 0.5}
    np.testing.assert_array_equal(
        loaded.generate(2, codes=codes), journey.model.generate(2, codes=codes)
    )


def test_it_is_evaluated(journey):
    """Its information, its traversals, and a place in the code map."""
    report = journey.report
    code = journey.model.latent_spec.codes["own"]
    assert math.isfinite(report["mutual_information"]["own"])
    assert report["entropy"]["own"] == code.entropy
    assert report["mutual_information_ceiling"]["own"] is None
    assert len(report["traversals"]["own"]) == code.num_dimensions
    meaning = report["code_map"].codes["own"]
    assert len(meaning.dimensions) == code.num_dimensions
    assert meaning.type == journey.name


def test_it_is_read_and_described(journey):
    images = journey.model.generate(2)
    spec = journey.model.latent_spec
    for codes in spec.summarize(journey.model.encode(images)):
        assert set(codes) == {"category", "own"}
        assert "own " in spec.describe(codes)
        assert describe_unlikely_codes(spec, codes) == []
        assert json.loads(json.dumps(codes)) == codes


def test_it_is_drawn(journey):
    """A traversal of each dimension, beside the categories."""
    grids = draw_grids(journey.model, code_map=journey.report["code_map"])
    files = {"share": ["own_0", "own_1"], "circular": ["own"]}[journey.name]
    assert list(grids) == ["category", *files]


def signature_of(loaded: Any, name: str) -> Signature:
    """As a client parses it from the metadata of a server."""
    _, inputs = loaded.signatures[name].structured_input_signature
    specs = {
        key: TensorSpec(np.dtype(spec.dtype.as_numpy_dtype), tuple(spec.shape))
        for key, spec in inputs.items()
    }
    return Signature(specs, {})


def test_it_is_served(journey):
    """A client chooses it by its name, and by the numbers that people use."""
    loaded = tf.saved_model.load(str(journey.directory / "served" / "1"))
    sample, one_hot = (
        signature_of(loaded, name) for name in ("sample", "serving_default")
    )
    code_map = CodeMap.from_json(journey.report["code_map"].to_json())
    for choices in ({"own": 0.5, "category": 2}, {"category": 2}):
        inputs = sample_inputs(
            sample,
            one_hot,
            code_map,
            seeds=np.array([7]),
            choices=choices,
        )
        outputs = loaded.signatures["sample"](
            **{name: tf.constant(values) for name, values in inputs.items()}
        )
        assert outputs["valid"].numpy().all()
        # What is not chosen is 0.
        expected = journey.model.generate(
            1, codes={"own": 0.0, **choices}, seed=7
        )
        # Sums in another order in the graph.
        np.testing.assert_allclose(outputs["image"], expected, atol=1e-5)
    inputs["own"] = np.full_like(inputs["own"], np.nan)
    outputs = loaded.signatures["sample"](
        **{name: tf.constant(values) for name, values in inputs.items()}
    )
    assert not outputs["valid"].numpy().any()
    images = journey.model.generate(3)
    encoded = loaded.signatures["encode"](tf.constant(images))
    for name, values in journey.model.encode(images).items():
        np.testing.assert_allclose(encoded[name], values, atol=1e-5)


def test_it_is_exported_to_onnx(journey):
    """Exports compare themselves with Keras; here, what they say of it."""
    onnx = pytest.importorskip("onnx")
    code = journey.model.latent_spec.codes["own"]
    content = onnx.load(journey.directory / "generator.onnx")
    metadata = {entry.key: entry.value for entry in content.metadata_props}
    priors = json.loads(metadata["keras_infogan.priors"])
    assert priors["own"] == {**code.prior, "dim": code.dim}
    encoder = onnx.load(journey.directory / "encoder.onnx")
    outputs = {output.name for output in encoder.graph.output}
    assert outputs == set(journey.model.encode(journey.model.generate(1)))
    for output, text in code.outputs.items():
        assert f"own_{output}, {text}" in encoder.doc_string


def test_it_has_a_page(journey, tmp_path):
    page = export_explorer(
        journey.directory / "generator.onnx",
        journey.directory / "encoder.onnx",
        tmp_path / "page.html",
        code_map=journey.report["code_map"],
    ).read_text()
    (estimate,) = journey.model.latent_spec.codes["own"].parameters
    assert f'"estimate": "own_{estimate}"' in page
    # tests/export/explorer/test_kinds.py opens it.


def test_nothing_knows_it_afterwards():
    """Out of the register, it is refused in one line."""
    with pytest.raises(ValueError, match="'own' should be one of Categorical"):
        LatentSpec(4, {"own": Share()})
