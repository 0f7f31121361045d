"""Consistency of the codes under augmentation: invariance, equivariance."""

from collections.abc import Mapping

import tensorflow as tf

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.replicas import batch_mean
from keras_infogan.replicas import num_global_rows
from keras_infogan.replicas import replica_part
from keras_infogan.replicas import sum_over_replicas


def invariant_information(
    logits: tf.Tensor, view_logits: tf.Tensor
) -> tf.Tensor:
    """Mutual information between the category of an image and of its view.

    `I(k; k')` under the joint `P(k, k') = E[Q(k|x) Q(k'|x')]`, symmetrized:
    Eq. 1 to 3 of [Ji et al., 2019](https://arxiv.org/abs/1807.06653). It needs
    neither labels nor generated images.

    Both logits are of shape `(batch, num_categories)`. The result, in nats, is
    between 0 (the category carries no information) and `log num_categories`
    (certain, balanced and always the same for both images). Under several
    replicas, it is that of the global batch, and the result is a part of it.
    """
    # No mean over images: the joint distribution is that of the global batch.
    joint = sum_over_replicas(
        tf.matmul(
            tf.nn.softmax(logits), tf.nn.softmax(view_logits), transpose_a=True
        )
        / tf.cast(num_global_rows(logits), logits.dtype)
    )
    joint = 0.5 * (joint + tf.transpose(joint))
    # t log t goes to 0 with t, so smaller values do not count.
    joint = tf.maximum(joint, 1e-30)
    marginal = tf.reduce_sum(joint, axis=1, keepdims=True)
    return replica_part(
        tf.reduce_sum(
            joint
            * (
                tf.math.log(joint)
                - tf.math.log(marginal)
                - tf.math.log(tf.transpose(marginal))
            )
        )
    )


def expected_log_prior(
    logits: tf.Tensor, view_logits: tf.Tensor, prior: tf.Tensor
) -> tf.Tensor:
    """`E[log p(k)]`, over the categories of images and of their views.

    `invariant_information` is largest where all categories are equally
    frequent. Where all views agree, it is the entropy of the frequencies `m`;
    with this term added it is `-KL(m || p)`, at most 0 and only for `m = p`.

    Both logits are of shape `(batch, num_categories)`, and `prior` has the
    probabilities `p`. The result, in nats, is `-log num_categories` for equal
    ones, whatever the logits are.
    """
    # A category that has died out must stay within reach.
    log_prior = tf.math.log(tf.maximum(tf.cast(prior, logits.dtype), 1e-6))
    shares = 0.5 * (tf.nn.softmax(logits) + tf.nn.softmax(view_logits))
    return batch_mean(tf.linalg.matvec(shares, log_prior))


def category_shares(logits: tf.Tensor) -> tf.Tensor:
    """Mean probabilities of the categories over the global batch.

    Logits of shape `(batch, num_categories)`, result `(num_categories,)`.
    """
    return sum_over_replicas(
        tf.reduce_sum(tf.nn.softmax(tf.cast(logits, tf.float32)), axis=0)
        / tf.cast(num_global_rows(logits), tf.float32)
    )


def undo_effects(
    spec: LatentSpec,
    posterior: Mapping[str, tf.Tensor],
    equivariant_codes: Mapping[str, Mapping[str, float]],
    effects: Mapping[str, tf.Tensor],
) -> dict[str, tf.Tensor]:
    """Maps the posterior of views back to that of their images.

    Each equivariant code shifts by `-gain * effect`. If `Q` follows the effect
    exactly, the result is the posterior of the image itself.

    Args:
        spec: The noise and the codes.
        posterior: The outputs of the discriminator for the views, by name.
        equivariant_codes: Gains by effect and code, as in `Objective`.
        effects: Tensors of shape `(batch,)` by effect, from `views.augment`.
    """
    posterior = dict(posterior)
    for effect, gains in equivariant_codes.items():
        for name, gain in gains.items():
            shifted = spec.codes[name].shift(
                spec.parameters(name, posterior), -gain * effects[effect]
            )
            for parameter, values in shifted.items():
                posterior[f"{name}_{parameter}"] = values
    return posterior
