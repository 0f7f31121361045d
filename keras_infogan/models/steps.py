"""One training step: functions of the training state, a batch and a key.

The batch has `images`, and optionally `positives`, `labeled_images` and
`labels`. The key, an integer tensor of shape `(2,)`, is the seed of the step.
"""

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
from keras_infogan.losses.consistency import category_shares
from keras_infogan.losses.objective import Objective
from keras_infogan.losses.total import Tensors
from keras_infogan.models.compile_arguments import needs_all_gradients
from keras_infogan.replicas import draw_rows

# What the key of a step is folded with: the latents, fresh latents for the
# third phase, everything that the objective draws, and the latents of the other
# images of contrastive pairs.
_LATENTS, _FRESH_LATENTS, _OBJECTIVE, _OTHERS = range(4)

Batch = Mapping[str, tf.Tensor]


@dataclass(frozen=True)
class TrainingState:
    """The two networks, what they minimize and how they are trained.

    `informed_variables` are those of the discriminator that learn from the
    information: all, or the heads of `Q` only; `uninformed_variables` are its
    others. `information_optimizer`, for the third phase, trains the informed
    ones and the generator. The variables of the `pair_discriminator`, if there
    is one, are among the informed ones. `step` counts the steps. `priors` has
    the probabilities of categories where they are learned or differ, by name.
    """

    generator: keras.Model
    discriminator: keras.Model
    spec: LatentSpec
    objective: Objective
    informed_variables: list[keras.Variable]
    uninformed_variables: list[keras.Variable]
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    information_optimizer: Any
    pair_discriminator: keras.Model | None
    step: keras.Variable
    priors: Mapping[str, Any]


class Losses(NamedTuple):
    """All losses of one forward pass, scalars, and what is reported of it.

    Those of both networks include the information, except for
    `discriminator_alone`.
    """

    generator: tf.Tensor
    discriminator: tf.Tensor
    discriminator_alone: tf.Tensor
    metrics: Tensors


def compute_losses(
    state: TrainingState, batch: Batch, key: tf.Tensor, *, training: bool
) -> Losses:
    """All losses of one forward pass.

    `training` is the mode of batch normalization and dropout.
    """
    spec, objective = state.spec, state.objective
    discriminate = functools.partial(state.discriminator, training=training)
    objective_key = fold_in(key, _OBJECTIVE)
    latents = _sample(state, batch, fold_in(key, _LATENTS))
    fake_images = state.generator(latents, training=training)
    fake = discriminate(fake_images)
    information = total.information_losses(
        objective,
        spec,
        latents=latents,
        images=fake_images,
        posterior=fake,
        discriminate=discriminate,
        key=objective_key,
        priors=state.priors,
    )
    alone, metrics = total.discriminator_loss(
        objective,
        spec,
        batch=batch,
        fake_images=fake_images,
        fake_logits=fake["logits"],
        discriminate=discriminate,
        key=objective_key,
        priors=state.priors,
    )
    contrastive, more = _contrastive_loss(
        state, batch, latents, fake_images, key, training=training
    )
    of_generator = total.generator_loss(objective, fake["logits"])
    of_generator += information.generator + contrastive
    of_discriminator = alone + information.posterior + contrastive
    metrics = {
        "generator_loss": of_generator,
        "discriminator_loss": of_discriminator,
        **information.metrics,
        **metrics,
        **more,
    }
    return Losses(of_generator, of_discriminator, alone, metrics)


def _contrastive_loss(
    state: TrainingState,
    batch: Batch,
    latents: Tensors,
    images: tf.Tensor,
    key: tf.Tensor,
    *,
    training: bool,
) -> tuple[Any, Tensors]:
    """The weighted contrastive loss and its metric; 0 and none if it is off."""
    if state.pair_discriminator is None:
        return 0.0, {}
    return total.contrastive_loss(
        state.objective,
        state.spec,
        images=images,
        latents=latents,
        others=_sample(state, batch, fold_in(key, _OTHERS)),
        generate=functools.partial(state.generator, training=training),
        compare=functools.partial(state.pair_discriminator, training=training),
        key=fold_in(key, _OBJECTIVE),
        step=state.step.value,
    )


def fused_update(state: TrainingState, batch: Batch, key: tf.Tensor) -> Tensors:
    """Takes the gradients of both networks from one forward pass.

    Both are taken at the same parameters, before either network changes.
    Returns the metrics of the step.
    """
    generator_variables = state.generator.trainable_variables
    informed = state.informed_variables
    uninformed = state.uninformed_variables
    with tf.GradientTape(persistent=True) as tape:
        losses = compute_losses(state, batch, key, training=True)
        generator_loss = state.generator_optimizer.scale_loss(losses.generator)
        scale = state.discriminator_optimizer.scale_loss
        informed_loss = scale(losses.discriminator)
        uninformed_loss = scale(losses.discriminator_alone)
    generator_gradients = tape.gradient(generator_loss, generator_variables)
    gradients = tape.gradient(informed_loss, informed)
    gradients += tape.gradient(uninformed_loss, uninformed)
    _apply(state.generator_optimizer, generator_gradients, generator_variables)
    _apply(state.discriminator_optimizer, gradients, informed + uninformed)
    return losses.metrics


def three_phase_update(
    state: TrainingState, batch: Batch, key: tf.Tensor
) -> Tensors:
    """`G` against `D`; then `D`; then both for the information, drawn afresh.

    Returns the metrics of the step; its two losses are those of the first two
    phases, without the information.
    """
    objective_key = fold_in(key, _OBJECTIVE)
    latents = _sample(state, batch, fold_in(key, _LATENTS))
    generator_loss, fake_images = _train_generator(state, latents)
    discriminator_loss, metrics = _train_discriminator(
        state, batch, fake_images, objective_key
    )
    latents = _sample(state, batch, fold_in(key, _FRESH_LATENTS))
    return {
        "generator_loss": generator_loss,
        "discriminator_loss": discriminator_loss,
        **_train_information(state, batch, latents, key),
        **metrics,
    }


def _train_generator(
    state: TrainingState, latents: Tensors
) -> tuple[tf.Tensor, tf.Tensor]:
    """The adversarial loss, and the images from before the update."""
    variables = state.generator.trainable_variables
    optimizer = state.generator_optimizer
    with tf.GradientTape() as tape:
        fake_images = state.generator(latents, training=True)
        fake = state.discriminator(fake_images, training=True)
        loss = total.generator_loss(state.objective, fake["logits"])
        scaled = optimizer.scale_loss(loss)
    _apply(optimizer, tape.gradient(scaled, variables), variables)
    return loss, fake_images


def _train_discriminator(
    state: TrainingState, batch: Batch, fake_images: tf.Tensor, key: tf.Tensor
) -> tuple[tf.Tensor, Tensors]:
    """The loss without the information, and its metrics."""
    discriminate = functools.partial(state.discriminator, training=True)
    variables = state.discriminator.trainable_variables
    optimizer = state.discriminator_optimizer
    with tf.GradientTape() as tape:
        loss, metrics = total.discriminator_loss(
            state.objective,
            state.spec,
            batch=batch,
            fake_images=fake_images,
            fake_logits=discriminate(fake_images)["logits"],
            discriminate=discriminate,
            key=key,
            priors=state.priors,
        )
        scaled = optimizer.scale_loss(loss)
    _apply(optimizer, tape.gradient(scaled, variables), variables)
    return loss, metrics


def _train_information(
    state: TrainingState, batch: Batch, latents: Tensors, key: tf.Tensor
) -> Tensors:
    """The metrics of the information, and of the contrastive loss."""
    discriminate = functools.partial(state.discriminator, training=True)
    generator_variables = state.generator.trainable_variables
    variables = state.informed_variables
    optimizer = state.information_optimizer
    with tf.GradientTape(persistent=True) as tape:
        fake_images = state.generator(latents, training=True)
        losses = total.information_losses(
            state.objective,
            state.spec,
            latents=latents,
            images=fake_images,
            posterior=discriminate(fake_images),
            discriminate=discriminate,
            key=fold_in(key, _OBJECTIVE),
            priors=state.priors,
        )
        contrastive, metrics = _contrastive_loss(
            state, batch, latents, fake_images, key, training=True
        )
        generator_loss = optimizer.scale_loss(losses.generator + contrastive)
        posterior_loss = optimizer.scale_loss(losses.posterior + contrastive)
    gradients = tape.gradient(generator_loss, generator_variables)
    gradients += tape.gradient(posterior_loss, variables)
    _apply(optimizer, gradients, generator_variables + variables)
    return {**losses.metrics, **metrics}


def _sample(state: TrainingState, batch: Batch, key: tf.Tensor) -> Tensors:
    return draw_rows(
        lambda count: state.spec.sample(count, key, state.priors),
        batch["images"],
    )


def learn_priors(state: TrainingState, images: tf.Tensor) -> None:
    """Moves the priors towards the shares of the categories in real images."""
    posterior = state.discriminator(images, training=False)
    is_on = state.step.value >= state.objective.prior_start
    rate = tf.where(is_on, state.objective.prior_rate, 0.0)
    for name, prior in state.priors.items():
        logits = state.spec.category_logits(name, posterior)
        moved = prior + rate * (category_shares(logits) - prior)
        # Rounding would add up.
        prior.assign(moved / tf.reduce_sum(moved))


def _apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[tf.Tensor | None],
    variables: list[keras.Variable],
) -> None:
    """Applies the gradients that exist; a phase may not reach every head."""
    reached = [
        (gradient, variable)
        for gradient, variable in zip(gradients, variables, strict=True)
        if gradient is not None
    ]
    # A network may be frozen.
    if not reached:
        return
    if len(reached) < len(gradients) and needs_all_gradients(optimizer):
        raise ValueError(
            f"{optimizer.name!r}, with `use_ema` or a MultiOptimizer, needs a "
            "step that trains all of its weights. Received: one without "
            "gradients for some of them, such as those of a code with an "
            "information weight of 0."
        )
    gradients, variables = map(list, zip(*reached, strict=True))
    optimizer.apply(gradients, variables)
