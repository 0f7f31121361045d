"""Tells mixed categories apart in the middle of a training."""

import keras
import numpy.typing as npt

from keras_infogan.images import check_input
from keras_infogan.images import to_array
from keras_infogan.models.resplitting import check_resplitting
from keras_infogan.models.resplitting import is_time
from keras_infogan.models.resplitting import resplit


class ResplitCategories(keras.callbacks.Callback):
    """Tells two categories apart anew that share two classes of images.

    Where two categories differ in what a slight change of an image changes, and
    not in what people see as its class, more training does not help. After each
    epoch between 0.4 and 0.7 of all, but the first, at most one pair gets
    another border, the one that views of images cross least; see
    `models.resplitting`. No labels are used. It needs an objective with an
    augmentation.

    Put it before callbacks that save the model, so that they save the new
    border.

    Args:
        images: Training images: floats in [-1, 1], or uint8. At most 10,000 are
            used.
        share: A pair gets another border if more than this share of the views
            of its images are in the other category; at most 0.5, which is
            chance.
        seed: Seed of the choice of images and of the views.

    Raises:
        ValueError: If the share is not above 0 and at most 0.5, or the seed is
            negative; in `fit`, before the first step, without a categorical
            code, an augmentation or the heads of `discriminator_outputs`, or if
            the model takes other images.
    """

    def __init__(
        self, images: npt.ArrayLike, *, share: float = 0.1, seed: int = 0
    ) -> None:
        super().__init__()
        if not 0.0 < share <= 0.5:
            raise ValueError(
                "The share of ResplitCategories should be above 0 and at most "
                f"0.5. Received: {share!r}. Without the callback, no category "
                "changes."
            )
        if seed < 0:
            raise ValueError(
                "The seed of ResplitCategories should be a whole number from "
                f"0. Received: {seed!r}."
            )
        self.images = to_array(images)
        self.share = share
        self.seed = seed

    def on_train_begin(self, logs=None):
        check_resplitting(self.model)
        if self.model.objective.augmentation is None:
            raise ValueError(
                "ResplitCategories needs a model whose objective has an "
                "augmentation, which makes the views. Received: one without."
            )
        check_input(self.images, self.model.image_shape)

    def on_epoch_end(self, epoch, logs=None):
        if is_time(epoch + 1, self.params["epochs"]):
            resplit(
                self.model,
                self.images,
                self.model.objective.augmentation,
                share=self.share,
                seed=self.seed,
            )
