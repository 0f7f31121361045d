"""The contrastive regularizer: what pairs share, and what it costs."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import total
from keras_infogan.losses.contrastive import contrastive_loss
from keras_infogan.losses.contrastive import draw_dimensions
from keras_infogan.losses.objective import Objective

KEY = tf.constant([3, 5], tf.int64)
SPEC = LatentSpec(2, {"kind": Categorical(30), "style": Uniform(2)})
LATENTS, OTHERS = (SPEC.sample(64, tf.constant([n, n])) for n in (1, 2))


def draw(latents):
    """An image with a pixel for each dimension: the category as a number."""
    numbers = tf.cast(tf.argmax(latents["kind"], axis=1), tf.float32)
    pixels = tf.concat([numbers[:, None], latents["style"]], axis=1)
    return pixels[:, None, :, None]


def compare(pairs):
    """Sure of the pixels that are equal."""
    return -1e4 * tf.abs(pairs[:, 0, :, 0] - pairs[:, 0, :, 1])


def loss(**options):
    inputs = {
        "images": draw(LATENTS),
        "latents": LATENTS,
        "others": OTHERS,
        "generate": draw,
        "compare": compare,
        "key": KEY,
        **options,
    }
    return float(contrastive_loss(SPEC, **inputs))


def test_the_shared_dimension_is_visible():
    """Nothing else is equal, but for the category, once in 30 pairs.

    These cost `log 2`, if they do not share it anyway: two of 64 pairs, up to
    four standard deviations.
    """
    assert 0.0 <= loss() < math.log(2) * 8 / 64


def test_a_network_that_cannot_tell():
    """`log 3` nats for three dimensions."""
    blind = loss(compare=lambda pairs: tf.zeros((64, 3)))
    assert blind == pytest.approx(math.log(3))


def test_noise_is_shared():
    """As images are their noise here, those of each pair are equal."""

    def noise(latents):
        return latents["noise"][:, None, :, None]

    def check(pairs):
        np.testing.assert_array_equal(pairs[..., 0], pairs[..., 1])
        return tf.zeros((64, 3))

    loss(images=noise(LATENTS), generate=noise, compare=check)


def test_dimensions_are_drawn_uniformly():
    """A third each, up to five standard deviations of 60 of 30,000."""
    counts = np.bincount(draw_dimensions(30_000, 3, KEY))
    np.testing.assert_allclose(counts, 10_000, atol=5 * 82)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_schedule(jit_compile):
    """Weighted from the step on at which it starts; 0 before, and no gradient.

    The metric has no weight.
    """
    objective = Objective(contrastive_weight=2.0, contrastive_start=10)
    scale = tf.Variable(1.0)

    @tf.function(jit_compile=jit_compile)
    def compute(step):
        with tf.GradientTape() as tape:
            weighted, metrics = total.contrastive_loss(
                objective,
                SPEC,
                images=draw(LATENTS),
                latents=LATENTS,
                others=OTHERS,
                generate=draw,
                compare=lambda pairs: scale * compare(pairs) / 1e4,
                key=KEY,
                step=step,
            )
        return (
            weighted,
            metrics["contrastive_loss"],
            tape.gradient(weighted, scale),
        )

    for step, is_on in ((0, False), (9, False), (10, True), (11, True)):
        weighted, metric, gradient = map(
            float, compute(tf.constant(step, tf.int64))
        )
        assert weighted == pytest.approx(2.0 * metric)
        assert (metric > 0.1) == (gradient != 0.0) == is_on
