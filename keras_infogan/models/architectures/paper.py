"""The networks of the paper, at its size and at a smaller one.

Table 1 of [Chen et al., 2016](https://arxiv.org/abs/1606.03657), with `tanh` at
the end of the generator, for images in [-1, 1].
"""

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
from keras_infogan.models.blocks import quarter
from keras_infogan.models.blocks import to_image
from keras_infogan.models.layers import HalvingConv2D

_LEAKY_SLOPE = 0.1
_POSTERIOR_UNITS = 128


def build_generator(
    latent_spec: LatentSpec,
    image_shape: ImageShape,
    *,
    dense_units: int,
    filters: int,
) -> keras.Model:
    """Two dense layers, then two transposed convolutions with stride 2."""
    check_image_shape(image_shape)
    height, width = quarter(image_shape)
    inputs, x = latent_inputs(latent_spec)
    for name, units in (
        ("dense-1", dense_units),
        ("dense-2", height * width * 2 * filters),
    ):
        x = layers.Dense(units, use_bias=False, name=name)(x)
        x = normalize(x, "batch", name)
        x = layers.ReLU(name=f"{name}-relu")(x)
    x = layers.Reshape((height, width, 2 * filters), name="feature-map")(x)
    x = layers.Conv2DTranspose(
        filters, 4, 2, padding="same", use_bias=False, name="upconv-1"
    )(x)
    x = normalize(x, "batch", "upconv-1")
    x = layers.ReLU(name="upconv-1-relu")(x)
    x = layers.Conv2DTranspose(
        image_shape[-1], 4, 2, padding="same", name="upconv-2"
    )(x)
    x = crop(x, image_shape)
    return keras.Model(inputs, to_image(x), name="generator")


def build_discriminator(
    latent_spec: LatentSpec,
    image_shape: ImageShape,
    normalization: str,
    *,
    dense_units: int,
    filters: int,
) -> keras.Model:
    """Two convolutions with stride 2 and a dense layer; one more for `Q`."""
    check_image_shape(image_shape)
    image = keras.Input(image_shape, name="image")
    x = constrain(
        layers.Conv2D(filters, 4, 2, padding="same", name="conv-1"),
        normalization,
    )(image)
    x = layers.LeakyReLU(_LEAKY_SLOPE, name="conv-1-relu")(x)
    x = pad_to_even(x, "conv-2")
    x = constrain(HalvingConv2D(2 * filters, name="conv-2"), normalization)(x)
    x = normalize(x, normalization, "conv-2")
    x = layers.LeakyReLU(_LEAKY_SLOPE, name="conv-2-relu")(x)
    x = layers.Flatten(name="flat")(x)
    x = constrain(layers.Dense(dense_units, name="dense"), normalization)(x)
    x = normalize(x, normalization, "dense")
    x = layers.LeakyReLU(_LEAKY_SLOPE, name="dense-relu")(x)
    q = constrain(
        layers.Dense(_POSTERIOR_UNITS, name="posterior"), normalization
    )(x)
    q = normalize(q, normalization, "posterior")
    q = layers.LeakyReLU(_LEAKY_SLOPE, name="posterior-relu")(q)
    outputs = discriminator_outputs(latent_spec, x, q)
    return keras.Model(image, outputs, name="discriminator")
