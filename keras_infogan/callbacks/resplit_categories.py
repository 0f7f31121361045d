"""Tells mixed categories apart in the middle of a training."""

import keras
import numpy.typing as npt

from keras_infogan.images import to_array
from keras_infogan.models.resplitting import check_heads
from keras_infogan.models.resplitting import is_time
from keras_infogan.models.resplitting import resplit


class ResplitCategories(keras.callbacks.Callback):
    """Tells two categories apart anew that share two classes of images.

    Where two categories differ in what a slight change of an image changes, and
    not in what people see as its class, more training does not help. After each
    epoch between 0.4 and 0.7 of all, at most one pair gets another border, the
    one that views of images cross least; see `models.resplitting`. No labels
    are used. It needs an objective with an augmentation.

    Args:
        images: Training images, as `fit` takes them; at most 10,000 are used.
        share: How many views of the images in two categories must be in the
            other one, at most 0.5.
        seed: Seed of the views.

    Raises:
        ValueError: At the start of the training, without a categorical code, an
            augmentation or the heads of `discriminator_outputs`.
    """

    def __init__(
        self, images: npt.ArrayLike, *, share: float = 0.1, seed: int = 0
    ) -> None:
        super().__init__()
        self.images = to_array(images)
        self.share = share
        self.seed = seed

    def on_train_begin(self, logs=None):
        check_heads(self.model)
        if self.model.objective.augmentation is None:
            raise ValueError(
                "ResplitCategories needs a model whose objective has an "
                "augmentation, which makes the views. Received: one without."
            )

    def on_epoch_end(self, epoch, logs=None):
        if is_time(epoch + 1, self.params["epochs"]):
            resplit(
                self.model,
                self.images,
                self.model.objective.augmentation,
                share=self.share,
                seed=self.seed,
            )
