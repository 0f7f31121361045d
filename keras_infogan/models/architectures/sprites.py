"""The networks of InfoGAN-CR on dSprites.

Those of [Lin et al., 2020](https://arxiv.org/abs/1906.06034), after their
code: 4x4 convolutions of stride 2 between images and maps of 4 x 4, with few
filters.
For images of 32 x 32 there is one less on each side. Images are in [-1, 1], so
`tanh` ends the generator, where the paper has a sigmoid.
"""

import math

import keras
from keras import layers

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.blocks import ImageShape
from keras_infogan.models.blocks import check_image_shape
from keras_infogan.models.blocks import constrain
from keras_infogan.models.blocks import crop
from keras_infogan.models.blocks import discriminator_outputs
from keras_infogan.models.blocks import latent_inputs
from keras_infogan.models.blocks import normalize
from keras_infogan.models.blocks import pad_to_even
from keras_infogan.models.blocks import to_image
from keras_infogan.models.layers import HalvingConv2D

_LEAKY_SLOPE = 0.2
_UNITS = 128
# Of the feature maps, from the image to the smallest.
_FILTERS = (32, 32, 64, 64)
_SMALLEST_SIDE = 4


def _num_halvings(image_shape: ImageShape) -> int:
    """How often the shorter side can be halved, at most four times."""
    times = int(math.log2(max(min(image_shape[:2]) / _SMALLEST_SIDE, 1.0)))
    return min(max(times, 1), len(_FILTERS))


def build_generator(
    latent_spec: LatentSpec, image_shape: ImageShape
) -> keras.Model:
    """Two dense layers, then transposed convolutions with stride 2."""
    check_image_shape(image_shape)
    halvings = _num_halvings(image_shape)
    height, width = (-(-side // 2**halvings) for side in image_shape[:2])
    inputs, x = latent_inputs(latent_spec)
    filters = _FILTERS[halvings - 1]
    for name, units in (
        ("dense-1", _UNITS),
        ("dense-2", height * width * filters),
    ):
        x = layers.Dense(units, name=name)(x)
        x = layers.ReLU(name=f"{name}-relu")(x)
        x = normalize(x, "batch", name)
    x = layers.Reshape((height, width, filters), name="feature-map")(x)
    for number, filters in enumerate(reversed(_FILTERS[: halvings - 1]), 1):
        name = f"upconv-{number}"
        x = layers.Conv2DTranspose(filters, 4, 2, padding="same", name=name)(x)
        x = layers.LeakyReLU(_LEAKY_SLOPE, name=f"{name}-relu")(x)
        x = normalize(x, "batch", name)
    x = layers.Conv2DTranspose(
        image_shape[-1], 4, 2, padding="same", name=f"upconv-{halvings}"
    )(x)
    x = crop(x, image_shape)
    return keras.Model(inputs, to_image(x), name="generator")


def build_trunk(
    image: keras.KerasTensor, normalization: str
) -> keras.KerasTensor:
    """Convolutions with stride 2 and a dense layer of 128 units."""
    x = image
    for number, filters in enumerate(
        _FILTERS[: _num_halvings(image.shape[1:])], start=1
    ):
        name = f"conv-{number}"
        x = pad_to_even(x, name)
        x = constrain(HalvingConv2D(filters, name=name), normalization)(x)
        x = layers.LeakyReLU(_LEAKY_SLOPE, name=f"{name}-relu")(x)
        if number > 1:
            x = normalize(x, normalization, name)
    x = layers.Flatten(name="flat")(x)
    x = constrain(layers.Dense(_UNITS, name="dense"), normalization)(x)
    x = layers.LeakyReLU(_LEAKY_SLOPE, name="dense-relu")(x)
    return normalize(x, normalization, "dense")


def build_discriminator(
    latent_spec: LatentSpec, image_shape: ImageShape, normalization: str
) -> keras.Model:
    """The trunk; `Q` has a dense layer of its own."""
    check_image_shape(image_shape)
    image = keras.Input(image_shape, name="image")
    x = build_trunk(image, normalization)
    q = constrain(layers.Dense(_UNITS, name="posterior"), normalization)(x)
    q = layers.LeakyReLU(_LEAKY_SLOPE, name="posterior-relu")(q)
    q = normalize(q, normalization, "posterior")
    outputs = discriminator_outputs(latent_spec, x, q)
    return keras.Model(image, outputs, name="discriminator")
