"""Checkpoints: all that a run needs to resume, and how it does."""

import re
from pathlib import Path

from keras_infogan.files import atomic_path
from keras_infogan.files import check_space
from keras_infogan.files import one_line
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.training.callbacks.steps import RunPosition
from keras_infogan.training.callbacks.steps import StepCallback

NUM_KEPT_CHECKPOINTS = 2
# HDF5 adds some kilobytes to each of about a hundred arrays.
_HDF5_BYTES = 1_000_000


class Checkpoints(StepCallback):
    """Saves checkpoints and keeps the newest two.

    A checkpoint is one file with both networks, all optimizers, the step, the
    seeds of dropout and the metrics.

    Args:
        directory: Folder of the files `step_<number>.weights.h5`.
        position: The steps of this process.
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
        """Saves the state after the last step, unless it is saved already.

        Saves nothing once `Diagnostics` has ended the run: resuming must not
        start from diverged weights.
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
    """The checkpoints in a directory, newest first."""
    return sorted(
        (
            path
            for path in directory.glob("step_*.weights.h5")
            if re.fullmatch(r"step_\d{8,}\.weights\.h5", path.name)
        ),
        reverse=True,
    )


def restore(model: InfoGAN, directory: Path) -> int:
    """Loads the newest intact checkpoint into a compiled model.

    Returns:
        The number of steps already made; 0 without a checkpoint.

    Raises:
        OSError: If there are checkpoints but none can be read.
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
            "directory, or choose another one, to start over."
        )
    return 0
