"""One training step: functions of networks, optimizers, objective and batch."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import total
from keras_infogan.losses.objective import Objective
from keras_infogan.losses.total import Tensors

# What the key of a step is folded with: the latents, fresh latents for the
# third phase, and everything that the objective draws.
_LATENTS, _FRESH_LATENTS, _OBJECTIVE = range(3)

Batch = Mapping[str, tf.Tensor]
Variables = list[keras.Variable]


@dataclass(frozen=True)
class Players:
    """The two networks and how they are trained.

    Args:
        generator: From latents to images.
        discriminator: From images to logits and the posterior.
        informed_variables: Those of the discriminator that learn from the
            information loss, too: all, or the heads of `Q` only.
        other_variables: The rest of the discriminator.
        generator_optimizer: For the generator.
        discriminator_optimizer: For the discriminator.
        information_optimizer: For both networks, in the third phase.
    """

    generator: keras.Model
    discriminator: keras.Model
    informed_variables: Variables
    other_variables: Variables
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    information_optimizer: keras.optimizers.Optimizer | None


class Losses(NamedTuple):
    """All losses of one forward pass; scalar tensors.

    Args:
        generator: What the generator minimizes, information included.
        discriminator: What the discriminator minimizes, information included.
        discriminator_alone: The same without the information.
        metrics: What is reported, by name.
    """

    generator: tf.Tensor
    discriminator: tf.Tensor
    discriminator_alone: tf.Tensor
    metrics: Tensors


def compute_losses(
    generator: keras.Model,
    discriminator: keras.Model,
    spec: LatentSpec,
    objective: Objective,
    batch: Batch,
    key: tf.Tensor,
    *,
    training: bool,
) -> Losses:
    """All losses of one forward pass.

    Args:
        generator: From latents to images.
        discriminator: From images to logits and the posterior.
        spec: The noise and the codes.
        objective: The losses and their weights.
        batch: `images`, and optionally `partners`, `labeled_images` and
            `labels`.
        key: Integer tensor of shape `(2,)`, the seed.
        training: Whether batch normalization and dropout are in training mode.
    """
    discriminate = functools.partial(discriminator, training=training)
    objective_key = fold_in(key, _OBJECTIVE)
    latents = _sample(spec, batch, fold_in(key, _LATENTS))
    fake_images = generator(latents, training=training)
    fake = discriminate(fake_images)
    information = total.information_losses(
        objective,
        spec,
        latents=latents,
        images=fake_images,
        posterior=fake,
        discriminate=discriminate,
        key=objective_key,
    )
    alone, metrics = total.discriminator_loss(
        objective,
        spec,
        batch=batch,
        fake_images=fake_images,
        fake_logits=fake["logits"],
        discriminate=discriminate,
        key=objective_key,
    )
    of_generator = total.generator_loss(objective, fake["logits"])
    of_generator += information.generator
    of_discriminator = alone + information.posterior
    return Losses(
        of_generator,
        of_discriminator,
        alone,
        {
            "generator_loss": of_generator,
            "discriminator_loss": of_discriminator,
            **information.metrics,
            **metrics,
        },
    )


def fused_update(
    players: Players,
    spec: LatentSpec,
    objective: Objective,
    batch: Batch,
    key: tf.Tensor,
) -> Tensors:
    """Takes the gradients of both networks from one forward pass.

    Both are applied at once: they are those of two separate phases at the same
    point.

    Args:
        players: The networks and their optimizers.
        spec: The noise and the codes.
        objective: The losses and their weights.
        batch: `images`, and optionally `partners`, `labeled_images` and
            `labels`.
        key: Integer tensor of shape `(2,)`, the seed.

    Returns:
        Scalar tensors, the metrics of the step by name.
    """
    generator_variables = players.generator.trainable_variables
    informed, other = players.informed_variables, players.other_variables
    with tf.GradientTape(persistent=True) as tape:
        losses = compute_losses(
            players.generator,
            players.discriminator,
            spec,
            objective,
            batch,
            key,
            training=True,
        )
        generator_loss = players.generator_optimizer.scale_loss(
            losses.generator
        )
        scale = players.discriminator_optimizer.scale_loss
        informed_loss = scale(losses.discriminator)
        other_loss = scale(losses.discriminator_alone)
    generator_gradients = tape.gradient(generator_loss, generator_variables)
    gradients = tape.gradient(informed_loss, informed)
    gradients += tape.gradient(other_loss, other)
    _apply(
        players.generator_optimizer, generator_gradients, generator_variables
    )
    _apply(players.discriminator_optimizer, gradients, informed + other)
    return losses.metrics


def three_phase_update(
    players: Players,
    spec: LatentSpec,
    objective: Objective,
    batch: Batch,
    key: tf.Tensor,
) -> Tensors:
    """`G` against `D`; then `D`; then both for the information, drawn afresh.

    Arguments and result as for `fused_update`, except that the two losses are
    those of the first two phases, without the information.
    """
    discriminate = functools.partial(players.discriminator, training=True)
    objective_key = fold_in(key, _OBJECTIVE)
    generator_variables = players.generator.trainable_variables

    optimizer = players.generator_optimizer
    latents = _sample(spec, batch, fold_in(key, _LATENTS))
    with tf.GradientTape() as tape:
        fake_images = players.generator(latents, training=True)
        fake = discriminate(fake_images)
        of_generator = total.generator_loss(objective, fake["logits"])
        scaled = optimizer.scale_loss(of_generator)
    gradients = tape.gradient(scaled, generator_variables)
    _apply(optimizer, gradients, generator_variables)

    optimizer = players.discriminator_optimizer
    variables = players.discriminator.trainable_variables
    with tf.GradientTape() as tape:
        fake = discriminate(fake_images)
        of_discriminator, metrics = total.discriminator_loss(
            objective,
            spec,
            batch=batch,
            fake_images=fake_images,
            fake_logits=fake["logits"],
            discriminate=discriminate,
            key=objective_key,
        )
        scaled = optimizer.scale_loss(of_discriminator)
    gradients = tape.gradient(scaled, variables)
    _apply(optimizer, gradients, variables)

    optimizer = players.information_optimizer
    variables = players.informed_variables
    latents = _sample(spec, batch, fold_in(key, _FRESH_LATENTS))
    with tf.GradientTape(persistent=True) as tape:
        fake_images = players.generator(latents, training=True)
        information = total.information_losses(
            objective,
            spec,
            latents=latents,
            images=fake_images,
            posterior=discriminate(fake_images),
            discriminate=discriminate,
            key=objective_key,
        )
        scaled_for_generator = optimizer.scale_loss(information.generator)
        scaled = optimizer.scale_loss(information.posterior)
    gradients = tape.gradient(scaled_for_generator, generator_variables)
    gradients += tape.gradient(scaled, variables)
    _apply(optimizer, gradients, generator_variables + variables)
    return {
        "generator_loss": of_generator,
        "discriminator_loss": of_discriminator,
        **information.metrics,
        **metrics,
    }


def _sample(spec: LatentSpec, batch: Batch, key: tf.Tensor) -> Tensors:
    images = batch["images"]
    return spec.sample(images.shape[0] or tf.shape(images)[0], key)


def _apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[tf.Tensor | None],
    variables: Variables,
) -> None:
    """Applies the gradients that exist: a phase may not reach each head."""
    reached = [
        (gradient, variable)
        for gradient, variable in zip(gradients, variables, strict=True)
        if gradient is not None
    ]
    optimizer.apply(*map(list, zip(*reached, strict=True)))
