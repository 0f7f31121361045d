"""Models that draw a pattern for each category, and recover it."""

import keras
import numpy as np

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN

SIDE = 64
_STRIPE = (-1.0) ** np.arange(SIDE)
# Upright, level and checkered, a pixel wide: of shape `(3, SIDE**2)`.
STRIPES = np.stack(
    [
        np.broadcast_to(_STRIPE, (SIDE, SIDE)),
        np.broadcast_to(_STRIPE[:, None], (SIDE, SIDE)),
        np.outer(_STRIPE, _STRIPE),
    ]
).reshape(3, -1)


def writer_model(
    patterns: np.ndarray, read: np.ndarray, *, amplitude: float = 1.0
) -> InfoGAN:
    """Draws one of three patterns by category; `Q` compares with others.

    Args:
        patterns: Of shape `(3, SIDE**2)`, in [-1, 1].
        read: The same, of those that `Q` takes for the categories.
        amplitude: Of the drawn pattern.
    """
    spec = LatentSpec(1, {"category": Categorical(3)})
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in spec.input_dims.items()
    }
    writer = keras.layers.Dense(SIDE**2, use_bias=False)
    silent = keras.layers.Dense(
        SIDE**2, use_bias=False, kernel_initializer="zeros"
    )
    flat = keras.layers.Add()(
        [writer(inputs["category"]), silent(inputs["noise"])]
    )
    generator = keras.Model(inputs, keras.layers.Reshape((SIDE, SIDE, 1))(flat))
    writer.set_weights([amplitude * patterns])
    image = keras.Input((SIDE, SIDE, 1))
    pixels = keras.layers.Flatten()(image)
    reader = keras.layers.Dense(3, use_bias=False, name="category_logits")
    judge = keras.layers.Dense(1, kernel_initializer="zeros", name="logits")
    discriminator = keras.Model(
        image, {"logits": judge(pixels), "category_logits": reader(pixels)}
    )
    reader.set_weights([read.T])
    return InfoGAN(generator, discriminator, spec)


def static_model() -> InfoGAN:
    """All information about the category is in pictures of static."""
    static = np.sign(np.random.default_rng(0).normal(size=(3, SIDE**2)))
    return writer_model(static, static)


def bars(count: int) -> np.ndarray:
    """Real images: white bars on black, one at a random place of each."""
    images = np.full((count, SIDE, SIDE, 1), -1.0, np.float32)
    places = np.random.default_rng(1).integers(0, SIDE - 8, count)
    for image, place in zip(images, places, strict=True):
        image[:, place : place + 8] = 1.0
    return images
