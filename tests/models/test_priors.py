"""Priors of categories that are learned from real images."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import adam
from tests.helpers.models import tiny_model

RATE, START = 0.25, 2
LEARNED = Objective(
    prior_rate=RATE,
    prior_start=START,
    invariance_weight=1.0,
    augmentation=Augmentation(),
)
IMAGES = (
    np.random.default_rng(0).uniform(-1, 1, (24, *SHAPE)).astype(np.float32)
)


def prior_of(model):
    return np.array(model.latent_spec.priors["category"])


def test_it_follows_the_shares_of_the_real_images():
    """`p + rate * (E[Q(k|x)] - p)` after each step, from `START` on.

    Recomputed from the posterior of the batch after the step. Rounding in
    float32, and of convolutions that XLA orders in another way.
    """
    model = tiny_model(LEARNED)
    model.compile(adam(), adam(), jit_compile=True)
    expected = np.full(3, 1.0 / 3.0)
    for step in range(4):
        batch = IMAGES[6 * step : 6 * step + 6]
        model.fit(batch, batch_size=6, verbose=0, diagnostics=False)
        if step >= START:
            shares = model.encode(batch)["category_probabilities"].mean(axis=0)
            expected += RATE * (shares - expected)
        np.testing.assert_allclose(prior_of(model), expected, atol=1e-5)
    assert np.abs(expected - 1.0 / 3.0).max() > 0.01


def test_the_generator_is_trained_with_it():
    """The categories of a step are drawn from the prior, not uniformly.

    With a prior that has one category only, its loss is that of this category.
    """
    model = tiny_model(LEARNED)
    model.compile(adam(), adam(), run_eagerly=True)
    (prior,) = (v for v in model.variables if v.name == "prior_category")
    prior.assign([0.0, 1.0, 0.0])
    seen = []
    call = model.generator.call

    def watch(latents, *args, **kwargs):
        seen.append(np.asarray(latents["category"]))
        return call(latents, *args, **kwargs)

    model.generator.call = watch
    model.train_on_batch(IMAGES)
    assert seen
    for categories in seen:
        np.testing.assert_array_equal(categories, [[0.0, 1.0, 0.0]] * 24)


def test_the_bound_is_that_of_the_prior():
    """A prior of one category has no entropy, so the bound is at most 0."""
    model = tiny_model(LEARNED)
    model.compile(adam(), adam(), run_eagerly=True)
    (prior,) = (v for v in model.variables if v.name == "prior_category")
    prior.assign([0.0, 1.0, 0.0])
    found = model.evaluate(IMAGES, verbose=0, return_dict=True)
    # log 3 is the entropy of equal probabilities, and Q is not sure.
    assert found["mutual_information_category"] < 0.0


def test_who_asks_for_the_codes_gets_the_learned_prior(tmp_path):
    """Sampling, configurations and saved models; then training goes on."""
    model = tiny_model(LEARNED)
    model.compile(adam(), adam(), run_eagerly=True)
    model.fit(IMAGES, batch_size=6, verbose=0, diagnostics=False)
    learned = prior_of(model)
    assert len(set(learned)) == 3
    entropy = model.latent_spec.codes["category"].entropy
    # The probabilities sum to 1 in float32.
    assert entropy == pytest.approx(stats.entropy(learned), rel=1e-6)
    shares = model.sample_latents(20_000)["category"].numpy().mean(axis=0)
    # Four standard errors.
    np.testing.assert_allclose(shares, learned, atol=0.014)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert loaded.latent_spec == model.latent_spec
    for one in (model, loaded):
        one.fit(IMAGES, batch_size=6, verbose=0, diagnostics=False)
    # Outside of XLA, rounding may change from step to step.
    np.testing.assert_allclose(prior_of(loaded), prior_of(model), atol=1e-4)
    assert np.abs(prior_of(model) - learned).max() > 1e-3


def test_a_traced_function_has_the_learned_prior():
    """Not the one from the start, which would be wrong in silence."""
    model = tiny_model(LEARNED)
    (prior,) = (v for v in model.variables if v.name == "prior_category")
    prior.assign([0.5, 0.25, 0.25])
    seen = []

    @tf.function
    def traced():
        seen.append(model.latent_spec.priors["category"])
        return tf.constant(0)

    traced()
    assert seen == [[0.5, 0.25, 0.25]]


def test_a_prior_that_is_known():
    """Probabilities of a code stay as they are, and are drawn in training."""
    spec = LatentSpec(4, {"category": Categorical(3, [0.0, 0.9, 0.1])})
    objective = Objective(invariance_weight=1.0, augmentation=Augmentation())
    model = tiny_model(objective, spec=spec)
    model.compile(adam(), adam(), run_eagerly=True)
    found = model.fit(
        IMAGES, batch_size=24, verbose=0, diagnostics=False
    ).history
    assert model.latent_spec is spec
    # At most the entropy of the prior, 0.325 nats, while `log 3` is 1.1.
    (nats,) = found["mutual_information_category"]
    assert nats < 0.33


def test_it_begins_with_the_probabilities_of_the_code():
    start = [0.5, 0.25, 0.25]
    model = tiny_model(LEARNED, spec=SPEC.with_priors({"category": start}))
    assert model.latent_spec.priors["category"] == start


def test_without_categories_there_is_no_prior():
    spec = LatentSpec(4, {"style": Uniform(2)})
    with pytest.raises(
        ValueError, match=r"^prior_rate should come with a categorical code\."
    ):
        tiny_model(Objective(prior_rate=0.1), spec=spec)


def test_a_start_without_a_rate_has_no_effect():
    with pytest.raises(
        ValueError, match=r"^prior_start should be 0 if prior_rate is 0, as"
    ):
        Objective(prior_start=5)
