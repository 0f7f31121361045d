"""What a run leaves in `export`."""

import json
import logging
import sys

import onnx
import pytest
import tensorflow as tf

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.files import write_json
from keras_infogan.training.exports import export_run
from keras_infogan.training.exports import find_explorer
from keras_infogan.training.exports import is_exported
from keras_infogan.training.exports import remove_exports
from tests.helpers.models import tiny_model


@pytest.fixture
def run_dir(tmp_path):
    run_dir = tmp_path / "shapes"
    run_dir.mkdir()
    tiny_model().save(run_dir / "model.keras")
    write_json(run_dir / "code_map.json", CodeMap().to_json())
    write_json(run_dir / "config.json", {"seed": 3})
    (run_dir / "model_card.md").write_text("# Shapes")
    return run_dir


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run_is_exported_in_every_form(run_dir):
    export_run(run_dir)
    folder = run_dir / "export"
    assert files_in(folder) == [
        ".encoder.onnx.sha256",
        ".generator.onnx.sha256",
        "encoder.onnx",
        "explorer.html",
        "exports.json",
        "generator.onnx",
        "shapes",
    ]
    assets = folder / "shapes" / "1" / "assets"
    assert json.loads((assets / "config.json").read_text()) == {"seed": 3}
    assert (assets / "model_card.md").read_text() == "# Shapes"
    signatures = tf.saved_model.load(folder / "shapes" / "1").signatures
    assert {"sample", "encode"} <= set(signatures)
    for name in ("generator.onnx", "encoder.onnx"):
        entries = onnx.load(folder / name).metadata_props
        assert "# Shapes" in [entry.value for entry in entries]
    page = find_explorer(run_dir)
    assert page is not None
    text = page.read_text()
    assert "InfoGAN explorer: shapes" in text
    # Of the Python program that the page shows.
    assert f'"model": {json.dumps(str(run_dir))}' in text


def test_files_are_replaced_and_versions_added(run_dir):
    """Published versions never change, as a server may use them."""
    export_run(run_dir)
    remove_exports(run_dir)
    assert not is_exported(run_dir)
    assert files_in(run_dir / "export") == ["shapes"]
    assert find_explorer(run_dir) is None
    export_run(run_dir)
    assert find_explorer(run_dir)
    assert {"1", "2"} <= set(files_in(run_dir / "export" / "shapes"))


def test_what_cannot_be_exported_is_named(run_dir, monkeypatch, caplog):
    """Without tf2onnx there is a SavedModel, and no file of the others."""
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    export_run(run_dir)
    assert files_in(run_dir / "export") == ["exports.json", "shapes"]
    # It is not tried again by each `train`.
    assert is_exported(run_dir)
    warnings = [
        record.getMessage()
        for record in caplog.records
        # A command of another test may have turned on what is said beside, and
        # TensorFlow may have counted what others have traced.
        if record.levelno >= logging.WARNING
        and record.name.startswith("keras_infogan")
    ]
    assert [text.partition(":")[0] for text in warnings] == [
        "No ONNX generator",
        "No ONNX encoder",
        "No explorer",
    ]
    assert 'pip install "keras-infogan[onnx]"' in warnings[0]
