"""Models and their companions: of a run, beside a file, by a name."""

import json
from pathlib import Path

import numpy as np
import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.models import locations as published


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    for name in ("mnist.keras", "mnist_code_map.json", "other.keras"):
        (folder / name).touch()
    monkeypatch.setattr(published, "_FOLDER", folder)
    return folder


def test_by_name(folder):
    assert published.published_names() == ["mnist", "other"]
    assert published.find_model("mnist") == folder / "mnist.keras"
    found = published.find_companion("mnist", "code_map.json")
    assert found == folder / "mnist_code_map.json"
    assert published.find_companion("other", "code_map.json") is None


def test_of_a_run_and_of_a_file(folder, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in ("model.keras", "code_map.json"):
        (run / name).touch()
    assert published.find_model(run) == run / "model.keras"
    assert published.find_companion(run, "code_map.json") == (
        run / "code_map.json"
    )
    path = folder / "mnist.keras"
    assert published.find_model(path) == path
    assert published.find_companion(path, "code_map.json") == (
        folder / "mnist_code_map.json"
    )


def test_a_run_of_that_name_goes_first(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(ValueError, match="mnist, without model.keras"):
        published.find_model("mnist")


@pytest.mark.parametrize("name", ["nothing", "../secret", "a/b"])
def test_no_such_name(name, folder):
    (folder.parent / "secret.keras").touch()
    with pytest.raises(ValueError, match=r"\(mnist, other\). Received:"):
        published.find_model(name)


def test_the_published_model_is_what_its_report_says(mnist_test):
    """Its categories, by the names of its code map, on the test split."""
    from keras_infogan import load_pretrained

    model = load_pretrained("mnist")
    path = published.find_companion("mnist", "code_map.json")
    report = published.find_companion("mnist", "report.json")
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


def test_the_published_digits_are_read(mnist_train):
    """A hundred of each, by the classifier: 97 of a hundred or more."""
    from keras_infogan import load_pretrained
    from keras_infogan.evaluation.feature_extractor import (
        load_feature_extractor,
    )

    model = load_pretrained("mnist")
    path = published.find_companion("mnist", "code_map.json")
    assert path is not None
    code_map = CodeMap.load(path)
    reader = load_feature_extractor(mnist_train)
    for digit in range(10):
        code, (number, *_) = code_map.find_categories(str(digit))
        images = model.generate(100, codes={code: number}, seed=digit)
        assert (reader.extract(images).classes == digit).sum() >= 97, digit


def test_the_published_exports_agree():
    """Keras, ONNX and the SavedModel, by the same seeds: to 1e-5."""
    import onnxruntime
    import tensorflow as tf

    from keras_infogan import load_pretrained

    model = load_pretrained("mnist")
    root = Path(published.__file__).parents[2] / "saved_models"
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
