"""Generators and discriminators: functional models with named outputs.

A generator maps `noise` and each code, by name, to images in [-1, 1]. A
discriminator maps images to `logits` and, by name, the parameters of `Q(c|x)`,
which are heads on its trunk, as in Section 5 of
[Chen et al., 2016](https://arxiv.org/abs/1606.03657).
"""

import functools
import pkgutil
from collections.abc import Callable

import keras

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.architectures import ARCHITECTURES
from keras_infogan.models.architectures.sprites import build_trunk
from keras_infogan.models.blocks import ImageShape
from keras_infogan.options import check_choice


def _find(architecture: str, function: str) -> Callable[..., keras.Model]:
    check_choice("architecture", architecture, ARCHITECTURES)
    module, sizes = ARCHITECTURES[architecture]
    return functools.partial(
        pkgutil.resolve_name(f"{module}:{function}"), **sizes
    )


def build_generator(
    latent_spec: LatentSpec,
    image_shape: ImageShape = (28, 28, 1),
    *,
    architecture: str = "compact",
) -> keras.Model:
    """Builds a generator `G(z, c)`.

    Args:
        latent_spec: The noise and the codes, which are its inputs.
        image_shape: Height, width and channels (1 or 3) of the images.
        architecture: `"paper"` is Table 1 of
            [Chen et al., 2016](https://arxiv.org/abs/1606.03657) with `tanh` at
            the end (for images in [-1, 1]); `"compact"` is the same with half
            the filters and a quarter of the dense units; `"writeup"`, of the
            least-squares write-up in `architectures/writeup.py`, upsamples and
            convolves; `"sprites"`, of InfoGAN-CR on dSprites, doubles feature
            maps of 4 x 4.

    Returns:
        A functional model from a dictionary of `noise` and codes, each of shape
        `(batch, dim)`, to float32 images in [-1, 1] of shape
        `(batch, height, width, channels)`.

    Raises:
        ValueError: If there is no such architecture, or no such image.
    """
    build = _find(architecture, "build_generator")
    return build(latent_spec, image_shape)


def build_discriminator(
    latent_spec: LatentSpec,
    image_shape: ImageShape = (28, 28, 1),
    *,
    architecture: str = "compact",
    normalization: str = "batch",
) -> keras.Model:
    """Builds a discriminator `D(x)` with `Q(c|x)` as heads on its trunk.

    Args:
        latent_spec: The codes, whose posterior parameters are outputs.
        image_shape: Height, width and channels (1 or 3) of the images.
        architecture: As for `build_generator`; in `"paper"` and `"compact"`,
            `Q` has a dense layer of 128 units of its own.
        normalization: `"batch"`, `"layer"`, `"spectral"` (of the weights of all
            layers but the heads, see `blocks.constrain`) or `"none"`. Gradient
            penalties are defined for each image by itself, which rules out
            `"batch"`.

    Returns:
        A functional model from images in [-1, 1] of shape
        `(batch, height, width, channels)` to a dictionary of float32 tensors:
        `logits` of shape `(batch, 1)` and `latent_spec.posterior_dims`.

    Raises:
        ValueError: As `build_generator`.
    """
    build = _find(architecture, "build_discriminator")
    return build(latent_spec, image_shape, normalization)


def build_pair_discriminator(
    latent_spec: LatentSpec, image_shape: ImageShape = (28, 28, 1)
) -> keras.Model:
    """Builds `H(x, x')`: which dimension of the codes do two images share?

    The discriminator of the contrastive regularizer of
    [Lin et al., 2020](https://arxiv.org/abs/1906.06034): that of
    `architecture="sprites"` with spectral normalization, for two images side by
    side in the channels.

    Args:
        latent_spec: The codes.
        image_shape: Height, width and channels (1 or 3) of an image.

    Returns:
        A functional model from two images in [-1, 1], of shape
        `(batch, height, width, 2 * channels)`, to float32 logits of shape
        `(batch, len(latent_spec.dimensions))`.
    """
    height, width, channels = image_shape
    pair = keras.Input((height, width, 2 * channels), name="pair")
    x = build_trunk(pair, "spectral")
    head = keras.layers.Dense(
        len(latent_spec.dimensions), dtype="float32", name="logits"
    )
    return keras.Model(pair, head(x), name="pair_discriminator")
