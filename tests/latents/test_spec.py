"""The generator's input: names, configurations, draws and traversals."""

import json
import math
import re
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.latents.code import RESERVED_NAMES
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Code
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec

KEY = tf.constant([3, 5], tf.int64)
SPEC = LatentSpec(
    5,
    {
        "style": Uniform(2),
        "category": Categorical(3),
        "shape": Normal(3, stddev=0.5),
        "bits": Bernoulli(2),
        "kind": Categorical(4),
    },
)


def test_ends_in_the_order_of_the_codes():
    """Widths and names as the class says, noise first."""
    assert list(SPEC.input_dims.items()) == [
        ("noise", 5),
        ("style", 2),
        ("category", 3),
        ("shape", 3),
        ("bits", 2),
        ("kind", 4),
    ]
    assert list(SPEC.posterior_dims.items()) == [
        ("style_mean", 2),
        ("style_log_stddev", 2),
        ("category_logits", 3),
        # The deviation of `shape` is fixed.
        ("shape_mean", 3),
        ("bits_logits", 2),
        ("kind_logits", 4),
    ]
    assert SPEC.categorical_names == ["category", "kind"]
    assert SPEC.first_categorical("--digit") == "category"


def test_priors_of_categories():
    """Only where they differ, and only of the code that is named."""
    assert SPEC.priors == {}
    spec = SPEC.with_priors({"kind": [0.1, 0.2, 0.3, 0.4]})
    assert spec.priors == {"kind": [0.1, 0.2, 0.3, 0.4]}
    assert spec != SPEC
    assert spec.codes["category"] == SPEC.codes["category"]
    config = json.loads(json.dumps(spec.get_config()))
    assert LatentSpec.from_config(config) == spec
    assert "probabilities" not in json.dumps(SPEC.get_config())


def test_latents_with_other_priors():
    """The code's own, given in the call; nothing else changes."""
    prior = [0.1, 0.2, 0.3, 0.4]
    drawn = SPEC.sample(50, KEY, {"kind": tf.constant(prior)})
    expected = SPEC.with_priors({"kind": prior}).sample(50, KEY)
    for name, values in expected.items():
        np.testing.assert_array_equal(drawn[name], values, err_msg=name)


def test_who_needs_a_categorical_code_says_so():
    spec = LatentSpec(2, {"bits": Bernoulli(2), "style": Uniform()})
    with pytest.raises(
        ValueError,
        match="^labels should come with a categorical code. Received: bits, "
        "style, none of them categorical.$",
    ):
        spec.first_categorical("labels")


def test_logits_of_categories():
    posterior = {name: object() for name in SPEC.posterior_dims}
    assert SPEC.category_logits("kind", posterior) is posterior["kind_logits"]


def test_parameters_lose_the_prefix():
    posterior = {name: object() for name in SPEC.posterior_dims}
    assert SPEC.parameters("style", posterior) == {
        "mean": posterior["style_mean"],
        "log_stddev": posterior["style_log_stddev"],
    }
    assert SPEC.parameters("shape", posterior) == {
        "mean": posterior["shape_mean"]
    }
    assert SPEC.parameters("kind", posterior) == {
        "logits": posterior["kind_logits"]
    }


def test_each_image_has_its_own_summary():
    """A certain category in each row, and the logarithms of 1 and 2."""
    spec = LatentSpec(
        1,
        {
            "kind": Categorical(2),
            "style": Uniform(1),
            "shape": Normal(1, stddev=0.25),
        },
    )
    posterior = {
        "kind_logits": np.zeros((2, 2), np.float32),
        "kind_probabilities": np.array([[0.0, 1.0], [1.0, 0.0]]),
        "style_mean": np.array([[0.5], [-0.5]]),
        "style_log_stddev": np.array([[0.0], [math.log(2.0)]]),
        "shape_mean": np.array([[3.0], [4.0]]),
    }
    first, second = spec.summarize(posterior)
    assert (first["kind"]["category"], second["kind"]["category"]) == (1, 0)
    assert first["style"] == {"mean": [0.5], "stddev": [1.0]}
    assert second["style"] == {"mean": [-0.5], "stddev": [pytest.approx(2.0)]}
    assert second["shape"] == {"mean": [4.0], "stddev": [0.25]}


def test_code_by_name():
    assert SPEC.code("bits") == Bernoulli(2)
    with pytest.raises(
        ValueError,
        match="one of style, category, shape, bits, kind. Received: 'noise'.",
    ):
        SPEC.code("noise")


@pytest.mark.parametrize(
    "name",
    [*sorted(RESERVED_NAMES), "", "Category", "2nd", "a-b", "a b", "_a", "é"],
)
def test_wrong_name(name):
    with pytest.raises(
        ValueError,
        match="lower-case letters, digits and underscores, and none of "
        "attributes, confusion, curves, factors, image, joint, logits, noise, "
        f"seed, total, valid. Received: {name!r}.",
    ):
        LatentSpec(5, {name: Uniform()})


def test_no_codes():
    with pytest.raises(ValueError, match="at least one latent code"):
        LatentSpec(5, {})


@pytest.mark.parametrize("codes", [[Uniform()], "code", 3])
def test_codes_are_a_mapping(codes):
    with pytest.raises(ValueError, match="a mapping of names to codes"):
        LatentSpec(5, codes)


@pytest.mark.parametrize("code", [10, "categorical", Categorical, None])
def test_wrong_code(code):
    with pytest.raises(
        ValueError,
        match="code 'a' should be one of Categorical, Uniform, Normal, "
        f"Bernoulli, Circular. Received: {re.escape(repr(code))}.",
    ):
        LatentSpec(5, {"a": code})


@pytest.mark.parametrize("noise_dim", [0, -1, True, 62.5, 62.0, "62", None])
def test_wrong_noise_dim(noise_dim):
    with pytest.raises(
        ValueError,
        match="`noise_dim` of LatentSpec should be a whole number of at least "
        f"1. Received: noise_dim={noise_dim!r}.",
    ):
        LatentSpec(noise_dim, {"a": Uniform()})


def test_codes_cannot_be_changed():
    """Neither from inside nor through the mapping that was given."""
    codes: dict[str, Code] = {"a": Uniform()}
    spec = LatentSpec(5, codes)
    codes["b"] = Uniform()
    assert list(spec.codes) == ["a"]
    inside: Any = spec.codes
    with pytest.raises(TypeError, match="does not support item assignment"):
        inside["b"] = Uniform()


def test_config_round_trip():
    """Through JSON, which the configuration of a run is kept in."""
    config = SPEC.get_config()
    assert config["codes"]["shape"] == {
        "type": "normal",
        "dim": 3,
        "stddev": 0.5,
    }
    text = json.dumps(config)
    twin = LatentSpec.from_config(json.loads(text))
    assert twin == SPEC
    assert list(twin.codes) == list(SPEC.codes)
    assert json.dumps(twin.get_config()) == text


def test_keras_round_trip():
    config = keras.saving.serialize_keras_object(SPEC)
    assert config["registered_name"] == "keras_infogan>LatentSpec"
    twin = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert isinstance(twin, LatentSpec)
    assert twin == SPEC


def test_unknown_type_in_a_config():
    config = {"noise_dim": 5, "codes": {"a": {"type": "beta", "dim": 1}}}
    with pytest.raises(
        ValueError,
        match="type of the code 'a' should be one of categorical, uniform, "
        "normal, bernoulli, circular. Received: {'type': 'beta', 'dim': 1}.",
    ):
        LatentSpec.from_config(config)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (5, "type of the code 'a' should be one of"),
        ({"type": ["uniform"]}, "type of the code 'a' should be one of"),
        ({"type": "categorical"}, "of type categorical takes num_categories"),
        ({"type": "uniform", "x": 1}, "of type uniform takes dim and stddev"),
        ({"type": "uniform", "dim": "2"}, "`dim` of Uniform should be a whole"),
    ],
)
def test_wrong_entry_in_a_config(entry, message):
    with pytest.raises(ValueError, match=message):
        LatentSpec.from_config({"noise_dim": 5, "codes": {"a": entry}})


def test_equality():
    """Equal in all of it, the order of the codes included; so is the hash."""
    codes: dict[str, Code] = {"a": Uniform(), "b": Normal()}
    spec = LatentSpec(5, codes)
    assert spec == LatentSpec(5, dict(codes))
    assert hash(spec) == hash(LatentSpec(5, dict(codes)))
    assert spec != LatentSpec(6, codes)
    assert spec != LatentSpec(5, {"a": Uniform(), "b": Uniform()})
    assert spec != LatentSpec(5, {"a": Uniform(stddev=1.0), "b": Normal()})
    assert spec != LatentSpec(5, dict(reversed(codes.items())))
    assert spec != spec.get_config()


def test_repr_can_be_read_back():
    names = {
        cls.__name__: cls
        for cls in (LatentSpec, Categorical, Uniform, Normal, Bernoulli)
    }
    assert eval(repr(SPEC), names) == SPEC


def test_sample():
    """Every input of the generator, and the same again for the same key."""
    latents = SPEC.sample(7, KEY)
    assert list(latents) == list(SPEC.input_dims)
    again = SPEC.sample(7, KEY)
    other = SPEC.sample(7, KEY + 1)
    for name, dim in SPEC.input_dims.items():
        assert latents[name].shape == (7, dim)
        assert latents[name].dtype == tf.float32
        np.testing.assert_array_equal(latents[name], again[name])
        assert not np.array_equal(latents[name], other[name])


def test_noise_and_codes_are_independent():
    """Codes of the same distribution must not get the same bits.

    Correlations have a standard error of `1 / sqrt(n)`. The largest of the 105
    that should be 0 is expected at 2.6 of it; five are allowed.
    """
    count = 50_000
    latents = SPEC.sample(count, KEY)
    columns = np.concatenate([latents[name] for name in latents], axis=1)
    owners = np.repeat(list(latents), [latents[n].shape[1] for n in latents])
    # The categories of one code exclude each other; all else is independent.
    same_code = owners[:, None] == owners[None, :]
    categorical = np.isin(owners, SPEC.categorical_names)
    checked = ~(same_code & categorical) & ~np.eye(len(owners), dtype=bool)
    correlations = np.corrcoef(columns, rowvar=False)[checked]
    np.testing.assert_allclose(correlations, 0.0, atol=5.0 / math.sqrt(count))


def test_noise_is_standard_normal():
    """Mean and variance within four standard errors, `sqrt(1 | 2 / n)`."""
    noise = SPEC.sample(50_000, KEY)["noise"].numpy().astype(np.float64)
    error = math.sqrt(1.0 / noise.size)
    assert noise.mean() == pytest.approx(0.0, abs=4 * error)
    assert noise.var() == pytest.approx(1.0, abs=4 * error * math.sqrt(2))


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_sample_in_a_function(jit_compile):
    """As the docstring has it: normals to 1e-5 under XLA, the rest exact."""
    draw = tf.function(
        lambda key: SPEC.sample(100, key),
        input_signature=[tf.TensorSpec((2,), tf.int64)],
        jit_compile=jit_compile,
    )
    expected = SPEC.sample(100, KEY)
    for name, values in draw(KEY).items():
        normal = name == "noise" or isinstance(SPEC.codes[name], Normal)
        tolerance = 1e-5 if normal and jit_compile else 0.0
        np.testing.assert_allclose(
            values, expected[name], rtol=tolerance, atol=tolerance
        )


def test_complete():
    """The given codes, and all else as `sample` draws it."""
    drawn = SPEC.sample(3, KEY)
    latents = SPEC.complete(
        3, {"category": [2, 0, 1], "style": [0.25, -1.0]}, KEY
    )
    expected = {name: values.numpy() for name, values in drawn.items()} | {
        "category": [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
        "style": [[0.25, -1.0]] * 3,
    }
    assert list(latents) == list(drawn)
    for name, values in latents.items():
        assert values.dtype == tf.float32
        np.testing.assert_array_equal(values, expected[name])


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({"digit": 3}, "code should be one of style, .* Received: 'digit'."),
        ({"noise": 0.0}, "code should be one of style, .* Received: 'noise'."),
        ({"category": 3}, "code 'category' should be category numbers from 0"),
        ({"style": 2.0}, r"code 'style' should be in \[-1, 1\]. Received: 2"),
        ({"shape": [0.0, 1.0]}, r"code 'shape' should have shape \(2, 3\)"),
        ({"bits": 0.5}, "code 'bits' should be 0 or 1. Received: 0.5"),
        ({"shape": math.nan}, "code 'shape' should be finite. Received: NaN"),
    ],
)
def test_complete_with_wrong_codes(codes, message):
    """The message begins with the name of the code."""
    with pytest.raises(ValueError, match=f"^The {message}"):
        SPEC.complete(2, codes, KEY)


def rows_of(
    latents: dict[str, tf.Tensor], columns: int
) -> dict[str, np.ndarray]:
    """The latents as grids of shape `(rows, columns, dim)`."""
    return {
        name: values.numpy().reshape(-1, columns, values.shape[1])
        for name, values in latents.items()
    }


@pytest.mark.parametrize(
    ("name", "index", "traversal"),
    [
        ("style", 0, [-1.0, -0.5, 0.0, 0.5, 1.0]),
        ("style", 1, [-1.0, -0.5, 0.0, 0.5, 1.0]),
        ("shape", 2, [-2.0, -1.0, 0.0, 1.0, 2.0]),
        ("bits", 1, [0.0, 0.0, 0.0, 1.0, 1.0]),
    ],
)
def test_traverse_a_dimension(name, index, traversal):
    """One dimension is swept, the rest is that of a row's one draw.

    Four rows of three categories: the fourth starts over.
    """
    drawn = SPEC.sample(4, KEY)
    grid = rows_of(
        SPEC.traverse(name, index, num_rows=4, num_columns=5, key=KEY), 5
    )
    assert list(grid) == list(drawn)
    for other, values in grid.items():
        expected = np.repeat(drawn[other].numpy()[:, None], 5, axis=1)
        if other == "category":
            expected = np.repeat(np.eye(3)[[0, 1, 2, 0], None], 5, axis=1)
        if other == name:
            expected[:, :, index] = traversal
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("name", ["category", "kind"])
def test_traverse_a_category(name):
    """Six columns of the categories in turn, the first code too if swept."""
    drawn = SPEC.sample(2, KEY)
    grid = rows_of(SPEC.traverse(name, num_rows=2, num_columns=6, key=KEY), 6)
    for other, values in grid.items():
        expected = np.repeat(drawn[other].numpy()[:, None], 6, axis=1)
        if other == "category":
            expected = np.repeat(np.eye(3)[[0, 1], None], 6, axis=1)
        if other == name:
            count = SPEC.input_dims[name]
            expected[:] = np.eye(count)[np.arange(6) % count]
        np.testing.assert_array_equal(values, expected)


def test_traverse_without_categories():
    """Nothing but the traversal changes what was drawn."""
    spec = LatentSpec(4, {"a": Uniform(), "b": Normal(2)})
    drawn = spec.sample(3, KEY)
    grid = rows_of(spec.traverse("a", num_rows=3, num_columns=2, key=KEY), 2)
    for name in ("noise", "b"):
        np.testing.assert_array_equal(
            grid[name], np.repeat(drawn[name].numpy()[:, None], 2, axis=1)
        )
    np.testing.assert_array_equal(grid["a"], [[[-1.0], [1.0]]] * 3)


@pytest.mark.parametrize(
    ("name", "index", "message"),
    [
        ("style", 2, "index of the code 'style' .* from 0 to 1. Received: 2."),
        ("style", -1, "index of the code 'style' .* to 1. Received: -1."),
        ("digit", 0, "code should be one of style, .* Received: 'digit'."),
    ],
)
def test_traverse_what_is_not_there(name, index, message):
    with pytest.raises(ValueError, match=message):
        SPEC.traverse(name, index, num_rows=2, num_columns=2, key=KEY)


def test_estimates_are_those_of_each_code():
    """An angle of 90 degrees in radians, probabilities, and a mean."""
    spec = LatentSpec(
        2, {"angle": Circular(), "bit": Bernoulli(), "pose": Uniform()}
    )
    estimates = spec.estimate(
        {
            "angle_direction": np.array([[0.0, 3.0]]),
            "bit_logits": np.array([[9.0]]),
            "bit_probabilities": np.array([[0.9]]),
            "pose_mean": np.array([[-0.5]]),
            "pose_log_stddev": np.array([[0.1]]),
        }
    )
    expected = {"angle": math.pi / 2, "bit": 0.9, "pose": -0.5}
    assert list(estimates) == list(expected)
    for name, value in expected.items():
        assert estimates[name] == pytest.approx(np.array([[value]]))


def test_rows_that_share_a_dimension():
    """Exactly the chosen columns, and the noise, are of the first rows."""
    first, second = (SPEC.sample(64, tf.constant([n, n])) for n in (1, 2))
    assert SPEC.dimensions[:4] == [
        ("style", 0),
        ("style", 1),
        ("category", 0),
        ("shape", 0),
    ]
    count = len(SPEC.dimensions)
    assert count == 2 + 1 + 3 + 2 + 1
    shared = SPEC.share(first, second, tf.range(64) % count)
    np.testing.assert_array_equal(shared["noise"], first["noise"])
    for row in range(64):
        name, index = SPEC.dimensions[row % count]
        for other in SPEC.codes:
            expected = second[other][row].numpy().copy()
            if other == name:
                # A category is shared as a whole.
                whole = SPEC.codes[name].num_dimensions == 1
                columns = slice(None) if whole else index
                expected[columns] = first[other][row].numpy()[columns]
            np.testing.assert_array_equal(shared[other][row], expected)
