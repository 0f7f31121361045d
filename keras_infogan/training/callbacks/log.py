"""The log of a run: `log.jsonl`, TensorBoard, and a progress bar."""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import tensorflow as tf
from tqdm import tqdm

from keras_infogan.files import atomic_path
from keras_infogan.training.callbacks.steps import RunPosition
from keras_infogan.training.callbacks.steps import StepCallback

# Seconds between lines of progress where no terminal can redraw one.
_PLAIN_PROGRESS_SECONDS = 15.0

_logger = logging.getLogger(__name__)


class RunLog(StepCallback):
    """Writes `log.jsonl` and TensorBoard, and shows a progress bar on stderr.

    Each line holds the means of the metrics since the previous line.

    Args:
        path: The log. Lines beyond the first step come from a process that was
            killed after its last checkpoint; they are removed.
        writer: The TensorBoard writer.
        position: The steps of this process.
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
        self._restored = []
        self._time = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        previous = self.run_step
        super().on_train_batch_end(batch, logs)
        if previous == self.position.first_step:
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
        """Flushes the log to disk and ends the progress bar."""
        self._bar.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self.writer.flush()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a `log.jsonl`, without a last line that is cut off.

    Raises:
        ValueError: If any other line is not a JSON object with a `step`.
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
                f"Received: {text[:80]!r}. Remove the line."
            )
        lines.append(line)
    return lines
