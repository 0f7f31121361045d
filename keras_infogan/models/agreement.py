"""What slightly different views of an image say of its category on average."""

import warnings
from collections.abc import Callable
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
from keras_infogan.models.inference import INFERENCE_BATCH_SIZE

Encode = Callable[[np.ndarray], Mapping[str, np.ndarray]]

# Of the augmentation that a model was trained with: views that are still easy
# to read.
SLIGHTNESS = 0.6


def average_probabilities(
    encode: Encode,
    images: np.ndarray,
    names: list[str],
    augmentation: Augmentation,
    *,
    num_views: int = 16,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Averages the posterior of categories over views of each image.

    The posterior of a single view is near 0 or 1 even where it is wrong. Views
    disagree there, so their average is a probability to rely on.

    Args:
        encode: That of a model.
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1].
        names: Categorical codes.
        augmentation: Makes the views.
        num_views: Views of each image.
        seed: Seed of the views.

    Returns:
        By name, an array of shape `(num_images, num_categories)`, whose rows
        sum to 1.
    """
    size = max(INFERENCE_BATCH_SIZE // num_views, 1)
    chunks = [
        _average_chunk(
            encode,
            images[start : start + size],
            names,
            augmentation,
            num_views,
            seed,
        )
        for start in range(0, len(images), size)
    ]
    return {
        name: np.concatenate([chunk[name] for chunk in chunks])
        for name in names
    }


def _average_chunk(
    encode: Encode,
    images: np.ndarray,
    names: list[str],
    augmentation: Augmentation,
    num_views: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """All views of a few images at once, as a call takes longer than a view."""
    copies = tf.repeat(tf.constant(images), num_views, axis=0)
    key = tf.constant([seed, 0], tf.int64)
    views = augment(augmentation, copies, key).images
    # A view may have no black pixels, as the image itself may.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        posterior = encode(np.clip(views.numpy(), -1.0, 1.0))
    return {
        name: posterior[f"{name}_probabilities"]
        .reshape(len(images), num_views, -1)
        .mean(axis=1)
        for name in names
    }
