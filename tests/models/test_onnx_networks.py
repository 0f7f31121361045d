"""The pretrained networks by ONNX Runtime are those by Keras."""

import importlib.util

import numpy as np
import pytest

from keras_infogan.evaluation.report import find_report
from keras_infogan.evaluation.seeds import surest_seeds
from keras_infogan.models import pretrained
from keras_infogan.models.onnx_networks import OnnxNetworks
from keras_infogan.models.pretrained import find_onnx
from keras_infogan.models.pretrained import load_model

# What `export_onnx` allows, and the rounding of the noise.
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def networks():
    paths = find_onnx("mnist")
    assert paths is not None
    return OnnxNetworks(*paths)


@pytest.fixture(scope="module")
def model():
    return load_model("mnist")


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 3},
        {"seed": -5, "codes": {"category": 7, "pose": 0.5}},
    ],
)
def test_a_seed_gives_the_same_images(options, networks, model):
    """150 of them, in two batches."""
    images = networks.generate(150, **options)
    assert images.dtype == np.float32
    np.testing.assert_allclose(
        images, model.generate(150, **options), rtol=0, atol=TOLERANCE
    )


def test_images_have_the_same_codes(networks, model):
    """As floats and as bytes. The difference is of the largest logit."""
    assert networks.image_shape == model.image_shape
    assert networks.latent_spec == model.latent_spec
    images = model.generate(20, seed=1)
    for x in (images, np.rint((images + 1) * 127.5).astype(np.uint8)):
        received, expected = networks.encode(x), model.encode(x)
        assert set(received) == set(expected)
        for name, values in expected.items():
            largest = max(1.0, np.abs(values).max())
            np.testing.assert_allclose(
                received[name], values, rtol=0, atol=TOLERANCE * largest
            )


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, 28, 28, 1), 3.0), "from 3 to 3"),
        (np.zeros((1, 8, 8, 1), np.float32), r"num_images, 28, 28, 1\)"),
    ],
)
def test_images_are_checked(images, message, networks):
    with pytest.raises(ValueError, match=message):
        networks.encode(images)


def test_the_report_has_the_noise_that_the_rule_chooses(networks):
    report = find_report("mnist")
    assert report is not None
    assert report["traversal_seeds"] == surest_seeds(networks, 5)


def test_only_a_pretrained_model_that_can_be_run(tmp_path, monkeypatch):
    """Neither a run, nor if a file or ONNX Runtime is missing."""
    names = ("a.keras", "a.onnx", "a_encoder.onnx", "b.keras", "b.onnx")
    for name in names:
        (tmp_path / name).touch()
    monkeypatch.setattr(pretrained, "_FOLDER", tmp_path)
    assert find_onnx("a") == (tmp_path / "a.onnx", tmp_path / "a_encoder.onnx")
    assert find_onnx("b") is None
    assert find_onnx("c") is None
    assert find_onnx(tmp_path / "a.keras") is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert find_onnx("a") is None
