"""What is particular to each kind of code; test_contract.py has the rest."""

import math
import re

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from scipy import stats

from keras_infogan.latents import random as randomness
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.codes._gaussian import LOG_STDDEV_RANGE
from keras_infogan.latents.codes.circular import MAX_CONCENTRATION

KEY = tf.constant([3, 5], tf.int64)
NUM_DRAWS = 100_000


@pytest.mark.parametrize("code_type", [Uniform, Normal])
@pytest.mark.parametrize("stddev", [0.3, 1])
def test_fixed_deviation_is_a_weighted_squared_error(code_type, stddev):
    """`log N(c; m, s) = -|c - m|^2 / (2 s^2) - dim log(s sqrt(2 pi))`.

    The squared errors are up to about 60 and divided by 0.18, so the float32
    rounding is relative: 1e-5. JSON may say 1 for 1.0.
    """
    dim = 3
    code = code_type(dim, stddev=stddev)
    values = code.sample(200, KEY).numpy()
    mean = np.random.default_rng(1).normal(size=(200, dim)).astype(np.float32)
    squared_errors = np.square(values - mean, dtype=np.float64).sum(axis=1)
    constant = -dim * math.log(stddev * math.sqrt(2.0 * math.pi))
    np.testing.assert_allclose(
        code.log_likelihood(values, {"mean": mean}),
        constant - squared_errors / (2.0 * stddev**2),
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("log_stddev", LOG_STDDEV_RANGE)
@pytest.mark.parametrize("distance", [0.0, 1e3, 1e6])
def test_gaussian_extremes_are_finite(log_stddev, distance):
    """A mean that is far out, at the bounds of the deviation.

    `(1e6 * 10)^2 / 2 = 5e13` is far below the largest float32, 3e38. The
    gradient with respect to the mean is `distance / stddev^2`.
    """
    mean = tf.constant([[distance]])
    with tf.GradientTape() as tape:
        tape.watch(mean)
        ours = Normal().log_likelihood(
            tf.zeros((1, 1)), {"mean": mean, "log_stddev": log_stddev}
        )
    stddev = math.exp(log_stddev)
    np.testing.assert_allclose(
        ours, [stats.norm.logpdf(0.0, distance, stddev)], rtol=1e-5
    )
    np.testing.assert_allclose(
        tape.gradient(ours, mean), [[-distance / stddev**2]], rtol=1e-5
    )


def test_gaussian_at_the_mean():
    """`-dim log(2 pi) / 2` for unit Gaussians: 0.919 a dimension."""
    at_mean = Normal(2, stddev=1.0).log_likelihood(
        tf.ones((1, 2)), {"mean": tf.ones((1, 2))}
    )
    np.testing.assert_allclose(at_mean, [-math.log(2.0 * math.pi)], rtol=1e-6)


# The key is fixed, so each of the next four passes always or never. A right
# sampler would fail at one key of a thousand.
def test_categories_are_equally_likely():
    values = Categorical(10).sample(NUM_DRAWS, KEY).numpy()
    assert set(np.unique(values)) == {0.0, 1.0}
    np.testing.assert_array_equal(values.sum(axis=1), 1.0)
    assert stats.chisquare(values.sum(axis=0)).pvalue > 1e-3


def test_categories_are_as_likely_as_they_should_be():
    """Chi-squared rejects one of a million such samples; one never comes."""
    prior = [0.5, 0.3, 0.0, 0.15, 0.05]
    code = Categorical(5, prior)
    counts = code.sample(20_000, KEY).numpy().sum(axis=0)
    assert counts[2] == 0
    likely = np.array(prior) > 0
    expected = 20_000 * np.array(prior)[likely]
    assert stats.chisquare(counts[likely], expected).pvalue > 1e-6
    assert code.entropy == pytest.approx(stats.entropy(prior), rel=1e-12)
    assert code.prior == {
        "distribution": "one_hot",
        "low": 0,
        "high": 1,
        "probabilities": prior,
    }


@pytest.mark.parametrize(
    "probabilities",
    [
        [0.5, 0.5],
        [0.5, 0.5, 0.1],
        [1.5, -0.25, -0.25],
        [0.5, 0.5, math.nan],
        [[0.2, 0.3, 0.5]],
        0.5,
        "abc",
        ["a", "b", "c"],
    ],
)
def test_wrong_probabilities(probabilities):
    with pytest.raises(
        ValueError, match=r"^`probabilities` of Categorical .*3"
    ):
        Categorical(3, probabilities)


def test_uniform_is_uniform():
    values = Uniform(3).sample(NUM_DRAWS // 3, KEY).numpy()
    distribution = stats.uniform(-1, 2)
    assert stats.kstest(values.ravel(), distribution.cdf).pvalue > 1e-3


def test_normal_is_normal():
    values = Normal(2).sample(NUM_DRAWS // 2, KEY).numpy()
    assert stats.kstest(values.ravel(), stats.norm.cdf).pvalue > 1e-3


def test_bits_are_fair():
    values = Bernoulli(4).sample(NUM_DRAWS // 4, KEY).numpy()
    assert set(np.unique(values)) == {0.0, 1.0}
    heads = int(values.sum())
    assert stats.binomtest(heads, values.size).pvalue > 1e-3


@pytest.mark.parametrize(
    ("bits", "uniform", "quantile"),
    [(0, -1.0 + 2.0**-23, 2.0**-24), (2**32 - 1, 1.0 - 2.0**-23, 1 - 2.0**-24)],
    ids=["lowest", "highest"],
)
def test_extreme_bits(monkeypatch, bits, uniform, quantile):
    """The uniform is strictly inside (-1, 1) and so the normal is finite.

    The 2^23 steps `(k + 1/2) / 2^23` begin at `2^-24` and end at `1 - 2^-24`.
    All of it is exact in float32, but for the quantile: SciPy's, to 1e-5.
    """

    def constant_bits(shape: tuple[int, ...], key: tf.Tensor) -> tf.Tensor:
        return tf.fill(shape, tf.constant(bits, tf.uint32))

    monkeypatch.setattr(randomness, "random_bits", constant_bits)
    assert Uniform().sample(1, KEY).numpy().item() == uniform
    np.testing.assert_allclose(
        Normal().sample(1, KEY), [[stats.norm.ppf(quantile)]], rtol=1e-5
    )


ROWS = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("code", "values", "expected"),
    [
        (Categorical(3), 1, [ROWS[0], ROWS[0]]),
        (Categorical(3), np.int64(2), [ROWS[1], ROWS[1]]),
        (Categorical(3), [1, 2], ROWS),
        (Categorical(3), [2], [ROWS[1], ROWS[1]]),
        (Categorical(3), np.array([1, 2], np.uint8), ROWS),
        (Categorical(3), ROWS, ROWS),
        (Categorical(3), [[0, 1, 0], [0, 0, 1]], ROWS),
        (Categorical(3), ROWS[:1], [ROWS[0], ROWS[0]]),
        # A third as printed with four decimals: the sum is 0.9999.
        (Categorical(3), [[0.3333] * 3] * 2, [[0.3333] * 3] * 2),
        (Uniform(), 0.5, [[0.5], [0.5]]),
        (Uniform(), [0.25, -1.0], [[0.25], [-1.0]]),
        (Uniform(), [[0.25], [-1.0]], [[0.25], [-1.0]]),
        (Uniform(3), -1, [[-1.0] * 3] * 2),
        (Uniform(3), [0.25, 0.5, 1.0], [[0.25, 0.5, 1.0]] * 2),
        (Uniform(3), [[0.25, 0.5, 1.0]], [[0.25, 0.5, 1.0]] * 2),
        (Uniform(3), [[0.25], [0.5]], [[0.25] * 3, [0.5] * 3]),
        (Uniform(3), [[0.25] * 3, [0.5] * 3], [[0.25] * 3, [0.5] * 3]),
        (Normal(2), [[-3.5, 7.0]], [[-3.5, 7.0]] * 2),
        (Bernoulli(2), [[0, 1], [1, 1]], [[0.0, 1.0], [1.0, 1.0]]),
        (Circular(), 0, [[1.0, 0.0], [1.0, 0.0]]),
        (Circular(), [0.0, 0.0], [[1.0, 0.0], [1.0, 0.0]]),
        (Circular(), [[0.0], [0.0]], [[1.0, 0.0], [1.0, 0.0]]),
        (Circular(), [[0, 1], [-1, 0]], [[0.0, 1.0], [-1.0, 0.0]]),
        (Circular(), [[0.6, 0.8]], [[0.6, 0.8], [0.6, 0.8]]),
        (Bernoulli(2), True, [[1.0, 1.0], [1.0, 1.0]]),
    ],
)
def test_to_values(code, values, expected):
    """Two rows of whatever broadcasts to them, in float32."""
    rows = code.to_values(values, 2)
    assert rows.dtype == np.float32
    assert rows.shape == (2, code.dim)
    np.testing.assert_array_equal(rows, np.array(expected, np.float32))


@pytest.mark.parametrize(
    ("code", "values", "message"),
    [
        (Categorical(3), 3, "numbers from 0 to 2. Received: 3."),
        (Categorical(3), [-1, 0], "numbers from 0 to 2. Received: -1 to 0."),
        (Categorical(3), 1.0, "0 to 2, as integers. Received: float64 values."),
        (Categorical(3), True, "0 to 2, as integers. Received: bool values."),
        (Categorical(3), "one", "as integers. Received: <U3 values."),
        (Categorical(3), [0, 1, 2], r"shape \(2, 1\), .*shape=\(3, 1\)."),
        (Categorical(3), np.eye(3), r"shape \(2, 3\), .*shape=\(3, 3\)."),
        (Categorical(3), np.eye(2), r"shape \(2, 3\), .*shape=\(2, 2\)."),
        # The second of the rows is wrong: the message is of both.
        (
            Categorical(3),
            [[1, 0, 0], [1, 1, 0]],
            "rows that sum to 1. Received: values from 0 to 1 and sums from 1 "
            "to 2.",
        ),
        (
            Categorical(3),
            [[2, -1, 0]],
            "rows that sum to 1. Received: values from -1 to 2 and sums from 1 "
            "to 1.",
        ),
        # A percent too few is no rounding of four decimals.
        (Categorical(3), [[0.33] * 3], "and sums from 0.99 to 0.99."),
        (Uniform(2), 1.5, r"in \[-1, 1\]. Received: 1.5."),
        (Uniform(2), [-2.0, 0.0], r"in \[-1, 1\]. Received: -2 to 0."),
        (Uniform(2), [0.0] * 3, r"shape \(2, 2\), .*shape=\(3,\)."),
        (Uniform(2), np.zeros((2, 3)), r"shape \(2, 2\), .*shape=\(2, 3\)."),
        (Uniform(2), np.zeros((1, 2, 2)), r"shape=\(1, 2, 2\)."),
        (Uniform(2), math.nan, "should be finite. Received: NaN or infinity."),
        (Normal(2), math.nan, "should be finite. Received: NaN or infinity."),
        (Normal(2), -math.inf, "should be finite. Received: NaN or infinity."),
        (Bernoulli(2), 0.5, "should be 0 or 1. Received: 0.5."),
        (Bernoulli(2), [0, 2], "should be 0 or 1. Received: 0 to 2."),
        (Bernoulli(2), math.nan, "should be finite."),
        (Circular(), math.nan, "should be finite."),
        (Circular(), [0.0] * 3, r"shape \(2, 1\), .*shape=\(3, 1\)."),
        (
            Circular(),
            [[0.6, 0.6]],
            r"Received: vectors of norm 0.84",
        ),
        (Circular(), np.zeros((2, 3)), r"shape \(2, 2\), .*shape=\(2, 3\)."),
    ],
)
def test_wrong_values(code, values, message):
    with pytest.raises(ValueError, match=message):
        code.to_values(values, 2)


@pytest.mark.parametrize(
    ("code", "count", "expected"),
    [
        (Categorical(3), 7, [0, 1, 2, 0, 1, 2, 0]),
        (Uniform(), 5, [-1.0, -0.5, 0.0, 0.5, 1.0]),
        (Normal(), 5, [-2.0, -1.0, 0.0, 1.0, 2.0]),
        (Bernoulli(), 4, [0.0, 0.0, 1.0, 1.0]),
        (Bernoulli(), 5, [0.0, 0.0, 0.0, 1.0, 1.0]),
        (Circular(), 4, math.pi * np.array([0.0, 0.5, 1.0, 1.5], np.float32)),
    ],
)
def test_traversal(code, count, expected):
    """Steps that float32 has exactly."""
    np.testing.assert_array_equal(code.traversal(count), expected)


def test_a_served_row_is_valid_if_all_its_numbers_are():
    """The nearest numbers of [-1, 1]; 0 for what is no number."""
    inputs = tf.constant([[0.5, 2.0], [math.nan, 0.25], [0.5, -1.0]])
    values, valid = Uniform(2).from_served(inputs)
    np.testing.assert_array_equal(values, [[0.5, 1.0], [0.0, 0.25], [0.5, -1]])
    np.testing.assert_array_equal(valid, [False, False, True])


def test_normal_traversal_is_95_percent():
    """`P(-2 < c < 2)` is 0.9545 for `N(0, 1)`."""
    low, high = Normal().traversal(2)
    share = stats.norm.cdf(high) - stats.norm.cdf(low)
    assert share == pytest.approx(0.95, abs=0.005)


def test_probabilities():
    """Both undo the logarithm: of the chances, and of the odds.

    Computed in float64, so 1e-12 is rounding.
    """
    chances = np.array([[0.5, 0.25, 0.25], [0.7, 0.2, 0.1]])
    np.testing.assert_allclose(
        # A constant more or less is the same category.
        Categorical(3).derive({"logits": tf.constant(np.log(chances) + 5.0)})[
            "probabilities"
        ],
        chances,
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        Bernoulli(3).derive(
            {"logits": tf.constant(np.log(chances / (1.0 - chances)))}
        )["probabilities"],
        chances,
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [(Categorical(2), [[1.0, 0.0]]), (Bernoulli(2), [[1.0, 0.0]])],
)
def test_probabilities_of_extreme_logits(code, expected):
    """Neither overflows: `exp(-2000)` is 0 in float64 as in float32."""
    logits = tf.constant([[1000.0, -1000.0]])
    derived = code.derive({"logits": logits})
    np.testing.assert_array_equal(derived["probabilities"], expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (Categorical(7), {"logits": 7}),
        (Uniform(2), {"mean": 2, "log_stddev": 2}),
        (Uniform(2, stddev=0.5), {"mean": 2}),
        (Normal(3), {"mean": 3, "log_stddev": 3}),
        (Normal(3, stddev=1.0), {"mean": 3}),
        (Bernoulli(4), {"logits": 4}),
        (Circular(), {"direction": 2}),
    ],
)
def test_parameters(code, expected):
    """A fixed deviation is not asked of `Q`."""
    assert code.parameters == expected


@pytest.mark.parametrize("code_type", [Uniform, Normal, Bernoulli])
@pytest.mark.parametrize("dim", [0, -1, 2.0, True, "2", None])
def test_wrong_dim(code_type, dim):
    with pytest.raises(
        ValueError,
        match=f"`dim` of {code_type.__name__} should be a whole number of at "
        f"least 1. Received: dim={dim!r}.",
    ):
        code_type(dim)


@pytest.mark.parametrize("num_categories", [1, 0, -3, 10.0, True, "10"])
def test_wrong_num_categories(num_categories):
    with pytest.raises(
        ValueError,
        match="`num_categories` of Categorical should be a whole number of at "
        f"least 2. Received: num_categories={num_categories!r}.",
    ):
        Categorical(num_categories)


@pytest.mark.parametrize("code_type", [Uniform, Normal])
@pytest.mark.parametrize(
    "stddev", [0, 0.0, -1.0, math.nan, math.inf, "a", [1], True]
)
def test_wrong_stddev(code_type, stddev):
    with pytest.raises(
        ValueError,
        match=f"`stddev` of {code_type.__name__} should be a positive number, "
        f"or None to learn it. Received: stddev={re.escape(repr(stddev))}.",
    ):
        code_type(1, stddev=stddev)


def test_angles_are_uniform():
    values = Circular().sample(NUM_DRAWS, KEY).numpy().astype(float)
    # Unit vectors, to the rounding of float32.
    np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1.0, atol=1e-6)
    angles = np.arctan2(values[:, 1], values[:, 0])
    distribution = stats.uniform(-math.pi, 2.0 * math.pi)
    assert stats.kstest(angles, distribution.cdf).pvalue > 1e-3


@pytest.mark.parametrize("kappa", [0.0, 1e-6, 1e-2, 1.0, 30.0, 100.0])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_von_mises_of_any_concentration(kappa, jit_compile):
    """Likelihood and its gradient, from a flat density to a narrow peak.

    The derivative with respect to the vector `kappa mu` is
    `x - A(kappa) mu` with `A = I1 / I0`: SciPy's, which has no trouble at 0.
    Sums of terms up to 100 in float32: 1e-4 where they cancel.
    """
    angles = np.linspace(-3.0, 3.0, 13)
    mean = np.array([math.cos(0.7), math.sin(0.7)])
    values = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    direction = tf.constant(np.tile(kappa * mean, (13, 1)), tf.float32)

    @tf.function(jit_compile=jit_compile)
    def evaluate(direction):
        with tf.GradientTape() as tape:
            tape.watch(direction)
            likelihood = Circular().log_likelihood(
                tf.constant(values, tf.float32), {"direction": direction}
            )
        return likelihood, tape.gradient(likelihood, direction)

    likelihood, gradient = evaluate(direction)
    np.testing.assert_allclose(
        likelihood, stats.vonmises.logpdf(angles, kappa, 0.7), atol=1e-4
    )
    ratio = scipy.special.ive(1, kappa) / scipy.special.ive(0, kappa)
    np.testing.assert_allclose(gradient, values - ratio * mean, atol=1e-5)


def test_concentration_is_bounded():
    """Nearly linear where small; at most 100, in the same direction.

    `1 / sqrt(1 + (1/100)^2)` is 1 less 5e-5.
    """
    vectors = tf.constant([[0.6, -0.8], [3e5, 4e5], [0.0, 0.0]])
    bounded = Circular().activate("direction", vectors).numpy()
    np.testing.assert_allclose(bounded[0], [0.6, -0.8], rtol=1e-4)
    np.testing.assert_allclose(
        bounded[1],
        [0.6 * MAX_CONCENTRATION, 0.8 * MAX_CONCENTRATION],
        rtol=1e-5,
    )
    np.testing.assert_array_equal(bounded[2], 0.0)


def test_summary_of_an_angle():
    summary = Circular().summarize({"direction": np.array([0.0, -20.0])})
    assert summary == {
        "angle": pytest.approx(-math.pi / 2),
        "concentration": pytest.approx(20.0),
    }
    text = Circular().describe(summary)
    assert text == "-1.57 rad (concentration 20.0)"
