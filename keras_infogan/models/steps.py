"""One training step: the gradients of both networks and their application."""

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.losses.objective import Tensors

if TYPE_CHECKING:
    from keras_infogan.models.infogan import InfoGAN

# What the key of a step is folded with: latents, fresh ones for the third
# phase, and all that the objective draws.
_LATENTS, _FRESH_LATENTS, _OBJECTIVE = range(3)

Batch = Mapping[str, tf.Tensor]


def _sample(model: "InfoGAN", batch: Batch, key: tf.Tensor) -> Tensors:
    images = batch["images"]
    batch_size = images.shape[0] or tf.shape(images)[0]
    return model.latent_spec.sample(batch_size, key)


def _apply(optimizer: Any, gradients: list[Any], variables: list[Any]) -> None:
    """Applies the gradients that exist: a phase may not reach each head."""
    reached = [
        (gradient, variable)
        for gradient, variable in zip(gradients, variables, strict=True)
        if gradient is not None
    ]
    optimizer.apply(*map(list, zip(*reached, strict=True)))


def compute_losses(
    model: "InfoGAN", batch: Batch, key: tf.Tensor, *, training: bool
) -> Tensors:
    """All losses of one forward pass; both networks want the information.

    Args:
        model: The networks and their objective.
        batch: `images`, and perhaps `partners`, `labeled_images` and `labels`.
        key: Integer tensor of shape `(2,)`, the seed.
        training: Whether batch normalization and dropout train.

    Returns:
        Scalars: those of `Objective.information`, but what the generator hears
        of, and of `Objective.discrimination`, and `discriminator_loss` and
        `generator_loss`, to be minimized.
    """
    spec, objective = model.latent_spec, model.objective
    discriminate = functools.partial(model.discriminator, training=training)
    objective_key = fold_in(key, _OBJECTIVE)
    latents = _sample(model, batch, fold_in(key, _LATENTS))
    fake_images = model.generator(latents, training=training)
    fake = discriminate(fake_images)
    values = objective.information(
        spec, latents, fake_images, fake, discriminate, objective_key
    ) | objective.discrimination(
        spec, batch, fake_images, fake, discriminate, objective_key
    )
    heard = values.pop("generator_information_loss")
    return {
        **values,
        "discriminator_loss": values["discrimination_loss"]
        + values["information_loss"],
        "generator_loss": objective.generator_loss(fake["logits"]) + heard,
    }


def fused_update(model: "InfoGAN", batch: Batch, key: tf.Tensor) -> Tensors:
    """Both gradients from one forward pass, applied at once.

    Arguments and result as for `compute_losses`.
    """
    own = model.discriminator_optimizer
    with tf.GradientTape(persistent=True) as tape:
        values = compute_losses(model, batch, key, training=True)
        generator_loss = model.generator_optimizer.scale_loss(
            values["generator_loss"]
        )
        discriminator_loss = own.scale_loss(values["discriminator_loss"])
        discrimination_loss = own.scale_loss(values["discrimination_loss"])
    generator_variables = model.generator.trainable_variables
    variables = model.discriminator.trainable_variables
    generator_gradients = tape.gradient(generator_loss, generator_variables)
    gradients = tape.gradient(discriminator_loss, variables)
    if model.information_gradient == "head":
        # What the information says to the trunk is left out.
        heads = {id(variable) for variable in model.head_variables}
        gradients = [
            whole if id(variable) in heads else own_part
            for variable, whole, own_part in zip(
                variables,
                gradients,
                tape.gradient(discrimination_loss, variables),
                strict=True,
            )
        ]
    _apply(model.generator_optimizer, generator_gradients, generator_variables)
    _apply(own, gradients, variables)
    return values


def three_phase_update(
    model: "InfoGAN", batch: Batch, key: tf.Tensor
) -> Tensors:
    """`G` against `D`; then `D`; then both for the information, drawn afresh.

    Arguments and result as for `compute_losses`, except that the two losses are
    those of the first two phases, without the information.
    """
    spec, objective = model.latent_spec, model.objective
    discriminate = functools.partial(model.discriminator, training=True)
    objective_key = fold_in(key, _OBJECTIVE)
    generator_variables = model.generator.trainable_variables

    optimizer = model.generator_optimizer
    latents = _sample(model, batch, fold_in(key, _LATENTS))
    with tf.GradientTape() as tape:
        fake_images = model.generator(latents, training=True)
        fake = discriminate(fake_images)
        generator_loss = objective.generator_loss(fake["logits"])
        scaled = optimizer.scale_loss(generator_loss)
    gradients = tape.gradient(scaled, generator_variables)
    _apply(optimizer, gradients, generator_variables)

    optimizer = model.discriminator_optimizer
    variables = model.discriminator.trainable_variables
    with tf.GradientTape() as tape:
        fake = discriminate(fake_images)
        values = objective.discrimination(
            spec, batch, fake_images, fake, discriminate, objective_key
        )
        scaled = optimizer.scale_loss(values["discrimination_loss"])
    gradients = tape.gradient(scaled, variables)
    _apply(optimizer, gradients, variables)

    optimizer = model.information_optimizer
    variables = model.information_variables
    latents = _sample(model, batch, fold_in(key, _FRESH_LATENTS))
    with tf.GradientTape(persistent=True) as tape:
        fake_images = model.generator(latents, training=True)
        fake = discriminate(fake_images)
        values |= objective.information(
            spec, latents, fake_images, fake, discriminate, objective_key
        )
        loss = values["information_loss"]
        heard = values.pop("generator_information_loss")
        scaled = optimizer.scale_loss(loss)
        scaled_heard = optimizer.scale_loss(heard)
    both = generator_variables + variables
    if heard is loss:
        gradients = tape.gradient(scaled, both)
    else:
        gradients = tape.gradient(scaled_heard, generator_variables)
        gradients += tape.gradient(scaled, variables)
    _apply(optimizer, gradients, both)
    return {
        **values,
        "discriminator_loss": values["discrimination_loss"],
        "generator_loss": generator_loss,
    }
