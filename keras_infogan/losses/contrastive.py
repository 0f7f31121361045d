"""The contrastive regularizer: each dimension should change images its way."""

from collections.abc import Callable
from collections.abc import Mapping

import tensorflow as tf

from keras_infogan.latents.random import open_unit_uniform
from keras_infogan.latents.spec import LatentSpec

Tensors = Mapping[str, tf.Tensor]


def contrastive_loss(
    spec: LatentSpec,
    *,
    images: tf.Tensor,
    latents: Tensors,
    others: Tensors,
    generate: Callable[[Tensors], tf.Tensor],
    compare: Callable[[tf.Tensor], tf.Tensor],
    key: tf.Tensor,
) -> tf.Tensor:
    """How badly `H` tells which dimension of their codes two images share.

    The contrastive regularizer of
    [Lin et al., 2020](https://arxiv.org/abs/1906.06034): the cross entropy of
    the dimension, drawn uniformly, and `H(x, x')`. As in the authors' code,
    both images also share their noise. Generator and `H` minimize it together.

    Args:
        spec: The codes, of at least two dimensions.
        images: The first images, generated.
        latents: Theirs.
        others: As many, whose codes the second images have but for the shared
            dimension.
        generate: The generator.
        compare: `H`, from pairs of shape `(batch, height, width, 2 channels)`
            to logits of shape `(batch, len(spec.dimensions))`.
        key: The seed.

    Returns:
        Scalar tensor, in nats; `log k` of `k` dimensions if `H` cannot tell.
    """
    size = images.shape[0] or tf.shape(images)[0]
    shared = draw_dimensions(size, len(spec.dimensions), key)
    second = spec.share(latents, others, shared)
    pairs = tf.concat([images, generate(second)], axis=-1)
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(shared, compare(pairs))
    )


def draw_dimensions(
    size: int | tf.Tensor, count: int, key: tf.Tensor
) -> tf.Tensor:
    """Draws `size` numbers from 0 to `count - 1`, an int32 tensor."""
    uniform = open_unit_uniform((size,), key)
    # The product may round up to the count.
    return tf.minimum(tf.cast(uniform * count, tf.int32), count - 1)
