"""Losses and information: closed forms, and SciPy as the oracle."""

import inspect
import math

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from scipy import stats

from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import adversarial as losses
from keras_infogan.losses.adversarial import ADVERSARIAL_LOSSES
from keras_infogan.losses.adversarial import SMOOTHABLE_LOSSES
from keras_infogan.losses.adversarial import gradient_penalty
from keras_infogan.losses.adversarial import invariant_information
from keras_infogan.losses.adversarial import label_loss
from keras_infogan.losses.adversarial import mutual_information
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
def test_which_losses_can_be_smoothed(name):
    discriminator_loss = ADVERSARIAL_LOSSES[name].discriminator
    takes_it = (
        "label_smoothing" in inspect.signature(discriminator_loss).parameters
    )
    assert takes_it == (name in SMOOTHABLE_LOSSES)


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


SPEC = LatentSpec(
    1,
    {
        "category": Categorical(10),
        "continuous": Uniform(2),
        "style": Normal(2),
        "bits": Bernoulli(2),
    },
)
NUM_DRAWS = 200_000


def test_bound_of_an_uninformed_posterior():
    """If `Q` ignores `x`, then `L_I = -KL(P(c) || Q(c))`.

    That is 0 for the priors themselves, and `log 2 - log(2 pi e / 3) / 2`, or
    -0.176, for each `U(-1, 1)` code under the Gaussian of the same variance,
    `N(0, 1/3)`.
    """
    latents = SPEC.sample(NUM_DRAWS, KEY)
    posterior = {
        name: tf.zeros((NUM_DRAWS, dim))
        for name, dim in SPEC.posterior_dims.items()
    }
    posterior["continuous_log_stddev"] -= 0.5 * math.log(3.0)
    bound = mutual_information(SPEC, latents, posterior)
    assert list(bound) == list(SPEC.codes)
    # Logits of 0 are exact, for any value: only rounding is left.
    assert float(bound["category"]) == pytest.approx(0.0, abs=1e-5)
    assert float(bound["bits"]) == pytest.approx(0.0, abs=1e-5)
    # Of `3 c^2 / 2`, the deviation is `1.5 sqrt(1/5 - 1/9)` a dimension: 0.45.
    per_code = math.log(2.0) - 0.5 * math.log(2.0 * math.pi * math.e / 3.0)
    assert per_code == pytest.approx(-0.176, abs=1e-3)
    error = 1.5 * math.sqrt(2.0 * (1 / 5 - 1 / 9) / NUM_DRAWS)
    assert float(bound["continuous"]) == pytest.approx(
        2.0 * per_code, abs=4 * error
    )
    # Of `z^2 / 2`, the deviation is `1 / sqrt(2)` a dimension.
    error = math.sqrt(2.0 * 0.5 / NUM_DRAWS)
    assert float(bound["style"]) == pytest.approx(0.0, abs=4 * error)


def test_bound_of_a_category_that_is_read():
    """`H(c) = log K`, and `d log 2` for bits; nothing is left to guess.

    Logits of 100 leave a share of `exp(-100)` to the others.
    """
    spec = LatentSpec(1, {"category": Categorical(10), "bits": Bernoulli(3)})
    latents = spec.sample(500, KEY)
    posterior = {
        "category_logits": 100.0 * latents["category"],
        "bits_logits": 100.0 * (2.0 * latents["bits"] - 1.0),
    }
    bound = mutual_information(spec, latents, posterior)
    assert float(bound["category"]) == pytest.approx(math.log(10.0), rel=1e-6)
    assert float(bound["bits"]) == pytest.approx(3 * math.log(2.0), rel=1e-6)


def test_bound_of_a_category_that_is_misread():
    """Sure and wrong costs the margin: `log K - 20`, not minus infinity.

    The wrong category has 20 more than the right one, so that
    `log Q = -log(e^20 + 9) = -20` to 2e-8.
    """
    spec = LatentSpec(1, {"category": Categorical(10)})
    latents = spec.sample(500, KEY)
    posterior = {"category_logits": 20.0 * tf.roll(latents["category"], 1, 1)}
    bound = mutual_information(spec, latents, posterior)
    assert float(bound["category"]) == pytest.approx(
        math.log(10.0) - 20.0, rel=1e-6
    )


def test_ceiling_of_a_fixed_deviation_of_one():
    """`log 2 - log(2 pi) / 2` a dimension, -0.226, even if all is read.

    And below that by half the squared error when it is not.
    """
    spec = LatentSpec(1, {"continuous": Uniform(2, stddev=1.0)})
    latents = spec.sample(1000, KEY)
    values = latents["continuous"]
    ceiling = 2.0 * (math.log(2.0) - 0.5 * math.log(2.0 * math.pi))
    assert ceiling == pytest.approx(2 * -0.226, abs=1e-3)
    for error in (0.0, 0.1, -1.0):
        posterior = {"continuous_mean": values + error}
        bound = mutual_information(spec, latents, posterior)
        # Two dimensions of `error^2 / 2`.
        assert float(bound["continuous"]) == pytest.approx(
            ceiling - error**2, abs=1e-5
        )


def entropy_of(*chances: float) -> float:
    return float(stats.entropy(chances))


@pytest.mark.parametrize("num_categories", [2, 10])
@pytest.mark.parametrize("flip", [0.05, 0.3])
def test_information_of_a_symmetric_channel(num_categories, flip):
    """A category that is another one with chance `e`, and its exact posterior.

    `I = log K - H_b(e) - e log(K - 1)`. The likelihood takes two values, so its
    deviation is `|log((1 - e) (K - 1) / e)| sqrt(e (1 - e))`: four standard
    errors.
    """
    spec = LatentSpec(1, {"category": Categorical(num_categories)})
    latents = spec.sample(NUM_DRAWS, KEY)
    generator = np.random.default_rng(3)
    flipped = generator.uniform(size=NUM_DRAWS) < flip
    step = generator.integers(1, num_categories, NUM_DRAWS) * flipped
    received = (latents["category"].numpy().argmax(1) + step) % num_categories
    others = num_categories - 1
    chances = np.full((NUM_DRAWS, num_categories), flip / others, np.float32)
    chances[np.arange(NUM_DRAWS), received] = 1.0 - flip
    bound = mutual_information(
        spec, latents, {"category_logits": tf.constant(np.log(chances))}
    )
    expected = (
        math.log(num_categories)
        - entropy_of(flip, 1.0 - flip)
        - flip * math.log(others)
    )
    deviation = abs(math.log((1.0 - flip) * others / flip)) * math.sqrt(
        flip * (1.0 - flip)
    )
    assert float(bound["category"]) == pytest.approx(
        expected, abs=4 * deviation / math.sqrt(NUM_DRAWS)
    )


def test_information_of_flipped_bits():
    """`log 2 - H_b(e)` a bit, from its exact posterior.

    The deviation of a bit is `log((1 - e) / e) sqrt(e (1 - e))`, of two it is
    `sqrt(2)` times that: four standard errors.
    """
    flip = 0.1
    spec = LatentSpec(1, {"bits": Bernoulli(2)})
    latents = spec.sample(NUM_DRAWS, KEY)
    generator = np.random.default_rng(3)
    flipped = generator.uniform(size=(NUM_DRAWS, 2)) < flip
    received = np.where(flipped, 1.0 - latents["bits"], latents["bits"])
    odds = math.log((1.0 - flip) / flip)
    posterior = {
        "bits_logits": tf.constant((2.0 * received - 1.0) * odds, tf.float32)
    }
    bound = mutual_information(spec, latents, posterior)
    deviation = odds * math.sqrt(2.0 * flip * (1.0 - flip))
    assert float(bound["bits"]) == pytest.approx(
        2.0 * (math.log(2.0) - entropy_of(flip, 1.0 - flip)),
        abs=4 * deviation / math.sqrt(NUM_DRAWS),
    )


@pytest.mark.parametrize("noise", [0.1, 1.0, 3.0])
def test_information_of_a_gaussian_channel(noise):
    """`I = log(1 + 1 / s^2) / 2` a dimension, of `y = c + s z`.

    The posterior is exact: mean `y / (1 + s^2)`, variance `s^2 / (1 + s^2)`.
    The likelihood is `-z'^2 / 2` and constants, of deviation `1 / sqrt(2)` a
    dimension: four standard errors.
    """
    spec = LatentSpec(1, {"style": Normal(2)})
    latents = spec.sample(NUM_DRAWS, KEY)
    generator = np.random.default_rng(3)
    received = latents["style"] + noise * generator.normal(
        size=(NUM_DRAWS, 2)
    ).astype(np.float32)
    variance = noise**2 / (1.0 + noise**2)
    posterior = {
        "style_mean": received / (1.0 + noise**2),
        "style_log_stddev": tf.fill((NUM_DRAWS, 2), 0.5 * math.log(variance)),
    }
    bound = mutual_information(spec, latents, posterior)
    assert float(bound["style"]) == pytest.approx(
        2.0 * 0.5 * math.log(1.0 + noise**-2),
        abs=4 * math.sqrt(2.0 * 0.5 / NUM_DRAWS),
    )


def test_bound_is_lower_for_a_wrong_posterior():
    """By the divergence of the true posterior from it.

    In the symmetric channel of two and `e = 0.1`, a `Q` that takes 0.3 for `e`
    loses `KL(0.1 || 0.3) = 0.1 log(0.1/0.3) + 0.9 log(0.9/0.7)`, 0.116 nats.
    Both bounds are of the same draws, so the difference has a deviation of
    `log((0.9 * 0.3) / (0.7 * 0.1)) sqrt(0.09)`: four standard errors.
    """
    spec = LatentSpec(1, {"bits": Bernoulli()})
    latents = spec.sample(NUM_DRAWS, KEY)
    generator = np.random.default_rng(3)
    flipped = generator.uniform(size=(NUM_DRAWS, 1)) < 0.1
    sign = np.where(flipped, -1.0, 1.0) * (2.0 * latents["bits"] - 1.0)
    right, wrong = (
        float(
            mutual_information(
                spec, latents, {"bits_logits": tf.cast(sign * odds, tf.float32)}
            )["bits"]
        )
        for odds in (math.log(0.9 / 0.1), math.log(0.7 / 0.3))
    )
    loss = float(np.sum(scipy.special.rel_entr([0.1, 0.9], [0.3, 0.7])))
    deviation = math.log(0.9 * 0.3 / (0.7 * 0.1)) * math.sqrt(0.09)
    assert right - wrong == pytest.approx(
        loss, abs=4 * deviation / math.sqrt(NUM_DRAWS)
    )


# Logits of 100 leave a share of exp(-100) to the other categories.
BALANCED = 100.0 * np.eye(10, dtype=np.float32)[np.arange(50) % 10]


def test_invariance_of_a_constant():
    """0: what is the same of every image says nothing; 1e-5 is rounding."""
    constant = tf.tile([[1.0, -2.0, 0.5]], (40, 1))
    assert float(invariant_information(constant, constant)) == pytest.approx(
        0.0, abs=1e-5
    )


def test_invariance_of_independent_categories():
    """0: sure and balanced, but the copy is another one each time.

    All 100 pairs of ten categories, once each: the joint is uniform.
    """
    first, second = np.divmod(np.arange(100), 10)
    eye = 100.0 * np.eye(10, dtype=np.float32)
    assert float(
        invariant_information(eye[first], eye[second])
    ) == pytest.approx(0.0, abs=1e-5)


def test_invariance_of_perfect_agreement():
    assert float(invariant_information(BALANCED, BALANCED)) == pytest.approx(
        math.log(10.0), rel=1e-5
    )


def test_invariance_of_merged_categories():
    """Two of ten are one: the entropy of 1/5 once and of 1/10 eight times.

    That is `log 10 - log(2) / 5`, as a fifth of the images lose a bit.
    """
    merged = BALANCED.copy()
    merged[BALANCED.argmax(1) == 9] = BALANCED[8]
    expected = math.log(10.0) - 0.2 * math.log(2.0)
    assert entropy_of(0.2, *[0.1] * 8) == pytest.approx(expected, rel=1e-12)
    assert float(invariant_information(merged, merged)) == pytest.approx(
        expected, rel=1e-5
    )


def test_invariance_of_renamed_categories():
    """The copy must have the same category, not any that goes with it.

    If `k'` is always the next of three, the joint made symmetric has 1/6 in
    each cell off the diagonal: `log 3 - log 2`, not `log 3`.
    """
    logits = 100.0 * np.eye(3, dtype=np.float32)
    assert float(
        invariant_information(logits, np.roll(logits, 1, axis=1))
    ) == pytest.approx(math.log(3.0 / 2.0), rel=1e-5)


def test_invariance_against_numpy():
    """`KL(P(k, k') || P(k) P(k'))` of a random joint, by `rel_entr`.

    And it is the same for exchanged arguments: 1e-5 of about 0.1, float32.
    """
    generator = np.random.default_rng(4)
    first = generator.normal(size=(60, 5)).astype(np.float32)
    second = first + generator.normal(size=(60, 5)).astype(np.float32)
    joint = np.mean(
        scipy.special.softmax(first.astype(np.float64), 1)[:, :, None]
        * scipy.special.softmax(second.astype(np.float64), 1)[:, None, :],
        axis=0,
    )
    joint = 0.5 * (joint + joint.T)
    product = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    expected = scipy.special.rel_entr(joint, product).sum()
    for pair in ((first, second), (second, first)):
        np.testing.assert_allclose(
            invariant_information(*pair), expected, atol=1e-6, rtol=1e-5
        )


@pytest.mark.parametrize(
    ("logits", "warped_logits"),
    [(BALANCED, BALANCED), (BALANCED, np.roll(BALANCED, 1, axis=1))],
    ids=["agreeing", "disagreeing"],
)
def test_invariance_has_a_gradient_at_sure_logits(logits, warped_logits):
    """Empty cells of the joint, whose logarithm is minus infinity."""
    pair = [tf.constant(logits), tf.constant(warped_logits)]
    with tf.GradientTape() as tape:
        tape.watch(pair)
        information = invariant_information(*pair)
    assert np.isfinite(information)
    assert np.isfinite(tape.gradient(information, pair)).all()


def test_invariance_gradient_is_that_of_the_differences():
    """Central differences of the float64 value, in a random direction.

    The differences are exact to the square of the step, 1e-6; the gradient is
    float32.
    """
    generator = np.random.default_rng(5)
    logits = generator.normal(size=(20, 4))
    warped = generator.normal(size=(20, 4))
    direction = generator.normal(size=(20, 4))
    direction /= np.linalg.norm(direction)
    high, low = (
        float(
            invariant_information(
                tf.constant(logits + step * direction), tf.constant(warped)
            )
        )
        for step in (1e-3, -1e-3)
    )
    variable = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        information = invariant_information(
            variable, tf.constant(warped, tf.float32)
        )
    slope = np.sum(tape.gradient(information, variable) * direction)
    assert slope == pytest.approx((high - low) / 2e-3, rel=1e-3, abs=1e-6)


def test_label_loss_of_equal_logits():
    """`log 10`, whatever the labels are."""
    labels = tf.range(10)
    assert float(label_loss(labels, tf.ones((10, 10)))) == pytest.approx(
        math.log(10.0), rel=1e-6
    )


def test_label_loss_against_scipy():
    """`-log softmax` at the label, on the mean of 30 float32 terms."""
    generator = np.random.default_rng(6)
    logits = generator.normal(0.0, 3.0, (30, 5)).astype(np.float32)
    labels = generator.integers(0, 5, 30)
    expected = -scipy.special.log_softmax(logits.astype(np.float64), axis=1)
    np.testing.assert_allclose(
        label_loss(labels, logits),
        expected[np.arange(30), labels].mean(),
        rtol=1e-5,
    )


def test_label_loss_takes_logits():
    """Right and sure is 0: a second softmax would leave 1.46 of ten."""
    logits = tf.constant(BALANCED)
    assert float(label_loss(tf.argmax(logits, 1), logits)) == 0.0
