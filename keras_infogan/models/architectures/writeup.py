"""The networks of the least-squares write-up of InfoGAN.

"The write-up" is the InfoGAN that most tutorials train, as in
[PyTorch-GAN](https://github.com/eriklindernoren/PyTorch-GAN): the generator
upsamples to the nearest pixel and convolves, the discriminator has four 3x3
convolutions with stride 2 and dropout; least-squares adversarial losses; and
each batch updates G, then D, then both for the information.
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
from keras_infogan.models.layers import NarrowConv2D
from keras_infogan.models.layers import SpatialDropout2D
from keras_infogan.models.layers import UpsampledConv2D

# The code in circulation passes 0.8 as the epsilon of batch normalization; the
# momentum was meant. The epsilon is the default of that code's framework.
_BATCH_NORM = {"momentum": 0.8, "epsilon": 1e-5}
_LEAKY_SLOPE = 0.2
_DROPOUT = 0.25


def _initializer() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def build_generator(
    latent_spec: LatentSpec, image_shape: ImageShape
) -> keras.Model:
    """A dense layer, then two upsampled convolutions and one to the image."""
    check_image_shape(image_shape)
    height, width = quarter(image_shape)
    inputs, x = latent_inputs(latent_spec)
    x = layers.Dense(height * width * 128, name="dense-1")(x)
    x = layers.Reshape((height, width, 128), name="feature-map")(x)
    x = normalize(x, "batch", "feature-map", **_BATCH_NORM)
    for number, filters in enumerate((128, 64), start=1):
        name = f"conv-{number}"
        x = UpsampledConv2D(
            filters, kernel_initializer=_initializer(), name=name
        )(x)
        x = normalize(x, "batch", name, **_BATCH_NORM)
        x = layers.LeakyReLU(_LEAKY_SLOPE, name=f"{name}-relu")(x)
    x = NarrowConv2D(
        image_shape[-1], 3, kernel_initializer=_initializer(), name="conv-3"
    )(x)
    x = crop(x, image_shape)
    return keras.Model(inputs, to_image(x), name="generator")


def build_discriminator(
    latent_spec: LatentSpec, image_shape: ImageShape, normalization: str
) -> keras.Model:
    """Four convolutions with stride 2 and dropout; linear heads on them."""
    check_image_shape(image_shape)
    image = keras.Input(image_shape, name="image")
    x = image
    for number, filters in enumerate((16, 32, 64, 128), start=1):
        name = f"conv-{number}"
        x = pad_to_even(x, name)
        x = constrain(
            HalvingConv2D(
                filters, 3, kernel_initializer=_initializer(), name=name
            ),
            normalization,
        )(x)
        x = layers.LeakyReLU(_LEAKY_SLOPE, name=f"{name}-relu")(x)
        x = SpatialDropout2D(_DROPOUT, name=f"{name}-dropout")(x)
        if number > 1:
            x = normalize(x, normalization, name, **_BATCH_NORM)
    x = layers.Flatten(name="flat")(x)
    outputs = discriminator_outputs(latent_spec, x)
    return keras.Model(image, outputs, name="discriminator")
