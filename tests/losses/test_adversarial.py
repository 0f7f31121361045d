"""Adversarial losses and penalties: closed forms, NumPy as the oracle."""

import inspect
import math

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from scipy import stats

from keras_infogan.losses import ADVERSARIAL_LOSSES
from keras_infogan.losses import adversarial as losses
from keras_infogan.losses.adversarial import gradient_penalty
from keras_infogan.losses.adversarial import r1_penalty

KEY = tf.constant([3, 5], tf.int64)
each_loss = pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)


def random_logits(seed: int) -> np.ndarray:
    """Logits of an unsure discriminator and of a sure one."""
    generator = np.random.default_rng(seed)
    return generator.normal(0.0, 5.0, (200, 1)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "discriminator_loss", "generator_loss"),
    [
        # -log(1/2) on real, on generated images, and for the generator.
        ("non_saturating", 2.0 * math.log(2.0), math.log(2.0)),
        # (1 + 0) / 2, and (0 - 1)^2.
        ("least_squares", 0.5, 1.0),
        # Both margins of 1 are missed by 1; the rest is linear.
        ("hinge", 2.0, 0.0),
        ("wasserstein", 0.0, 0.0),
    ],
)
def test_undecided(name, discriminator_loss, generator_loss):
    """At logits 0; 1e-6 is float32 rounding."""
    zeros = tf.zeros((4, 1))
    game = ADVERSARIAL_LOSSES[name]
    assert float(game.discriminator(zeros, zeros)) == pytest.approx(
        discriminator_loss, abs=1e-6
    )
    assert float(game.generator(zeros)) == pytest.approx(
        generator_loss, abs=1e-6
    )


ORACLES = {
    "non_saturating": (
        lambda real, fake: (
            -scipy.special.log_expit(real).mean()
            - scipy.special.log_expit(-fake).mean()
        ),
        lambda fake: -scipy.special.log_expit(fake).mean(),
    ),
    "least_squares": (
        lambda real, fake: 0.5 * np.mean((real - 1) ** 2 + fake**2),
        lambda fake: np.mean((fake - 1) ** 2),
    ),
    "hinge": (
        lambda real, fake: (
            np.clip(1 - real, 0, None).mean()
            + np.clip(1 + fake, 0, None).mean()
        ),
        lambda fake: -fake.mean(),
    ),
    "wasserstein": (
        lambda real, fake: fake.mean() - real.mean(),
        lambda fake: -fake.mean(),
    ),
}


@each_loss
def test_adversarial_losses_against_numpy(name):
    """Float32 means of 200 terms of up to some hundreds: 1e-5."""
    real, fake = random_logits(0), random_logits(1)
    game = ADVERSARIAL_LOSSES[name]
    of_discriminator, of_generator = ORACLES[name]
    wide_real, wide_fake = real.astype(np.float64), fake.astype(np.float64)
    np.testing.assert_allclose(
        game.discriminator(real, fake),
        of_discriminator(wide_real, wide_fake),
        rtol=1e-5,
        atol=1e-5,
    )
    np.testing.assert_allclose(
        game.generator(fake), of_generator(wide_fake), rtol=1e-5, atol=1e-5
    )


def test_smoothing_of_the_non_saturating_loss():
    """Cross-entropy with the targets `1 - s` for real and 0 for generated.

    Not smoothed on the side of the generated images: one-sided.
    """
    smoothing = 0.1
    real, fake = random_logits(0), random_logits(1)
    chance = scipy.special.expit(real.astype(np.float64))
    cross_entropy = -(
        (1 - smoothing) * np.log(chance) + smoothing * np.log1p(-chance)
    )
    np.testing.assert_allclose(
        losses.non_saturating_discriminator_loss(real, fake, smoothing),
        cross_entropy.mean() - scipy.special.log_expit(-fake).mean(),
        rtol=1e-5,
    )


def test_smoothing_of_the_least_squares_loss():
    """The target for real images is `1 - s`, that for generated ones is 0."""
    real, fake = random_logits(0), random_logits(1)
    np.testing.assert_allclose(
        losses.least_squares_discriminator_loss(real, fake, 0.1),
        0.5 * (np.mean((real - 0.9) ** 2) + np.mean(fake**2)),
        rtol=1e-5,
    )


@each_loss
def test_losses_with_a_target_take_label_smoothing(name):
    discriminator_loss = ADVERSARIAL_LOSSES[name].discriminator
    takes_it = (
        "label_smoothing" in inspect.signature(discriminator_loss).parameters
    )
    assert takes_it == ADVERSARIAL_LOSSES[name].has_target


@each_loss
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_logits_are_finite(name, size):
    """A discriminator that is sure, and right or wrong; so is its gradient."""
    real, fake = tf.constant([[size]]), tf.constant([[-size]])
    game = ADVERSARIAL_LOSSES[name]
    of_discriminator, of_generator = ORACLES[name]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        values = game.discriminator(real, fake), game.generator(fake)
    expected = (
        of_discriminator(np.float64(size), np.float64(-size)),
        of_generator(np.float64(-size)),
    )
    # Up to 1e8 for the squares: relative to that.
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-30)
    gradients = tape.gradient(values[0], [real, fake])
    gradients.append(tape.gradient(values[1], fake))
    assert np.isfinite(gradients).all()


def test_generator_loss_does_not_saturate():
    """`d/dx -log sigmoid(x) = sigmoid(x) - 1`: -1 where `D` is sure of a fake.

    That of `log(1 - D)` would be `-sigmoid(x)`, nothing.
    """
    logits = tf.constant([[-50.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = losses.non_saturating_generator_loss(logits)
    np.testing.assert_allclose(tape.gradient(loss, logits), [[-1.0]], rtol=1e-6)


SHAPE = (4, 3, 2)


def linear_discriminator(scale: float) -> tf.Variable:
    generator = np.random.default_rng(2)
    return tf.Variable(scale * generator.normal(size=SHAPE), dtype=tf.float32)


def images_of(seed: int, count: int = 6) -> tf.Tensor:
    generator = np.random.default_rng(seed)
    return tf.constant(generator.uniform(-1, 1, (count, *SHAPE)), tf.float32)


def inner_products(images: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tf.reduce_sum(images * weights, [1, 2, 3]), (-1, 1))


@pytest.mark.parametrize("scale", [0.0, 0.1, 2.0])
def test_r1_of_a_linear_discriminator(scale):
    """`|w|^2 / 2`, with the gradient `w`; float32 sums of 24 terms."""
    weights = linear_discriminator(scale)
    with tf.GradientTape() as tape:
        penalty = r1_penalty(lambda x: inner_products(x, weights), images_of(0))
    expected = 0.5 * np.sum(weights.numpy() ** 2)
    np.testing.assert_allclose(penalty, expected, rtol=1e-5)
    np.testing.assert_allclose(
        tape.gradient(penalty, weights), weights.numpy(), rtol=1e-5
    )


@pytest.mark.parametrize("scale", [0.05, 2.0])
def test_gradient_penalty_of_a_linear_discriminator(scale):
    """`(|w| - 1)^2`, with the gradient `2 (|w| - 1) w / |w|`."""
    weights = linear_discriminator(scale)
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(
            lambda x: inner_products(x, weights),
            images_of(0),
            images_of(1),
            KEY,
        )
    norm = np.linalg.norm(weights.numpy())
    np.testing.assert_allclose(penalty, (norm - 1.0) ** 2, rtol=1e-5)
    np.testing.assert_allclose(
        tape.gradient(penalty, weights),
        2.0 * (norm - 1.0) * weights.numpy() / norm,
        rtol=1e-5,
    )


def test_gradient_penalty_of_a_constant_discriminator():
    """`(0 - 1)^2`, at the point where the norm has no gradient: finite."""
    weights = linear_discriminator(0.0)
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(
            lambda x: inner_products(x, weights),
            images_of(0),
            images_of(1),
            KEY,
        )
    np.testing.assert_allclose(penalty, 1.0, rtol=1e-6)
    assert np.isfinite(tape.gradient(penalty, weights)).all()


def test_points_of_the_gradient_penalty():
    """Uniform between both images, one point for each pair.

    With `D(x) = |x|^2 / 2` the gradient is `x`. Of images that are 3 and 1
    times a unit vector, it has the norm `1 + 2 s`, `s` uniform on (0, 1), so
    the penalty is `E[(2 s)^2] = 4/3`. Its standard deviation is
    `4 sqrt(1/5 - 1/9) = 1.19`: four standard errors.
    """
    count = 10_000
    unit = tf.fill((count, *SHAPE), math.prod(SHAPE) ** -0.5)
    points = []

    def logits_of(x: tf.Tensor) -> tf.Tensor:
        points.append(x)
        return 0.5 * inner_products(x, x)

    penalty = gradient_penalty(logits_of, 3.0 * unit, unit, KEY)
    error = 4.0 * math.sqrt(1.0 / 5.0 - 1.0 / 9.0) / math.sqrt(count)
    assert float(penalty) == pytest.approx(4.0 / 3.0, abs=4.0 * error)
    norms = np.linalg.norm(points[0].numpy().reshape(count, -1), axis=1)
    # A right draw fails at one key of a thousand.
    assert stats.kstest(norms, stats.uniform(1.0, 2.0).cdf).pvalue > 1e-3


def test_gradient_penalty_is_not_for_the_generator():
    """No gradient goes to the generated images, but one to `D`."""
    weights = linear_discriminator(1.0)
    fake_images = images_of(1)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(fake_images)
        penalty = gradient_penalty(
            lambda x: inner_products(x**2, weights),
            images_of(0),
            fake_images,
            KEY,
        )
    assert tape.gradient(penalty, fake_images) is None
    assert np.abs(tape.gradient(penalty, weights)).max() > 0.0


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_gradient_penalty_of_an_unknown_batch_size(jit_compile):
    """The same points eagerly, in a graph and under XLA; 1e-5 is float32."""

    def penalty(real: tf.Tensor, fake: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        return gradient_penalty(
            lambda x: 0.5 * inner_products(x, x), real, fake, key
        )

    spec = tf.TensorSpec((None, *SHAPE))
    compiled = tf.function(
        penalty,
        input_signature=[spec, spec, tf.TensorSpec((2,), tf.int64)],
        jit_compile=jit_compile,
    )
    arguments = images_of(0), images_of(1), KEY
    np.testing.assert_allclose(
        compiled(*arguments), penalty(*arguments), rtol=1e-5
    )
