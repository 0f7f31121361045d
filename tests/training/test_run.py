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
from tests.helpers.runs import SMALLEST
from tests.helpers.runs import STEPS_PER_EPOCH
from tests.helpers.runs import few_digits


@pytest.mark.parametrize(
    "changes",
    [
        {
            "num_labels": 20,
            "channels": 3,
            "dtype_policy": "mixed_bfloat16",
            "steps_per_execution": 3,
            "sample_interval": 9,
        },
        {
            **NO_CODES,
            "codes": {
                "category": {"type": "categorical", "num_categories": 4},
                "style": {"type": "bernoulli", "dim": 2},
            },
            "warped_codes": ["category", "style"],
        },
        # 640 images fill 20 batches of 32: they are passed over again.
        {
            **PLAIN,
            "codes": {"continuous": {"type": "normal", "dim": 1}},
            "min_epoch_steps": 25,
        },
    ],
    ids=["labels_rgb_mixed_several_steps", "four", "no_category_more_steps"],
)
def test_options_train_to_the_end(
    changes, few_digits_dir, tmp_path, monkeypatch
):
    """Options that meet in no line of code share a run."""
    searches = []

    def search(images, order):
        searches.append(len(images))
        return nearest_neighbors(images, order)

    monkeypatch.setattr("keras_infogan.data.dataset.nearest_neighbors", search)
    config = few_digits(**{"image_size": 12, "log_interval": 100, **changes})
    try:
        report = train(config, tmp_path, data_dir=few_digits_dir, export=False)
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
    num_steps = config.data.min_epoch_steps or STEPS_PER_EPOCH
    assert report["steps"] == num_steps
    (line,) = read_log(tmp_path / "log.jsonl")
    assert (line["step"], line["epoch"]) == (num_steps, 1.0)
    steps = {path.name[:13] for path in (tmp_path / "samples").iterdir()}
    expected = {f"step_{num_steps:08d}"}
    if config.callbacks.sample_interval:
        expected |= {"step_00000009", "step_00000018"}
    assert steps == expected
    # The preset's share of neighbors reaches the stream, which finds them once.
    assert len(searches) == bool(config.data.neighbor_share)


def test_a_continued_run_is_the_longer_run(
    few_digits_dir, tmp_path, monkeypatch
):
    """With constant learning rates, 1 + 1 epochs are 2 epochs.

    Bit for bit, as all runs with XLA. Without, the rounding of a sum varies,
    and Adam may make a whole step of it.
    """
    runs = {"parts": (1, 2), "whole": (2,)}
    for name, steps in runs.items():
        for epochs in steps:
            config = few_digits(
                **SMALLEST, decay_share=0.0, jit_compile=True
            ).replace(epochs=epochs)
            explorer = tmp_path / name / "export" / "explorer.html"
            train(
                config, tmp_path / name, data_dir=few_digits_dir, export=False
            )
            # That of the shorter run would be another model's.
            assert not explorer.exists()
            explorer.parent.mkdir(exist_ok=True)
            explorer.touch()
            # What is continued has its report; no other one is looked at.
            monkeypatch.setattr(run, "finish", lambda *args, **options: {})
    parts, whole = (load_model(tmp_path / name) for name in runs)
    assert parts.num_steps == whole.num_steps == 2 * STEPS_PER_EPOCH
    for one, other in zip(
        parts.get_weights(), whole.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_full_disk_is_one_line(few_digits_dir, tmp_path, monkeypatch):
    """A checkpoint that has no room is not begun; the run can go on later.

    Then, one that is cut off costs its steps, not the run.
    """
    sizes = []

    def refuse(descriptor, offset, size):
        sizes.append(size)
        if len(sizes) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    config = few_digits(**SMALLEST, checkpoint_interval=7)
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
    newest, older = find_checkpoints(tmp_path / "checkpoints")
    os.truncate(newest, newest.stat().st_size // 2)
    model = build_model(config, num_steps=STEPS_PER_EPOCH)
    assert restore(model, tmp_path / "checkpoints") == 14
    older.write_text("damaged, too")
    with pytest.raises(OSError, match="No checkpoint can be read"):
        restore(model, tmp_path / "checkpoints")


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
