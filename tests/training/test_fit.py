"""A signal ends a run after the steps in progress."""

import os
import signal

import keras
import pytest

from keras_infogan.training.fit import StopOnSignal
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


@pytest.mark.parametrize(
    ("steps_per_execution", "last"), [(1, 3), (4, 4), (2, 4)]
)
def test_signal_ends_after_the_execution_and_saves(steps_per_execution, last):
    """Sent before the third step, or the first execution that has it."""

    class Kill(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch + steps_per_execution > 2 >= batch:
                os.kill(os.getpid(), signal.SIGTERM)

    saved = []
    model = tiny_model()
    both = signal.SIGINT, signal.SIGTERM
    before = [signal.getsignal(number) for number in both]
    with StopOnSignal(lambda: saved.append(int(model.step))) as stop:
        fit(
            model,
            [Kill(), stop],
            9,
            steps_per_execution=steps_per_execution,
        )
        # A second signal, of either kind, stops at once.
        assert [signal.getsignal(number) for number in both] == before
    assert stop.signal == signal.SIGTERM
    assert saved == [last]
    assert int(model.step) == last
    assert [signal.getsignal(number) for number in both] == before
