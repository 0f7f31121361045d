"""Callbacks for `InfoGAN.fit`, beside those of Keras.

| callback | purpose |
|---|---|
| `Diagnostics(images)` | warns of collapse, noise-like images, divergence |
| `ClusteringAccuracy(images, labels)` | logs `val_clustering_accuracy` |
| `ImageGrid()` | draws generated images: notebook, TensorBoard, files |
| `ResplitCategories(images)` | tells mixed categories apart in mid-training |

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

from keras_infogan.callbacks.clustering_accuracy import (
    ClusteringAccuracy as ClusteringAccuracy,
)
from keras_infogan.callbacks.image_grid import ImageGrid as ImageGrid
from keras_infogan.callbacks.resplit_categories import (
    ResplitCategories as ResplitCategories,
)
from keras_infogan.models.diagnostics import Diagnostics as Diagnostics

__all__ = [
    "ClusteringAccuracy",
    "Diagnostics",
    "ImageGrid",
    "ResplitCategories",
]
