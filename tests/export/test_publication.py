"""What is published: whole versions, with their files and warm-up."""

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_infogan.export.saved_model import WARMUP_BATCH_SIZES
from keras_infogan.export.saved_model import WARMUP_FILE
from keras_infogan.export.saved_model import export_saved_model
from keras_infogan.export.versions import find_versions
from tests.helpers.models import tiny_model
from tests.helpers.saved_models import KINDS
from tests.helpers.saved_models import TESTS
from tests.helpers.saved_models import build
from tests.helpers.saved_models import run_in_c
from tests.helpers.saved_models import run_in_python
from tests.helpers.saved_models import signatures_of


def test_files(published):
    """The version is complete, and holds no paths of this machine."""
    path = published.path
    files = {
        file.relative_to(path).as_posix(): file
        for file in path.rglob("*")
        if file.is_file()
    }
    assert set(files) == {
        "SHA256SUMS",
        "saved_model.pb",
        "fingerprint.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        "assets/code_map.json",
        "assets/model_card.md",
        "assets/config.json",
        "assets.extra/tf_serving_warmup_requests",
    }
    assert json.loads(files["assets/code_map.json"].read_text()) == {
        "codes": {}
    }
    assert json.loads(files["assets/config.json"].read_text()) == {"seed": 0}
    card = files["assets/model_card.md"].read_text("utf-8")
    assert card == "# Digits, äöü\n"
    for folder in (path.parent, TESTS.parent, Path(sys.prefix)):
        assert bytes(folder) not in files["saved_model.pb"].read_bytes()


def test_warmup_requests(published):
    """Each runs on its signature, with valid rows, or it is not served."""
    file = published.path / WARMUP_FILE
    calls = []
    for record in tf.data.TFRecordDataset(str(file)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        assert request.model_spec.name == published.path.parent.name
        inputs = {
            name: tf.make_ndarray(tensor)
            for name, tensor in request.inputs.items()
        }
        calls.append((request.model_spec.signature_name, inputs))
    covered = [
        (name, len(rows))
        for name, inputs in calls
        for rows in [next(iter(inputs.values()))]
    ]
    assert sorted(covered) == sorted(
        (name, size)
        for name in signatures_of(published.path)
        for size in WARMUP_BATCH_SIZES
    )
    answers = run_in_python(published.path, calls)
    for (name, inputs), outputs in zip(calls, answers, strict=True):
        num_rows = len(next(iter(inputs.values())))
        assert ("valid" in outputs) == name.startswith(("sample", "encode"))
        for key, rows in outputs.items():
            assert len(rows) == num_rows, key
            if key == "valid":
                assert rows.all()
            elif rows.dtype == np.float32:
                assert np.isfinite(rows).all(), key


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("published", ["mnist"], indirect=True)
@pytest.mark.parametrize("runner", [run_in_python, run_in_c])
@pytest.mark.parametrize("damage", [remove, truncate])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "variables.data-00000-of-00001",
            "No such file or directory|Read less bytes than requested",
        ),
        (
            "variables.index",
            # The C++ loader takes a model without an index for one without
            # variables; it fails when it is called, such as by the warm-up.
            "Failed to find any matching files|not an sstable|does not exist",
        ),
    ],
    ids=["data", "index"],
)
def test_damaged_variables(published, tmp_path, runner, damage, name, message):
    """TensorFlow refuses to run them, and names the cause."""
    version = tmp_path / "mnist" / "1"
    shutil.copytree(published.path, version)
    damage(version / "variables" / name)
    image = np.zeros((1, 28, 28, 1), np.float32)
    with pytest.raises((tf.errors.OpError, OSError, IndexError), match=message):
        runner(version, [("encode", {"image": image})])


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file can grow beyond 10 kB, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("small_files")
def test_full_disk(tmp_path):
    directory = tmp_path / "mnist"
    with pytest.raises(
        OSError,
        match=f"{directory} should be writable, with room for the model. "
        "Received: File too large",
    ):
        export_saved_model(build(KINDS["mnist"]), directory)
    assert [path.name for path in directory.iterdir()] == [".lock"]


def test_without_the_extra(tmp_path, monkeypatch):
    """The error comes before anything is written."""
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(
        ValueError, match=r'Install it: pip install "keras-infogan\[serv'
    ):
        export_saved_model(build(KINDS["mnist"]), tmp_path / "mnist")
    assert not (tmp_path / "mnist").exists()


EXPORTER = """
import sys
from keras_infogan.export.saved_model import export_saved_model
from tests.helpers.models import tiny_model

model = tiny_model()
while True:
    export_saved_model(model, sys.argv[1])
"""


def test_killed_while_tensorflow_writes(tmp_path):
    """Readers see whole versions, and the next export cleans up.

    `test_versions.py` kills at each step of a publication.
    """
    exporter = subprocess.Popen(
        [sys.executable, "-c", EXPORTER, tmp_path], cwd=TESTS.parent
    )
    try:
        while True:
            assert exporter.poll() is None
            seen = find_versions(tmp_path)
            for version in seen:
                path = tmp_path / str(version)
                assert (path / "saved_model.pb").exists()
                assert (path / WARMUP_FILE).exists()
            staging = f".staging-{exporter.pid}-{len(seen) + 1}"
            if seen and (tmp_path / staging / "variables").exists():
                break
            time.sleep(0.001)
    finally:
        exporter.kill()
        exporter.wait()
    for version in find_versions(tmp_path):
        tf.saved_model.load(str(tmp_path / str(version)))
    export_saved_model(tiny_model(), tmp_path)
    assert not list(tmp_path.glob(".staging-*"))
