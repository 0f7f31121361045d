"""The variational bound on the mutual information, and the label loss.

Both are means over the batch; under a strategy, parts of those over the global
batch: see `keras_infogan.replicas`.
"""

from collections.abc import Mapping
from types import MappingProxyType

import tensorflow as tf

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.replicas import batch_mean
from keras_infogan.replicas import replica_part


def mutual_information(
    spec: LatentSpec,
    latents: Mapping[str, tf.Tensor],
    posterior: Mapping[str, tf.Tensor],
    priors: Mapping[str, tf.Tensor] = MappingProxyType({}),
) -> dict[str, tf.Tensor]:
    """The variational bound `L_I = E[log Q(c|x)] + H(c)`, code by code.

    Eq. 4 and 5 of [Chen et al., 2016](https://arxiv.org/abs/1606.03657). It is
    at most the mutual information between the code and the generated image.

    Args:
        spec: The noise and the codes.
        latents: The inputs of the generator, by name.
        posterior: The outputs of the discriminator for its images, by name.
        priors: See `LatentSpec.sample`; what the latents were drawn with.

    Returns:
        Scalars in nats by the name of the code. For `K` categories: `log K` if
        `Q` is certain and right, 0 if it is uniform.
    """
    return {
        name: replica_part(
            _entropy(priors[name]) if name in priors else code.entropy
        )
        + batch_mean(
            code.log_likelihood(latents[name], spec.parameters(name, posterior))
        )
        for name, code in spec.codes.items()
    }


def _entropy(probabilities: tf.Tensor) -> tf.Tensor:
    """`-sum p log p` in nats, a scalar."""
    probabilities = tf.convert_to_tensor(probabilities, tf.float32)
    return -tf.reduce_sum(tf.math.xlogy(probabilities, probabilities))


def label_loss(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy between known classes and the posterior of a category.

    In nats; `log num_categories` for equal logits. `labels` are integers of
    shape `(batch,)`.
    """
    return batch_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    )
