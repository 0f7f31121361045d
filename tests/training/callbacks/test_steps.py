"""Callbacks count the steps of the run, in any process."""

import pytest

from keras_infogan.training.callbacks.steps import RunPosition
from keras_infogan.training.callbacks.steps import StepCallback
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


class Recorder(StepCallback):
    def __init__(self, position: RunPosition, interval: int) -> None:
        super().__init__(position, interval)
        self.called: list[int] = []

    def on_interval(self, logs):
        self.called.append(self.run_step)


@pytest.mark.parametrize(
    ("first", "interval", "steps_per_execution", "expected"),
    [
        # Each 4 steps, and after each epoch of 10.
        (0, 4, 1, [4, 8, 10, 12, 16, 20]),
        (7, 4, 1, [8, 10, 12, 16, 20]),
        (0, 0, 1, [10, 20]),
        # An execution of 3 steps ends at or after the step that is meant, and
        # the last one has 2 steps: 20 is no multiple of 3.
        (0, 4, 3, [6, 9, 12, 18, 20]),
    ],
)
def test_intervals(first, interval, steps_per_execution, expected):
    model = tiny_model()
    recorder = Recorder(RunPosition(first, 20, 10), interval)
    fit(
        model,
        [recorder],
        20 - first,
        steps_per_execution=steps_per_execution,
    )
    assert recorder.called == expected
    # No step too many, whatever the size of an execution.
    assert int(model.step) == 20 - first
