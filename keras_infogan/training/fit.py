"""Fitting a model with the callbacks of a run, until a signal stops it."""

import contextlib
import os
import signal
from collections.abc import Callable
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.models.infogan import InfoGAN
from keras_infogan.training.callbacks import Checkpoints
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import SampleImages
from keras_infogan.training.callbacks import StepCallback
from keras_infogan.training.run_diagnostics import RunDiagnostics
from keras_infogan.training.run_log import RunLog
from keras_infogan.training.sections import CallbackConfig


class Interrupted(KeyboardInterrupt):
    """A signal stopped a run, which saved all it needs to resume."""

    def __init__(self, number: int, step: int) -> None:
        super().__init__(
            f"stopped after step {step}; the same command resumes."
        )
        # As shells report a process that a signal ended.
        self.exit_status = 128 + number


class StopOnSignal(keras.callbacks.Callback):
    """Saves and ends the run at the first SIGINT or SIGTERM.

    The steps in progress, as many as Keras executes in one call, are finished
    first. A second signal ends the process at once.

    Args:
        save: Called before the run ends.
    """

    def __init__(self, save: Callable[[], None]) -> None:
        super().__init__()
        self.save = save
        self.signal: int | None = None

    def __enter__(self) -> "StopOnSignal":
        self._previous = {
            number: signal.signal(number, self._handle)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: object) -> None:
        self.signal = number
        self.__exit__()
        # The signal may have interrupted a write to the same buffered stream.
        with contextlib.suppress(OSError):
            os.write(
                2,
                b"\nStopping after the steps in progress (compilation finishes "
                b"first); a second signal stops at once.\n",
            )

    def on_train_batch_end(self, batch, logs=None):
        if self.signal is not None:
            self.save()
            self.model.stop_training = True


def fit(
    model: InfoGAN,
    stream: Callable[..., tf.data.Dataset],
    run: Run,
    config: CallbackConfig,
    *,
    sample: np.ndarray,
    batch_size: int,
    is_chief: bool = True,
    changes: Sequence[StepCallback] = (),
) -> None:
    """Trains to the end of the run.

    Args:
        model: The model, restored to the first step.
        stream: See `make_stream`.
        run: Its directory, and the steps to make.
        config: Intervals, and when to end early.
        sample: Real images for the diagnostics, as these take them.
        batch_size: Images in a step.
        is_chief: Whether this process writes the files of the run.
        changes: Callbacks that change the model, on all workers; what they do
            is in the next checkpoint.

    Raises:
        TrainingFailed: At NaN; with `stop_when_unhealthy` at any problem.
        Interrupted: After SIGINT or SIGTERM.
    """
    num_steps = run.num_steps - run.first_step
    if not num_steps:
        return
    diagnostics = RunDiagnostics(
        run, config.log_interval, images=sample, stop=config.stop_when_unhealthy
    )
    callbacks: list[keras.callbacks.Callback] = [diagnostics, *changes]
    with contextlib.ExitStack() as stack:
        stop = StopOnSignal(_save_nothing)
        if is_chief:
            log = RunLog(run, config.log_interval, batch_size=batch_size)
            stack.callback(log.close)
            images = SampleImages(run, config.sample_interval)
            checkpoints = Checkpoints(run, config.checkpoint_interval)
            stop = StopOnSignal(checkpoints.save)
            callbacks += [log, images, checkpoints]
        stack.enter_context(stop)
        model.fit(
            stream(start=run.first_step).take(num_steps),
            steps_per_epoch=num_steps,
            verbose=0,
            diagnostics=False,
            callbacks=[*callbacks, stop],
        )
    if stop.signal is not None:
        raise Interrupted(stop.signal, diagnostics.run_step)
    diagnostics.raise_if_ended()


def _save_nothing() -> None:
    """What a worker does that is not the chief."""
