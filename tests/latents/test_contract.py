"""What every kind of code promises, with SciPy and NumPy as the oracles.

A new kind adds a line to `EXAMPLES`; all else follows from the register.
"""

import functools
import json
import math
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from scipy import stats

from keras_infogan.latents import CATEGORY_FIELDS
from keras_infogan.latents import CODE_TYPES
from keras_infogan.latents import with_num_categories
from keras_infogan.latents.code import Code
from keras_infogan.latents.codes import CODES
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.codes import code_config
from keras_infogan.latents.codes import code_from_config
from keras_infogan.latents.spec import LatentSpec

KEY = tf.constant([3, 5], tf.int64)
OTHER_KEY = tf.constant([3, 6], tf.int64)
NUM_DRAWS = 100_000


def gaussian_logpdf(values, parameters):
    stddev = np.exp(parameters["log_stddev"])
    return stats.norm.logpdf(values, parameters["mean"], stddev).sum(axis=1)


def categorical_logpmf(values, parameters):
    chances = scipy.special.softmax(parameters["logits"], axis=1)
    return np.array(stats.multinomial.logpmf(values, 1, chances))


def bernoulli_logpmf(values, parameters):
    chances = scipy.special.expit(parameters["logits"])
    return stats.bernoulli.logpmf(values, chances).sum(axis=1)


def vonmises_logpdf(values, parameters):
    kappa = np.linalg.norm(parameters["direction"], axis=1)
    mean, angle = (
        np.arctan2(vectors[:, 1], vectors[:, 0])
        for vectors in (parameters["direction"], values)
    )
    return stats.vonmises.logpdf(angle, kappa, mean)


class Example(NamedTuple):
    """A code and what is known of its distributions in closed form."""

    code: Code
    entropy: float
    # Mean, variance and fourth central moment of each dimension.
    moments: tuple[float, float, float]
    # Correlation of two dimensions of one draw.
    correlation: float
    log_density: Callable[[Any, Any], np.ndarray]


EXAMPLES = {
    # E[(x - mean)^4] is p (1 - p) (1 - 3 p (1 - p)) of a bit of chance p; the
    # categories exclude each other.
    "categorical": Example(
        Categorical(10),
        float(stats.entropy(np.full(10, 0.1))),
        (0.1, 0.09, 0.09 * 0.73),
        -1.0 / 9.0,
        categorical_logpmf,
    ),
    # Independent dimensions, so the entropies add up.
    "uniform": Example(
        Uniform(3),
        float(3 * stats.uniform(-1, 2).entropy()),
        (0.0, 1.0 / 3.0, 0.2),
        0.0,
        gaussian_logpdf,
    ),
    "normal": Example(
        Normal(2),
        float(2 * stats.norm.entropy()),
        (0.0, 1.0, 3.0),
        0.0,
        gaussian_logpdf,
    ),
    "bernoulli": Example(
        Bernoulli(4),
        float(4 * stats.bernoulli(0.5).entropy()),
        (0.5, 0.25, 0.0625),
        0.0,
        bernoulli_logpmf,
    ),
    # E[cos^2] = 1/2, E[cos^4] = 3/8, E[cos sin] = 0.
    "circular": Example(
        Circular(),
        float(stats.uniform(0, 2 * math.pi).entropy()),
        (0.0, 0.5, 0.375),
        0.0,
        vonmises_logpdf,
    ),
}
each_example = pytest.mark.parametrize(
    "example", EXAMPLES.values(), ids=EXAMPLES.keys()
)
# Fixed deviations have other parameters.
ALL_CODES: dict[str, Code] = {
    **{name: example.code for name, example in EXAMPLES.items()},
    "uniform-fixed": Uniform(1, stddev=0.3),
    "normal-fixed": Normal(2, stddev=1),
    "categorical-unequal": Categorical(3, [0.6, 0.3, 0.1]),
}
each_code = pytest.mark.parametrize(
    "code", ALL_CODES.values(), ids=ALL_CODES.keys()
)


def head_outputs(code: Code, count: int) -> dict[str, np.ndarray]:
    """Parameters as an untrained head gives them."""
    generator = np.random.default_rng(1)
    return {
        name: generator.normal(size=(count, dim)).astype(np.float32)
        for name, dim in code.parameters.items()
    }


def test_every_kind_is_tested():
    """Each has the name of its file, by which the command line lists it."""
    assert set(EXAMPLES) == set(CODES) == set(CODE_TYPES)
    for name, example in EXAMPLES.items():
        assert type(example.code) is CODES[name]


def test_a_kind_without_its_members_is_refused():
    with pytest.raises(TypeError, match="abstract.*entropy.*sample"):
        type("Nothing", (Code,), {})()


# The prior.


@each_example
def test_entropy_is_that_of_the_prior(example):
    """Both are closed forms in float64: 1e-12 is rounding."""
    assert example.code.entropy == pytest.approx(example.entropy, rel=1e-12)


@each_example
def test_moments_of_each_dimension(example):
    """Each dimension by itself, within four standard errors.

    Those are `sqrt(variance / n)` of the mean and
    `sqrt((fourth_moment - variance^2) / n)` of the mean squared deviation,
    which is 0 for a fair bit: there only rounding, 1e-6, is left.
    """
    values = example.code.sample(NUM_DRAWS, KEY).numpy().astype(np.float64)
    assert values.shape == (NUM_DRAWS, example.code.dim)
    mean, variance, fourth_moment = example.moments
    error = math.sqrt(variance / NUM_DRAWS)
    np.testing.assert_allclose(values.mean(axis=0), mean, atol=4 * error)
    error = math.sqrt((fourth_moment - variance**2) / NUM_DRAWS)
    np.testing.assert_allclose(
        np.square(values - mean).mean(axis=0), variance, atol=4 * error + 1e-6
    )


@each_example
def test_keys_give_independent_draws(example):
    """Correlations of different keys, and of the dimensions of one draw.

    The standard error is `1 / sqrt(n)`; four of it.
    """
    code = example.code
    draws = [code.sample(NUM_DRAWS, key).numpy() for key in (KEY, OTHER_KEY)]
    correlations = np.corrcoef(np.concatenate(draws, axis=1), rowvar=False)
    same = np.full((code.dim, code.dim), example.correlation)
    np.fill_diagonal(same, 1.0)
    other = np.zeros_like(same)
    np.testing.assert_allclose(
        correlations,
        np.block([[same, other], [other, same]]),
        atol=4.0 / math.sqrt(NUM_DRAWS),
    )


@each_code
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_draws_are_a_function_of_the_key(code, jit_compile):
    """The same numbers eagerly, in a graph and under XLA.

    The key is a tensor of the graph, as in training: XLA folds a constant one
    with the CPU's kernel, which would hide a difference. XLA has polynomials of
    its own for the inverse normal distribution, sine and cosine: some 1e-6 of
    values up to 5, so 1e-5.
    """
    draw = tf.function(
        functools.partial(code.sample, 1000), jit_compile=jit_compile
    )
    exact = code.prior["distribution"] not in ("normal", "circle")
    tolerance = 1e-5 if jit_compile and not exact else 0.0
    for key in (KEY, OTHER_KEY):
        np.testing.assert_allclose(
            draw(key), code.sample(1000, key), rtol=tolerance, atol=tolerance
        )
    assert not np.array_equal(draw(KEY), draw(OTHER_KEY))


@each_code
def test_the_prior_as_plain_data_is_that_of_the_draws(code):
    """Bounds are those of the values; mean and deviation within 5 errors."""
    prior = json.loads(json.dumps(code.prior))
    values = code.sample(10_000, KEY).numpy()
    assert prior.pop("distribution")
    if "low" in prior:
        assert prior["low"] <= values.min() < values.max() <= prior["high"]
        # The extremes of 10,000 draws are this close to the bounds.
        assert values.min() - prior["low"] < 1e-2
        assert prior["high"] - values.max() < 1e-2
    else:
        assert values.mean() == pytest.approx(prior["mean"], abs=5e-2)
        assert values.std() == pytest.approx(prior["stddev"], rel=5e-2)


# The posterior.


@each_example
def test_log_likelihood_against_scipy(example):
    """Float32 against float64: a sum of up to ten terms, each to 1e-7.

    `atol` is for the sums whose terms cancel.
    """
    code = example.code
    values = code.sample(500, KEY)
    parameters = head_outputs(code, 500)
    ours = code.log_likelihood(values, parameters)
    assert ours.shape == (500,)
    doubles = {
        name: array.astype(np.float64) for name, array in parameters.items()
    }
    np.testing.assert_allclose(
        ours, example.log_density(values.numpy(), doubles), rtol=1e-5, atol=1e-5
    )


@each_code
def test_a_blind_posterior_knows_nothing(code):
    """With all parameters 0, the bound `E[log Q(c|x)] + H(c)` is at most 0.

    Up to three standard errors, and rounding where it is exactly 0.
    """
    values = code.sample(NUM_DRAWS, KEY)
    blind = {
        name: tf.zeros((NUM_DRAWS, dim))
        for name, dim in code.parameters.items()
    }
    terms = code.log_likelihood(values, blind).numpy().astype(np.float64)
    error = terms.std() / math.sqrt(NUM_DRAWS)
    assert terms.mean() + code.entropy <= 3.0 * error + 1e-6


@each_code
def test_discrete_codes_have_probabilities(code):
    """Of a discrete code `log Q` is at most 0, so the bound at most `H`."""
    values = code.sample(500, KEY)
    parameters = {
        name: 10.0 * array for name, array in head_outputs(code, 500).items()
    }
    if code.is_discrete:
        assert np.max(code.log_likelihood(values, parameters)) <= 0.0


@each_code
@pytest.mark.parametrize("size", [0.0, 1.0, 1e3, 1e6])
def test_training_stays_finite(code, size):
    """Likelihood and gradient after the activation, eagerly and under XLA.

    Of heads that give 0, where a norm has no gradient, and of heads that have
    diverged. XLA orders sums and exponentials otherwise: 1e-4.
    """
    values = code.sample(50, KEY)
    heads = {
        name: tf.constant(size * array)
        for name, array in head_outputs(code, 50).items()
    }

    def evaluate(heads):
        with tf.GradientTape() as tape:
            tape.watch(heads)
            parameters = {
                name: code.activate(name, head) for name, head in heads.items()
            }
            likelihood = code.log_likelihood(values, parameters)
        return likelihood, tape.gradient(likelihood, heads)

    expected, gradients = evaluate(heads)
    for tensor in (expected, *gradients.values()):
        assert np.isfinite(tensor).all()
    compiled, _ = tf.function(evaluate, jit_compile=True)(heads)
    np.testing.assert_allclose(compiled, expected, rtol=1e-4, atol=1e-4)


@each_code
def test_outputs_of_encode_are_explained(code):
    """The parameters first, then what is derived, each with a text."""
    parameters = head_outputs(code, 5)
    derived = code.derive(parameters)
    assert list(code.outputs) == [*parameters, *derived]
    assert all(code.outputs.values())
    posterior = {**parameters, **{k: v.numpy() for k, v in derived.items()}}
    for row in range(5):
        summary = code.summarize({k: v[row] for k, v in posterior.items()})
        assert json.loads(json.dumps(summary)) == summary
        text = code.describe(summary)
        assert text
        assert "\n" not in text
        assert math.isfinite(code.deviations_outside(summary))


def served_numbers(code: Code, values: tf.Tensor) -> np.ndarray:
    """The numbers that people choose, a column for each dimension."""
    return code.to_served(values).numpy().reshape(len(values), -1)


@each_code
def test_the_estimate_is_the_location_of_the_posterior(code):
    """No drawn value is likelier, or it is the mean of a discrete code.

    That is the sum of all values times their probabilities, which the
    likelihood gives: up to 2^4 values. Likelihoods in float32: 1e-4.
    """
    parameters = head_outputs(code, 20)
    posterior = {**parameters, **code.derive(parameters)}
    assert code.location in code.outputs
    estimate = code.estimate({k: np.asarray(v) for k, v in posterior.items()})
    if code.is_discrete:
        drawn = np.unique(code.sample(1000, KEY), axis=0)
        chances = [
            np.exp(code.log_likelihood(np.tile(value, (20, 1)), parameters))
            for value in drawn
        ]
        np.testing.assert_allclose(
            estimate, np.transpose(chances) @ drawn, atol=1e-4
        )
        return
    assert estimate.shape == (20, code.num_dimensions)
    values = code.to_values(estimate, 20) if code.is_periodic else estimate
    best = code.log_likelihood(values, parameters)
    for key in range(20):
        drawn = code.sample(20, tf.constant([key, 0]))
        likelihood = code.log_likelihood(drawn, parameters)
        assert np.all(likelihood <= best + 1e-4)


@each_code
def test_a_shifted_posterior_fits_shifted_values(code):
    """`log Q'(c + s) = log Q(c)`, by a shift of its own for each image.

    The numbers are those that people choose: angles, for which a turn is no
    difference. Float32 of likelihoods of some tens.
    """
    if code.is_discrete:
        return
    parameters = head_outputs(code, 50)
    values = code.sample(50, KEY)
    amounts = np.linspace(-7.0, 7.0, 50, dtype=np.float32)
    moved = served_numbers(code, values) + amounts[:, None]
    shifted = code.shift(parameters, tf.constant(amounts))
    assert list(shifted) == list(parameters)
    np.testing.assert_allclose(
        code.log_likelihood(
            code.to_values(moved, 50) if code.is_periodic else moved, shifted
        ),
        code.log_likelihood(values, parameters),
        rtol=1e-4,
        atol=1e-4,
    )


@each_code
def test_linear_codes_are_numbers_on_a_line(code):
    """People choose the values themselves, and what lies between any two.

    Not so an angle or a category, which have other numbers, or a bit.
    """
    values = code.sample(50, KEY)
    numbers = served_numbers(code, values)
    between = (values[1:] + values[:-1]) / 2
    assert code.is_linear == (
        np.array_equal(numbers, values)
        and np.array_equal(code.clip(between), between)
    )


@each_code
def test_controls_draw_from_the_prior(code):
    """The quantiles of the page, between which it interpolates linearly.

    Kolmogorov and Smirnov reject one of a million such samples; with 2,000
    values, that is a difference of about 0.08.
    """
    if code.control == "tiles":
        assert code.has_categories
        return
    json.dumps(code.quantiles, allow_nan=False)
    chances = np.random.default_rng(0).uniform(size=2000)
    steps = np.linspace(0.0, 1.0, len(code.quantiles))
    drawn = np.interp(chances, steps, code.quantiles)
    if code.control == "switch":
        drawn = np.rint(drawn)
    numbers = served_numbers(code, code.sample(2000, KEY))
    assert numbers.shape[1] == code.num_dimensions
    for column in numbers.T:
        test = stats.ks_2samp(drawn, column, method="asymp")
        assert test.pvalue > 1e-6
        # A slider reaches nearly all of them.
        low, high = code.quantiles[0], code.quantiles[-1]
        assert np.mean((low <= column) & (column <= high)) > 0.99


@each_code
def test_categories_are_one_hot(code):
    """What can be matched to classes and learned from labels."""
    if not code.has_categories:
        return
    values = code.sample(100, KEY).numpy()
    assert set(np.unique(values)) == {0.0, 1.0}
    np.testing.assert_array_equal(values.sum(axis=1), 1.0)
    assert code.parameters == {"logits": code.dim}
    spec = LatentSpec(1, {"c": code})
    assert spec.category_logits("c", {"c_logits": 5}) == 5
    numbers = np.arange(code.dim)
    np.testing.assert_array_equal(
        code.to_values(numbers, code.dim), np.eye(code.dim)
    )


@each_example
def test_the_field_with_the_number_of_categories(example):
    """Known without TensorFlow, of all kinds that have categories."""
    config = code_config(example.code)
    codes = {"first": {"type": "none"}, "own": config, "last": config}
    if not example.code.has_categories:
        assert config["type"] not in CATEGORY_FIELDS
        with pytest.raises(
            ValueError, match="num_categories should .*: first, own, last, none"
        ):
            with_num_categories(codes, 7)
        return
    changed = with_num_categories(codes, 7)
    assert code_from_config("own", changed["own"]).dim == 7
    assert list(changed) == list(codes)
    assert changed["last"] is config
    assert config == code_config(example.code)


# Values.


@each_code
def test_drawn_values_are_values(code):
    """What the prior gives is accepted and stays as it is."""
    drawn = code.sample(100, KEY).numpy()
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(code.to_values(drawn, 100), drawn)


@each_code
def test_served_inputs_stand_for_values(code):
    """There and back; an angle by its sine and cosine, so 1e-6."""
    drawn = code.sample(100, KEY)
    inputs = code.to_served(drawn)
    spec = code.served_spec("x")
    assert spec.name == "x"
    assert spec.is_compatible_with(inputs)
    values, valid = code.from_served(inputs)
    np.testing.assert_allclose(values, drawn, atol=1e-6)
    assert values.dtype == tf.float32
    assert np.all(valid)
    assert valid.shape == (100,)
    # People choose a value by the same numbers.
    chosen = code.to_values(inputs.numpy(), 100)
    np.testing.assert_allclose(chosen, drawn, atol=1e-6)


@each_code
def test_repaired_inputs_are_values(code):
    """Whatever a client sends, the generator gets what `to_values` takes."""
    spec = code.served_spec("x")
    bad = (
        [-1, 2**31 - 1, -(2**31)]
        if spec.dtype == tf.int32
        else [math.nan, math.inf, -math.inf, 1e30, -3.0]
    )
    shape = (len(bad), *spec.shape[1:])
    inputs = tf.constant(
        np.broadcast_to(np.reshape(bad, (-1,) + (1,) * len(shape[1:])), shape),
        spec.dtype,
    )
    values, valid = code.from_served(inputs)
    np.testing.assert_array_equal(code.to_values(values, len(bad)), values)
    # Each row that is no number, or no category.
    assert not np.any(valid[:3])


# Traversals.


@each_code
@pytest.mark.parametrize("count", [1, 2, 7])
def test_traversals_are_values(code, count):
    """Each dimension alone; the others of a row stay as they are."""
    values = code.traversal(count)
    assert values.shape == (count,)
    spec = LatentSpec(2, {"code": code})
    for index in range(code.num_dimensions):
        rows = spec.traverse(
            "code", index, num_rows=1, num_columns=count, key=KEY
        )["code"].numpy()
        np.testing.assert_array_equal(code.to_values(rows, count), rows)
        if code.num_dimensions == 1:
            np.testing.assert_array_equal(rows, code.to_values(values, count))
        else:
            drawn = spec.sample(1, KEY)["code"]
            expected = np.repeat(drawn, count, axis=0)
            expected[:, index] = values
            np.testing.assert_array_equal(rows, expected)


# Configurations.


@each_code
def test_config_round_trip(code):
    """Through JSON, in which the configuration of a run is kept."""
    spec = LatentSpec(3, {"code": code})
    config = json.loads(json.dumps(spec.get_config()))
    twin = LatentSpec.from_config(config).codes["code"]
    assert twin == code
    assert hash(twin) == hash(code)
    assert repr(twin) == repr(code)
    assert twin.parameters == code.parameters
