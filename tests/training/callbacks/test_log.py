"""`log.jsonl`: means between lines, also after a resume."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.training.callbacks.log import RunLog
from keras_infogan.training.callbacks.log import read_log
from keras_infogan.training.callbacks.steps import RunPosition
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


def test_log_holds_means_since_the_line_before(tmp_path):
    """Each line is the mean of its own steps: compared with single steps."""
    single, model = tiny_model(), tiny_model()
    writer = tf.summary.create_file_writer(str(tmp_path))
    position = RunPosition(0, 6, 6)
    for path, interval, trained in (
        (tmp_path / "single.jsonl", 1, single),
        (tmp_path / "log.jsonl", 3, model),
    ):
        log = RunLog(path, writer, position, interval=interval, batch_size=4)
        fit(trained, [log], 6)
        log.close()
    steps = read_log(tmp_path / "single.jsonl")
    lines = read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in lines] == [3, 6]
    assert [line["epoch"] for line in lines] == [0.5, 1.0]
    for line, own in zip(lines, (steps[:3], steps[3:]), strict=True):
        for name in ("generator_loss", "mutual_information_category"):
            mean = np.mean([step[name] for step in own])
            # TensorFlow's kernels add up in any order, then Adam multiplies.
            assert line[name] == pytest.approx(mean, rel=1e-3, abs=1e-3)


def test_log_drops_lines_after_the_checkpoint(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(
        "".join(json.dumps({"step": step}) + "\n" for step in (2, 4, 6))
        + '{"step": 8, "gener'  # cut off when the process was killed
    )
    writer = tf.summary.create_file_writer(str(tmp_path))
    RunLog(path, writer, RunPosition(4, 9, 9), interval=2, batch_size=4).close()
    assert read_log(path) == [{"step": 2}, {"step": 4}]


def test_time_left_is_without_compilation(tmp_path, monkeypatch):
    """Five minutes of it, and then 3 steps of 1 s each: 1 s a step is left."""
    now = [0.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    writer = tf.summary.create_file_writer(str(tmp_path))
    position = RunPosition(0, 9, 9)
    log = RunLog(
        tmp_path / "log.jsonl", writer, position, interval=0, batch_size=4
    )
    for batch, seconds in enumerate((300.0, 1.0, 1.0, 1.0)):
        now[0] += seconds
        log.on_train_batch_end(batch)
    bar = log._bar.format_dict
    log.close()
    assert bar["n"] == 4
    assert bar["elapsed"] == 3.0


@pytest.mark.parametrize("line", ["{", "[1]", "{}", '{"step": "a"}', "\x00"])
def test_broken_log(line, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
    with pytest.raises(ValueError, match=r"Line 2 of .*log.jsonl should be"):
        read_log(path)
