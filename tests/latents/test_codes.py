"""Latent codes: priors, entropies and likelihoods, with SciPy as the oracle."""

import functools
import math
import re

import numpy as np
import numpy.typing as npt
import pytest
import scipy.special
import tensorflow as tf
from scipy import stats

from keras_infogan.latents import codes as kinds
from keras_infogan.latents import random as randomness
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Code
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.codes._gaussian import LOG_STDDEV_RANGE
from keras_infogan.latents.codes._gaussian import gaussian_log_likelihood

KEY = tf.constant([3, 5], tf.int64)
OTHER_KEY = tf.constant([3, 6], tf.int64)
# One of each type; the continuous ones with more than one dimension.
CODES: dict[str, Code] = {
    "categorical": Categorical(10),
    "uniform": Uniform(3),
    "normal": Normal(2),
    "bernoulli": Bernoulli(4),
}
each_code = pytest.mark.parametrize("code", CODES.values(), ids=CODES.keys())
NUM_DRAWS = 100_000


def random_parameters(code: Code, count: int) -> dict[str, np.ndarray]:
    """Logits, means and log deviations as an untrained head gives them."""
    generator = np.random.default_rng(1)
    return {
        name: generator.normal(size=(count, dim)).astype(np.float32)
        for name, dim in code.parameters.items()
    }


def test_every_type_is_tested():
    assert {type(code) for code in CODES.values()} == set(kinds.CODES.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The entropy of ten equal categories, log 10 = 2.303.
        ("categorical", stats.entropy(np.full(10, 0.1))),
        # Independent dimensions, so the entropies add up.
        ("uniform", 3 * stats.uniform(-1, 2).entropy()),
        ("normal", 2 * stats.norm.entropy()),
        ("bernoulli", 4 * stats.bernoulli(0.5).entropy()),
    ],
)
def test_entropy_is_that_of_the_prior(name, expected):
    """Both are closed forms in float64: 1e-12 is rounding."""
    assert CODES[name].entropy == pytest.approx(expected, rel=1e-12)


def gaussian_oracle(
    values: npt.ArrayLike, parameters: dict[str, np.ndarray]
) -> np.ndarray:
    stddev = np.exp(parameters["log_stddev"].astype(np.float64))
    return stats.norm.logpdf(values, parameters["mean"], stddev).sum(axis=1)


def categorical_oracle(
    values: npt.ArrayLike, parameters: dict[str, np.ndarray]
) -> np.ndarray:
    logits = parameters["logits"].astype(np.float64)
    probabilities = scipy.special.softmax(logits, axis=1)
    return np.array(stats.multinomial.logpmf(values, 1, probabilities))


def bernoulli_oracle(
    values: npt.ArrayLike, parameters: dict[str, np.ndarray]
) -> np.ndarray:
    chances = scipy.special.expit(parameters["logits"].astype(np.float64))
    return stats.bernoulli.logpmf(values, chances).sum(axis=1)


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("categorical", categorical_oracle),
        ("uniform", gaussian_oracle),
        ("normal", gaussian_oracle),
        ("bernoulli", bernoulli_oracle),
    ],
)
def test_log_likelihood_against_scipy(name, oracle):
    """Float32 against float64: a sum of up to ten terms, each to 1e-7.

    `atol` is for the sums whose terms cancel.
    """
    code = CODES[name]
    values = code.sample(500, KEY)
    parameters = random_parameters(code, 500)
    ours = code.log_likelihood(values, parameters)
    assert ours.shape == (500,)
    np.testing.assert_allclose(
        ours, oracle(values.numpy(), parameters), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("code_type", [Uniform, Normal])
@pytest.mark.parametrize("stddev", [0.3, 1])
def test_fixed_deviation_is_a_weighted_squared_error(code_type, stddev):
    """`log N(c; m, s) = -|c - m|^2 / (2 s^2) - dim log(s sqrt(2 pi))`.

    The squared errors are up to about 60 and divided by 0.18, so the float32
    rounding is relative: 1e-5, as for the oracle above. JSON may say 1 for 1.0.
    """
    dim = 3
    code = code_type(dim, stddev=stddev)
    values = code.sample(200, KEY).numpy()
    mean = random_parameters(code, 200)["mean"]
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
        ours = gaussian_log_likelihood(tf.zeros((1, 1)), mean, log_stddev)
    stddev = math.exp(log_stddev)
    np.testing.assert_allclose(
        ours, [stats.norm.logpdf(0.0, distance, stddev)], rtol=1e-5
    )
    np.testing.assert_allclose(
        tape.gradient(ours, mean), [[-distance / stddev**2]], rtol=1e-5
    )


def test_gaussian_at_the_mean():
    """`-dim log(2 pi) / 2` for unit Gaussians: 0.919 a dimension."""
    at_mean = gaussian_log_likelihood(tf.ones((1, 2)), tf.ones((1, 2)), 0.0)
    np.testing.assert_allclose(at_mean, [-math.log(2.0 * math.pi)], rtol=1e-6)


# The key is fixed, so each of the next four passes always or never. A right
# sampler would fail at one key of a thousand.
def test_categories_are_equally_likely():
    values = CODES["categorical"].sample(NUM_DRAWS, KEY).numpy()
    assert set(np.unique(values)) == {0.0, 1.0}
    np.testing.assert_array_equal(values.sum(axis=1), 1.0)
    assert stats.chisquare(values.sum(axis=0)).pvalue > 1e-3


def test_uniform_is_uniform():
    values = CODES["uniform"].sample(NUM_DRAWS // 3, KEY).numpy()
    distribution = stats.uniform(-1, 2)
    assert stats.kstest(values.ravel(), distribution.cdf).pvalue > 1e-3


def test_normal_is_normal():
    values = CODES["normal"].sample(NUM_DRAWS // 2, KEY).numpy()
    assert stats.kstest(values.ravel(), stats.norm.cdf).pvalue > 1e-3


def test_bits_are_fair():
    values = CODES["bernoulli"].sample(NUM_DRAWS // 4, KEY).numpy()
    assert set(np.unique(values)) == {0.0, 1.0}
    heads = int(values.sum())
    assert stats.binomtest(heads, values.size).pvalue > 1e-3


@pytest.mark.parametrize(
    ("name", "mean", "variance", "fourth_moment"),
    [
        # E[(x - mean)^4]: p (1 - p) (1 - 3 p (1 - p)) of a bit of chance p.
        ("categorical", 0.1, 0.09, 0.09 * 0.73),
        # E[u^2] = 1/3, E[u^4] = 1/5.
        ("uniform", 0.0, 1.0 / 3.0, 0.2),
        ("normal", 0.0, 1.0, 3.0),
        ("bernoulli", 0.5, 0.25, 0.0625),
    ],
)
def test_moments_of_each_dimension(name, mean, variance, fourth_moment):
    """Each dimension by itself, within four standard errors.

    Those are `sqrt(variance / n)` of the mean and
    `sqrt((fourth_moment - variance^2) / n)` of the mean squared deviation,
    which is 0 for a fair bit: there only rounding, 1e-6, is left.
    """
    values = CODES[name].sample(NUM_DRAWS, KEY).numpy().astype(np.float64)
    error = math.sqrt(variance / NUM_DRAWS)
    np.testing.assert_allclose(values.mean(axis=0), mean, atol=4 * error)
    error = math.sqrt((fourth_moment - variance**2) / NUM_DRAWS)
    np.testing.assert_allclose(
        np.square(values - mean).mean(axis=0), variance, atol=4 * error + 1e-6
    )


@each_code
def test_keys_give_independent_draws(code):
    """Correlations of different keys, and of the dimensions of one draw.

    The standard error is `1 / sqrt(n)`; four of it. The categories of one draw
    exclude each other: their correlation is `-1 / (K - 1)`.
    """
    draws = [code.sample(NUM_DRAWS, key).numpy() for key in (KEY, OTHER_KEY)]
    columns = np.concatenate(draws, axis=1)
    correlations = np.corrcoef(columns, rowvar=False)
    same = np.eye(code.dim)
    if isinstance(code, Categorical):
        same -= (1.0 - same) / (code.num_categories - 1.0)
    other = np.zeros_like(same)
    expected = np.block([[same, other], [other, same]])
    np.testing.assert_allclose(
        correlations, expected, atol=4.0 / math.sqrt(NUM_DRAWS)
    )


@each_code
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_draws_are_a_function_of_the_key(code, jit_compile):
    """The same numbers eagerly, in a graph and under XLA.

    The key is a tensor of the graph, as in training: XLA folds a constant one
    with the CPU's kernel, which would hide a difference. Only the inverse of
    the normal distribution is computed otherwise, by a polynomial to some 1e-6
    of values up to 5: 1e-5.
    """
    draw = tf.function(
        functools.partial(code.sample, 1000), jit_compile=jit_compile
    )
    tolerance = 1e-5 if jit_compile and isinstance(code, Normal) else 0.0
    for key in (KEY, OTHER_KEY):
        np.testing.assert_allclose(
            draw(key), code.sample(1000, key), rtol=tolerance, atol=tolerance
        )
    assert not np.array_equal(draw(KEY), draw(OTHER_KEY))


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
        (Bernoulli(2), True, [[1.0, 1.0], [1.0, 1.0]]),
    ],
)
def test_to_values(code, values, expected):
    """Two rows of whatever broadcasts to them, in float32."""
    rows = code.to_values(values, 2)
    assert rows.dtype == np.float32
    assert rows.shape == (2, code.dim)
    np.testing.assert_array_equal(rows, np.array(expected, np.float32))


@each_code
def test_drawn_values_are_values(code):
    """What the prior gives is accepted and stays as it is."""
    drawn = code.sample(100, KEY).numpy()
    np.testing.assert_array_equal(code.to_values(drawn, 100), drawn)


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
    ],
)
def test_sweep(code, count, expected):
    """Steps that float32 has exactly, and all of them are values."""
    sweep = code.traversal(count)
    np.testing.assert_array_equal(sweep, expected)
    assert code.to_values(sweep, count).shape == (count, code.dim)


def test_normal_sweep_is_95_percent():
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
