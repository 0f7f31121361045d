"""One training step: functions of networks, optimizers, objective and batch."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
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
    information_optimizer: Any


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
        batch: `images`, and optionally `positives`, `labeled_images` and
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
        batch: `images`, and optionally `positives`, `labeled_images` and
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
    objective_key = fold_in(key, _OBJECTIVE)
    latents = _sample(spec, batch, fold_in(key, _LATENTS))
    generator_loss, fake_images = _train_generator(players, objective, latents)
    discriminator_loss, metrics = _train_discriminator(
        players, spec, objective, batch, fake_images, objective_key
    )
    latents = _sample(spec, batch, fold_in(key, _FRESH_LATENTS))
    information = _train_information(
        players, spec, objective, latents, objective_key
    )
    return {
        "generator_loss": generator_loss,
        "discriminator_loss": discriminator_loss,
        **information.metrics,
        **metrics,
    }


def _train_generator(
    players: Players, objective: Objective, latents: Tensors
) -> tuple[tf.Tensor, tf.Tensor]:
    """The adversarial loss, and the images from before the update."""
    variables = players.generator.trainable_variables
    optimizer = players.generator_optimizer
    with tf.GradientTape() as tape:
        fake_images = players.generator(latents, training=True)
        fake = players.discriminator(fake_images, training=True)
        loss = total.generator_loss(objective, fake["logits"])
        scaled = optimizer.scale_loss(loss)
    _apply(optimizer, tape.gradient(scaled, variables), variables)
    return loss, fake_images


def _train_discriminator(
    players: Players,
    spec: LatentSpec,
    objective: Objective,
    batch: Batch,
    fake_images: tf.Tensor,
    key: tf.Tensor,
) -> total.DiscriminatorLoss:
    discriminate = functools.partial(players.discriminator, training=True)
    variables = players.discriminator.trainable_variables
    optimizer = players.discriminator_optimizer
    with tf.GradientTape() as tape:
        result = total.discriminator_loss(
            objective,
            spec,
            batch=batch,
            fake_images=fake_images,
            fake_logits=discriminate(fake_images)["logits"],
            discriminate=discriminate,
            key=key,
        )
        scaled = optimizer.scale_loss(result.loss)
    _apply(optimizer, tape.gradient(scaled, variables), variables)
    return result


def _train_information(
    players: Players,
    spec: LatentSpec,
    objective: Objective,
    latents: Tensors,
    key: tf.Tensor,
) -> total.InformationLosses:
    discriminate = functools.partial(players.discriminator, training=True)
    generator_variables = players.generator.trainable_variables
    variables = players.informed_variables
    optimizer = players.information_optimizer
    with tf.GradientTape(persistent=True) as tape:
        fake_images = players.generator(latents, training=True)
        losses = total.information_losses(
            objective,
            spec,
            latents=latents,
            images=fake_images,
            posterior=discriminate(fake_images),
            discriminate=discriminate,
            key=key,
        )
        generator_loss = optimizer.scale_loss(losses.generator)
        posterior_loss = optimizer.scale_loss(losses.posterior)
    gradients = tape.gradient(generator_loss, generator_variables)
    gradients += tape.gradient(posterior_loss, variables)
    _apply(optimizer, gradients, generator_variables + variables)
    return losses


def _sample(spec: LatentSpec, batch: Batch, key: tf.Tensor) -> Tensors:
    images = batch["images"]
    return spec.sample(images.shape[0] or tf.shape(images)[0], key)


def _apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[tf.Tensor | None],
    variables: Variables,
) -> None:
    """Applies the gradients that exist; a phase may not reach every head."""
    reached = [
        (gradient, variable)
        for gradient, variable in zip(gradients, variables, strict=True)
        if gradient is not None
    ]
    optimizer.apply(*map(list, zip(*reached, strict=True)))


UPDATES = {"fused": fused_update, "three_phase": three_phase_update}
