"""The bound on the information: closed forms of known channels."""

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
from keras_infogan.losses.information import label_loss
from keras_infogan.losses.information import mutual_information

KEY = tf.constant([3, 5], tf.int64)
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
    logits = tf.constant(
        100.0 * np.eye(10, dtype=np.float32)[np.arange(50) % 10]
    )
    assert float(label_loss(tf.argmax(logits, 1), logits)) == 0.0
