"""Callbacks of a run: sample images, new borders of categories, checkpoints."""

import functools
import logging
import re
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_infogan import checksums
from keras_infogan.files import KeptFolder
from keras_infogan.files import check_space
from keras_infogan.files import one_line
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import check_weights
from keras_infogan.models.resplitting import check_resplitting
from keras_infogan.models.resplitting import is_time
from keras_infogan.models.resplitting import resplit
from keras_infogan.reports.grids import draw_grids
from keras_infogan.reports.images import save_image
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.devices import from_chief

NUM_KEPT_CHECKPOINTS = 2
# HDF5 adds some kilobytes to each of about a hundred arrays.
_HDF5_BYTES = 1_000_000

_logger = logging.getLogger(__name__)


class TrainingFailed(ValueError):
    """The diagnostics, or weights that are not finite, ended a run."""


@dataclass(frozen=True)
class Run:
    """A run, and the steps that this process is about to make.

    Args:
        directory: The directory of the run.
        first_step: Steps that the run has already made.
        num_steps: Steps of the whole run.
        steps_per_epoch: Steps of an epoch.
    """

    directory: Path
    first_step: int
    num_steps: int
    steps_per_epoch: int

    @functools.cached_property
    def folder(self) -> KeptFolder:
        """The directory, as it is at the start; created if missing."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return KeptFolder(self.directory)

    @functools.cached_property
    def writer(self) -> tf.summary.SummaryWriter:
        """Writes the events of TensorBoard."""
        return tf.summary.create_file_writer(str(self.directory))


class StepCallback(keras.callbacks.Callback):
    """A callback that counts steps from the start of the run.

    A process makes all its steps in one epoch of `fit`, so the epochs of Keras
    are not those of the run.

    Args:
        run: The run.
        interval: Steps between calls of `on_interval`; 0 for none. It is also
            called after the last step of each epoch of the run.
    """

    def __init__(self, run: Run, interval: int) -> None:
        super().__init__()
        self.run = run
        self.interval = interval
        self.run_step = run.first_step
        # What it is later is compared with now.
        run.folder.check()

    def on_train_batch_end(self, batch, logs=None):
        previous = self.run_step
        # Keras also counts the steps of an execution that ran out of data.
        self.run_step = min(self.run.first_step + batch + 1, self.run.num_steps)
        if any(
            interval and self.run_step // interval != previous // interval
            for interval in (self.interval, self.run.steps_per_epoch)
        ):
            self.run.folder.check()
            try:
                self.on_interval(logs)
            except OSError:
                # If it was removed in the meantime, that is the reason.
                self.run.folder.check()
                raise

    def on_interval(self, logs: dict[str, float]) -> None:
        """Called at each interval and at the end of each epoch."""


class SampleImages(StepCallback):
    """Draws the image grids of the model in a folder and in TensorBoard.

    The latents are the same each time, so the files show how images develop.
    """

    def on_interval(self, logs):
        # A diverged generator has nothing to draw, and the run ends.
        if self.model.stop_training:
            return
        folder = self.run.directory / "samples"
        grids = draw_grids(self.model, seed=0)
        # It may be gone by now, and would be made again.
        self.run.folder.check()
        with self.run.writer.as_default(step=self.run_step):
            for name, grid in grids.items():
                path = folder / f"step_{self.run_step:08d}_{name}.png"
                save_image(path, grid)
                tf.summary.image(name, grid[None])


class Resplit(StepCallback):
    """Tells mixed categories apart anew; see `models.resplitting`.

    Must come before `Checkpoints`, so that a run which resumes has the heads of
    one that was not stopped.

    Args:
        run: The run.
        images: The training images.
        config: The configuration, which has an augmentation.
    """

    def __init__(
        self, run: Run, images: np.ndarray, config: TrainingConfig
    ) -> None:
        super().__init__(run, 0)
        self.images = images
        self.config = config

    def on_train_begin(self, logs=None):
        check_resplitting(self.model)

    def on_interval(self, logs):
        augmentation = self.config.objective.augmentation
        epochs = self.run_step // self.run.steps_per_epoch
        if augmentation is None or not is_time(epochs, self.config.epochs):
            return
        resplit(
            self.model,
            self.images,
            augmentation,
            share=self.config.resplit_share,
            seed=self.config.seed,
        )
        # Other processors round in other ways.
        name = self.model.latent_spec.categorical_names[0]
        head = self.model.discriminator.get_layer(f"{name}_logits")
        strategy = self.model.distribute_strategy
        head.set_weights([from_chief(strategy, x) for x in head.get_weights()])


class Checkpoints(StepCallback):
    """Saves `step_<number>.weights.h5` in a folder and keeps the newest two.

    A checkpoint has both networks, all optimizers, the step, the seeds of
    dropout and the metrics, and beside it there is its checksum.
    """

    def __init__(self, run: Run, interval: int) -> None:
        super().__init__(run, interval)
        self.directory = run.directory / "checkpoints"
        self._saved_step = run.first_step
        self._identity = checksums.find_identity(run.directory)

    def on_interval(self, logs):
        self.save()

    def save(self) -> None:
        """Saves the state after the last step, unless it is saved already.

        Saves nothing once `Diagnostics` has ended the run: resuming must not
        start from diverged weights.

        Raises:
            TrainingFailed: If a number of the state is not finite. The older
                checkpoints stay.
        """
        if self._saved_step == self.run_step or self.model.stop_training:
            return
        if broken := self.model.find_broken_variables(with_metrics=True):
            raise TrainingFailed(
                f"Stopped after step {self.run_step}: NaN or infinity in "
                f"{broken[0]} and {len(broken) - 1} other variables, which are "
                "not saved. Restart with lower learning rates, or without "
                "mixed_float16, and with another --run-dir."
            )
        path = self.directory / f"step_{self.run_step:08d}.weights.h5"
        self.run.folder.check()
        with checksums.recorded_path(path, self._identity) as partial:
            check_space(partial, self.model.num_state_bytes + _HDF5_BYTES)
            self.model.save_weights(partial)
        self._saved_step = self.run_step
        # Later ones, as of another run, were passed over and do not count.
        own = [
            path
            for path in find_checkpoints(self.directory)
            if _step(path) <= self.run_step
        ]
        for old in own[NUM_KEPT_CHECKPOINTS:]:
            checksums.remove(old)


def find_checkpoints(directory: Path) -> list[Path]:
    """The checkpoints in a directory, newest first."""
    return sorted(
        (
            path
            for path in directory.glob("step_*.weights.h5")
            if re.fullmatch(r"step_[0-9]{8,18}\.weights\.h5", path.name)
            and not path.is_dir()
        ),
        key=_step,
        reverse=True,
    )


def restore(model: InfoGAN, directory: Path) -> int:
    """Loads the newest intact checkpoint of a run into a compiled model.

    Returns:
        The number of steps already made; 0 without a checkpoint.

    Raises:
        OSError: If there are checkpoints but none can be read.
    """
    errors = []
    for path in find_checkpoints(directory):
        try:
            _load_checkpoint(model, path)
        # HDF5 and Keras raise errors of all types for damaged files.
        except Exception as error:
            reason = one_line(error)
            _logger.warning("%s cannot be used: %s", path, reason)
            errors.append(f"{path} ({reason})")
        else:
            return model.num_steps
    if errors:
        raise OSError(
            f"No checkpoint can be read: {'; '.join(errors)}. Remove the run "
            "directory, or choose another one, to start over."
        )
    return 0


def check_some_checkpoint(directory: Path) -> None:
    """Raises an `OSError` unless a checkpoint is there that can be trusted.

    What is read is its checksum, and of which run it is.
    """
    identity = checksums.find_identity(directory.parent)
    for path in find_checkpoints(directory):
        run = checksums.find_run(path)
        if checksums.is_intact(path) and identity in (None, run or identity):
            return
    raise OSError(
        f"{directory} should have a checkpoint of this run to continue from. "
        "Received: none, or damaged ones, or those of another run. Choose "
        "another --run-dir to train anew; this run stays as it is."
    )


def _load_checkpoint(model: InfoGAN, path: Path) -> None:
    remedy = "An older one is used, if there is one."
    checksums.check(path, remedy)
    identity = checksums.find_identity(path.parents[1])
    checksums.check_run(path, identity, remedy)
    with path.open("rb") as file:
        check_weights(file)
    model.load_weights(path)
    if model.num_steps != _step(path):
        raise ValueError(
            f"It should be of step {_step(path)}. Received: {model.num_steps}."
        )
    if broken := model.find_broken_variables(with_metrics=True):
        raise ValueError(f"It has NaN or infinity, in {broken[0]}.")


def _step(path: Path) -> int:
    """The step of a checkpoint, by its name."""
    return int(path.name.split(".")[0].removeprefix("step_"))
