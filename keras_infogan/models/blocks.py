"""Blocks that the architectures share: inputs, outputs, normalization."""

import keras
from keras import layers

from keras_infogan.images import check_channels
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models import NORMALIZATIONS
from keras_infogan.options import check_choice

ImageShape = tuple[int, int, int]

# Inputs and outputs are named after codes, whose names have no hyphen; so the
# layers between them are named with one.


def check_image_shape(
    image_shape: ImageShape, multiple: int, network: str
) -> None:
    """Raises a `ValueError` unless a network fits images of this shape.

    `multiple` should divide height and width.
    """
    height, width, channels = image_shape
    fits = height > 0 < width and not (height % multiple or width % multiple)
    if not fits:
        raise ValueError(
            f"{network} works for heights and widths that are multiples of "
            f"{multiple}, such as {7 * multiple} or {8 * multiple}. "
            f"Received: image_shape={tuple(image_shape)}. Resize or pad the "
            "images, or choose another architecture."
        )
    check_channels(channels, f"image_shape={tuple(image_shape)}")


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

    `momentum` and `epsilon` are for batch normalization.
    """
    check_choice("normalization", normalization, NORMALIZATIONS)
    if normalization == "batch":
        return layers.BatchNormalization(
            momentum=momentum, epsilon=epsilon, name=f"{name}-norm"
        )(x)
    if normalization == "layer":
        return layers.LayerNormalization(name=f"{name}-norm")(x)
    return x


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
