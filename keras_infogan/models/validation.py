"""Checks of the networks, objective and batches of an InfoGAN."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_infogan.images import check_images
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.adversarial import find_adversarial_loss
from keras_infogan.losses.objective import Objective


def check_networks(
    generator: keras.Model, discriminator: keras.Model, spec: LatentSpec
) -> None:
    """Raises a `ValueError` unless the networks have the interface of InfoGAN.

    The generator is a functional model from a dictionary of `spec.input_dims`
    to images; the discriminator, from these to a dictionary of `logits` and
    `spec.posterior_dims`.
    """

    def widths(ends: Any) -> dict[str, int | None] | str:
        if not isinstance(ends, Mapping):
            return "not a dictionary"
        return {name: end.shape[-1] for name, end in ends.items()}

    # Models that are not functional have neither.
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
            "The generator's output and the discriminator's input should have "
            "the same shape, (batch, height, width, channels). "
            f"Received: {made} and {taken}."
        )


def check_objective(
    objective: Objective, spec: LatentSpec, discriminator: keras.Model
) -> None:
    """Raises a `ValueError` if an objective does not fit codes and network."""
    find_adversarial_loss(
        objective.adversarial_loss, label_smoothing=objective.label_smoothing
    )
    objective.check_codes(spec)
    has_penalty = objective.r1_weight or objective.gradient_penalty_weight
    if has_penalty and has_batch_normalization(discriminator):
        raise ValueError(
            "Gradient penalties are defined image by image, so the "
            "discriminator should have no batch normalization. Received: "
            f"r1_weight={objective.r1_weight}, gradient_penalty_weight="
            f"{objective.gradient_penalty_weight}. Build the discriminator "
            'with normalization="layer".'
        )


def has_batch_normalization(network: keras.Model) -> bool:
    """Whether the output for an image depends on others in its batch."""
    return any(
        isinstance(layer, layers.BatchNormalization)
        or (isinstance(layer, keras.Model) and has_batch_normalization(layer))
        for layer in network.layers
    )


def check_training_data(x: Any, image_shape: tuple[int, ...]) -> None:
    """Raises a `ValueError` if images have another shape, type or range.

    Checks what is known before training starts of `x`, an argument of `fit`.
    """
    if isinstance(x, np.ndarray):
        check_images(x, image_shape)
    elif isinstance(x, tf.data.Dataset):
        spec, _, _ = keras.utils.unpack_x_y_sample_weight(x.element_spec)
        specs = spec if isinstance(spec, Mapping) else {"images": spec}
        for name in {"images", "positives"} & set(specs):
            shape = tuple(specs[name].shape[1:])
            if shape != image_shape or not specs[name].dtype.is_floating:
                raise ValueError(
                    "The data set should yield batches of float images in "
                    f"[-1, 1] of shape {image_shape}. Received: "
                    f"shape={shape}, dtype={specs[name].dtype.name}."
                )


def unpack_batch(data: Any, spec: LatentSpec) -> dict[str, tf.Tensor]:
    """The argument of `train_step` as a mapping, without targets and weights.

    Raises a `ValueError` if there are labels and no categorical code.
    """
    x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    batch = dict(x) if isinstance(x, Mapping) else {"images": x}
    if "labels" in batch and not spec.categorical_names:
        raise ValueError(
            "Labels need a categorical code that learns them. "
            f"Received: {', '.join(spec.codes)}, none of them categorical."
        )
    return batch
