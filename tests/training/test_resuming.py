"""Whole runs in processes of their own: killed, stopped, resumed, compared."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event

from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.run import train
from keras_infogan.training.run_log import read_log

# 640 images are 20 steps an epoch.
SMALL = (
    "--dataset=few_digits",
    "--batch-size=32",
    "--epochs=3",
    "--log-interval=8",
    "--checkpoint-interval=7",
)
# Dropout, three optimizers and a decaying learning rate: all that can be lost.
WRITEUP = (
    *SMALL,
    "--preset=writeup",
    "--decay-share=0.5",
    "--image-size=16",
)
TIMEOUT = 300


@pytest.fixture(scope="module", autouse=True)
def _programs_of_their_own(tmp_path_factory):
    """What a run resumes with was compiled by the one before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def start(
    run_dir: Path, data_dir: Path, *options: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "keras_infogan",
            "train",
            f"--run-dir={run_dir}",
            f"--data-dir={data_dir}",
            "--no-export",
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    return out, err


def interrupt_after(
    process: subprocess.Popen[str], run_dir: Path, step: int, number: int
) -> str:
    """Sends a signal as soon as the log has reached `step`."""
    end = time.monotonic() + TIMEOUT
    while not any(
        line["step"] >= step for line in read_log(run_dir / "log.jsonl")
    ):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.002)
    process.send_signal(number)
    return process.communicate(timeout=TIMEOUT)[1]


def newest_checkpoint(run_dir: Path) -> dict[str, np.ndarray]:
    """Every array of the newest checkpoint, by its path in the file."""
    arrays = {}
    with h5py.File(find_checkpoints(run_dir / "checkpoints")[0]) as file:
        file.visititems(
            lambda name, item: (
                arrays.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return arrays


def assert_same_run(one: Path, other: Path) -> None:
    left, right = newest_checkpoint(one), newest_checkpoint(other)
    assert left.keys() == right.keys()
    # Both networks, and two slots for each weight in the optimizers.
    assert len(left) > 50
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name], err_msg=name)
    logs = [read_log(run / "log.jsonl") for run in (one, other)]
    for lines in logs:
        for line in lines:
            del line["images_per_second"]
    assert logs[0] == logs[1]
    reports = [
        json.loads((run / "report.json").read_text()) for run in (one, other)
    ]
    assert reports[0] == reports[1]


def test_killed_and_resumed_is_the_same_run(few_digits_dir, tmp_path):
    """SIGKILL in the middle of the second epoch; then every array is equal.

    With the networks, the terms and XLA of the default preset.
    """
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    out, err = finish(start(straight, few_digits_dir, *SMALL))
    assert json.loads(out)["run_dir"] == str(straight)
    assert "This run has 3 of the 7 epochs of mnist" in err

    process = start(killed, few_digits_dir, *SMALL)
    interrupt_after(process, killed, 24, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "model.keras").exists()
    checkpoints = find_checkpoints(killed / "checkpoints")
    assert 1 <= len(checkpoints) <= 2
    # What a process leaves that is killed while it writes.
    (killed / "samples" / ".partial-1-step_00000040_category.png").touch()
    _, err = finish(start(killed, few_digits_dir, *SMALL))
    assert "Resuming after step" in err
    assert_same_run(straight, killed)
    assert not list(killed.rglob(".partial*"))


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_stopped_and_resumed_is_the_same_run(
    number, status, writeup_run, few_digits_dir, tmp_path
):
    """The step in progress is finished and saved, with its half line of log."""
    stopped = tmp_path / "stopped"
    process = start(stopped, few_digits_dir, *WRITEUP)
    err = interrupt_after(process, stopped, 24, number)
    assert process.returncode == status
    last = err.strip().splitlines()[-1]
    assert "stopped after step" in last
    assert "the same command resumes" in last
    step = int(last.split("step ")[1].split(";")[0])
    newest = find_checkpoints(stopped / "checkpoints")[0]
    assert newest.name == f"step_{step:08d}.weights.h5"
    finish(start(stopped, few_digits_dir, *WRITEUP))
    assert_same_run(writeup_run, stopped)


@pytest.fixture(scope="module")
def writeup_run(
    few_digits_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    run_dir = tmp_path_factory.mktemp("writeup") / "run"
    finish(start(run_dir, few_digits_dir, *WRITEUP))
    return run_dir


def test_run_directory(writeup_run):
    """All files are there, and every image can be opened."""
    config = TrainingConfig.load(writeup_run / "config.json")
    assert config.step.update == "three_phase"
    lines = read_log(writeup_run / "log.jsonl")
    # Every 8 steps and after each epoch of 20.
    assert [line["step"] for line in lines] == [
        8, 16, 20, 24, 32, 40, 48, 56, 60,
    ]  # fmt: skip
    assert lines[-1]["epoch"] == 3
    assert list(writeup_run.glob("events.*"))
    assert [
        path.name for path in find_checkpoints(writeup_run / "checkpoints")
    ] == ["step_00000060.weights.h5", "step_00000056.weights.h5"]
    for name in ("category", "continuous_0", "continuous_1"):
        for step in (20, 40, 60):
            path = writeup_run / f"samples/step_{step:08d}_{name}.png"
            with Image.open(path) as picture:
                picture.verify()
        assert (writeup_run / f"{name}.png").exists()
    for name in ("curves.png", "confusion.png"):
        with Image.open(writeup_run / name) as picture:
            picture.verify()
    tags = {
        value.tag
        for path in writeup_run.glob("events.*")
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
        for value in Event.FromString(record).summary.value
    }
    assert tags >= {"curves", "confusion", "category", "generator_loss"}
    report = json.loads((writeup_run / "report.json").read_text())
    assert report["num_test_images"] == 200
    assert report["seed"] == 0
    assert report["configuration"] == config.to_json()
    assert report["versions"]["keras"] == keras.__version__


def test_report_can_be_computed_again(writeup_run, few_digits_dir):
    """In another way: by Keras alone, with the matching by SciPy."""
    from scipy.optimize import linear_sum_assignment

    from keras_infogan.data.sources import open_images

    report = json.loads((writeup_run / "report.json").read_text())
    model = keras.saving.load_model(writeup_run / "model.keras")
    confusions = []
    for split in ("train", "test"):
        data = open_images(
            "few_digits", split=split, image_size=16, data_dir=few_digits_dir
        )
        logits = model.discriminator.predict(
            data.images / 127.5 - 1.0, verbose=0
        )["category_logits"]
        confusion = np.zeros((10, 10))
        assert data.labels is not None
        for label, cluster in zip(data.labels, logits.argmax(1), strict=True):
            confusion[label, cluster] += 1
        confusions.append(confusion)
    rows, columns = linear_sum_assignment(-confusions[0])
    accuracy = confusions[1][rows, columns].sum() / 200
    assert report["clustering_accuracy"] == pytest.approx(accuracy)


def test_again_is_done_at_once(writeup_run, few_digits_dir):
    before = (writeup_run / "report.json").stat().st_mtime_ns
    out, err = finish(start(writeup_run, few_digits_dir))
    assert "is complete" in err
    assert (writeup_run / "report.json").stat().st_mtime_ns == before
    assert json.loads(out)["num_test_images"] == 200


@pytest.mark.parametrize(
    "damage",
    [
        lambda report: "{",
        lambda report: "[1]",
        lambda report: json.dumps(report | {"configuration": {}}),
        lambda report: json.dumps(
            report | {"versions": {"keras-infogan": "0.0.1"}}
        ),
    ],
    ids=["cut_off", "other_type", "other_run", "older"],
)
def test_report_of_another_kind_is_made_anew(
    damage, writeup_run, few_digits_dir, caplog
):
    """Without training again: the model is there."""
    path = writeup_run / "report.json"
    text = path.read_text()
    path.write_text(damage(json.loads(text)))
    config = TrainingConfig.load(writeup_run / "config.json")
    caplog.set_level("INFO", "keras_infogan")
    train(config, writeup_run, data_dir=few_digits_dir, export=False)
    assert path.read_text() == text
    assert "is not a report of this version" in caplog.text
    assert "Training" not in caplog.text


def test_other_options_are_refused(writeup_run, few_digits_dir):
    files = {path: path.stat().st_mtime_ns for path in writeup_run.rglob("*.*")}
    process = start(writeup_run, few_digits_dir, *WRITEUP, "--seed=1")
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2
    assert len(err.splitlines()) == 1
    assert "holds a run with other options (seed: 0 -> 1)" in err
    assert files == {path: path.stat().st_mtime_ns for path in files}
