"""Fitting a model with the callbacks of a run."""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_infogan.models.infogan import InfoGAN
from keras_infogan.training.callbacks.checkpoints import Checkpoints
from keras_infogan.training.callbacks.images import SampleImages
from keras_infogan.training.callbacks.log import RunLog
from keras_infogan.training.callbacks.signals import StopOnSignal
from keras_infogan.training.callbacks.steps import RunPosition
from keras_infogan.training.diagnostics import Diagnostics
from keras_infogan.training.sections import CallbackConfig

_logger = logging.getLogger(__name__)


class Interrupted(KeyboardInterrupt):
    """A signal stopped a run, which saved all it needs to resume.

    Args:
        number: The signal.
        step: The last step.
    """

    def __init__(self, number: int, step: int) -> None:
        super().__init__(
            f"stopped after step {step}; the same command resumes."
        )
        # As shells report a process that a signal ended.
        self.exit_status = 128 + number


def fit(
    model: InfoGAN,
    stream: Callable[..., tf.data.Dataset],
    position: RunPosition,
    run_dir: Path,
    config: CallbackConfig,
    *,
    sample: np.ndarray,
    batch_size: int,
) -> None:
    """Trains to the end of the run.

    Args:
        model: The model, restored to the position.
        stream: See `make_stream`.
        position: The steps to make.
        run_dir: The directory of the run.
        config: Intervals, and when to end early.
        sample: Real images for the diagnostics.
        batch_size: Images in a step.

    Raises:
        TrainingFailed: At NaN; with `stop_when_unhealthy` at any problem.
        Interrupted: After SIGINT or SIGTERM.
    """
    num_steps = position.num_steps - position.first_step
    if not num_steps:
        return
    writer = tf.summary.create_file_writer(str(run_dir))
    log = RunLog(
        run_dir / "log.jsonl",
        writer,
        position,
        interval=config.log_interval,
        batch_size=batch_size,
    )
    images = SampleImages(
        run_dir / "samples", writer, position, interval=config.sample_interval
    )
    checkpoints = Checkpoints(
        run_dir / "checkpoints", position, interval=config.checkpoint_interval
    )
    diagnostics = Diagnostics(
        sample,
        position,
        interval=config.log_interval,
        stop=config.stop_when_unhealthy,
    )
    with contextlib.closing(log), StopOnSignal(checkpoints.save) as stop:
        model.fit(
            stream(start=position.first_step).take(num_steps),
            steps_per_epoch=num_steps,
            verbose=0,
            callbacks=[diagnostics, log, images, checkpoints, stop],
        )
    if stop.signal is not None:
        raise Interrupted(stop.signal, checkpoints.run_step)
    diagnostics.raise_if_ended()
