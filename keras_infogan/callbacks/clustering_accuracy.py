"""A callback for the clustering accuracy on labeled images."""

import keras
import numpy as np
import numpy.typing as npt

from keras_infogan.evaluation.measures.clustering import clustering_accuracy
from keras_infogan.evaluation.measures.clustering import confusion_matrix
from keras_infogan.evaluation.measures.clustering import match_clusters
from keras_infogan.images import check_input
from keras_infogan.images import to_array
from keras_infogan.options import check_choice


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
        ValueError: If there are not as many labels as images; in `fit`, before
            the first step, if there is no such code, or the model takes other
            images.

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
        self.images = to_array(images)
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
        check_choice("code", self.code, spec.categorical_names)
        check_input(self.images, self.model.image_shape)

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
