"""Generators and discriminators: functional models with named ends.

A generator takes `noise` and each code by name and gives images in [-1, 1]. A
discriminator takes images and gives `logits` and, by name, the parameters of
`Q(c|x)`: `Q` is heads on its trunk, as in Section 5 of
[Chen et al., 2016](https://arxiv.org/abs/1606.03657).
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import layers

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.layers import HalvingConv2D
from keras_infogan.models.layers import NarrowConv2D
from keras_infogan.models.layers import UpsampledConv2D

ImageShape = tuple[int, int, int]

NORMALIZATIONS = ("batch", "layer", "none")


def _check_image_shape(
    image_shape: ImageShape, multiple: int, what: str
) -> None:
    height, width, channels = image_shape
    fits = height > 0 < width and not (height % multiple or width % multiple)
    if not fits:
        raise ValueError(
            f"{what} works for heights and widths that are multiples of "
            f"{multiple}, such as {7 * multiple} or {8 * multiple}. "
            f"Received: image_shape={tuple(image_shape)}. Resize or pad the "
            "images, or choose another architecture."
        )
    if channels not in (1, 3):
        raise ValueError(
            "Images should have 1 channel (gray) or 3 (RGB). "
            f"Received: image_shape={tuple(image_shape)}."
        )


# Inputs and outputs have the names of codes, in which there is no hyphen; so
# the layers between them are named with one.


def _latent_inputs(latent_spec: LatentSpec) -> dict[str, keras.KerasTensor]:
    return {
        name: keras.Input((dim,), name=name)
        for name, dim in latent_spec.input_dims.items()
    }


def _concatenate(
    inputs: dict[str, keras.KerasTensor],
) -> keras.KerasTensor:
    return layers.Concatenate(name="latent-vector")(list(inputs.values()))


def _to_image(x: keras.KerasTensor) -> keras.KerasTensor:
    # float32 under any policy, as half precision has too few gray levels.
    return layers.Activation("tanh", dtype="float32", name="image")(x)


def _normalize(
    x: keras.KerasTensor,
    normalization: str,
    name: str,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
) -> keras.KerasTensor:
    if normalization == "batch":
        return layers.BatchNormalization(
            momentum=momentum, epsilon=epsilon, name=f"{name}-norm"
        )(x)
    if normalization == "layer":
        return layers.LayerNormalization(name=f"{name}-norm")(x)
    if normalization == "none":
        return x
    raise ValueError(
        f"`normalization` should be one of {', '.join(NORMALIZATIONS)}. "
        f"Received: {normalization!r}."
    )


def discriminator_outputs(
    latent_spec: LatentSpec,
    features: keras.KerasTensor,
    posterior_features: keras.KerasTensor | None = None,
) -> dict[str, keras.KerasTensor]:
    """The heads of a discriminator: `logits` and the parameters of `Q`.

    Each is linear, followed by the activation that the code asks for. For users
    who bring a trunk of their own, too.

    Args:
        latent_spec: The codes.
        features: Tensor of shape `(batch, features)`, the end of the trunk.
        posterior_features: Tensor of shape `(batch, features)` for `Q`, if it
            has layers of its own; `features` by default.

    Returns:
        Float32 tensors by name: `logits` of shape `(batch, 1)`, and those of
        `latent_spec.posterior_dims`.
    """
    if posterior_features is None:
        posterior_features = features
    outputs = {
        "logits": layers.Dense(1, dtype="float32", name="logits")(features)
    }
    for name, code in latent_spec.codes.items():
        for parameter, dim in code.parameters.items():
            head = layers.Dense(
                dim, dtype="float32", name=f"{name}_{parameter}"
            )
            outputs[head.name] = code.activate(
                parameter, head(posterior_features)
            )
    return outputs


def _build_convolutional_generator(
    latent_spec: LatentSpec,
    image_shape: ImageShape,
    dense_units: int,
    filters: int,
) -> keras.Model:
    _check_image_shape(image_shape, 4, "This generator")
    height, width, channels = image_shape
    inputs = _latent_inputs(latent_spec)
    x = _concatenate(inputs)
    for name, units in (
        ("dense-1", dense_units),
        ("dense-2", height // 4 * (width // 4) * 2 * filters),
    ):
        x = layers.Dense(units, use_bias=False, name=name)(x)
        x = _normalize(x, "batch", name)
        x = layers.ReLU(name=f"{name}-relu")(x)
    x = layers.Reshape(
        (height // 4, width // 4, 2 * filters), name="feature-map"
    )(x)
    x = layers.Conv2DTranspose(
        filters, 4, 2, padding="same", use_bias=False, name="upconv-1"
    )(x)
    x = _normalize(x, "batch", "upconv-1")
    x = layers.ReLU(name="upconv-1-relu")(x)
    x = layers.Conv2DTranspose(channels, 4, 2, padding="same", name="upconv-2")(
        x
    )
    return keras.Model(inputs, _to_image(x), name="generator")


def _build_convolutional_discriminator(
    latent_spec: LatentSpec,
    image_shape: ImageShape,
    normalization: str,
    dense_units: int,
    filters: int,
    posterior_units: int,
) -> keras.Model:
    _check_image_shape(image_shape, 4, "This discriminator")
    slope = 0.1
    image = keras.Input(image_shape, name="image")
    x = layers.Conv2D(filters, 4, 2, padding="same", name="conv-1")(image)
    x = layers.LeakyReLU(slope, name="conv-1-relu")(x)
    x = HalvingConv2D(2 * filters, name="conv-2")(x)
    x = _normalize(x, normalization, "conv-2")
    x = layers.LeakyReLU(slope, name="conv-2-relu")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(dense_units, name="dense")(x)
    x = _normalize(x, normalization, "dense")
    x = layers.LeakyReLU(slope, name="dense-relu")(x)
    q = layers.Dense(posterior_units, name="posterior")(x)
    q = _normalize(q, normalization, "posterior")
    q = layers.LeakyReLU(slope, name="posterior-relu")(q)
    outputs = discriminator_outputs(latent_spec, x, q)
    return keras.Model(image, outputs, name="discriminator")


def _build_paper_generator(
    latent_spec: LatentSpec, image_shape: ImageShape
) -> keras.Model:
    return _build_convolutional_generator(latent_spec, image_shape, 1024, 64)


def _build_paper_discriminator(
    latent_spec: LatentSpec, image_shape: ImageShape, normalization: str
) -> keras.Model:
    return _build_convolutional_discriminator(
        latent_spec, image_shape, normalization, 1024, 64, 128
    )


def _build_compact_generator(
    latent_spec: LatentSpec, image_shape: ImageShape
) -> keras.Model:
    return _build_convolutional_generator(latent_spec, image_shape, 256, 32)


def _build_compact_discriminator(
    latent_spec: LatentSpec, image_shape: ImageShape, normalization: str
) -> keras.Model:
    return _build_convolutional_discriminator(
        latent_spec, image_shape, normalization, 256, 32, 128
    )


# The write-up gives 0.8 to batch norm where PyTorch takes epsilon; the momentum
# was meant. PyTorch's epsilon stands beside it.
_WRITEUP_NORM = {"momentum": 0.8, "epsilon": 1e-5}


def _build_writeup_generator(
    latent_spec: LatentSpec, image_shape: ImageShape
) -> keras.Model:
    _check_image_shape(image_shape, 4, "The write-up's generator")
    height, width, channels = image_shape
    normal = keras.initializers.RandomNormal
    inputs = _latent_inputs(latent_spec)
    x = _concatenate(inputs)
    x = layers.Dense(height // 4 * (width // 4) * 128, name="dense-1")(x)
    x = layers.Reshape((height // 4, width // 4, 128), name="feature-map")(x)
    x = _normalize(x, "batch", "feature-map", **_WRITEUP_NORM)
    for number, filters in enumerate((128, 64), start=1):
        x = UpsampledConv2D(
            filters,
            kernel_initializer=normal(stddev=0.02),
            name=f"conv-{number}",
        )(x)
        x = _normalize(x, "batch", f"conv-{number}", **_WRITEUP_NORM)
        x = layers.LeakyReLU(0.2, name=f"conv-{number}-relu")(x)
    x = NarrowConv2D(
        channels, 3, kernel_initializer=normal(stddev=0.02), name="conv-3"
    )(x)
    return keras.Model(inputs, _to_image(x), name="generator")


def _build_writeup_discriminator(
    latent_spec: LatentSpec, image_shape: ImageShape, normalization: str
) -> keras.Model:
    _check_image_shape(image_shape, 16, "The write-up's discriminator")
    image = keras.Input(image_shape, name="image")
    x = image
    for number, filters in enumerate((16, 32, 64, 128), start=1):
        x = HalvingConv2D(
            filters,
            3,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            name=f"conv-{number}",
        )(x)
        x = layers.LeakyReLU(0.2, name=f"conv-{number}-relu")(x)
        x = layers.SpatialDropout2D(0.25, name=f"conv-{number}-dropout")(x)
        if number > 1:
            x = _normalize(x, normalization, f"conv-{number}", **_WRITEUP_NORM)
    x = layers.Flatten(name="flat")(x)
    outputs = discriminator_outputs(latent_spec, x)
    return keras.Model(image, outputs, name="discriminator")


class Architecture(NamedTuple):
    """How to build a generator and the discriminator that goes with it."""

    generator: Callable[[LatentSpec, ImageShape], keras.Model]
    discriminator: Callable[[LatentSpec, ImageShape, str], keras.Model]


ARCHITECTURES = {
    "compact": Architecture(
        _build_compact_generator, _build_compact_discriminator
    ),
    "paper": Architecture(_build_paper_generator, _build_paper_discriminator),
    "writeup": Architecture(
        _build_writeup_generator, _build_writeup_discriminator
    ),
}


def _architecture(name: str) -> Architecture:
    if name not in ARCHITECTURES:
        raise ValueError(
            f"`architecture` should be one of {', '.join(ARCHITECTURES)}. "
            f"Received: {name!r}."
        )
    return ARCHITECTURES[name]


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
            the filters and a quarter of the dense units; `"writeup"` upsamples
            and convolves.

    Returns:
        A functional model from a dictionary of `noise` and codes, each of shape
        `(batch, dim)`, to float32 images in [-1, 1] of shape
        `(batch, height, width, channels)`.

    Raises:
        ValueError: If the architecture is unknown or cannot make images of this
            size; the message says which sizes work.
    """
    return _architecture(architecture).generator(latent_spec, image_shape)


def build_discriminator(
    latent_spec: LatentSpec,
    image_shape: ImageShape = (28, 28, 1),
    *,
    architecture: str = "compact",
    normalization: str = "batch",
) -> keras.Model:
    """Builds a discriminator `D(x)` with `Q(c|x)` as heads on its trunk.

    Args:
        latent_spec: The codes that `Q` reads.
        image_shape: Height, width and channels (1 or 3) of the images.
        architecture: As for `build_generator`; in `"paper"` and `"compact"`,
            `Q` has a dense layer of 128 units of its own.
        normalization: `"batch"`, `"layer"` or `"none"`. Gradient penalties are
            defined image by image, which batch normalization is not.

    Returns:
        A functional model from images in [-1, 1] of shape
        `(batch, height, width, channels)` to a dictionary of float32 tensors:
        `logits` of shape `(batch, 1)` and `latent_spec.posterior_dims`.

    Raises:
        ValueError: If the architecture or the normalization is unknown, or the
            size of the images does not fit; the message says which sizes do.
    """
    return _architecture(architecture).discriminator(
        latent_spec, image_shape, normalization
    )
