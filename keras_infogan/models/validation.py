"""What InfoGAN asks of its networks and of its images."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.adversarial import find_adversarial_loss
from keras_infogan.losses.objective import Objective


def check_networks(
    generator: keras.Model, discriminator: keras.Model, spec: LatentSpec
) -> None:
    """Raises a `ValueError` unless the networks have the interface of InfoGAN.

    Args:
        generator: Should take a dictionary of `spec.input_dims`.
        discriminator: Should take the images of the generator and give a
            dictionary of `logits` and `spec.posterior_dims`.
        spec: The noise and the codes.
    """

    def widths(ends: Any) -> dict[str, int | None] | str:
        if not isinstance(ends, Mapping):
            return "no dictionary"
        return {name: end.shape[-1] for name, end in ends.items()}

    # A model that is not functional has neither.
    inputs = getattr(generator, "input", None)
    outputs = getattr(discriminator, "output", None)
    for what, received, expected in (
        ("inputs of the generator", widths(inputs), spec.input_dims),
        (
            "outputs of the discriminator",
            widths(outputs),
            {"logits": 1, **spec.posterior_dims},
        ),
    ):
        if received != expected:
            raise ValueError(
                f"The {what} should be a dictionary of these widths: "
                f"{expected}. Received: {received}."
            )
    made, taken = generator.output_shape, discriminator.input_shape
    if len(taken) != 4 or None in taken[1:] or made != taken:
        raise ValueError(
            "The generator should make what the discriminator takes, images of "
            "shape (batch, height, width, channels). "
            f"Received: {made} and {taken}."
        )


def check_objective(
    objective: Objective, spec: LatentSpec, discriminator: keras.Model
) -> None:
    """Raises a `ValueError` if an objective does not fit codes and network.

    Args:
        objective: The losses and their weights.
        spec: The noise and the codes.
        discriminator: Should have no batch normalization if there is a gradient
            penalty.
    """
    find_adversarial_loss(
        objective.adversarial_loss, label_smoothing=objective.label_smoothing
    )
    objective.check_codes(spec)
    if objective.has_gradient_penalty and has_batch_normalization(
        discriminator
    ):
        raise ValueError(
            "Gradient penalties are defined image by image, so the "
            "discriminator should have no batch normalization. Received: "
            f"r1_weight={objective.r1_weight}, gradient_penalty_weight="
            f"{objective.gradient_penalty_weight}. Build the discriminator "
            'with normalization="layer".'
        )


def has_batch_normalization(network: keras.Model) -> bool:
    """Whether an image's result depends on the others of its batch."""
    return any(
        isinstance(layer, layers.BatchNormalization)
        or (isinstance(layer, keras.Model) and has_batch_normalization(layer))
        for layer in network.layers
    )


def find_head_variables(discriminator: keras.Model) -> list[keras.Variable]:
    """The trainable variables that only `Q` uses, not the `logits`."""
    # The view is not kept: two models that share layers cannot be saved.
    adversarial = keras.Model(
        discriminator.input, discriminator.output["logits"]
    )
    shared = {id(variable) for variable in adversarial.trainable_variables}
    return [
        variable
        for variable in discriminator.trainable_variables
        if id(variable) not in shared
    ]


def check_images(images: np.ndarray, image_shape: tuple[int, ...]) -> None:
    """Raises a `ValueError` unless these are images of this shape in [-1, 1].

    Args:
        images: Array of shape `(num_images, height, width, channels)`.
        image_shape: Height, width and channels that are expected.
    """
    if (
        images.ndim != 4
        or len(images) == 0
        or tuple(images.shape[1:]) != tuple(image_shape)
    ):
        expected = ", ".join(str(size) for size in image_shape)
        raise ValueError(
            f"Images should have shape (num_images, {expected}), at least one "
            f"of them. Received: shape={images.shape}."
        )
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            "Images should be floats in [-1, 1]. "
            f"Received: dtype={images.dtype}. Scale bytes by x / 127.5 - 1."
        )
    if not np.isfinite(images).all():
        raise ValueError(
            "Images should be floats in [-1, 1]. Received: NaN or infinity. If "
            "a model drew them, its training has diverged: train it again with "
            "lower learning rates, or without mixed_float16."
        )
    low, high = images.min(), images.max()
    # A thousandth, as resizing may overshoot.
    if low < -1.001 or high > 1.001:
        raise ValueError(
            "Images should be floats in [-1, 1]. "
            f"Received: values from {low:.4g} to {high:.4g}."
        )
