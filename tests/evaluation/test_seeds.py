"""Seeds of a generator that is malformed for some noise, so they are known."""

import keras
import numpy as np
import pytest

from keras_infogan.evaluation.seeds import surest_seeds
from keras_infogan.evaluation.seeds import traversal_rows
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Code
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from tests.helpers.models import tiny_model

SPEC = LatentSpec(1, {"a": Categorical(3), "u": Uniform(1)})


class Fading(keras.layers.Layer):
    """The codes side by side; noise brightens category 1 and dims 2."""

    def call(self, noise, category, others):
        size = keras.ops.tanh(keras.ops.abs(noise))
        scale = keras.ops.concatenate(
            [keras.ops.ones_like(size), 0.2 + 0.6 * size, 1.0 - 0.9 * size],
            axis=1,
        )
        return keras.ops.concatenate([scale * category, others], axis=1)


def fading_model() -> InfoGAN:
    """`Q` reads the category by its columns, ten times as logits."""
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in SPEC.input_dims.items()
    }
    x = Fading()(*inputs.values())
    generator = keras.Model(inputs, keras.layers.Reshape((1, 4, 1))(x))
    image = keras.Input((1, 4, 1))
    flat = keras.layers.Flatten()(image)
    heads = {
        name: keras.layers.Dense(dim, use_bias=False, name=f"head_{name}")
        for name, dim in {"logits": 1, **SPEC.posterior_dims}.items()
    }
    outputs = {name: head(flat) for name, head in heads.items()}
    model = InfoGAN(generator, keras.Model(image, outputs), SPEC)
    heads["a_logits"].set_weights([10.0 * np.eye(4, 3)])
    heads["u_mean"].set_weights([np.eye(4)[:, 3:]])
    heads["u_log_stddev"].set_weights([np.zeros((4, 1))])
    return model


def test_the_worst_image_of_a_seed_counts():
    """Logits of 10 x, 0 and 0 give log Q = 10 x - log(exp(10 x) + 2).

    The mean over images would choose otherwise.
    """
    model = fading_model()
    noise = traversal_rows(model, range(32))["noise"].numpy()[:, 0]
    size = np.tanh(np.abs(noise))
    logits = 10.0 * np.stack([np.ones(32), 0.2 + 0.6 * size, 1.0 - 0.9 * size])
    scores = logits - np.log(np.exp(logits) + 2.0)
    expected = np.argsort(-scores.min(axis=0)).tolist()
    assert surest_seeds(model, 32) == expected
    assert surest_seeds(model) == expected[:1]
    assert np.argsort(-scores.mean(axis=0)).tolist() != expected


def test_nan_is_never_the_surest():
    """And further seeds follow in order when more are asked for than tried."""
    model = fading_model()
    (kernel,) = model.discriminator.get_layer("head_u_mean").get_weights()
    model.discriminator.get_layer("head_u_mean").set_weights([kernel * np.nan])
    assert surest_seeds(model, 34) == list(range(34))


@pytest.mark.parametrize(
    "codes",
    [
        {"a": Categorical(3)},
        {"a": Categorical(3), "b": Categorical(12)},
        {"angle": Circular(), "bits": Bernoulli(2), "n": Normal(1)},
    ],
)
def test_every_kind_of_code_has_seeds(codes: dict[str, Code]) -> None:
    model = tiny_model(spec=LatentSpec(4, codes))
    seeds = surest_seeds(model, 5)
    assert len(set(seeds)) == 5
    assert set(seeds) <= set(range(32))
    assert surest_seeds(model, 5) == seeds


def test_many_images_a_seed_leave_fewer_candidates():
    """30 categories, 12 dimensions, 3 values: 1,080 images; 4,000 are 3."""
    spec = LatentSpec(4, {"a": Categorical(30), "u": Uniform(12)})
    model = tiny_model(spec=spec)
    # The candidates are exhausted after 4.
    assert surest_seeds(model, 6)[4:] == [4, 5]


def test_rows_differ_in_category_and_noise_only():
    model = tiny_model()
    rows = traversal_rows(model, [7, 7, 2**40])
    np.testing.assert_array_equal(rows["category"], np.eye(3))
    np.testing.assert_array_equal(rows["continuous"], np.zeros((3, 2)))
    for row, seed in enumerate((7, 7, 2**40)):
        np.testing.assert_array_equal(
            rows["noise"][row], model.sample_latents(1, seed=seed)["noise"][0]
        )
    rows = traversal_rows(model, [0, 0], [2, 1])
    np.testing.assert_array_equal(rows["category"], np.eye(3)[[2, 1]])
