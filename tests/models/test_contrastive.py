"""InfoGAN-CR: a third network, from the step on at which it starts."""

import keras
import numpy as np
import pytest

from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.objective import Objective
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_pair_discriminator
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import adam
from tests.helpers.models import batches
from tests.helpers.models import tiny_model

LATE = Objective(contrastive_weight=1.0, contrastive_start=2)
AT_ONCE = Objective(contrastive_weight=1.0)


def values(network):
    return [np.array(x.value) for x in network.trainable_variables]


def sgd():
    return keras.optimizers.SGD(0.01)


def train(model, steps, optimizer=adam):
    """Eager: to trace the step takes longer than a few steps do."""
    if not model.compiled:
        model.compile(optimizer(), optimizer(), run_eagerly=True)
    data = batches(steps)
    return model.fit(
        data, steps_per_epoch=steps, verbose=0, diagnostics=False
    ).history


@pytest.mark.parametrize("update", ["fused", "three_phase"])
def test_it_starts_late(update):
    """Until then, the network keeps its weights, and the model is another's.

    Up to rounding, of gradients without the division of Adam.
    """
    model = tiny_model(LATE, update=update)
    plain = tiny_model(update=update)
    before = values(model.pair_discriminator)
    for one in (model, plain):
        history = train(one, 2, sgd)
    # That of the plain one, which was trained last.
    assert "contrastive_loss" not in history
    for ours, others in zip(
        values(model.generator), values(plain.generator), strict=True
    ):
        np.testing.assert_allclose(ours, others, atol=1e-5)
    for ours, others in zip(
        values(model.pair_discriminator), before, strict=True
    ):
        np.testing.assert_array_equal(ours, others)
    losses = train(model, 2)["contrastive_loss"]
    train(plain, 2)
    assert losses[0] > 0.1
    assert any(
        (ours != others).any()
        for ours, others in zip(
            values(model.pair_discriminator), before, strict=True
        )
    )
    assert any(
        abs(ours - others).max() > 1e-3
        for ours, others in zip(
            values(model.generator), values(plain.generator), strict=True
        )
    )


def test_the_generator_and_the_network_cooperate():
    """With nothing else to learn, they soon agree on all dimensions.

    `log 4` nats, 1.39, are a guess among four.
    """
    spec = LatentSpec(1, {"c": Uniform(4)})
    objective = Objective(
        information_weights={"c": 0.0}, contrastive_weight=10.0
    )
    model = tiny_model(objective, spec=spec)
    optimizers = [keras.optimizers.Adam(2e-3, 0.5) for _ in range(2)]
    model.compile(*optimizers, jit_compile=False)
    images = np.random.default_rng(0).uniform(-1, 1, (6400, *SHAPE))
    losses = model.fit(
        images.astype(np.float32),
        batch_size=64,
        epochs=3,
        verbose=0,
        diagnostics=False,
    ).history["contrastive_loss"]
    assert losses[2] < losses[1] < losses[0]
    assert losses[2] < 1.1


def test_a_saved_model_continues_as_if_it_had_not_been(tmp_path):
    model = tiny_model(AT_ONCE)
    train(model, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        train(one, 2)
    for ours, others in zip(
        values(model.pair_discriminator),
        values(loaded.pair_discriminator),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, others)


def test_heads_alone_learn_from_the_information():
    """The pair discriminator learns then, too."""
    model = tiny_model(AT_ONCE, information_gradient="head")
    before = values(model.pair_discriminator)
    train(model, 1)
    assert any(
        (ours != others).any()
        for ours, others in zip(
            before, values(model.pair_discriminator), strict=True
        )
    )


def test_networks_that_do_not_fit_are_refused():
    networks = tiny_model().generator, tiny_model().discriminator
    pairs = build_pair_discriminator(SPEC, (8, 8, 1))
    assert pairs.output_shape == (None, 3)
    with pytest.raises(ValueError, match="contrastive_weight=0. Leave it out"):
        InfoGAN(*networks, SPEC, pair_discriminator=pairs)
    other = build_pair_discriminator(
        LatentSpec(1, {"c": Uniform(2)}), (8, 8, 1)
    )
    with pytest.raises(ValueError, match="should have 3 logits.*Received: 2"):
        InfoGAN(*networks, SPEC, AT_ONCE, pair_discriminator=other)


def test_one_dimension_has_no_pairs():
    spec = LatentSpec(1, {"c": Uniform(1)})
    with pytest.raises(ValueError, match="at least two dimensions"):
        tiny_model(AT_ONCE, spec=spec)
