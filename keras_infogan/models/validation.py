"""Checks of the networks and the objective of an InfoGAN."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from keras_infogan.latents.spec import LatentSpec
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


def check_pair_discriminator(
    objective: Objective, spec: LatentSpec, network: keras.Model | None
) -> None:
    """Raises a `ValueError` if there is none but for the objective, or another.

    It maps pairs of images to a logit for each of `spec.dimensions`.
    """
    if not objective.contrastive_weight and network is not None:
        raise ValueError(
            "pair_discriminator is for an objective with a contrastive_weight. "
            "Received: contrastive_weight=0. Leave it out."
        )
    width = len(spec.dimensions)
    if network is not None and network.output_shape[-1] != width:
        raise ValueError(
            f"pair_discriminator should have {width} logits, one for each "
            "dimension of the codes. "
            f"Received: {network.output_shape[-1]}."
        )


def has_batch_normalization(network: keras.Model) -> bool:
    """Whether the output for an image depends on others in its batch."""
    return any(
        isinstance(layer, layers.BatchNormalization)
        or (isinstance(layer, keras.Model) and has_batch_normalization(layer))
        for layer in network.layers
    )
