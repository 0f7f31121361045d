"""The terms of an objective, weighted and added up for each network."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.adversarial import find_adversarial_loss
from keras_infogan.losses.adversarial import gradient_penalty
from keras_infogan.losses.adversarial import r1_penalty
from keras_infogan.losses.consistency import invariant_information
from keras_infogan.losses.consistency import undo_effects
from keras_infogan.losses.information import label_loss
from keras_infogan.losses.information import mutual_information
from keras_infogan.losses.objective import Objective
from keras_infogan.losses.views import augment

Tensors = dict[str, tf.Tensor]
# From images to the outputs of the discriminator.
Discriminate = Callable[[tf.Tensor], Mapping[str, tf.Tensor]]

# What the key of a step is folded with: one number for each kind of draw.
_REAL_VIEWS, _FAKE_VIEWS, _LABELED_VIEWS, _INTERPOLATION = range(4)


class InformationLosses(NamedTuple):
    """The negative weighted information, for each network to minimize.

    Args:
        posterior: Scalar tensor, for `Q`.
        generator: Scalar tensor, for the generator.
        metrics: Scalar tensors in nats: `mutual_information` and
            `mutual_information_<code>`, of the images themselves.
    """

    posterior: tf.Tensor
    generator: tf.Tensor
    metrics: Tensors


class DiscriminatorLoss(NamedTuple):
    """All that the discriminator minimizes except the information.

    Args:
        loss: Scalar tensor.
        metrics: Scalar tensors: `invariant_information` in nats and
            `label_loss`, if they are used.
    """

    loss: tf.Tensor
    metrics: Tensors


def generator_loss(objective: Objective, fake_logits: tf.Tensor) -> tf.Tensor:
    """The adversarial part of the generator's loss, a scalar."""
    game = find_adversarial_loss(objective.adversarial_loss)
    return game.generator(fake_logits)


def information_losses(
    objective: Objective,
    spec: LatentSpec,
    *,
    latents: Mapping[str, tf.Tensor],
    images: tf.Tensor,
    posterior: Mapping[str, tf.Tensor],
    discriminate: Discriminate,
    key: tf.Tensor,
) -> InformationLosses:
    """The bound on the mutual information, which both networks maximize.

    An invariant or equivariant code has a second bound, on an augmented view of
    each generated image. `Q` maximizes the mean of both. The generator
    maximizes the same mean for a categorical code, but only the bound on the
    views for any other: from the image alone, it would be rewarded for putting
    anything into a pose, slant or not, and slant into any other code.

    Args:
        objective: The weights, the augmentation and the consistent codes.
        spec: The noise and the codes.
        latents: The inputs of the generator.
        images: The generated images.
        posterior: The outputs of the discriminator for these images.
        discriminate: The discriminator.
        key: Integer tensor of shape `(2,)`, the seed.
    """
    of_images = mutual_information(spec, latents, posterior)
    for_posterior, for_generator = dict(of_images), dict(of_images)
    if objective.augmentation is not None and objective.consistent_codes:
        views = augment(
            objective.augmentation, images, fold_in(key, _FAKE_VIEWS)
        )
        of_views = mutual_information(
            spec,
            latents,
            undo_effects(
                discriminate(views.images),
                objective.equivariant_codes,
                views.effects,
            ),
        )
        for name in objective.consistent_codes:
            mean = 0.5 * (of_images[name] + of_views[name])
            is_categorical = name in spec.categorical_names
            for_posterior[name] = mean
            for_generator[name] = mean if is_categorical else of_views[name]
    metrics = {"mutual_information": tf.add_n(list(of_images.values()))}
    for name, nats in of_images.items():
        metrics[f"mutual_information_{name}"] = nats
    return InformationLosses(
        _weighted_loss(objective, for_posterior),
        _weighted_loss(objective, for_generator),
        metrics,
    )


def _weighted_loss(
    objective: Objective, information: Mapping[str, tf.Tensor]
) -> tf.Tensor:
    weighted = [
        objective.information_weights.get(name, 1.0) * nats
        for name, nats in information.items()
    ]
    return -tf.add_n(weighted)


def discriminator_loss(
    objective: Objective,
    spec: LatentSpec,
    *,
    batch: Mapping[str, tf.Tensor],
    fake_images: tf.Tensor,
    fake_logits: tf.Tensor,
    discriminate: Discriminate,
    key: tf.Tensor,
) -> DiscriminatorLoss:
    """All that the discriminator minimizes except the information.

    Args:
        objective: The losses and their weights.
        spec: The noise and the codes.
        batch: `images`, and optionally `positives`, as many images that are
            probably of the same category; `labeled_images` and `labels`.
        fake_images: As many generated images.
        fake_logits: The logits of the discriminator for these.
        discriminate: The discriminator.
        key: Integer tensor of shape `(2,)`, the seed.
    """
    images = batch["images"]
    real = discriminate(images)
    game = find_adversarial_loss(objective.adversarial_loss)
    smoothing = objective.label_smoothing
    loss = game.discriminator(
        real["logits"], fake_logits, *([smoothing] if smoothing else [])
    )
    metrics = {}

    def logits_of(x: tf.Tensor) -> tf.Tensor:
        return discriminate(x)["logits"]

    if objective.r1_weight:
        loss += objective.r1_weight * r1_penalty(logits_of, images)
    if objective.gradient_penalty_weight:
        loss += objective.gradient_penalty_weight * gradient_penalty(
            logits_of, images, fake_images, fold_in(key, _INTERPOLATION)
        )
    if objective.augmentation is not None and objective.invariance_weight:
        views = augment(
            objective.augmentation,
            batch.get("positives", images),
            fold_in(key, _REAL_VIEWS),
        )
        information = _invariant_information(
            spec, real, discriminate(views.images)
        )
        loss -= objective.invariance_weight * information
        metrics["invariant_information"] = information
    if "labels" in batch:
        metrics["label_loss"] = _label_loss(
            objective, spec, batch, discriminate, fold_in(key, _LABELED_VIEWS)
        )
        loss += objective.label_weight * metrics["label_loss"]
    return DiscriminatorLoss(loss, metrics)


def _invariant_information(
    spec: LatentSpec,
    posterior: Mapping[str, tf.Tensor],
    view_posterior: Mapping[str, tf.Tensor],
) -> tf.Tensor:
    """The sum over all categorical codes, in nats."""
    names = [f"{name}_logits" for name in spec.categorical_names]
    return tf.add_n(
        [
            invariant_information(posterior[name], view_posterior[name])
            for name in names
        ]
    )


def _label_loss(
    objective: Objective,
    spec: LatentSpec,
    batch: Mapping[str, tf.Tensor],
    discriminate: Discriminate,
    key: tf.Tensor,
) -> tf.Tensor:
    """That of the first categorical code, on views if there are any."""
    images = batch["labeled_images"]
    if objective.augmentation is not None:
        images = augment(objective.augmentation, images, key).images
    name = spec.categorical_names[0]
    logits = discriminate(images)[f"{name}_logits"]
    return label_loss(batch["labels"], logits)
