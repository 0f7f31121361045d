"""Whole runs in processes of their own: killed, stopped, resumed, compared."""

import json
import shutil
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

from keras_infogan import checksums
from keras_infogan.training import run
from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.run import train
from keras_infogan.training.run_log import read_log
from tests.helpers import command_line

# All that can be lost: neighbors, views and decaying learning rates as in the
# default preset, dropout, and executions of two steps; with XLA, and with what
# compiles fast. 640 images are 20 steps an epoch.
OPTIONS = (
    "--dataset=few_digits",
    "--image-size=8",
    "--batch-size=32",
    "--epochs=2",
    "--architecture=writeup",
    '--warp={"shift": 0.1}',
    "--warped-codes=[]",
    "--slant-gains={}",
    "--thickness-gains={}",
    "--steps-per-execution=2",
    "--log-interval=6",
    "--checkpoint-interval=7",
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


@pytest.fixture(scope="module")
def straight_run(
    few_digits_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run that nothing interrupts: tests leave it as it is."""
    run_dir = tmp_path_factory.mktemp("straight") / "run"
    out, err = finish(start(run_dir, few_digits_dir, *OPTIONS))
    assert json.loads(out)["run_dir"] == str(run_dir)
    assert "This run has 2 of the 7 epochs of mnist" in err
    return run_dir


def test_interrupted_and_resumed_is_the_same_run(
    straight_run, few_digits_dir, tmp_path
):
    """One run that is stopped, and then killed in its second epoch.

    A stop finishes and saves the steps in progress, with their half line of
    log. That by SIGINT differs in a number; see `test_fit.py`.
    """
    run_dir = tmp_path / "run"
    process = start(run_dir, few_digits_dir, *OPTIONS)
    err = interrupt_after(process, run_dir, 6, signal.SIGTERM)
    assert process.returncode == 143
    last = err.strip().splitlines()[-1]
    assert "stopped after step" in last
    assert "the same command resumes" in last
    step = int(last.split("step ")[1].split(";")[0])
    newest = find_checkpoints(run_dir / "checkpoints")[0]
    assert newest.name == f"step_{step:08d}.weights.h5"

    process = start(run_dir, few_digits_dir, *OPTIONS)
    err = interrupt_after(process, run_dir, 24, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert f"Resuming after step {step} of 40" in err
    assert not (run_dir / "model.keras").exists()
    checkpoints = find_checkpoints(run_dir / "checkpoints")
    assert 1 <= len(checkpoints) <= 2
    # What a process leaves that is killed while it writes.
    (run_dir / "samples" / ".partial-1-step_00000040_category.png").touch()
    _, err = finish(start(run_dir, few_digits_dir, *OPTIONS))
    assert "Resuming after step" in err
    assert_same_run(straight_run, run_dir)
    assert not list(run_dir.rglob(".partial*"))


def test_run_directory(straight_run):
    """All files are there, and every image can be opened."""
    config = TrainingConfig.load(straight_run / "config.json")
    assert config.networks.architecture == "writeup"
    lines = read_log(straight_run / "log.jsonl")
    # Every 6 steps and after each epoch of 20.
    assert [line["step"] for line in lines] == [6, 12, 18, 20, 24, 30, 36, 40]
    assert lines[-1]["epoch"] == 2
    assert list(straight_run.glob("events.*"))
    assert [
        path.name for path in find_checkpoints(straight_run / "checkpoints")
    ] == ["step_00000040.weights.h5", "step_00000036.weights.h5"]
    for name in ("category", "pose", "style"):
        for step in (20, 40):
            path = straight_run / f"samples/step_{step:08d}_{name}.png"
            with Image.open(path) as picture:
                picture.verify()
        assert (straight_run / f"{name}.png").exists()
    for name in ("curves.png", "confusion.png"):
        with Image.open(straight_run / name) as picture:
            picture.verify()
    tags = {
        value.tag
        for path in straight_run.glob("events.*")
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
        for value in Event.FromString(record).summary.value
    }
    assert tags >= {"curves", "confusion", "category", "generator_loss"}
    report = json.loads((straight_run / "report.json").read_text())
    assert report["num_test_images"] == 200
    assert report["seed"] == 0
    assert report["configuration"] == config.to_json()
    assert report["versions"]["keras"] == keras.__version__


def test_report_can_be_computed_again(straight_run, few_digits_dir):
    """In another way: by Keras alone, with the matching by SciPy."""
    from scipy.optimize import linear_sum_assignment

    from keras_infogan.data.sources import open_images

    report = json.loads((straight_run / "report.json").read_text())
    model = keras.saving.load_model(straight_run / "model.keras")
    confusions = []
    for split in ("train", "test"):
        data = open_images(
            "few_digits", split=split, image_size=8, data_dir=few_digits_dir
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


def test_again_is_done_at_once(straight_run, few_digits_dir, capfd):
    before = (straight_run / "report.json").stat().st_mtime_ns
    result, err = command_line.run(
        capfd,
        "train",
        f"--run-dir={straight_run}",
        f"--data-dir={few_digits_dir}",
        "--no-export",
    )
    assert "is complete" in err
    assert (straight_run / "report.json").stat().st_mtime_ns == before
    assert result["num_test_images"] == 200


def test_report_of_another_kind_is_made_anew(
    straight_run, few_digits_dir, tmp_path, caplog, monkeypatch
):
    """Without training again: the model is there.

    The three others end where the last one, which is older, goes on.
    """
    run_dir = shutil.copytree(straight_run, tmp_path / "run")
    path = run_dir / "report.json"
    text = path.read_text()
    report = json.loads(text)
    config = TrainingConfig.load(run_dir / "config.json")
    caplog.set_level("INFO", "keras_infogan")
    monkeypatch.setattr(run, "fit", pytest.fail)
    evaluated = []
    with monkeypatch.context() as patch:
        patch.setattr(run, "finish", lambda *args, **_: evaluated.append(args))
        for content, message in (
            ("{", "is not a report of this version"),
            ("[1]", "is not a report of this version"),
            (
                json.dumps(report | {"configuration": {}}),
                "is not a report of this run",
            ),
        ):
            edit(path, content)
            caplog.clear()
            train(config, run_dir, data_dir=few_digits_dir, export=False)
            assert message in caplog.text
    assert len(evaluated) == 3
    edit(path, json.dumps(report | {"versions": {"keras-infogan": "0.0.1"}}))
    train(config, run_dir, data_dir=few_digits_dir, export=False)
    assert "of version 0.1 or 0.2. Received: '0.0.1'" in caplog.text
    assert path.read_text() == text
    # Damage is found by the checksum, whatever the file has become.
    path.write_text(text.replace("200", "300"))
    monkeypatch.setattr(
        run, "finish", lambda *args, **_: evaluated.append(args)
    )
    train(config, run_dir, data_dir=few_digits_dir, export=False)
    assert f"{path} is damaged" in caplog.text
    assert len(evaluated) == 4


def edit(path: Path, text: str) -> None:
    """As people do, who have to remove the checksum."""
    path.write_text(text)
    checksums.checksum_path(path).unlink(missing_ok=True)


def test_other_options_are_refused(straight_run, few_digits_dir, capfd):
    files = {
        path: path.stat().st_mtime_ns for path in straight_run.rglob("*.*")
    }
    error = command_line.fail(
        capfd,
        "train",
        f"--run-dir={straight_run}",
        f"--data-dir={few_digits_dir}",
        *OPTIONS,
        "--seed=1",
    )
    assert "holds a run with other options (seed: 0 -> 1)" in error
    assert files == {path: path.stat().st_mtime_ns for path in files}
