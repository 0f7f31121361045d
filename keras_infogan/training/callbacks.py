"""Callbacks of a run: log, sample images, checkpoints."""

import functools
import json
import logging
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import psutil
import tensorflow as tf
from tqdm import tqdm

from keras_infogan import checksums
from keras_infogan.files import KeptFolder
from keras_infogan.files import atomic_path
from keras_infogan.files import check_space
from keras_infogan.files import one_line
from keras_infogan.json_text import parse_json
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports.grids import draw_grids
from keras_infogan.reports.images import save_image

NUM_KEPT_CHECKPOINTS = 2
# HDF5 adds some kilobytes to each of about a hundred arrays.
_HDF5_BYTES = 1_000_000
# Seconds between lines of progress where no terminal can redraw one.
_PLAIN_PROGRESS_SECONDS = 15.0

_logger = logging.getLogger(__name__)


class TrainingFailed(ValueError):
    """The diagnostics, or weights that are not finite, ended a run."""


@dataclass(frozen=True)
class Run:
    """A run, and the steps that this process is about to make.

    Args:
        directory: The directory of the run.
        first_step: Steps that the run has already made.
        num_steps: Steps of the whole run.
        steps_per_epoch: Steps of an epoch.
    """

    directory: Path
    first_step: int
    num_steps: int
    steps_per_epoch: int

    @functools.cached_property
    def folder(self) -> KeptFolder:
        """The directory, as it is at the start; created if missing."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return KeptFolder(self.directory)

    @functools.cached_property
    def writer(self) -> tf.summary.SummaryWriter:
        """Writes the events of TensorBoard."""
        return tf.summary.create_file_writer(str(self.directory))


class StepCallback(keras.callbacks.Callback):
    """A callback that counts steps from the start of the run.

    A process makes all its steps in one epoch of `fit`, so the epochs of Keras
    are not those of the run.

    Args:
        run: The run.
        interval: Steps between calls of `on_interval`; 0 for none. It is also
            called after the last step of each epoch of the run.
    """

    def __init__(self, run: Run, interval: int) -> None:
        super().__init__()
        self.run = run
        self.interval = interval
        self.run_step = run.first_step
        # What it is later is compared with now.
        run.folder.check()

    def on_train_batch_end(self, batch, logs=None):
        previous = self.run_step
        # Keras also counts the steps of an execution that ran out of data.
        self.run_step = min(self.run.first_step + batch + 1, self.run.num_steps)
        if any(
            interval and self.run_step // interval != previous // interval
            for interval in (self.interval, self.run.steps_per_epoch)
        ):
            self.run.folder.check()
            self.on_interval(logs)

    def on_interval(self, logs: dict[str, float]) -> None:
        """Called at each interval and at the end of each epoch."""


class SampleImages(StepCallback):
    """Draws the image grids of the model in a folder and in TensorBoard.

    The latents are the same each time, so the files show how images develop.
    """

    def on_interval(self, logs):
        # A diverged generator has nothing to draw, and the run ends.
        if self.model.stop_training:
            return
        folder = self.run.directory / "samples"
        with self.run.writer.as_default(step=self.run_step):
            for name, grid in draw_grids(self.model, seed=0).items():
                path = folder / f"step_{self.run_step:08d}_{name}.png"
                save_image(path, grid)
                tf.summary.image(name, grid[None])


class Checkpoints(StepCallback):
    """Saves `step_<number>.weights.h5` in a folder and keeps the newest two.

    A checkpoint has both networks, all optimizers, the step, the seeds of
    dropout and the metrics, and beside it there is its checksum.
    """

    def __init__(self, run: Run, interval: int) -> None:
        super().__init__(run, interval)
        self.directory = run.directory / "checkpoints"
        self._saved_step = run.first_step

    def on_interval(self, logs):
        self.save()

    def save(self) -> None:
        """Saves the state after the last step, unless it is saved already.

        Saves nothing once `Diagnostics` has ended the run: resuming must not
        start from diverged weights.

        Raises:
            TrainingFailed: If a number of the state is not finite. The older
                checkpoints stay.
        """
        if self._saved_step == self.run_step or self.model.stop_training:
            return
        self.run.folder.check()
        if broken := self.model.find_broken_variables():
            raise TrainingFailed(
                f"Stopped after step {self.run_step}: NaN or infinity in "
                f"{broken[0]} and {len(broken) - 1} other variables, which are "
                "not saved. Restart with lower learning rates, or without "
                "mixed_float16, and with another --run-dir."
            )
        path = self.directory / f"step_{self.run_step:08d}.weights.h5"
        with checksums.recorded_path(path) as partial:
            check_space(partial, self.model.num_state_bytes + _HDF5_BYTES)
            self.model.save_weights(partial)
        self._saved_step = self.run_step
        for old in find_checkpoints(self.directory)[NUM_KEPT_CHECKPOINTS:]:
            checksums.remove(old)


def find_checkpoints(directory: Path) -> list[Path]:
    """The checkpoints in a directory, newest first."""
    return sorted(
        (
            path
            for path in directory.glob("step_*.weights.h5")
            if re.fullmatch(r"step_\d{8,}\.weights\.h5", path.name)
        ),
        reverse=True,
    )


def restore(model: InfoGAN, directory: Path) -> int:
    """Loads the newest intact checkpoint into a compiled model.

    Returns:
        The number of steps already made; 0 without a checkpoint.

    Raises:
        OSError: If there are checkpoints but none can be read.
    """
    errors = []
    for path in find_checkpoints(directory):
        try:
            _load_checkpoint(model, path)
        # HDF5 and Keras raise errors of all types for damaged files.
        except Exception as error:
            reason = one_line(error)
            _logger.warning("%s cannot be used: %s", path, reason)
            errors.append(f"{path} ({reason})")
        else:
            return model.num_steps
    if errors:
        raise OSError(
            f"No checkpoint can be read: {'; '.join(errors)}. Remove the run "
            "directory, or choose another one, to start over."
        )
    return 0


def _load_checkpoint(model: InfoGAN, path: Path) -> None:
    checksums.check(path, "An older one is used, if there is one.")
    model.load_weights(path)
    step = int(path.name.split(".")[0].removeprefix("step_"))
    if model.num_steps != step:
        raise ValueError(
            f"It should be of step {step}. Received: {model.num_steps}."
        )
    if broken := model.find_broken_variables():
        raise ValueError(f"It has NaN or infinity, in {broken[0]}.")


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
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        self.model.reset_metrics()
        shown = ("discriminator_loss", "generator_loss", "mutual_information")
        self._bar.set_postfix(
            {x.replace("mutual_", ""): f"{logs[x]:.2f}" for x in shown},
            refresh=False,
        )
        with self.run.writer.as_default(step=self.run_step):
            for name, value in line.items():
                if isinstance(value, float) and name != "epoch":
                    tf.summary.scalar(name, value)

    def close(self) -> None:
        """Flushes the log to disk and ends the progress bar."""
        self._bar.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self.run.writer.flush()
        if self._path.exists():
            checksums.record(self._path)


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a `log.jsonl`, without a last line that is cut off.

    Raises:
        ValueError: If any other line is not a JSON object of numbers with a
            `step`, and perhaps `warnings`; or if the steps do not increase.
    """
    if not path.exists():
        return []
    checksums.check(path, "Remove it, with which the curves are lost.")
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
            for name, value in line.items()
            if name != "warnings"
        )
    )
