"""How well slightly different views of an image agree on its category."""

import numpy as np
import tensorflow as tf

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
from keras_infogan.models.inference import INFERENCE_BATCH_SIZE
from keras_infogan.models.inference import GeneratorEncoder

# About half of what the preset `mnist` is invariant to.
_SLIGHT = Augmentation(
    rotation=0.2, shear=0.18, log_scale=0.12, shift=0.05, thickness=0.6
)


def average_probabilities(
    model: GeneratorEncoder,
    images: np.ndarray,
    name: str,
    *,
    num_views: int = 16,
    seed: int = 0,
) -> np.ndarray:
    """Averages the posterior of a category over views of each image.

    The posterior of a single view is near 0 or 1 even where it is wrong. Views
    disagree there, so their average is a probability to rely on.

    Args:
        model: A model of gray images of strokes, such as digits.
        images: Float array of shape `(num_images, height, width, 1)` in
            [-1, 1].
        name: A categorical code.
        num_views: Views of each image.
        seed: Seed of the views.

    Returns:
        Array of shape `(num_images, num_categories)`, whose rows sum to 1.
    """
    step = INFERENCE_BATCH_SIZE // num_views
    return np.concatenate(
        [
            _average_chunk(
                model, images[start : start + step], name, num_views, seed
            )
            for start in range(0, len(images), step)
        ]
    )


def _average_chunk(
    model: GeneratorEncoder,
    images: np.ndarray,
    name: str,
    num_views: int,
    seed: int,
) -> np.ndarray:
    """All views of a few images at once, as a call takes longer than a view."""
    copies = tf.repeat(tf.constant(images), num_views, axis=0)
    views = augment(_SLIGHT, copies, tf.constant([seed, 0], tf.int64)).images
    posterior = model.encode(np.clip(views.numpy(), -1.0, 1.0))
    probabilities = posterior[f"{name}_probabilities"]
    return probabilities.reshape(len(images), num_views, -1).mean(axis=1)
