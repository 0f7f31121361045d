"""How well slightly different views of an image agree on its category."""

import numpy as np
import tensorflow as tf

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
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
    total = np.zeros((len(images), model.latent_spec.code(name).dim))
    for view in range(num_views):
        key = tf.constant([seed, view], tf.int64)
        views = augment(_SLIGHT, tf.constant(images), key).images.numpy()
        posterior = model.encode(np.clip(views, -1.0, 1.0))
        total += posterior[f"{name}_probabilities"]
    return total / num_views
