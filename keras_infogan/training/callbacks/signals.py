"""A stop on SIGINT or SIGTERM that loses no step."""

import os
import signal
from collections.abc import Callable

import keras


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
        self._restore_handlers()

    def _restore_handlers(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: object) -> None:
        self.signal = number
        self._restore_handlers()
        # The signal may have interrupted a write to the same buffered stream.
        os.write(
            2,
            b"\nStopping after the steps in progress (compilation finishes "
            b"first); a second signal stops at once.\n",
        )

    def on_train_batch_end(self, batch, logs=None):
        if self.signal is not None:
            self.save()
            self.model.stop_training = True
