"""What is read back is what was written: of a run that was damaged."""

import json
import os
import random
import shutil

import h5py
import numpy as np
import pytest

from keras_infogan import checksums
from keras_infogan.training import callbacks
from keras_infogan.training.callbacks import Checkpoints
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import SampleImages
from keras_infogan.training.callbacks import TrainingFailed
from keras_infogan.training.callbacks import _load_checkpoint
from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.callbacks import restore
from keras_infogan.training.run_log import RunLog
from keras_infogan.training.run_log import read_log
from tests.helpers.models import adam
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


def compiled():
    model = tiny_model()
    model.compile(adam(), adam(), jit_compile=False)
    return model


@pytest.fixture(scope="module")
def two_checkpoints(tmp_path_factory):
    """Of the steps 1 and 2."""
    run_dir = tmp_path_factory.mktemp("run")
    fit(compiled(), [Checkpoints(Run(run_dir, 0, 2, 2), 1)], 2)
    return run_dir / "checkpoints"


@pytest.fixture
def folder(two_checkpoints, tmp_path):
    return shutil.copytree(two_checkpoints, tmp_path / "checkpoints")


def test_checkpoints_have_records(folder):
    for path in find_checkpoints(folder):
        assert checksums.checksum_path(path).exists()
    assert len([*folder.iterdir()]) == 4


def test_any_flipped_bit_leads_to_the_older_checkpoint(folder, caplog):
    """HDF5 reads most of them without an error."""
    model, rng = compiled(), random.Random(0)
    newest = find_checkpoints(folder)[0]
    good = newest.read_bytes()
    for _ in range(8):
        content = bytearray(good)
        content[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        newest.write_bytes(content)
        assert restore(model, folder) == 1
    assert f"{newest} cannot be used: {newest} is damaged" in caplog.text
    newest.write_bytes(good)
    assert restore(model, folder) == 2


def test_checkpoints_of_version_0_1_have_no_record(folder):
    for path in find_checkpoints(folder):
        checksums.checksum_path(path).unlink()
    assert restore(compiled(), folder) == 2


def test_without_any_good_checkpoint_nothing_is_trained(folder):
    for path in find_checkpoints(folder):
        path.write_bytes(b"")
    with pytest.raises(OSError, match="No checkpoint can be read: .*damaged"):
        restore(compiled(), folder)


def test_a_renamed_checkpoint_is_not_another_step(folder):
    newest, older = find_checkpoints(folder)
    checksums.remove(newest)
    older.rename(older.with_name("step_00000007.weights.h5"))
    with pytest.raises(OSError, match="should be of step 7. Received: 1"):
        restore(compiled(), folder)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["weights", "optimizer", "loss"])
def test_a_state_that_is_not_finite_replaces_nothing(where, value, folder):
    """Adam's moments are NaN one step before the losses are.

    A mean of losses that is NaN would end each run that starts with it.
    """
    model = compiled()
    assert restore(model, folder) == 2
    variables = {
        "weights": model.generator.trainable_variables,
        "optimizer": model.generator_optimizer.variables[2:],
        "loss": model.metrics[0].variables,
    }[where]
    broken = np.array(variables[0].value)
    broken.flat[0] = value
    variables[0].assign(broken)
    saver = Checkpoints(Run(folder.parent, 2, 9, 9), 1)
    saver.set_model(model)
    saver.run_step = 3
    before = sorted(folder.iterdir())
    with pytest.raises(TrainingFailed, match=r"Stopped after step 3: NaN or"):
        saver.save()
    assert sorted(folder.iterdir()) == before
    # One of an earlier version.
    model.save_weights(folder / "step_00000003.weights.h5")
    model.step.assign(3)
    assert restore(model, folder) == 2


class Remove:
    """Removes the directory of a run in the middle of its training."""

    def __new__(cls, run):
        from keras_infogan.training.callbacks import StepCallback

        class Callback(StepCallback):
            def on_train_batch_end(self, batch, logs=None):
                if batch == 1:
                    shutil.rmtree(self.run.directory)

        return Callback(run, 1)


def test_a_directory_that_is_removed_ends_the_training(tmp_path):
    """It is not made anew, for a run that would lack its beginning."""
    run = Run(tmp_path / "run", 0, 4, 4)
    saver = Checkpoints(run, 1)
    with pytest.raises(OSError, match="run was removed or replaced by another"):
        fit(tiny_model(), [Remove(run), saver], 4)
    assert not run.directory.exists()


def test_the_log_has_a_record_when_it_is_closed(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 2}\n')
    log = RunLog(Run(tmp_path, 4, 9, 9), 2, batch_size=4)
    # Lines are added.
    assert not checksums.checksum_path(path).exists()
    log.close()
    assert checksums.checksum_path(path).exists()
    path.write_text('{"step": 3}\n')
    with pytest.raises(checksums.Damaged, match="log.jsonl is damaged"):
        read_log(path)


@pytest.mark.parametrize(
    "line",
    [
        "null",
        "[1]",
        '{"step": true}',
        '{"step": 1.5}',
        '{"step": 1}',
        '{"step": 3, "loss": "x"}',
        '{"step": 3, "loss": null}',
        '{"step": 3, "warnings": "x"}',
        '{"step": 3, "warnings": [1]}',
        '{"step": 99999999999999999999999}',
        "[" * 100_000,
    ],
)
def test_lines_that_are_no_log(line, tmp_path):
    path = tmp_path / "log.jsonl"
    good = {"step": 2, "loss": float("nan"), "warnings": ["x"]}
    path.write_text(f"{json.dumps(good)}\n{line}\n")
    with pytest.raises(ValueError, match="Line 2 of .*log.jsonl should be"):
        read_log(path)


def test_weights_that_unpack_to_gigabytes_are_not_read(folder):
    """HDF5 stores nothing of an array that is all the same."""
    newest = find_checkpoints(folder)[0]
    with h5py.File(newest, "w") as file:
        file.create_dataset("x", (2**30,), "f4", chunks=True, fillvalue=1.0)
    checksums.record(newest)
    with pytest.raises(ValueError, match="at most 1. MB. Received: 4295 MB"):
        _load_checkpoint(compiled(), newest)


def test_a_log_that_is_no_file(tmp_path):
    path = tmp_path / "log.jsonl"
    path.symlink_to("nothing")
    with pytest.raises(FileNotFoundError):
        read_log(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="Received: a pipe"):
        read_log(path)
    path.unlink()
    path.touch()
    os.truncate(path, 2**40)
    with pytest.raises(
        ValueError, match="at most 100 MB. Received: 1099512 MB"
    ):
        read_log(path)


def test_a_directory_that_is_removed_while_images_are_drawn(
    tmp_path, monkeypatch
):
    """It is not made again, by their folder or by the events of TensorBoard."""
    run_dir, model = tmp_path / "run", compiled()
    images = SampleImages(Run(run_dir, 0, 9, 9), 1)
    images.set_model(model)

    def draw(model, *, seed):
        shutil.rmtree(run_dir)
        return {"x": np.zeros((8, 8), np.uint8)}

    monkeypatch.setattr(callbacks, "draw_grids", draw)
    with pytest.raises(OSError, match="run was removed or replaced"):
        images.on_interval({})
    del images
    assert not run_dir.exists()
