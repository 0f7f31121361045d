"""Blocks that the architectures share: inputs, outputs, normalization."""

from collections.abc import Iterable

import keras
from keras import layers

from keras_infogan.images import check_channels
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models import NORMALIZATIONS
from keras_infogan.models.layers import SpectralNormalization
from keras_infogan.options import check_choice

ImageShape = tuple[int, int, int]

# Inputs and outputs are named after codes, whose names have no hyphen; so the
# layers between them are named with one.


def check_image_shape(image_shape: ImageShape) -> None:
    """Raises a `ValueError` unless images can have this shape."""
    height, width, channels = image_shape
    if height < 1 or width < 1:
        raise ValueError(
            "Images should have a height and a width of at least 1. "
            f"Received: image_shape={tuple(image_shape)}."
        )
    check_channels(channels, f"image_shape={tuple(image_shape)}")


def quarter(image_shape: ImageShape) -> tuple[int, int]:
    """Height and width of the feature map that becomes four times as large.

    Rounded up; `crop` removes what is too much.
    """
    height, width, _ = image_shape
    return -(-height // 4), -(-width // 4)


def crop(x: keras.KerasTensor, image_shape: ImageShape) -> keras.KerasTensor:
    """Cuts off what `quarter` has rounded up, equally on both sides."""
    surplus = [
        (size - wanted)
        for size, wanted in zip(x.shape[1:3], image_shape, strict=False)
    ]
    if not any(surplus):
        return x
    cropping = [(pixels // 2, pixels - pixels // 2) for pixels in surplus]
    return layers.Cropping2D(cropping, name="crop")(x)


def pad_to_even(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Adds zeros below and on the right, for the layer `name` that halves."""
    _, height, width, _ = x.shape
    if height % 2 == width % 2 == 0:
        return x
    padding = ((0, height % 2), (0, width % 2))
    return layers.ZeroPadding2D(padding, name=f"{name}-pad")(x)


def latent_inputs(
    latent_spec: LatentSpec,
) -> tuple[dict[str, keras.KerasTensor], keras.KerasTensor]:
    """The inputs of a generator by name, and all of them as one vector."""
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in latent_spec.input_dims.items()
    }
    vector = layers.Concatenate(name="latent-vector")(list(inputs.values()))
    return inputs, vector


def to_image(x: keras.KerasTensor) -> keras.KerasTensor:
    """The end of a generator: `tanh`, in [-1, 1]."""
    # float32 under any policy, as half precision has too few gray levels.
    return layers.Activation("tanh", dtype="float32", name="image")(x)


def normalize(
    x: keras.KerasTensor,
    normalization: str,
    name: str,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
) -> keras.KerasTensor:
    """Normalizes the output of the layer `name`.

    `momentum` and `epsilon` are for batch normalization. Nothing follows a
    layer whose weights `constrain` normalizes.
    """
    check_choice("normalization", normalization, NORMALIZATIONS)
    if normalization == "batch":
        return layers.BatchNormalization(
            momentum=momentum, epsilon=epsilon, name=f"{name}-norm"
        )(x)
    if normalization == "layer":
        return layers.LayerNormalization(name=f"{name}-norm")(x)
    return x


def constrain(
    layer: keras.layers.Layer, normalization: str
) -> keras.layers.Layer:
    """Spectral normalization of the weights of a layer, if that is chosen.

    [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), Section 2.1: the
    kernel is divided by its largest singular value, of which each training step
    makes an iteration of the power method.
    """
    if normalization != "spectral":
        return layer
    return SpectralNormalization(layer, name=f"{layer.name}-spectral")


def discriminator_outputs(
    latent_spec: LatentSpec,
    features: keras.KerasTensor,
    posterior_features: keras.KerasTensor | None = None,
) -> dict[str, keras.KerasTensor]:
    """The heads of a discriminator: `logits` and the parameters of `Q(c|x)`.

    Each is linear, followed by the activation that its code defines. Use it for
    trunks of your own, too.

    Args:
        latent_spec: The codes.
        features: Tensor of shape `(batch, features)`, the output of the trunk.
        posterior_features: Tensor of shape `(batch, features)`, if `Q` has
            layers of its own; `features` by default.

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


def check_heads(
    latent_spec: LatentSpec,
    discriminator: keras.Model,
    names: Iterable[str],
    user: str,
) -> None:
    """Checks that outputs come from the heads of `discriminator_outputs`.

    Args:
        latent_spec: The codes.
        discriminator: The network.
        names: The outputs. `logits` is always one of them.
        user: What needs the heads, for the error.

    Raises:
        ValueError: If an output is not that of a dense layer of its name, from
            features of shape `(batch, features)`.
    """
    dims = {"logits": 1, **latent_spec.posterior_dims}
    heads = {
        layer.name: layer.units
        for layer in discriminator.layers
        if isinstance(layer, layers.Dense) and len(layer.input.shape) == 2
    }
    missing = [
        name for name in ("logits", *names) if heads.get(name) != dims[name]
    ]
    if missing:
        raise ValueError(
            f"{user} needs a discriminator with the heads of "
            "discriminator_outputs, dense layers with the names of the "
            f"outputs. Received: one without {', '.join(missing)}."
        )
