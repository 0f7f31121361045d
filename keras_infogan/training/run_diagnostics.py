"""The diagnostics of a run: in its log, and the reason why it may end."""

import numpy as np

from keras_infogan.models.diagnostics import Diagnostics
from keras_infogan.models.diagnostics import diagnose
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import StepCallback
from keras_infogan.training.callbacks import TrainingFailed


class RunDiagnostics(StepCallback):
    """Runs the diagnostics after each epoch, and ends a diverged run.

    Adds its measures and its `warnings` to the line of the log, so it must come
    before `RunLog`. Checks for NaN at each line.

    Args:
        run: The run.
        interval: Steps between lines of the log.
        images: Real images; see `Diagnostics`.
        stop: Whether to end the run at any problem.
    """

    def __init__(
        self, run: Run, interval: int, *, images: np.ndarray, stop: bool = False
    ) -> None:
        super().__init__(run, interval)
        self.diagnostics = Diagnostics(images, stop=stop)
        self._epochs = run.first_step // run.steps_per_epoch

    def set_model(self, model):
        super().set_model(model)
        self.diagnostics.set_model(model)

    def on_interval(self, logs):
        # An epoch may end within an execution of several steps.
        epochs = self.run_step // self.run.steps_per_epoch
        if epochs > self._epochs:
            self._epochs = epochs
            logs |= diagnose(self.model, self.diagnostics.images)
        problems = self.diagnostics.check(
            logs, f"step {self.run_step}", is_first_epoch=epochs < 2
        )
        if problems:
            logs["warnings"] = problems

    def raise_if_ended(self) -> None:
        """Raises a `TrainingFailed` if a problem has ended the run."""
        if self.diagnostics.has_ended:
            raise TrainingFailed(
                f"Stopped after step {self.run_step}: "
                f"{' '.join(self.diagnostics.problems)} Restart with other "
                "options and another --run-dir."
            )
