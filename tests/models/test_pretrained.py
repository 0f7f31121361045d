"""Models and their companions: of a run, beside a file, by a name."""

import io
import json
import warnings
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.models import pretrained
from keras_infogan.models.pretrained import load_model
from tests.helpers.models import tiny_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    for name in ("mnist.keras", "mnist_code_map.json", "other.keras"):
        (folder / name).touch()
    monkeypatch.setattr(pretrained, "_FOLDER", folder)
    return folder


def test_by_name(folder):
    assert pretrained.pretrained_names() == ["mnist", "other"]
    assert pretrained.find_model("mnist") == folder / "mnist.keras"
    found = pretrained.find_companion("mnist", "code_map.json")
    assert found == folder / "mnist_code_map.json"
    assert pretrained.find_companion("other", "code_map.json") is None


def test_of_a_run_and_of_a_file(folder, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in ("model.keras", "code_map.json"):
        (run / name).touch()
    assert pretrained.find_model(run) == run / "model.keras"
    assert pretrained.find_companion(run, "code_map.json") == (
        run / "code_map.json"
    )
    path = folder / "mnist.keras"
    assert pretrained.find_model(path) == path
    assert pretrained.find_companion(path, "code_map.json") == (
        folder / "mnist_code_map.json"
    )


def test_a_run_of_that_name_goes_first(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(ValueError, match="mnist, without model.keras"):
        pretrained.find_model("mnist")


@pytest.mark.parametrize("name", ["nothing", "../secret", "a/b"])
def test_no_such_name(name, folder):
    (folder.parent / "secret.keras").touch()
    with pytest.raises(ValueError, match=r"\(mnist, other\). Received:"):
        pretrained.find_model(name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Expected the directory of a finished run"),
        (b"no zip", "Received: File is not a zip file. Replace it with"),
        (b"", "Received: File is not a zip file"),
    ],
)
def test_load_model_errors(content, message, tmp_path):
    if content is not None:
        (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_model(tmp_path)


def test_an_unfinished_run_is_refused(tmp_path):
    (tmp_path / "config.json").touch()
    with pytest.raises(ValueError, match="has no model.keras yet. Repeat its"):
        load_model(tmp_path)


def test_load_model_refuses_other_models(tmp_path):
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="should be an InfoGAN. Received: Seq"):
        load_model(tmp_path / "other.keras")


def test_a_model_of_another_version_is_one_line(tmp_path):
    """Its objective has an option that there is not."""
    path = tmp_path / "model.keras"
    tiny_model().save(path)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(content["config.json"])
    config["config"]["objective"]["warped_codes"] = []
    content["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.raises(
        ValueError,
        match="should be an InfoGAN of this version. Received: Objective "
        "should have .*Received: warped_codes.",
    ) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model file, and its members."""
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    tiny_model().save(path)
    with zipfile.ZipFile(path) as archive:
        return path, {name: archive.read(name) for name in archive.namelist()}


def pack(path, content, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_a_flipped_bit_is_found(share, saved, tmp_path):
    """By the checksum of the zip file where there is no other."""
    path = tmp_path / "model.keras"
    data = bytearray(saved[0].read_bytes())
    data[int(share * len(data))] ^= 4
    path.write_bytes(data)
    assert not pretrained.is_whole(path)
    with pytest.raises(ValueError, match="Replace it with an undamaged") as one:
        load_model(path)
    assert "\n" not in str(one.value)
    (tmp_path / "config.json").touch()
    with pytest.raises(ValueError, match="Repeat the `keras-infogan train`"):
        load_model(path)


@pytest.mark.parametrize(
    "config",
    [
        "null",
        "[" * 100_000,
        '{"class_name": "InfoGAN", "config": null}',
        '{"class_name": "InfoGAN", "module": "keras_infogan.models.infogan", '
        '"registered_name": "keras_infogan>InfoGAN", "config": {}}',
    ],
)
def test_an_odd_configuration_is_one_line(config, saved, tmp_path):
    path = tmp_path / "model.keras"
    pack(path, {**saved[1], "config.json": config})
    with pytest.raises(ValueError, match="model.keras should be") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_a_small_file_does_not_fill_the_memory(saved, tmp_path):
    path = tmp_path / "model.keras"
    content = {**saved[1], "model.weights.h5": bytes(200_000_000)}
    pack(path, content, zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="at most .* MB. Received: 200 MB"):
        load_model(path)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_weights_that_are_not_finite_are_refused(value, tmp_path):
    """`encode` would say nan%."""
    model = tiny_model()
    bias = model.discriminator.trainable_variables[-1]
    bias.assign(np.full(bias.shape, value))
    model.save(tmp_path / "x.keras")
    with pytest.raises(ValueError, match="finite weights. Received: NaN or"):
        load_model(tmp_path / "x.keras")


def test_the_pretrained_model_is_what_its_report_says(mnist_test):
    """Its categories, by the names of its code map, on the test split."""
    model = load_model("mnist")
    path = pretrained.find_companion("mnist", "code_map.json")
    report = pretrained.find_companion("mnist", "report.json")
    assert path is not None
    assert report is not None
    code_map = CodeMap.load(path)
    posterior = model.encode(mnist_test.scaled())
    found = posterior["category_logits"].argmax(axis=1)
    names = np.array(
        [
            int(meaning.name or -1)
            for meaning in code_map.codes["category"].categories
        ]
    )
    accuracy = (names[found] == mnist_test.labels).mean()
    said = json.loads(report.read_text())["clustering_accuracy"]
    assert accuracy == pytest.approx(said, abs=1e-9)
    assert accuracy > 0.98


def test_the_pretrained_digits_are_read(mnist_train):
    """A hundred of each, by the feature extractor: 97 of a hundred or more."""
    from keras_infogan.evaluation.feature_extractor import (
        load_feature_extractor,
    )

    model = load_model("mnist")
    path = pretrained.find_companion("mnist", "code_map.json")
    assert path is not None
    code_map = CodeMap.load(path)
    reader = load_feature_extractor(mnist_train)
    for digit in range(10):
        code, (number, *_) = code_map.find_categories(str(digit))
        images = model.generate(100, codes={code: number}, seed=digit)
        assert (reader.extract(images).classes == digit).sum() >= 97, digit


def test_the_pretrained_exports_agree():
    """Keras, ONNX and the SavedModel, by the same seeds: to 1e-5."""
    import onnxruntime
    import tensorflow as tf

    model = load_model("mnist")
    root = Path(pretrained.__file__).parents[2] / "saved_models"
    latents = model.sample_latents(20, seed=3)
    expected = model.generate_from(latents)
    session = onnxruntime.InferenceSession(root / "mnist.onnx")
    inputs = {name: value.numpy() for name, value in latents.items()}
    np.testing.assert_allclose(
        session.run(["image"], inputs)[0], expected, atol=1e-5
    )
    version = max((root / "mnist").iterdir(), key=lambda path: path.name)
    loaded = tf.saved_model.load(str(version))
    served = loaded.signatures["serving_default"](**latents)["image"]
    np.testing.assert_allclose(served, expected, atol=1e-5)


@pytest.mark.parametrize(
    "name", ["../x", "/x", "assets/x", "config.json", "assets/"]
)
def test_other_members_are_refused(name, saved, tmp_path):
    """Keras would extract them, or take the second of two."""
    path, content = tmp_path / "model.keras", saved[1]
    pack(path, content)
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr(name, b"{}")
    with pytest.raises(ValueError, match=f"once each. Received: .*{name}"):
        load_model(path)


def test_weights_that_unpack_to_gigabytes_are_refused(saved, tmp_path):
    path, weights = tmp_path / "model.keras", io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_dataset("x", (2**30,), "f4", chunks=True, fillvalue=1.0)
    pack(path, saved[1] | {"model.weights.h5": weights.getvalue()})
    with pytest.raises(ValueError, match="weights should .* 4295 MB"):
        load_model(path)
