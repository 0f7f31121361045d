"""The log of a run: `log.jsonl`, TensorBoard and the progress bar."""

import json
import logging
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import tensorflow as tf
from tqdm import tqdm

from keras_infogan import checksums
from keras_infogan.files import atomic_path
from keras_infogan.files import check_regular
from keras_infogan.json_text import MAX_BYTES
from keras_infogan.json_text import parse_json
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import StepCallback

# Seconds between lines of progress where no terminal can redraw one.
_PLAIN_PROGRESS_SECONDS = 15.0
# Metrics are float32, of which infinity is the only larger number.
_MAX_VALUE = 3.5e38

_logger = logging.getLogger(__name__)


class RunLog(StepCallback):
    """Writes `log.jsonl` and TensorBoard, and shows a progress bar on stderr.

    Each line holds the means of the metrics since the previous line. Lines
    beyond the first step come from a process that was killed after its last
    checkpoint; they are removed.
    """

    def __init__(self, run: Run, interval: int, *, batch_size: int) -> None:
        super().__init__(run, interval)
        self.batch_size = batch_size
        self._line_step = run.first_step
        self._path = run.directory / "log.jsonl"
        lines = read_log(self._path)
        with atomic_path(self._path) as partial:
            # It has one again when it is closed.
            checksums.checksum_path(self._path).unlink(missing_ok=True)
            partial.write_text(
                "".join(
                    json.dumps(line) + "\n"
                    for line in lines
                    if line["step"] <= run.first_step
                )
            )
        self._file = self._path.open("a")
        interactive = sys.stderr.isatty()
        self._bar = tqdm(
            total=run.num_steps,
            initial=run.first_step,
            unit="step",
            file=sys.stderr,
            mininterval=0.5 if interactive else _PLAIN_PROGRESS_SECONDS,
            dynamic_ncols=interactive,
        )

    def on_train_begin(self, logs=None):
        # `fit` resets the metrics; a line that a stop cut in half still needs
        # those of its first half.
        self._restored = [
            (variable, variable.numpy())
            for tracker in self.model.metrics
            for variable in tracker.variables
        ]

    def on_epoch_begin(self, epoch, logs=None):
        for variable, value in self._restored:
            variable.assign(value)
        self._time = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        previous = self.run_step
        super().on_train_batch_end(batch, logs)
        if previous == self.run.first_step:
            seconds = time.time() - psutil.Process().create_time()
            _logger.info("First step after %.0f s.", seconds)
            # Keeps compilation out of the estimate of the remaining time.
            self._bar.unpause()
        self._bar.update(self.run_step - previous)

    def on_interval(self, logs):
        now = time.perf_counter()
        images = (self.run_step - self._line_step) * self.batch_size
        line = {
            "step": self.run_step,
            "epoch": round(self.run_step / self.run.steps_per_epoch, 4),
            **logs,
            "images_per_second": round(images / (now - self._time), 1),
        }
        self._time, self._line_step = now, self.run_step
        # First, right after the check of the directory, which it would make.
        with self.run.writer.as_default(step=self.run_step):
            for name, value in line.items():
                if isinstance(value, float) and name != "epoch":
                    tf.summary.scalar(name, value)
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        self.model.reset_metrics()
        shown = ("discriminator_loss", "generator_loss", "mutual_information")
        self._bar.set_postfix(
            {x.replace("mutual_", ""): f"{logs[x]:.2f}" for x in shown},
            refresh=False,
        )

    def close(self) -> None:
        """Flushes the log to disk and ends the progress bar."""
        self._bar.close()
        os.fsync(self._file.fileno())
        self._file.close()
        # Not if the directory is gone, which TensorBoard's writer would make.
        if self._path.exists():
            self.run.writer.flush()
            identity = checksums.find_identity(self.run.directory)
            checksums.record(self._path, identity)


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a `log.jsonl`, without a last line that is cut off.

    Raises:
        ValueError: If any other line is not a JSON object of numbers with a
            `step`, and perhaps `warnings`; if the steps do not increase; or if
            it is damaged, or the log of another run.
    """
    if not os.path.lexists(path):
        return []
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(
            f"{path} should have at most {MAX_BYTES / 1e6:.0f} MB. Received: "
            f"{path.stat().st_size / 1e6:.0f} MB. Remove what is no log."
        )
    check_regular(path)
    remedy = "Remove it; the curves are lost with it."
    checksums.check(path, remedy)
    checksums.check_run(path, checksums.find_identity(path.parent), remedy)
    whole = path.read_text(errors="replace").rpartition("\n")[0]
    lines: list[dict[str, Any]] = []
    for number, text in enumerate(whole.splitlines(), start=1):
        try:
            line = parse_json(text, allow_nan=True)
        except ValueError:
            line = None
        previous = lines[-1]["step"] if lines else 0
        if not _is_line(line) or line["step"] <= previous:
            raise ValueError(
                f"Line {number} of {path} should be a JSON object of numbers "
                "with a step, a later one than that of the line before. "
                f"Received: {text[:80]!r}. Remove the line."
            )
        lines.append(line)
    return lines


def check_log(path: Path) -> None:
    """Raises a `ValueError` if curves cannot be drawn of a `log.jsonl`.

    Call it before the training, as they are drawn after it.
    """
    for line in read_log(path):
        missing = {"discriminator_loss", "generator_loss"} - line.keys()
        if missing:
            raise ValueError(
                f"{path} should have {' and '.join(sorted(missing))} in each "
                f"line. Received: none at step {line['step']}. Remove the "
                "file; the curves until now are lost with it."
            )


def _is_line(line: Any) -> bool:
    """Whether this is a line of the log."""
    if not isinstance(line, dict) or type(line.get("step")) is not int:
        return False
    warnings = line.get("warnings", [])
    return (
        isinstance(warnings, list)
        and all(isinstance(warning, str) for warning in warnings)
        and all(
            type(value) in (int, float)
            and not _MAX_VALUE < abs(value) < math.inf
            for name, value in line.items()
            if name != "warnings"
        )
    )
