"""Runs within this process: options, damage, a full disk, refusals."""

import dataclasses
import errno
import functools
import os
from typing import Any

import keras
import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.neighbors import nearest_neighbors
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import load_model
from keras_infogan.training import run as training
from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.config import preset

# 640 images are 20 steps an epoch.
STEPS_PER_EPOCH = 20


def few_digits(**changes: Any) -> TrainingConfig:
    return dataclasses.replace(
        preset("mnist"),
        dataset="few_digits",
        batch_size=32,
        epochs=1,
        jit_compile=False,
        **{"steps_per_execution": 1, **changes},
    )


def test_foreign_directory_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="files, but no config.json"):
        training.train(few_digits(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_processes_are_refused(few_digits_dir, tmp_path, monkeypatch):
    begin = functools.partial(
        training.train, few_digits(), tmp_path, data_dir=few_digits_dir
    )
    monkeypatch.setattr(training, "_fit", lambda *args: begin())
    with pytest.raises(ValueError, match="Another process is at work"):
        begin()


def test_damaged_checkpoint_falls_back(few_digits_dir, tmp_path):
    """A newest file that is cut off costs its steps, not the run."""
    config = few_digits(checkpoint_interval=7)
    training.train(config, tmp_path, data_dir=few_digits_dir)
    newest, older = find_checkpoints(tmp_path / "checkpoints")
    os.truncate(newest, newest.stat().st_size // 2)
    model = training.build_model(config, num_steps=STEPS_PER_EPOCH)
    from keras_infogan.training.callbacks import restore

    assert restore(model, tmp_path / "checkpoints") == 14
    older.write_text("damaged, too")
    with pytest.raises(OSError, match="No checkpoint can be read"):
        restore(model, tmp_path / "checkpoints")


@pytest.mark.parametrize(
    "changes",
    [
        {"num_labels": 20},
        {"steps_per_execution": 3},
        {"dtype_policy": "mixed_bfloat16"},
        {"codes": {"category": {"type": "categorical", "num_categories": 4},
                   "style": {"type": "bernoulli", "dim": 2}},
         "information_weights": {}, "warped_codes": ["category", "style"],
         "slant_gains": {}, "thickness_gains": {}},
        {"codes": {"continuous": {"type": "normal", "dim": 1}},
         "information_weights": {}, "warp": None, "warped_codes": [],
         "slant_gains": {}, "thickness_gains": {}, "invariance_weight": 0.0,
         "neighbor_share": 0.0},
        {"image_size": 32, "channels": 3, "sample_interval": 9},
    ],
    ids=["labels", "several_steps", "mixed", "four", "no_category", "rgb"],
)  # fmt: skip
def test_options_train_to_the_end(changes, few_digits_dir, tmp_path):
    try:
        report = training.train(
            few_digits(**changes), tmp_path, data_dir=few_digits_dir
        )
    finally:
        keras.config.set_dtype_policy("float32")
    assert report["mutual_information"]["total"] == pytest.approx(
        sum(
            nats
            for name, nats in report["mutual_information"].items()
            if name != "total"
        )
    )
    assert isinstance(load_model(tmp_path), InfoGAN)
    steps = {path.name[:13] for path in (tmp_path / "samples").iterdir()}
    expected = {"step_00000020"}
    if "sample_interval" in changes:
        expected |= {"step_00000009", "step_00000018"}
    assert steps == expected


def test_neighbors_are_positive_pairs(few_digits_dir, tmp_path, monkeypatch):
    """The preset's share of neighbors reaches the stream."""
    calls = []

    def remember(images, order):
        calls.append(len(images))
        return nearest_neighbors(images, order)

    monkeypatch.setattr(
        "keras_infogan.data.dataset.nearest_neighbors", remember
    )
    config = few_digits()
    assert config.neighbor_share == 0.25
    training.train(config, tmp_path, data_dir=few_digits_dir)
    assert len(calls) == 1


def test_full_disk_is_one_line(few_digits_dir, tmp_path, monkeypatch):
    """A checkpoint that has no room is not begun; the run can go on later."""
    sizes = []

    def refuse(descriptor, offset, size):
        sizes.append(size)
        if len(sizes) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    config = few_digits(checkpoint_interval=7)
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match="should have .* MB to spare. .*No space"):
        training.train(config, tmp_path, data_dir=few_digits_dir)
    (checkpoint,) = (tmp_path / "checkpoints").iterdir()
    assert checkpoint.name == "step_00000007.weights.h5"
    # What was asked for is enough, and at most a megabyte too much.
    assert 0 <= sizes[0] - checkpoint.stat().st_size <= 1_000_000
    monkeypatch.undo()
    training.train(config, tmp_path, data_dir=few_digits_dir)
    assert (tmp_path / "report.json").exists()


def test_labels_need_classes(tmp_path, monkeypatch):
    data = ImageData(np.zeros((64, 28, 28, 1), np.uint8), None, "plain")
    monkeypatch.setattr(
        training, "load_data", lambda *args, **kwargs: (data, data)
    )
    run_dir = tmp_path / "run"
    with pytest.raises(ValueError, match="has no class labels"):
        training.train(few_digits(num_labels=20), run_dir)
    assert not run_dir.exists()


def test_labels_need_a_category_each(few_digits_dir, tmp_path):
    """A label that no logit stands for would make every loss NaN."""
    codes = {"category": {"type": "categorical", "num_categories": 9}}
    config = few_digits(
        num_labels=20,
        codes=codes,
        information_weights={},
        warped_codes=["category"],
        slant_gains={},
        thickness_gains={},
    )
    run_dir = tmp_path / "run"
    with pytest.raises(
        ValueError, match="each of the 10 classes .*num_categories=9"
    ):
        training.train(config, run_dir, data_dir=few_digits_dir)
    assert not run_dir.exists()


def test_labels_need_a_categorical_code():
    config = few_digits(
        num_labels=20,
        codes={"style": {"type": "normal"}},
        information_weights={},
        warp=None,
        warped_codes=[],
        slant_gains={},
        thickness_gains={},
        invariance_weight=0.0,
        neighbor_share=0.0,
    )
    with pytest.raises(ValueError, match="Labels need a categorical code"):
        training.build_model(config)


def test_files_of_a_killed_process_are_no_files(tmp_path):
    """A first process that was killed early must not lock its directory."""
    (tmp_path / ".lock").touch()
    (tmp_path / ".partial-7-config.json").touch()
    training.check_directory(tmp_path, few_digits())
