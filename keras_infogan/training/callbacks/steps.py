"""Callbacks that count the steps of a run, whichever process makes them."""

from dataclasses import dataclass

import keras


@dataclass(frozen=True)
class RunPosition:
    """The steps that a process is about to make.

    Args:
        first_step: Steps that the run has already made.
        num_steps: Steps of the whole run.
        steps_per_epoch: Steps of an epoch.
    """

    first_step: int
    num_steps: int
    steps_per_epoch: int


class StepCallback(keras.callbacks.Callback):
    """A callback that counts steps from the start of the run.

    A process makes all its steps in one epoch of `fit`, so the epochs of Keras
    are not those of the run.

    Args:
        position: The steps of this process.
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
        # Keras also counts the steps of an execution that ran out of data.
        self.run_step = min(
            self.position.first_step + batch + 1, self.position.num_steps
        )
        if any(
            interval and self.run_step // interval != previous // interval
            for interval in (self.interval, self.position.steps_per_epoch)
        ):
            self.on_interval(logs)

    def on_interval(self, logs: dict[str, float]) -> None:
        """Called at each interval and at the end of each epoch."""
