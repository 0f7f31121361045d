"""Consistency under augmentation: closed forms, NumPy as the oracle."""

import math

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from scipy import stats

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.consistency import category_shares
from keras_infogan.losses.consistency import expected_log_prior
from keras_infogan.losses.consistency import invariant_information
from keras_infogan.losses.consistency import undo_effects

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
    assert stats.entropy([0.2] + [0.1] * 8) == pytest.approx(
        expected, rel=1e-12
    )
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
    ("logits", "view_logits"),
    [(BALANCED, BALANCED), (BALANCED, np.roll(BALANCED, 1, axis=1))],
    ids=["agreeing", "disagreeing"],
)
def test_invariance_has_a_gradient_at_sure_logits(logits, view_logits):
    """Empty cells of the joint, whose logarithm is minus infinity."""
    pair = [tf.constant(logits), tf.constant(view_logits)]
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
    view = generator.normal(size=(20, 4))
    direction = generator.normal(size=(20, 4))
    direction /= np.linalg.norm(direction)
    high, low = (
        float(
            invariant_information(
                tf.constant(logits + step * direction), tf.constant(view)
            )
        )
        for step in (1e-3, -1e-3)
    )
    variable = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        information = invariant_information(
            variable, tf.constant(view, tf.float32)
        )
    slope = np.sum(tape.gradient(information, variable) * direction)
    assert slope == pytest.approx((high - low) / 2e-3, rel=1e-3, abs=1e-6)


# Ten categories with shares of .02, .04, ..., .1, .1, .12, ..., .18, .22.
SHARES = np.array([1, 2, 3, 4, 5, 5, 6, 7, 8, 9]) / 50


@pytest.mark.parametrize("shares", [SHARES, np.full(10, 0.1)])
def test_the_prior_is_the_best_distribution_of_sure_categories(shares):
    """Where views agree, information and expected log prior are `-KL(m || p)`.

    As `I = H(m) = -sum m log m`, and `E[log p] = sum m log p`.
    """
    uneven = (
        100.0
        * np.eye(10, dtype=np.float32)[
            np.repeat(np.arange(10), np.rint(50 * SHARES).astype(int))
        ]
    )
    found = float(invariant_information(uneven, uneven)) + float(
        expected_log_prior(uneven, uneven, shares)
    )
    expected = -scipy.special.rel_entr(SHARES, shares).sum()
    # Sums of a few nats in float32.
    assert found == pytest.approx(expected, abs=1e-5)
    assert (expected == 0.0) == (shares is SHARES)


def test_a_uniform_prior_has_no_preference():
    """`-log 10` for any logits, so nothing is learned from it."""
    random = np.random.default_rng(0)
    logits, views = tf.constant(random.normal(size=(2, 30, 10)), tf.float32)
    prior = tf.fill([10], 0.1)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = expected_log_prior(logits, views, prior)
    assert float(found) == pytest.approx(-math.log(10.0), rel=1e-6)
    np.testing.assert_allclose(tape.gradient(found, logits), 0.0, atol=1e-7)


def test_a_category_that_died_out_is_within_reach():
    """A prior of 0 counts as one of a millionth: its gradient is finite."""
    logits = tf.zeros((4, 3))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = expected_log_prior(logits, logits, [0.5, 0.5, 0.0])
    expected = (2.0 * math.log(0.5) + math.log(1e-6)) / 3.0
    assert float(found) == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(tape.gradient(found, logits)).all()


def test_shares_of_categories():
    """The mean of the softmax, not the counts of the likeliest ones."""
    logits = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    np.testing.assert_allclose(
        category_shares(logits),
        scipy.special.softmax(logits, axis=1).mean(axis=0),
        rtol=1e-6,
    )


def test_undone_effects():
    """`mean - gain * effect` of each code, by the image; all else is kept."""
    spec = LatentSpec(
        2,
        {
            "category": Categorical(2),
            "pose": Uniform(),
            "style": Normal(stddev=1.0),
        },
    )
    posterior = {
        "pose_mean": tf.constant([[1.0], [2.0]]),
        "pose_log_stddev": tf.constant([[-1.0], [-2.0]]),
        "style_mean": tf.constant([[3.0], [4.0]]),
        "category_logits": tf.constant([[0.0, 1.0], [2.0, 3.0]]),
    }
    undone = undo_effects(
        spec,
        posterior,
        {"slant": {"pose": 2.0}, "thickness": {"style": -0.5}},
        {
            "slant": tf.constant([0.1, -0.2]),
            "thickness": tf.constant([1.0, 2.0]),
        },
    )
    expected = {
        **{name: values.numpy() for name, values in posterior.items()},
        "pose_mean": [[0.8], [2.4]],
        "style_mean": [[3.5], [5.0]],
    }
    assert undone.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(undone[name], values, rtol=1e-6)
    # The argument is left as it is.
    np.testing.assert_array_equal(posterior["pose_mean"], [[1.0], [2.0]])


def test_undone_turns():
    """`log Q(angle | view)` becomes that of `angle + gain * turn`, by SciPy.

    Turns of up to 8 radians, so a whole turn is no difference. Likelihoods are
    at most 10 in size, in float32.
    """
    generator = np.random.default_rng(0)
    angles, turns, means = generator.uniform(-4.0, 4.0, (3, 50))
    concentrations = generator.uniform(0.1, 5.0, 50)
    vectors = np.stack([np.cos(means), np.sin(means)], axis=1)
    spec = LatentSpec(2, {"angle": Circular()})
    undone = undo_effects(
        spec,
        {
            "angle_direction": tf.constant(
                concentrations[:, None] * vectors, tf.float32
            )
        },
        {"rotation": {"angle": 2.0}},
        {"rotation": tf.constant(turns, tf.float32)},
    )
    values = spec.codes["angle"].to_values(angles, 50)
    np.testing.assert_allclose(
        spec.codes["angle"].log_likelihood(
            values, spec.parameters("angle", undone)
        ),
        stats.vonmises.logpdf(angles + 2.0 * turns, concentrations, means),
        atol=2e-5,
    )
