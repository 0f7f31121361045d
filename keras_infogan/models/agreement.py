"""What slightly different views of an image say of its category on average."""

from collections.abc import Mapping
from functools import partial

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_infogan.latents.random import INFERENCE
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
from keras_infogan.models.inference import INFERENCE_BATCH_SIZE
from keras_infogan.models.inference import GeneratorEncoder
from keras_infogan.models.inference import make_key
from keras_infogan.models.inference import map_in_chunks

# Of the augmentation that a model was trained with: views that are still easy
# to read.
SLIGHTNESS = 0.6


def average_probabilities(
    model: GeneratorEncoder,
    images: npt.ArrayLike,
    augmentation: Augmentation,
    *,
    num_views: int = 16,
    seed: int = 0,
    jit_compile: bool = False,
) -> dict[str, np.ndarray]:
    """Averages the posterior of categories over views of each image.

    The posterior of a single view is near 0 or 1 even where it is wrong. Views
    disagree there, so their average is a probability to rely on.

    Args:
        model: A model with categorical codes.
        images: Array of shape `(num_images, height, width, channels)`, floats
            in [-1, 1] or uint8.
        augmentation: Makes the views.
        num_views: Views of each image.
        seed: Seed of the views.
        jit_compile: Whether to compile with XLA, which takes some seconds and
            is worth it for thousands of images.

    Returns:
        By the name of each categorical code, float32 array of shape
        `(num_images, num_categories)`, whose rows sum to 1.
    """
    read = partial(
        _read_views,
        model.discriminator,
        model.latent_spec,
        augmentation,
        num_views,
        make_key(seed, INFERENCE),
    )
    if jit_compile:
        read = tf.function(read, jit_compile=True)
    # Tracing would take longer than a few images do.
    size = max(INFERENCE_BATCH_SIZE // num_views, 1)
    return map_in_chunks(read, {"image": images}, size=size)


def _read_views(
    discriminator: keras.Model,
    spec: LatentSpec,
    augmentation: Augmentation,
    num_views: int,
    key: tf.Tensor,
    inputs: Mapping[str, tf.Tensor],
) -> dict[str, tf.Tensor]:
    """The mean probabilities of each category, of a chunk of images.

    All views at once, as a call takes longer than a view.
    """
    copies = tf.repeat(inputs["image"], num_views, axis=0)
    views = augment(augmentation, copies, key).images
    outputs = discriminator(tf.clip_by_value(views, -1.0, 1.0), training=False)
    means = {}
    for name in spec.categorical_names:
        shares = tf.nn.softmax(spec.category_logits(name, outputs))
        by_image = tf.reshape(shares, (-1, num_views, shares.shape[-1]))
        means[name] = tf.reduce_mean(by_image, axis=1)
    return means
