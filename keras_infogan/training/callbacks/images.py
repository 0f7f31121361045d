"""Image grids drawn while a model trains."""

from pathlib import Path

import tensorflow as tf

from keras_infogan.reports.grids import draw_grids
from keras_infogan.reports.images import save_image
from keras_infogan.training.callbacks.steps import RunPosition
from keras_infogan.training.callbacks.steps import StepCallback


class SampleImages(StepCallback):
    """Draws the model's image grids as PNG files and in TensorBoard.

    The latents are the same each time, so the files show how images develop.

    Args:
        directory: Folder of the images.
        writer: The TensorBoard writer.
        position: The steps of this process.
        interval: Steps between images; 0 for those after each epoch only.
    """

    def __init__(
        self,
        directory: Path,
        writer: tf.summary.SummaryWriter,
        position: RunPosition,
        *,
        interval: int,
    ) -> None:
        super().__init__(position, interval)
        self.directory = directory
        self.writer = writer

    def on_interval(self, logs):
        # A diverged generator has nothing to draw, and the run ends.
        if self.model.stop_training:
            return
        with self.writer.as_default(step=self.run_step):
            for name, grid in draw_grids(self.model).items():
                path = self.directory / f"step_{self.run_step:08d}_{name}.png"
                save_image(path, grid)
                tf.summary.image(name, grid[None])
