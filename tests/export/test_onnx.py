"""ONNX files: the numbers of Keras, and metadata that explain them."""

import json
from dataclasses import fields
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers

import keras_infogan
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.export.onnx_graph import OPSET
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from tests.helpers.onnx_models import CASES
from tests.helpers.onnx_models import MANY_CODES
from tests.helpers.onnx_models import Case
from tests.helpers.onnx_models import random_images
from tests.helpers.onnx_models import random_latents
from tests.helpers.onnx_models import run
from tests.helpers.onnx_models import tiny_model

EXPORTS = {"generator": export_onnx, "encoder": export_onnx_encoder}
# One image, and batches that are no sizes of the comparison at export.
BATCH_SIZES = (1, 3, 19)


def shapes(ends: Any) -> dict[str, list[str | int]]:
    """Names and shapes of a session's inputs or outputs, all of float32."""
    assert {end.type for end in ends} == {"tensor(float)"}
    return {end.name: end.shape for end in ends}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def exported(case, tmp_path_factory):
    """A model and its two files."""
    folder = tmp_path_factory.mktemp("onnx")
    model = case.build()
    files = {
        name: export(model, folder / f"{name}.onnx")
        for name, export in EXPORTS.items()
    }
    assert sorted(path.name for path in folder.iterdir()) == [
        ".encoder.onnx.sha256",
        ".generator.onnx.sha256",
        "encoder.onnx",
        "generator.onnx",
    ]
    return model, files


@pytest.fixture(scope="module")
def reference(case):
    """The same weights in a float32 model."""
    return case.build("float32")


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_generator_agrees_with_keras(case, exported, reference, batch_size):
    """They agree with the same weights in a float32 model to 1e-5.

    float32 has a relative precision of 6e-8, and tanh is at most 1; 1e-5 leaves
    room for hundreds of roundings. The mixed policies would be off by 1e-3.
    """
    _, files = exported
    latents = random_latents(case.spec, batch_size)
    expected = reference.generate_from(latents)
    assert expected.std() > 0.01
    received = run(files["generator"], latents)
    assert list(received) == ["image"]
    np.testing.assert_allclose(received["image"], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_encoder_agrees_with_keras(case, exported, reference, batch_size):
    """The same tolerance holds, as logits before training are about 1."""
    _, files = exported
    images = random_images(case.shape, batch_size)
    expected = reference.encode(images)
    received = run(files["encoder"], {"image": images})
    assert received.keys() == expected.keys()
    for name, values in expected.items():
        # A constant would agree, too.
        assert batch_size == 1 or values.std(axis=0).max() > 1e-3, name
        np.testing.assert_allclose(
            received[name], values, rtol=1e-5, atol=1e-5, err_msg=name
        )


def test_names_and_shapes(case, exported):
    _, files = exported
    sessions = {
        name: onnxruntime.InferenceSession(path) for name, path in files.items()
    }
    generator, encoder = sessions["generator"], sessions["encoder"]
    images = {"image": ["batch", *case.shape]}
    inputs = shapes(generator.get_inputs())
    assert list(inputs.items()) == [
        (name, ["batch", dim]) for name, dim in case.spec.input_dims.items()
    ]
    assert shapes(generator.get_outputs()) == images
    assert shapes(encoder.get_inputs()) == images
    probabilities = {
        f"{name}_probabilities": ["batch", code.dim]
        for name, code in case.spec.codes.items()
        if isinstance(code, Categorical | Bernoulli)
    }
    assert shapes(encoder.get_outputs()) == {
        **{
            name: ["batch", dim]
            for name, dim in case.spec.posterior_dims.items()
        },
        **probabilities,
    }


def test_inputs_that_the_network_ignores_stay(tmp_path):
    """onnxslim would drop them, and then feeding all inputs would fail."""
    model = tiny_model(layers.ReLU(), "category")
    path = export_onnx(model, tmp_path / "x.onnx")
    latents = random_latents(model.latent_spec, 3)
    assert list(latents) == ["noise", "category"]
    np.testing.assert_allclose(
        run(path, latents)["image"],
        model.generate_from(latents),
        rtol=0,
        atol=1e-5,
    )


def test_files_follow_the_standard(exported):
    """Old runtimes read them: one operator set, and an old one."""
    _, files = exported
    for path in files.values():
        content = onnx.load(path)
        onnx.checker.check_model(content, full_check=True)
        assert [(o.domain, o.version) for o in content.opset_import] == [
            ("", OPSET)
        ]
        assert content.ir_version == 8
        (image,) = (
            end
            for end in (*content.graph.input, *content.graph.output)
            if end.name == "image"
        )
        assert image.type.denotation == "IMAGE"
        # The adversarial head is not exported.
        sizes = [tensor.dims for tensor in content.graph.initializer]
        assert [256, 1] not in sizes


def check_priors(model: InfoGAN, priors: dict[str, Any]) -> None:
    """They are those that the model samples from."""
    assert priors.pop("noise") == {
        "distribution": "normal",
        "mean": 0,
        "stddev": 1,
        "dim": 8,
    }
    assert list(priors) == list(MANY_CODES.codes)
    for name, values in model.sample_latents(1000, seed=0).items():
        if name == "noise":
            continue
        drawn, prior = values.numpy(), priors[name]
        assert drawn.shape == (1000, prior["dim"])
        assert ("probabilities" in prior) == (name == "another")
        if "probabilities" in prior:
            # Four standard errors of a share.
            shares = drawn.mean(axis=0)
            np.testing.assert_allclose(
                shares, prior["probabilities"], atol=0.06
            )
        if "low" in prior:
            # 1,000 draws miss the outer tenth with probability 0.9^1000.
            width = prior["high"] - prior["low"]
            ends = (drawn.min(), drawn.max())
            assert prior["low"] <= ends[0] < prior["low"] + 0.1 * width, name
            assert prior["high"] >= ends[1] > prior["high"] - 0.1 * width, name
        else:
            # Standard errors of 2,000 draws: 0.022 and 0.016; four of them.
            assert drawn.mean() == pytest.approx(prior["mean"], abs=0.09)
            assert drawn.std() == pytest.approx(prior["stddev"], abs=0.065)


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_metadata(export, tmp_path):
    """They hold everything that someone with only the file needs."""
    code_map = CodeMap(
        {"category": CodeMeaning(10 * (CategoryMeaning("sieben — 7", 0.98),))}
    )
    model = Case(MANY_CODES, (16, 16, 1)).build()
    path = export(
        model,
        tmp_path / "x.onnx",
        code_map=code_map,
        model_card="# Card\n",
        version=3,
    )
    session = onnxruntime.InferenceSession(path)
    meta = session.get_modelmeta()
    metadata = dict(meta.custom_metadata_map)
    config = json.loads(metadata.pop("keras_infogan.latent_spec"))
    assert LatentSpec.from_config(config) == MANY_CODES
    assert json.loads(metadata.pop("keras_infogan.code_map")) == (
        code_map.to_json()
    )
    check_priors(model, json.loads(metadata.pop("keras_infogan.priors")))
    assert metadata == {
        "Image.BitmapPixelFormat": "Gray8",
        "Image.ColorSpaceGamma": "SRGB",
        "Image.NominalPixelRange": "Normalized_1_1",
        "keras_infogan.model_card": "# Card\n",
        "keras_infogan.version": keras_infogan.__version__,
        "model_license": "Apache-2.0",
    }
    assert meta.producer_name == "keras_infogan"
    assert meta.version == 3
    assert "[-1, 1]" in meta.description
    for field in fields(CategoryMeaning) + fields(DimensionMeaning):
        assert field.name in meta.description
    if export is export_onnx_encoder:
        for end in session.get_outputs():
            assert f"{end.name}, " in meta.description
        # The fixed standard deviation of style.
        assert "0.5" in meta.description


@pytest.mark.parametrize("version", [0, 2**63])
def test_invalid_versions(version, tmp_path):
    with pytest.raises(ValueError, match=f"Received: version={version}"):
        export_onnx(
            Case(shape=(8, 8, 1)).build(), tmp_path / "x.onnx", version=version
        )
    assert not list(tmp_path.iterdir())


def test_optional_metadata_is_left_out(exported):
    model, files = exported
    session = onnxruntime.InferenceSession(files["generator"])
    metadata = session.get_modelmeta().custom_metadata_map
    assert not {"keras_infogan.code_map", "keras_infogan.model_card"} & set(
        metadata
    )
    assert "code_map" not in session.get_modelmeta().description
    assert session.get_modelmeta().version == 1
    assert metadata["Image.BitmapPixelFormat"] == (
        "Gray8" if model.image_shape[-1] == 1 else "Rgb8"
    )


def test_exports_create_folders_and_accept_strings(tmp_path):
    path = export_onnx(Case(shape=(8, 8, 1)).build(), f"{tmp_path}/a/b.onnx")
    assert path == tmp_path / "a" / "b.onnx"
    assert path.is_file()


def test_invalid_paths(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        export_onnx(tiny_model(layers.ReLU()), tmp_path / "file" / "x.onnx")
