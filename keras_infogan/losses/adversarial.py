"""Adversarial losses and gradient penalties: pure functions of logits.

Logits are of shape `(batch, 1)`, before the sigmoid if there is one. Penalties
take a function `logits_of` from images to logits, each of which must depend on
its own image only. Means are over the batch; under a strategy, they are parts
of those over the global batch: see `keras_infogan.replicas`.
"""

from collections.abc import Callable

import tensorflow as tf

from keras_infogan.latents.random import open_unit_uniform
from keras_infogan.replicas import batch_mean
from keras_infogan.replicas import draw_rows


def non_saturating_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """`E[-log D(x)] + E[-log(1 - D(G(z, c)))]`.

    Eq. 1 of [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), negated
    to be minimized; with the one-sided label smoothing of
    [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), Section 3.4.

    The target for real images is `1 - label_smoothing`.

    In nats; `2 log 2` when `D` is undecided.
    """
    # -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x),
    # which cannot overflow. And softplus(x) - softplus(-x) = x.
    real = tf.nn.softplus(-real_logits) + label_smoothing * real_logits
    return batch_mean(real) + batch_mean(tf.nn.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """`E[-log D(G(z, c))]`, in nats; `log 2` when `D` is undecided.

    From [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), Section 3:
    its gradient does not vanish while `D` still rejects every image.
    """
    return batch_mean(tf.nn.softplus(-fake_logits))


def least_squares_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """`(E[(D(x) - 1)^2] + E[D(G(z, c))^2]) / 2`; 1/2 at logits 0.

    Eq. 9 of [Mao et al., 2017](https://arxiv.org/abs/1611.04076). `D(x)` is the
    logit itself. The target for real images is `1 - label_smoothing`.
    """
    real = batch_mean(tf.square(real_logits - (1.0 - label_smoothing)))
    return 0.5 * (real + batch_mean(tf.square(fake_logits)))


def least_squares_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """`E[(D(G(z, c)) - 1)^2]`; 1 at logits 0.

    Twice the generator's loss in Eq. 9 of
    [Mao et al., 2017](https://arxiv.org/abs/1611.04076), as in common
    implementations.
    """
    return batch_mean(tf.square(fake_logits - 1.0))


def hinge_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor
) -> tf.Tensor:
    """`E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z, c)))]`; 2 at logits 0.

    From [Lim and Ye, 2017](https://arxiv.org/abs/1705.02894).
    """
    real = batch_mean(tf.nn.relu(1.0 - real_logits))
    return real + batch_mean(tf.nn.relu(1.0 + fake_logits))


def wasserstein_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor
) -> tf.Tensor:
    """`E[D(G(z, c))] - E[D(x)]`; 0 at logits 0.

    Eq. 3 of [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028) without
    its penalty; see `gradient_penalty`.
    """
    return batch_mean(fake_logits) - batch_mean(real_logits)


def linear_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """`-E[D(G(z, c))]`, for the hinge and Wasserstein losses; 0 at logits 0."""
    return -batch_mean(fake_logits)


def _squared_gradient_norms(
    logits_of: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor
) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = logits_of(images)
    gradients = tape.gradient(logits, images)
    return tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3])


def r1_penalty(
    logits_of: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor
) -> tf.Tensor:
    """`E[|grad_x D(x)|^2] / 2` on real images.

    Eq. 9 of [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406) with
    `gamma = 1`; its weight is `gamma`. For a linear `D(x) = <w, x>` it is
    `|w|^2 / 2`.
    """
    return 0.5 * batch_mean(_squared_gradient_norms(logits_of, images))


def gradient_penalty(
    logits_of: Callable[[tf.Tensor], tf.Tensor],
    real_images: tf.Tensor,
    fake_images: tf.Tensor,
    key: tf.Tensor,
) -> tf.Tensor:
    """`E[(|grad_x D(x)| - 1)^2]` between real and generated images.

    Each point is uniform on the line between a real and a generated image.

    Eq. 3 of [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028). For a
    linear `D(x) = <w, x>` it is `(|w| - 1)^2`. `fake_images` receive no
    gradient; `key` is the seed of the points.
    """
    share = draw_rows(
        lambda count: open_unit_uniform((count, 1, 1, 1), key), real_images
    )
    fake_images = tf.stop_gradient(fake_images)
    squares = _squared_gradient_norms(
        logits_of, fake_images + share * (real_images - fake_images)
    )
    # The gradient of the square root is infinite at 0.
    norms = tf.sqrt(tf.maximum(squares, 1e-30))
    return batch_mean(tf.square(norms - 1.0))
