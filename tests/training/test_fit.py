"""A signal ends a run after the steps in progress."""

import os
import signal

import keras
import pytest

from keras_infogan.training.fit import Interrupted
from keras_infogan.training.fit import StopOnSignal
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


@pytest.mark.parametrize(
    ("steps_per_execution", "last", "number", "status"),
    [
        (1, 3, signal.SIGTERM, 143),
        (4, 4, signal.SIGINT, 130),
        (2, 4, signal.SIGTERM, 143),
    ],
)
def test_signal_ends_after_the_execution_and_saves(
    steps_per_execution, last, number, status
):
    """Sent before the third step, or the first execution that has it."""

    class Kill(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch + steps_per_execution > 2 >= batch:
                os.kill(os.getpid(), number)

    saved = []
    model = tiny_model()
    both = signal.SIGINT, signal.SIGTERM
    before = [signal.getsignal(each) for each in both]
    with StopOnSignal(lambda: saved.append(int(model.step))) as stop:
        fit(
            model,
            [Kill(), stop],
            9,
            steps_per_execution=steps_per_execution,
        )
        # A second signal, of either kind, stops at once.
        assert [signal.getsignal(each) for each in both] == before
    assert stop.signal == number
    assert Interrupted(number, last).exit_status == status
    assert saved == [last]
    assert int(model.step) == last
    assert [signal.getsignal(each) for each in both] == before
