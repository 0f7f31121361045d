"""Random numbers by NumPy are those by TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.latents import random
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec

SEEDS = (0, 7, -1, 2**40 + 3, 2**63 - 1, -(2**63))
# Both ways to draw normal numbers round at each of about ten operations.
NORMAL_TOLERANCE = 1e-6


def keys(seed: int) -> tuple[np.ndarray, tf.Tensor]:
    key = random.numpy_key(seed, random.INFERENCE)
    return key, tf.constant(key)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "draw",
    [
        lambda key: random.random_bits((3, 7), key),
        lambda key: random.fair_bits((5, 3), key),
        lambda key: random.random_one_hot(9, 7, key),
        lambda key: random.weighted_one_hot(50, [0.15, 0.0, 0.25, 0.6], key),
        lambda key: random.open_unit_uniform((4, 1), key),
        lambda key: random.fold_in(key, 3),
        lambda key: random.random_bits((2, 2), random.fold_in(key, 11)),
    ],
    ids=["bits", "fair", "one_hot", "weighted", "uniform", "key", "of_a_key"],
)
def test_the_same_to_the_last_bit(draw, seed):
    key, tensor = keys(seed)
    numbers = draw(key)
    assert isinstance(numbers, np.ndarray)
    np.testing.assert_array_equal(numbers, np.asarray(draw(tensor)))


def test_normal_numbers_of_all_uniform_ones(monkeypatch):
    """There are 2^23 of them."""
    draws = (np.arange(2**23, dtype=np.float32) + 0.5) * np.float32(2.0**-23)
    monkeypatch.setattr(
        random,
        "open_unit_uniform",
        lambda shape, key: (
            draws if isinstance(key, np.ndarray) else tf.constant(draws)
        ),
    )
    key, tensor = keys(0)
    ours = random.standard_normal(draws.shape, key)
    theirs = random.standard_normal(draws.shape, tensor)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(
        ours, np.asarray(theirs), rtol=0, atol=NORMAL_TOLERANCE
    )


def test_all_kinds_of_codes():
    """Drawn, chosen and varied, in the order of the codes."""
    spec = LatentSpec(
        5,
        {
            "style": Uniform(2),
            "category": Categorical(3),
            "shape": Normal(3),
            "bits": Bernoulli(2),
            "turn": Circular(),
        },
    )
    for chosen in ({}, {"style": 0.5, "turn": 2.0, "category": 1, "bits": 1}):
        ours, theirs = (spec.complete(9, chosen, key) for key in keys(3))
        assert list(ours) == list(theirs)
        for name, rows in ours.items():
            assert isinstance(rows, np.ndarray), name
            assert rows.dtype == np.float32
            exact = name in ("style", "category", "bits")
            np.testing.assert_allclose(
                rows,
                theirs[name].numpy(),
                rtol=0,
                atol=0 if exact else NORMAL_TOLERANCE,
            )
        for name in spec.codes:
            values = spec.codes[name].traversal(4)
            grid = spec.vary(ours, name, 0, values)[name]
            assert isinstance(grid, np.ndarray)
            np.testing.assert_allclose(
                grid,
                spec.vary(theirs, name, 0, values)[name].numpy(),
                rtol=0,
                atol=NORMAL_TOLERANCE,
            )


@pytest.mark.parametrize("seed", [2**63, 0.5, "1", None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="whole number of at most 64 bits"):
        random.numpy_key(seed, random.INFERENCE)
