"""The terms of an objective, weighted and added up for each network.

In all functions, `latents` are the inputs of the generator, `discriminate` maps
images to the outputs of the discriminator, `key`, an integer tensor of shape
`(2,)`, is the seed of the step, and `priors` are those of `LatentSpec.sample`.
"""

from collections.abc import Callable
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import ADVERSARIAL_LOSSES
from keras_infogan.losses import contrastive
from keras_infogan.losses.adversarial import gradient_penalty
from keras_infogan.losses.adversarial import r1_penalty
from keras_infogan.losses.consistency import expected_log_prior
from keras_infogan.losses.consistency import invariant_information
from keras_infogan.losses.consistency import undo_effects
from keras_infogan.losses.information import label_loss
from keras_infogan.losses.information import mutual_information
from keras_infogan.losses.objective import Objective
from keras_infogan.losses.views import augment

Tensors = dict[str, tf.Tensor]
Discriminate = Callable[[tf.Tensor], Mapping[str, tf.Tensor]]

# What the key of a step is folded with: one number for each kind of draw.
_REAL_VIEWS, _FAKE_VIEWS, _LABELED_VIEWS, _INTERPOLATION, _SHARED = range(5)


class InformationLosses(NamedTuple):
    """The negative weighted information: scalars that the networks minimize.

    `posterior` is for `Q`. The metrics, in nats and of the images themselves,
    are `mutual_information` and `mutual_information_<code>`.
    """

    posterior: tf.Tensor
    generator: tf.Tensor
    metrics: Tensors


def generator_loss(objective: Objective, fake_logits: tf.Tensor) -> tf.Tensor:
    """The adversarial part of the generator's loss, a scalar."""
    return ADVERSARIAL_LOSSES[objective.adversarial_loss].generator(fake_logits)


def information_losses(
    objective: Objective,
    spec: LatentSpec,
    *,
    latents: Mapping[str, tf.Tensor],
    images: tf.Tensor,
    posterior: Mapping[str, tf.Tensor],
    discriminate: Discriminate,
    key: tf.Tensor,
    priors: Mapping[str, tf.Tensor] = MappingProxyType({}),
) -> InformationLosses:
    """The bound on the mutual information, which both networks maximize.

    An invariant or equivariant code has a second bound, on an augmented view of
    each generated image. `Q` maximizes the mean of both. The generator
    maximizes the same mean, or the bound on the views if the code
    `learns_from_views_alone`: the bound on the image would reward it for any
    feature that it encodes in `pose`, and for slant that it encodes elsewhere.

    `posterior` is the output of the discriminator for the generated `images`.
    """
    of_images = mutual_information(spec, latents, posterior, priors)
    for_posterior, for_generator = dict(of_images), dict(of_images)
    if objective.augmentation and objective.consistent_codes:
        views = augment(
            objective.augmentation, images, fold_in(key, _FAKE_VIEWS)
        )
        undone = undo_effects(
            spec,
            discriminate(views.images),
            objective.equivariant_codes,
            views.effects,
        )
        of_views = mutual_information(spec, latents, undone, priors)
        for name in objective.consistent_codes:
            mean = 0.5 * (of_images[name] + of_views[name])
            for_posterior[name] = for_generator[name] = mean
            if spec.codes[name].learns_from_views_alone:
                for_generator[name] = of_views[name]

    def loss(information: Tensors) -> tf.Tensor:
        weights = objective.information_weights
        return -tf.add_n(
            [
                weights.get(name, 1.0) * nats
                for name, nats in information.items()
            ]
        )

    metrics = {"mutual_information": tf.add_n(list(of_images.values()))}
    for name, nats in of_images.items():
        metrics[f"mutual_information_{name}"] = nats
    return InformationLosses(loss(for_posterior), loss(for_generator), metrics)


def contrastive_loss(
    objective: Objective,
    spec: LatentSpec,
    *,
    images: tf.Tensor,
    latents: Mapping[str, tf.Tensor],
    others: Mapping[str, tf.Tensor],
    generate: Callable[[Mapping[str, tf.Tensor]], tf.Tensor],
    compare: Callable[[tf.Tensor], tf.Tensor],
    key: tf.Tensor,
    step: tf.Tensor,
) -> tuple[tf.Tensor, Tensors]:
    """The weighted contrastive regularizer of the generator and of `H`.

    The metric is `contrastive_loss` in nats, without the weight. Both are 0
    before the `contrastive_start` of the objective; `step` is the number of
    steps so far. Other arguments are those of `contrastive.contrastive_loss`.
    """

    def compute() -> tf.Tensor:
        return contrastive.contrastive_loss(
            spec,
            images=images,
            latents=latents,
            others=others,
            generate=generate,
            compare=compare,
            key=fold_in(key, _SHARED),
        )

    start = objective.contrastive_start
    loss = (
        tf.cond(step >= start, compute, lambda: tf.constant(0.0))
        if start
        else compute()
    )
    return objective.contrastive_weight * loss, {"contrastive_loss": loss}


def discriminator_loss(
    objective: Objective,
    spec: LatentSpec,
    *,
    batch: Mapping[str, tf.Tensor],
    fake_images: tf.Tensor,
    fake_logits: tf.Tensor,
    discriminate: Discriminate,
    key: tf.Tensor,
    priors: Mapping[str, tf.Tensor] = MappingProxyType({}),
) -> tuple[tf.Tensor, Tensors]:
    """All that the discriminator minimizes except the information.

    `batch` has `images`, and optionally `positives`, as many images that are
    probably of the same category; `labeled_images` and `labels`. The metrics
    are `invariant_information` in nats and `label_loss`, if they are used.
    """
    images = batch["images"]
    real = discriminate(images)
    game = ADVERSARIAL_LOSSES[objective.adversarial_loss]
    smoothing = filter(None, [objective.label_smoothing])
    loss = game.discriminator(real["logits"], fake_logits, *smoothing)
    metrics = {}

    def logits_of(x: tf.Tensor) -> tf.Tensor:
        return discriminate(x)["logits"]

    if objective.r1_weight:
        loss += objective.r1_weight * r1_penalty(logits_of, images)
    if objective.gradient_penalty_weight:
        loss += objective.gradient_penalty_weight * gradient_penalty(
            logits_of, images, fake_images, fold_in(key, _INTERPOLATION)
        )
    if objective.augmentation and objective.invariance_weight:
        positives = batch.get("positives", images)
        key_of_views = fold_in(key, _REAL_VIEWS)
        views = augment(objective.augmentation, positives, key_of_views)
        of_views = discriminate(views.images)
        logits = {
            name: (
                spec.category_logits(name, real),
                spec.category_logits(name, of_views),
            )
            for name in spec.categorical_names
        }
        information = tf.add_n(
            [invariant_information(*pair) for pair in logits.values()]
        )
        loss -= objective.invariance_weight * information
        for name, prior in priors.items():
            loss -= objective.invariance_weight * expected_log_prior(
                *logits[name], prior
            )
        metrics["invariant_information"] = information
    if "labels" in batch:
        labeled = batch["labeled_images"]
        if objective.augmentation:
            labeled = augment(
                objective.augmentation, labeled, fold_in(key, _LABELED_VIEWS)
            ).images
        of_labeled = spec.category_logits(
            spec.first_categorical("labels"), discriminate(labeled)
        )
        metrics["label_loss"] = label_loss(batch["labels"], of_labeled)
        loss += objective.label_weight * metrics["label_loss"]
    return loss, metrics
