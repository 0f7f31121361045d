"""What happens beside the steps: log, pictures, checkpoints, a clean stop."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import psutil
import tensorflow as tf
from tqdm import tqdm

from keras_infogan.files import atomic_path
from keras_infogan.files import check_space
from keras_infogan.files import one_line
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports import images as visualization
from keras_infogan.reports.grids import draw_grids

NUM_KEPT_CHECKPOINTS = 2
# What HDF5 adds to the arrays: some kilobytes for each of a hundred of them.
_HDF5_BYTES = 1_000_000
# Seconds between lines of progress where no terminal can redraw one.
_PLAIN_PROGRESS_SECONDS = 15.0


@dataclass(frozen=True)
class RunPosition:
    """Where in a run a process begins.

    Args:
        first_step: How many steps the run has behind it.
        num_steps: Steps of the whole run.
        steps_per_epoch: Steps of an epoch.
    """

    first_step: int
    num_steps: int
    steps_per_epoch: int


class StepCallback(keras.callbacks.Callback):
    """A callback that knows the number of steps since the run began.

    A process makes all its steps in one epoch of `fit`, whatever epoch of the
    run it begins in.

    Args:
        position: Where the process begins.
        interval: Steps between calls of `on_interval`; 0 for none. It is also
            called after the last step of each epoch of the run.
    """

    def __init__(self, position: RunPosition, interval: int) -> None:
        super().__init__()
        self.position = position
        self.interval = interval
        self.run_step = position.first_step

    def on_train_batch_end(self, batch, logs=None):
        previous = self.run_step
        # Keras counts the steps of an execution that had no data left, too.
        self.run_step = min(
            self.position.first_step + batch + 1, self.position.num_steps
        )
        if any(
            interval and self.run_step // interval != previous // interval
            for interval in (self.interval, self.position.steps_per_epoch)
        ):
            self.on_interval(logs)

    def on_interval(self, logs: dict[str, float]) -> None:
        """Called at each interval, and at the end of each epoch."""


class RunLog(StepCallback):
    """Writes `log.jsonl` and TensorBoard, and shows progress on stderr.

    Each line holds the means since the line before it: the metrics start anew
    after a line.

    Args:
        path: The log. Lines of later steps than the first are those of a
            process that was killed after its last checkpoint, and are removed.
        writer: Of TensorBoard.
        position: Where the process begins.
        interval: Steps between lines.
        batch_size: Images in a step.
    """

    def __init__(
        self,
        path: Path,
        writer: tf.summary.SummaryWriter,
        position: RunPosition,
        *,
        interval: int,
        batch_size: int,
    ) -> None:
        super().__init__(position, interval)
        self.path = path
        self.writer = writer
        self.batch_size = batch_size
        self._line_step = position.first_step
        self._restored: list[Any] = []
        keep = [
            line
            for line in read_log(path)
            if line["step"] <= position.first_step
        ]
        with atomic_path(path) as partial:
            partial.write_text("".join(json.dumps(x) + "\n" for x in keep))
        self._file = path.open("a")
        interactive = sys.stderr.isatty()
        self._bar = tqdm(
            total=position.num_steps,
            initial=position.first_step,
            unit="step",
            file=sys.stderr,
            mininterval=0.5 if interactive else _PLAIN_PROGRESS_SECONDS,
            dynamic_ncols=interactive,
        )

    def on_train_begin(self, logs=None):
        # `fit` resets the metrics, but the line that was begun before a stop in
        # the middle of an epoch shall be whole.
        self._restored = [
            (variable, variable.numpy())
            for tracker in self.model.metrics
            for variable in tracker.variables
        ]

    def on_epoch_begin(self, epoch, logs=None):
        for variable, value in self._restored:
            variable.assign(value)
        self._restored = []
        self._time = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        previous = self.run_step
        super().on_train_batch_end(batch, logs)
        if previous == self.position.first_step:
            seconds = time.time() - psutil.Process().create_time()
            tqdm.write(
                f"The first step was done {seconds:.0f} s after the start.",
                file=sys.stderr,
            )
            # The time left is guessed without that of compilation.
            self._bar.unpause()
        self._bar.update(self.run_step - previous)

    def on_interval(self, logs):
        now = time.perf_counter()
        images = (self.run_step - self._line_step) * self.batch_size
        line = {
            "step": self.run_step,
            "epoch": round(self.run_step / self.position.steps_per_epoch, 4),
            **logs,
            "images_per_second": round(images / (now - self._time), 1),
        }
        self._time, self._line_step = now, self.run_step
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        self.model.reset_metrics()
        shown = ("discriminator_loss", "generator_loss", "mutual_information")
        self._bar.set_postfix(
            {
                name.replace("mutual_", ""): f"{logs[name]:.2f}"
                for name in shown
            },
            refresh=False,
        )
        with self.writer.as_default(step=self.run_step):
            for name, value in line.items():
                if isinstance(value, float) and name != "epoch":
                    tf.summary.scalar(name, value)

    def close(self) -> None:
        """Makes the log durable and ends the progress."""
        self._bar.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self.writer.flush()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a `log.jsonl`; a last line that was cut off is left out.

    Raises:
        ValueError: If another line is no JSON object with a `step`.
    """
    if not path.exists():
        return []
    whole = path.read_text(errors="replace").rpartition("\n")[0]
    lines = []
    for number, text in enumerate(whole.splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict) or not isinstance(line.get("step"), int):
            raise ValueError(
                f"Line {number} of {path} should be a JSON object with a step. "
                f"Received: {text[:80]!r}. Remove that line."
            )
        lines.append(line)
    return lines


class Checkpoints(StepCallback):
    """Saves all that a run needs to go on, and keeps the newest two files.

    A checkpoint is one file with both networks, all optimizers, the step, the
    seeds of dropout and the metrics.

    Args:
        directory: Where `step_<number>.weights.h5` are kept.
        position: Where the process begins.
        interval: Steps between checkpoints.
    """

    def __init__(
        self, directory: Path, position: RunPosition, *, interval: int
    ) -> None:
        super().__init__(position, interval)
        self.directory = directory
        self._saved_step = position.first_step

    def on_interval(self, logs):
        self.save()

    def save(self) -> None:
        """Saves the state after the last step, if it is not saved yet.

        Not that of a run which `Health` ends: to resume must not go on with
        weights that are broken.
        """
        if self._saved_step == self.run_step or self.model.stop_training:
            return
        path = self.directory / f"step_{self.run_step:08d}.weights.h5"
        with atomic_path(path) as partial:
            check_space(partial, self.model.num_state_bytes + _HDF5_BYTES)
            self.model.save_weights(partial)
        self._saved_step = self.run_step
        for old in find_checkpoints(self.directory)[NUM_KEPT_CHECKPOINTS:]:
            old.unlink()


def find_checkpoints(directory: Path) -> list[Path]:
    """The checkpoints in a directory, the newest first."""
    return sorted(
        (
            path
            for path in directory.glob("step_*.weights.h5")
            if re.fullmatch(r"step_\d{8,}\.weights\.h5", path.name)
        ),
        reverse=True,
    )


def restore(model: InfoGAN, directory: Path) -> int:
    """Loads the newest checkpoint that is whole into a compiled model.

    Returns:
        The number of steps that are done, 0 without a checkpoint.

    Raises:
        OSError: If there are checkpoints and none can be read.
    """
    errors = []
    for path in find_checkpoints(directory):
        try:
            model.load_weights(path)
        except (OSError, KeyError, ValueError) as error:
            errors.append(f"{path} ({one_line(error)})")
        else:
            return int(model.step)
    if errors:
        raise OSError(
            f"No checkpoint can be read: {'; '.join(errors)}. Remove the run "
            "directory, or choose another, to start anew."
        )
    return 0


class Pictures(StepCallback):
    """Draws the three kinds of grids of the write-up as PNG and in TensorBoard.

    The latents are the same each time, so that the files show how an image
    develops.

    Args:
        directory: Where the pictures are kept.
        writer: Of TensorBoard.
        position: Where the process begins.
        interval: Steps between pictures, 0 for none but those of the epochs.
    """

    def __init__(
        self,
        directory: Path,
        writer: tf.summary.SummaryWriter,
        position: RunPosition,
        *,
        interval: int,
    ) -> None:
        super().__init__(position, interval)
        self.directory = directory
        self.writer = writer

    def on_interval(self, logs):
        # A generator of NaN draws nothing, and the run ends.
        if self.model.stop_training:
            return
        with self.writer.as_default(step=self.run_step):
            for name, grid in draw_grids(self.model).items():
                path = self.directory / f"step_{self.run_step:08d}_{name}.png"
                visualization.save_picture(path, grid)
                tf.summary.image(name, grid[None])


class CleanStop(keras.callbacks.Callback):
    """Lets SIGINT and SIGTERM end the run after the steps under way.

    These are as many as Keras executes at once.

    A second signal ends the process at once.

    Args:
        save: Called before the run ends.
    """

    def __init__(self, save: Callable[[], None]) -> None:
        super().__init__()
        self.save = save
        self.signal: int | None = None

    def __enter__(self) -> "CleanStop":
        self._previous = {
            number: signal.signal(number, self._note)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: object) -> None:
        self.signal = number
        for other, handler in self._previous.items():
            signal.signal(other, handler)
        # Not print(), which the signal may have interrupted.
        os.write(
            2,
            b"\nStopping after the steps under way (the first are compiled "
            b"first); a second signal stops at once.\n",
        )

    def on_train_batch_end(self, batch, logs=None):
        if self.signal is not None:
            self.save()
            self.model.stop_training = True
