"""What trained networks are used for: latents, images and codes."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_model


@pytest.fixture
def images() -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.uniform(-1, 1, (32, *SHAPE)).astype(np.float32)


def test_generate_fixes_codes_and_repeats_with_a_seed():
    model = tiny_model()
    images = model.generate(7, codes={"category": 2}, seed=5)
    assert images.shape == (7, *SHAPE)
    assert images.dtype == np.float32
    assert np.abs(images).max() <= 1.0
    np.testing.assert_array_equal(
        images, model.generate(7, codes={"category": 2}, seed=5)
    )
    assert not np.array_equal(
        images, model.generate(7, codes={"category": 2}, seed=6)
    )
    assert not np.array_equal(
        images, model.generate(7, codes={"category": 1}, seed=5)
    )


def test_noise_of_a_seed_is_the_same_in_any_batch():
    """To the last bit, and it is what one sample of that seed starts from."""
    model = tiny_model()
    seeds = [5, -(2**63), 2**63 - 1, 5, 0]
    noise = model.sample_noise(tf.constant(seeds, tf.int64))
    assert noise.shape == (5, SPEC.noise_dim)
    for seed, row in zip(seeds, noise, strict=True):
        expected = model.sample_latents(1, seed=seed)["noise"]
        np.testing.assert_array_equal(row[None], expected)
        alone = model.sample_noise(tf.constant([seed], tf.int64))
        np.testing.assert_array_equal(alone, expected)
    assert len(np.unique(noise[:, 0])) == 4


def test_generate_in_chunks_is_the_generator_at_once(monkeypatch):
    model = tiny_model()
    whole = model.generate(7)
    monkeypatch.setattr(
        "keras_infogan.models.inference.INFERENCE_BATCH_SIZE", 3
    )
    # Another batch size may sum in another order: a few float32 epsilons.
    np.testing.assert_allclose(model.generate(7), whole, atol=1e-6)


def test_encode_takes_one_array(images):
    """Not what `fit` takes: mappings, and images with targets."""
    wrong: list[Any] = [{"images": images}, (images, np.zeros(len(images)))]
    for x in wrong:
        with pytest.raises(ValueError, match="should be one array of numbers"):
            tiny_model().encode(x)


def test_encode_gives_the_posterior(images):
    model = tiny_model()
    posterior = model.encode(images)
    assert set(posterior) == {
        "category_logits",
        "category_probabilities",
        "continuous_mean",
        "continuous_log_stddev",
    }
    direct = model(images)
    np.testing.assert_allclose(
        posterior["continuous_mean"], direct["continuous_mean"], atol=1e-6
    )
    odds = np.exp(posterior["category_logits"])
    np.testing.assert_allclose(
        posterior["category_probabilities"],
        odds / odds.sum(axis=1, keepdims=True),
        rtol=1e-5,  # float32
    )


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({"category": 3}, "The code 'category' should be category numbers"),
        ({"continuous": 1.5}, r"'continuous' should be in \[-1, 1"),
        ({"slant": 0.0}, "should be one of category, continuous"),
    ],
)
def test_wrong_codes(codes, message):
    with pytest.raises(ValueError, match=message):
        tiny_model().generate(2, codes=codes)


def test_wrong_counts_seeds_and_images(images):
    model = tiny_model()
    with pytest.raises(ValueError, match="at least 1. Received: 0"):
        model.generate(0)
    with pytest.raises(ValueError, match="seed should be a whole number of at"):
        model.generate(1, seed=2**64)
    with pytest.raises(ValueError, match="Images should have shape"):
        model.encode(images[0])


def test_traverse_latents():
    """One code rises from -1 to 1 along each row, and all else is kept."""
    latents = tiny_model().traverse_latents(
        "continuous", 1, num_rows=2, num_columns=3, seed=4
    )
    rows = {name: np.reshape(v, (2, 3, -1)) for name, v in latents.items()}
    np.testing.assert_allclose(rows["continuous"][..., 1], [[-1, 0, 1]] * 2)
    for kept in (rows["noise"], rows["category"], rows["continuous"][..., :1]):
        np.testing.assert_array_equal(kept, np.repeat(kept[:, :1], 3, axis=1))
    first = tiny_model().sample_latents(2, seed=4)["noise"]
    np.testing.assert_array_equal(rows["noise"][:, 0], first)


def test_no_warning_of_the_fifth_model(caplog, images):
    """TensorFlow warns after five traces of one code object in ten calls."""
    for _ in range(6):
        model = tiny_model()
        model.generate(1)
        model.encode(images[:1])
    assert caplog.records == []
