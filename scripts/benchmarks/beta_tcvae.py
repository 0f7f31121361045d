"""A small beta-TCVAE, by which `disentanglement.py` calibrates its numbers.

Chen et al., 2018 (https://arxiv.org/abs/1802.04942), with a convolutional
encoder and decoder of the size of the InfoGAN's networks.
"""

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from keras_infogan import LatentSpec
from keras_infogan import Uniform
from keras_infogan.models.architectures.sprites import build_generator
from keras_infogan.models.architectures.sprites import build_trunk

BETA = 6.0
DIMENSIONS = 10
LEARNING_RATE = 5e-4


class BetaTCVAE(keras.Model):
    """Minimizes Eq. 4 by minibatch-weighted sampling, in nats per image.

    Args:
        image_shape: Height, width and channels.
        num_images: Images of the data set, `N` of the estimator.
        seed: Seed of the samples of the posterior.
        beta: Weight of the total correlation; the others are 1.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        num_images: int,
        *,
        seed: int,
        beta: float = BETA,
    ) -> None:
        super().__init__()
        image = keras.Input(image_shape)
        trunk = build_trunk(image, "none")
        moments = layers.Dense(2 * DIMENSIONS, name="moments")(trunk)
        self.encoder = keras.Model(image, moments)
        # The generator's networks, with a vector of its own beside one number
        # that is always 0.
        spec = LatentSpec(1, {"z": Uniform(DIMENSIONS)})
        self.decoder = build_generator(spec, image_shape)
        self.num_images, self.beta = num_images, beta
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def train_step(self, images: Any) -> dict[str, tf.Tensor]:
        """One step on images in [-1, 1]."""
        with tf.GradientTape() as tape:
            mean, log_variance = tf.split(self.encoder(images), 2, axis=1)
            noise = keras.random.normal(
                tf.shape(mean), seed=self.seed_generator
            )
            z = mean + tf.exp(0.5 * log_variance) * noise
            zero = tf.zeros((tf.shape(z)[0], 1))
            made = self.decoder({"noise": zero, "z": z}, training=True)
            # Cross entropy of the pixels as probabilities.
            target = (images + 1.0) / 2.0
            probability = tf.clip_by_value((made + 1.0) / 2.0, 1e-6, 1 - 1e-6)
            errors = -(
                target * tf.math.log(probability)
                + (1.0 - target) * tf.math.log(1.0 - probability)
            )
            reconstruction = tf.reduce_mean(
                tf.reduce_sum(errors, axis=(1, 2, 3))
            )
            # `log q(z[i, d] | x[j])`, of shape (i, j, d).
            pairs = log_normal(
                z[:, None],
                mean[None],
                tf.broadcast_to(log_variance, mean.shape),
            )
            scale = math.log(self.num_images * images.shape[0])
            joint = tf.reduce_logsumexp(tf.reduce_sum(pairs, 2), 1) - scale
            each = tf.reduce_logsumexp(pairs, 1) - scale
            correlation = tf.reduce_mean(joint - tf.reduce_sum(each, 1))
            divergence = 0.5 * tf.reduce_mean(
                tf.reduce_sum(
                    mean**2 + tf.exp(log_variance) - log_variance - 1.0, 1
                )
            )
            loss = reconstruction + divergence + (self.beta - 1.0) * correlation
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss, "total_correlation": correlation}


def log_normal(
    x: tf.Tensor, mean: tf.Tensor, log_variance: tf.Tensor
) -> tf.Tensor:
    """The logarithm of a normal density."""
    return -0.5 * (
        (x - mean) ** 2 * tf.exp(-log_variance)
        + log_variance
        + math.log(2.0 * math.pi)
    )


def train(
    data: Any, *, seed: int, batch_size: int, num_steps: int
) -> keras.Model:
    """Trains on `ImageData`; returns the encoder, from images to moments."""
    keras.utils.set_random_seed(seed)
    model = BetaTCVAE(data.image_shape, len(data.images), seed=seed)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), jit_compile=True)
    model.fit(
        data.batches(batch_size, seed=seed).take(num_steps),
        steps_per_epoch=num_steps,
        shuffle=False,
        verbose=0,
    )
    return model.encoder
