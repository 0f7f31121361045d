"""A callback that draws generated images."""

from pathlib import Path

import keras
import tensorflow as tf

from keras_infogan.files import check_writable
from keras_infogan.files import one_line
from keras_infogan.options import check_choice
from keras_infogan.reports.figures import plot_grid
from keras_infogan.reports.figures import render
from keras_infogan.reports.grids import plot_categories
from keras_infogan.reports.images import save_image


class ImageGrid(keras.callbacks.Callback):
    """Draws generated images after each epoch: a row for each category.

    The noise is the same each time. Without a folder, they are shown in the
    notebook.

    Args:
        directory: Folder for `epoch_0001.png` and so on.
        log_dir: Folder for TensorBoard, as that of
            `keras.callbacks.TensorBoard`.
        code: A categorical code; by default the first one, if there is any.
        seed: Seed of the noise.

    Raises:
        ValueError: In `fit`, before the first step, if there is no such code,
            or a folder cannot be written to.

    Example:
    ```python
    grid = keras_infogan.callbacks.ImageGrid(log_dir="logs")
    model.fit(images, epochs=10, callbacks=[grid])
    ```
    """

    def __init__(
        self,
        directory: Path | str | None = None,
        *,
        log_dir: Path | str | None = None,
        code: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.directory = None if directory is None else Path(directory)
        self.log_dir = log_dir
        self.code = code
        self.seed = seed

    def on_train_begin(self, logs=None):
        names = self.model.latent_spec.categorical_names
        if self.code is not None:
            check_choice("code", self.code, names)
        # Refuses a wrong seed.
        self.model.sample_latents(1, seed=self.seed)
        try:
            if self.directory is not None:
                self.directory.mkdir(parents=True, exist_ok=True)
                check_writable(self.directory / "epoch_0001.png")
            if self.log_dir is not None:
                self._writer = tf.summary.create_file_writer(str(self.log_dir))
        except (OSError, tf.errors.OpError) as error:
            raise ValueError(
                "ImageGrid should be given folders that can be written to. "
                f"Received: directory={self.directory}, log_dir={self.log_dir} "
                f"({one_line(error)})."
            ) from None

    def on_epoch_end(self, epoch, logs=None):
        figure = self._draw()
        if self.directory is None and self.log_dir is None:
            # Comes with every notebook.
            from IPython.display import display

            display(figure)
        if self.directory is not None:
            path = self.directory / f"epoch_{epoch + 1:04d}.png"
            save_image(path, render(figure))
        if self.log_dir is not None:
            with self._writer.as_default():
                tf.summary.image("images", render(figure)[None], step=epoch)
            self._writer.flush()

    def _draw(self):
        names = self.model.latent_spec.categorical_names
        code = self.code or next(iter(names), None)
        if code is None:
            return plot_grid(self.model.generate(100, seed=self.seed))
        return plot_categories(self.model, code, seed=self.seed)
