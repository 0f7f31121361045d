"""Callbacks for `InfoGAN.fit`, beside those of Keras.

| callback | purpose |
|---|---|
| `Diagnostics(images)` | warns of collapse, noise-like images, divergence |
| `ClusteringAccuracy(images, labels)` | logs `val_clustering_accuracy` |
| `ImageGrid()` | draws generated images: notebook, TensorBoard, files |

Keras's own callbacks work as with other models. Those that monitor a number may
take `loss`, the negative bound on the mutual information;
`mutual_information`; or `val_clustering_accuracy`. With `validation_data` there
are also `val_loss` and `val_mutual_information`. More information does not mean
better images: with labels of a few hundred images, prefer the accuracy.

    from keras.callbacks import EarlyStopping
    from keras_infogan.callbacks import ClusteringAccuracy

    model.fit(
        images,
        epochs=50,
        callbacks=[
            ClusteringAccuracy(some_images, their_labels),
            EarlyStopping("val_clustering_accuracy", patience=5),
        ],
    )
"""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_infogan.evaluation.measures.clustering import clustering_accuracy
from keras_infogan.evaluation.measures.clustering import confusion_matrix
from keras_infogan.evaluation.measures.clustering import match_clusters
from keras_infogan.models.diagnostics import Diagnostics
from keras_infogan.reports.figures import plot_grid
from keras_infogan.reports.figures import render
from keras_infogan.reports.grids import plot_categories
from keras_infogan.reports.images import save_image

__all__ = ["ClusteringAccuracy", "Diagnostics", "ImageGrid"]


class ClusteringAccuracy(keras.callbacks.Callback):
    """Adds the clustering accuracy to the logs, after each epoch.

    As `val_clustering_accuracy`: the share of images whose category is the one
    that is matched to their class, under the best matching on these images
    ([Yang et al., 2010](https://doi.org/10.1109/TIP.2010.2049235), Eq. 20).
    The labels are not trained on. Put it before callbacks that monitor it.

    Args:
        images: Array of shape `(num_images, height, width, channels)`: floats
            in [-1, 1], or uint8.
        labels: Integer array of shape `(num_images,)`, from 0.
        code: A categorical code; by default the first one.

    Raises:
        ValueError: If there are not as many labels as images; in `fit`, if
            there is no such code.

    Example:
    ```python
    accuracy = keras_infogan.callbacks.ClusteringAccuracy(images, labels)
    model.fit(images, epochs=10, callbacks=[accuracy])
    ```
    """

    adds = ("val_clustering_accuracy",)

    def __init__(
        self,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        code: str | None = None,
    ) -> None:
        super().__init__()
        self.images = np.asarray(images)
        self.labels = np.asarray(labels)
        self.code = code
        if self.labels.shape != self.images.shape[:1] or not (
            np.issubdtype(self.labels.dtype, np.integer)
            and len(self.labels)
            and self.labels.min() >= 0
        ):
            raise ValueError(
                "ClusteringAccuracy needs an integer label, from 0, for each "
                f"image. Received: images of shape {self.images.shape}, labels "
                f"of shape {self.labels.shape} and type {self.labels.dtype}."
            )

    def on_train_begin(self, logs=None):
        spec = self.model.latent_spec
        if self.code is None:
            self.code = spec.first_categorical("ClusteringAccuracy")
        elif self.code not in spec.categorical_names:
            raise ValueError(
                "`code` should be a categorical code: "
                f"{', '.join(spec.categorical_names)}. Received: {self.code}."
            )

    def on_epoch_end(self, epoch, logs=None):
        posterior = self.model.encode(self.images)
        clusters = posterior[f"{self.code}_probabilities"].argmax(axis=1)
        confusion = confusion_matrix(
            self.labels,
            clusters,
            num_classes=int(self.labels.max()) + 1,
            num_clusters=self.model.latent_spec.codes[self.code].dim,
        )
        if logs is not None:
            logs[self.adds[0]] = clustering_accuracy(
                self.labels, clusters, match_clusters(confusion)
            )


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
        if self.log_dir is not None:
            self._writer = tf.summary.create_file_writer(str(self.log_dir))

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
