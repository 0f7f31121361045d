"""Adversarial losses, gradient penalties and information, as pure functions.

All take raw logits. A loss is to be minimized, an information is in nats and is
to be maximized.
"""

from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from keras_infogan.latents.random import open_unit_uniform
from keras_infogan.latents.spec import LatentSpec


def non_saturating_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """`E[-log D(x)] + E[-log(1 - D(G(z, c)))]`.

    Eq. 1 of [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661) with the
    sign of a loss; one-sided label smoothing as in
    [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), Section 3.4.

    Args:
        real_logits: Tensor of shape `(batch, 1)`, `D` on real images before
            the sigmoid.
        fake_logits: Tensor of shape `(batch, 1)`, `D` on generated images.
        label_smoothing: In [0, 1). The target for real images is 1 less this.

    Returns:
        Scalar tensor, in nats. It is `2 log 2` when `D` is undecided.
    """
    # -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x),
    # which cannot overflow. And softplus(x) - softplus(-x) = x.
    real = tf.nn.softplus(-real_logits) + label_smoothing * real_logits
    return tf.reduce_mean(real) + tf.reduce_mean(tf.nn.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """`E[-log D(G(z, c))]`, in nats; `log 2` when `D` is undecided.

    From [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), Section 3:
    its gradient does not vanish while `D` still rejects every image.
    """
    return tf.reduce_mean(tf.nn.softplus(-fake_logits))


def least_squares_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """`(E[(D(x) - 1)^2] + E[D(G(z, c))^2]) / 2`; 1/2 at logits 0.

    Eq. 9 of [Mao et al., 2017](https://arxiv.org/abs/1611.04076); there are no
    probabilities in it, `D(x)` is the logit itself. The target for real images
    is 1 less `label_smoothing`.
    """
    real = tf.reduce_mean(tf.square(real_logits - (1.0 - label_smoothing)))
    return 0.5 * (real + tf.reduce_mean(tf.square(fake_logits)))


def least_squares_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """`E[(D(G(z, c)) - 1)^2]`; 1 at logits 0.

    Twice the generator's half of Eq. 9 of
    [Mao et al., 2017](https://arxiv.org/abs/1611.04076), as implementations
    have it.
    """
    return tf.reduce_mean(tf.square(fake_logits - 1.0))


def hinge_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor
) -> tf.Tensor:
    """`E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z, c)))]`; 2 at logits 0.

    From [Lim and Ye, 2017](https://arxiv.org/abs/1705.02894).
    """
    real = tf.reduce_mean(tf.nn.relu(1.0 - real_logits))
    return real + tf.reduce_mean(tf.nn.relu(1.0 + fake_logits))


def wasserstein_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor
) -> tf.Tensor:
    """`E[D(G(z, c))] - E[D(x)]`; 0 at logits 0.

    Eq. 3 of [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028) without
    its penalty, which is `gradient_penalty`.
    """
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def linear_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """`-E[D(G(z, c))]` of the hinge and Wasserstein games; 0 at logits 0."""
    return -tf.reduce_mean(fake_logits)


class AdversarialLoss(NamedTuple):
    """The two sides of an adversarial game."""

    discriminator: Callable[..., tf.Tensor]
    generator: Callable[[tf.Tensor], tf.Tensor]


ADVERSARIAL_LOSSES = {
    "non_saturating": AdversarialLoss(
        non_saturating_discriminator_loss, non_saturating_generator_loss
    ),
    "least_squares": AdversarialLoss(
        least_squares_discriminator_loss, least_squares_generator_loss
    ),
    "hinge": AdversarialLoss(hinge_discriminator_loss, linear_generator_loss),
    "wasserstein": AdversarialLoss(
        wasserstein_discriminator_loss, linear_generator_loss
    ),
}
# The games with a target for real images, which alone can be smoothed.
SMOOTHABLE_LOSSES = ("non_saturating", "least_squares")


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
    `gamma = 1`; the weight of it is `gamma`. For a linear `D(x) = <w, x>` it is
    `|w|^2 / 2`.

    Args:
        logits_of: Function from images to logits of shape `(batch, 1)`, each
            of which depends on its own image only.
        images: Float tensor of shape `(batch, height, width, channels)`.
    """
    return 0.5 * tf.reduce_mean(_squared_gradient_norms(logits_of, images))


def gradient_penalty(
    logits_of: Callable[[tf.Tensor], tf.Tensor],
    real_images: tf.Tensor,
    fake_images: tf.Tensor,
    key: tf.Tensor,
) -> tf.Tensor:
    """`E[(|grad_x D(x)| - 1)^2]` at random points between both kinds of images.

    Eq. 3 of [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028). For a
    linear `D(x) = <w, x>` it is `(|w| - 1)^2`.

    Args:
        logits_of: Function from images to logits of shape `(batch, 1)`, each
            of which depends on its own image only.
        real_images: Float tensor of shape `(batch, height, width, channels)`.
        fake_images: Float tensor of the same shape. It gets no gradient.
        key: Integer tensor of shape `(2,)`, the seed of the points.
    """
    batch_size = real_images.shape[0] or tf.shape(real_images)[0]
    share = open_unit_uniform((batch_size, 1, 1, 1), key)
    fake_images = tf.stop_gradient(fake_images)
    squares = _squared_gradient_norms(
        logits_of, fake_images + share * (real_images - fake_images)
    )
    # The square root has no gradient at 0.
    norms = tf.sqrt(tf.maximum(squares, 1e-30))
    return tf.reduce_mean(tf.square(norms - 1.0))


def mutual_information(
    spec: LatentSpec,
    latents: Mapping[str, tf.Tensor],
    posterior: Mapping[str, tf.Tensor],
) -> dict[str, tf.Tensor]:
    """The variational bound `L_I = E[log Q(c|x)] + H(c)`, code by code.

    Eq. 4 and 5 of [Chen et al., 2016](https://arxiv.org/abs/1606.03657). It is
    at most the mutual information between the code and the generated image.

    Args:
        spec: The noise and the codes.
        latents: What the images were generated from, by name.
        posterior: What the discriminator says of these images, by name.

    Returns:
        Scalar tensors in nats by the name of the code. A categorical code of
        `K` is `log K` when perfectly read, and 0 when `Q` is uniform.
    """
    return {
        name: code.entropy
        + tf.reduce_mean(
            code.log_likelihood(latents[name], spec.parameters(name, posterior))
        )
        for name, code in spec.codes.items()
    }


def invariant_information(
    logits: tf.Tensor, warped_logits: tf.Tensor
) -> tf.Tensor:
    """Mutual information of a category read from an image and from its copy.

    `I(k; k')` under the joint `P(k, k') = E[Q(k|x) Q(k'|x')]`, made symmetric:
    Eq. 1 to 3 of [Ji et al., 2019](https://arxiv.org/abs/1807.06653). No label
    and no generated image is needed.

    Args:
        logits: Tensor of shape `(batch, num_categories)`, of the images.
        warped_logits: Tensor of the same shape, of their warped copies.

    Returns:
        Scalar tensor in nats, from 0 (a category that says nothing, or the same
        of every image) to `log num_categories` (sure, balanced, and the same
        for both copies).
    """
    joint = tf.matmul(
        tf.nn.softmax(logits), tf.nn.softmax(warped_logits), transpose_a=True
    ) / tf.cast(tf.shape(logits)[0], logits.dtype)
    joint = 0.5 * (joint + tf.transpose(joint))
    # t log t goes to 0 with t: what is smaller does not count.
    joint = tf.maximum(joint, 1e-30)
    marginal = tf.reduce_sum(joint, axis=1, keepdims=True)
    return tf.reduce_sum(
        joint
        * (
            tf.math.log(joint)
            - tf.math.log(marginal)
            - tf.math.log(tf.transpose(marginal))
        )
    )


def label_loss(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of a category with known classes, in nats.

    Args:
        labels: Integer tensor of shape `(batch,)`.
        logits: Tensor of shape `(batch, num_categories)`.

    Returns:
        Scalar tensor; `log num_categories` when the logits are equal.
    """
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    )
