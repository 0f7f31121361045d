"""Whole runs within this process: options, damage, a full disk."""

import errno
import functools
import os

import keras
import numpy as np
import pytest

from keras_infogan.data.neighbors import nearest_neighbors
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import load_model
from keras_infogan.training import run
from keras_infogan.training.build import build_model
from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.callbacks import restore
from keras_infogan.training.run import train
from keras_infogan.training.run_log import read_log
from tests.helpers.runs import NO_CODES
from tests.helpers.runs import PLAIN
from tests.helpers.runs import STEPS_PER_EPOCH
from tests.helpers.runs import few_digits


def test_damaged_checkpoint_falls_back(few_digits_dir, tmp_path):
    """A newest file that is cut off costs its steps, not the run."""
    config = few_digits(checkpoint_interval=7, image_size=16)
    train(config, tmp_path, data_dir=few_digits_dir, export=False)
    newest, older = find_checkpoints(tmp_path / "checkpoints")
    os.truncate(newest, newest.stat().st_size // 2)
    model = build_model(config, num_steps=STEPS_PER_EPOCH)
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
        {
            **NO_CODES,
            "codes": {
                "category": {"type": "categorical", "num_categories": 4},
                "style": {"type": "bernoulli", "dim": 2},
            },
            "warped_codes": ["category", "style"],
        },
        {**PLAIN, "codes": {"continuous": {"type": "normal", "dim": 1}}},
        {"image_size": 32, "channels": 3, "sample_interval": 9},
    ],
    ids=["labels", "several_steps", "mixed", "four", "no_category", "rgb"],
)
def test_options_train_to_the_end(changes, few_digits_dir, tmp_path):
    try:
        report = train(
            few_digits(**changes),
            tmp_path,
            data_dir=few_digits_dir,
            export=False,
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


def test_few_images_are_passed_over_again(few_digits_dir, tmp_path):
    """640 images fill 20 batches of 32, but this epoch has 25 steps."""
    config = few_digits(min_epoch_steps=25, log_interval=100, image_size=16)
    report = train(config, tmp_path, data_dir=few_digits_dir, export=False)
    assert report["steps"] == 25
    (line,) = read_log(tmp_path / "log.jsonl")
    assert (line["step"], line["epoch"]) == (25, 1.0)


def test_a_continued_run_is_the_longer_run(few_digits_dir, tmp_path):
    """With constant learning rates, 1 + 1 epochs are 2 epochs.

    Bit for bit, as all runs with XLA. Without, the rounding of a sum varies,
    and Adam may make a whole step of it.
    """
    runs = {"parts": (1, 2), "whole": (2,)}
    for name, steps in runs.items():
        for epochs in steps:
            constant = few_digits(
                decay_share=0.0,
                neighbor_share=0.0,
                image_size=16,
                jit_compile=True,
            )
            config = constant.replace(epochs=epochs)
            explorer = tmp_path / name / "export" / "explorer.html"
            report = train(
                config, tmp_path / name, data_dir=few_digits_dir, export=False
            )
            assert report["steps"] == 20 * epochs
            # That of the shorter run would be another model's.
            assert not explorer.exists()
            explorer.parent.mkdir(exist_ok=True)
            explorer.touch()
    parts, whole = (load_model(tmp_path / name) for name in runs)
    for one, other in zip(
        parts.get_weights(), whole.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


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
    assert config.data.neighbor_share == 0.25
    train(config, tmp_path, data_dir=few_digits_dir, export=False)
    assert len(calls) == 1


def test_full_disk_is_one_line(few_digits_dir, tmp_path, monkeypatch):
    """A checkpoint that has no room is not begun; the run can go on later."""
    sizes = []

    def refuse(descriptor, offset, size):
        sizes.append(size)
        if len(sizes) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    config = few_digits(checkpoint_interval=7, image_size=16)
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match="should have .* MB to spare. .*No space"):
        train(config, tmp_path, data_dir=few_digits_dir, export=False)
    (checkpoint,) = find_checkpoints(tmp_path / "checkpoints")
    assert checkpoint.name == "step_00000007.weights.h5"
    # What was asked for is enough, and at most a megabyte too much.
    assert 0 <= sizes[0] - checkpoint.stat().st_size <= 1_000_000
    monkeypatch.undo()
    train(config, tmp_path, data_dir=few_digits_dir, export=False)
    assert (tmp_path / "report.json").exists()


def test_a_run_locks_its_directory(few_digits_dir, tmp_path, monkeypatch):
    begin = functools.partial(
        train, few_digits(), tmp_path, data_dir=few_digits_dir
    )
    monkeypatch.setattr(run, "fit", lambda *args, **options: begin())
    with pytest.raises(ValueError, match="Another process is working in"):
        begin()


def test_errors_of_the_data_leave_no_directory(few_digits_dir, tmp_path):
    """Here too many labels: 10 classes have 640 images."""
    with pytest.raises(ValueError, match="num_labels=10000"):
        train(
            few_digits(num_labels=10_000),
            tmp_path / "run",
            data_dir=few_digits_dir,
            export=False,
        )
    assert not (tmp_path / "run").exists()
