"""The training step: which gradient reaches what, fused and in phases."""

import functools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.losses import ADVERSARIAL_LOSSES
from keras_infogan.losses import adversarial
from keras_infogan.losses import total
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.information import mutual_information
from keras_infogan.losses.objective import Objective
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.steps import Losses
from keras_infogan.models.steps import compute_losses
from keras_infogan.models.steps import fused_update
from keras_infogan.models.steps import three_phase_update
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_model

KEY = tf.constant([7, 9], tf.int64)
# The generator learns of the continuous code from the views alone.
INVARIANT = Objective(
    augmentation=Augmentation(), invariant_codes=["continuous"]
)
PLAIN_GAN = Objective(information_weights={"category": 0.0, "continuous": 0.0})
OBJECTIVES = {"infogan": None, "plain": PLAIN_GAN, "invariant": INVARIANT}
# Two powers of two: a swap is seen, and nothing is rounded.
RATES = {"generator": 1.0, "discriminator": 0.5}
HEADS = {
    f"{name}/{part}"
    for name in SPEC.posterior_dims
    for part in ("kernel", "bias")
}

each_objective = pytest.mark.parametrize(
    "objective", OBJECTIVES.values(), ids=OBJECTIVES
)
each_gradient = pytest.mark.parametrize("gradient", ["trunk", "head"])
each_scale = pytest.mark.parametrize(
    "scale_losses", [False, True], ids=["whole", "scaled"]
)


@pytest.fixture
def batch() -> dict[str, tf.Tensor]:
    generator = np.random.default_rng(0)
    images = generator.uniform(-1, 1, (8, *SHAPE)).astype(np.float32)
    return {"images": tf.constant(images)}


def fold_in(number: int) -> tf.Tensor:
    return tf.random.experimental.stateless_fold_in(KEY, number, alg="philox")


def sgd_model(
    objective: Objective | None = None,
    *,
    scale_losses: bool = False,
    **options: Any,
) -> InfoGAN:
    """A model whose step subtracts the gradient times the rate.

    Where losses are scaled, by 32768, and gradients scaled back, the step is
    the same; without the first it would be 32768 times too small.
    """
    model = tiny_model(objective, dropout=0.0, **options)
    optimizers = [keras.optimizers.SGD(rate) for rate in RATES.values()]
    if scale_losses:
        optimizers = list(map(keras.optimizers.LossScaleOptimizer, optimizers))
    model.compile(*optimizers)
    return model


def weights(network: keras.Model) -> dict[str, np.ndarray]:
    return {v.path: v.value.numpy() for v in network.trainable_variables}


def gradients_of(
    tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model
) -> dict[str, np.ndarray]:
    """By the path of the variable; 0 where there is none."""
    gradients = {}
    for variable in network.trainable_variables:
        gradient = tape.gradient(loss, variable)
        gradients[variable.path] = (
            np.zeros(variable.shape) if gradient is None else gradient.numpy()
        )
    return gradients


def take_step(update: Any, model: InfoGAN, batch: dict[str, tf.Tensor]) -> Any:
    """The changes of the weights over the rates, by network, and metrics."""
    networks = {name: getattr(model, name) for name in RATES}
    before = {name: weights(network) for name, network in networks.items()}
    metrics = update(model._state, batch, KEY)
    changes = {}
    for name, network in networks.items():
        after = weights(network)
        changes[name] = {
            path: (old - after[path]) / RATES[name]
            for path, old in before[name].items()
        }
    return changes, metrics


def assert_close(
    changes: dict[str, np.ndarray], gradients: dict[str, np.ndarray]
) -> None:
    """To float32 rounding.

    The weights are about 1 and the loss about 10, so the subtraction keeps an
    absolute error of some 1e-6.
    """
    assert changes.keys() == gradients.keys()
    for path, change in changes.items():
        np.testing.assert_allclose(
            change, gradients[path], atol=1e-5, rtol=1e-4, err_msg=path
        )


def written_out(
    model: InfoGAN, batch: dict[str, tf.Tensor]
) -> dict[str, dict[str, np.ndarray]]:
    """The gradients of one forward pass, put together here anew.

    Of the generator, of the discriminator, and of the latter `alone`, without
    the information.
    """
    discriminate = functools.partial(model.discriminator, training=True)
    latents = SPEC.sample(8, fold_in(0))
    with tf.GradientTape(persistent=True) as tape:
        fake_images = model.generator(latents, training=True)
        fake = discriminate(fake_images)
        information = total.information_losses(
            model.objective,
            SPEC,
            latents=latents,
            images=fake_images,
            posterior=fake,
            discriminate=discriminate,
            key=fold_in(2),
        )
        real = discriminate(batch["images"])
        alone = adversarial.non_saturating_discriminator_loss(
            real["logits"], fake["logits"]
        )
        deceive = adversarial.non_saturating_generator_loss(fake["logits"])
        if model.objective is not PLAIN_GAN:
            deceive += information.generator
            whole = alone + information.posterior
        else:
            whole = alone
    return {
        "generator": gradients_of(tape, deceive, model.generator),
        "discriminator": gradients_of(tape, whole, model.discriminator),
        "alone": gradients_of(tape, alone, model.discriminator),
    }


@each_objective
@each_gradient
@each_scale
def test_the_fused_step(objective, gradient, scale_losses, batch):
    """Each network by its own loss and rate, at the same point.

    With `head`, the trunk moves as without the information. Without weights,
    it is the step of a plain GAN.
    """
    options = {"objective": objective, "information_gradient": gradient}
    expected = written_out(sgd_model(**options), batch)
    model = sgd_model(**options, scale_losses=scale_losses)
    changes, _ = take_step(fused_update, model, batch)
    assert_close(changes["generator"], expected["generator"])
    whole, alone = expected["discriminator"], expected["alone"]
    if gradient == "head":
        # The trunk would have moved otherwise: the switch does something.
        trunk = set(whole) - HEADS
        differ = any(
            not np.allclose(whole[path], alone[path], atol=1e-4)
            for path in trunk
        )
        assert differ == (objective is not PLAIN_GAN)
        whole = whole | {path: alone[path] for path in trunk}
    assert_close(changes["discriminator"], whole)


@each_gradient
def test_information_reaches_the_generator(gradient, batch):
    """`L_I(G, Q)` is of both: the generator's step has its gradient."""
    with_it, without = (
        take_step(
            fused_update,
            sgd_model(objective, information_gradient=gradient),
            batch,
        )[0]["generator"]
        for objective in (None, PLAIN_GAN)
    )
    assert any(
        not np.allclose(with_it[path], without[path], atol=1e-4)
        for path in with_it
    )


def descend(
    tape: tf.GradientTape,
    loss: tf.Tensor,
    network: keras.Model,
    *,
    rate: float,
    only: set[str] | None = None,
) -> None:
    for variable in network.trainable_variables:
        gradient = tape.gradient(loss, variable)
        if gradient is not None and (only is None or variable.path in only):
            variable.assign_sub(rate * gradient)


def three_phases(
    twin: InfoGAN, batch: dict[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """The write-up's step, written out anew with plain SGD; its losses."""
    generator, discriminator = twin.generator, twin.discriminator
    discriminate = functools.partial(discriminator, training=True)
    game = ADVERSARIAL_LOSSES["non_saturating"]
    informed = HEADS if twin.information_gradient == "head" else None

    latents = SPEC.sample(8, fold_in(0))
    with tf.GradientTape(persistent=True) as tape:
        fake_images = generator(latents, training=True)
        loss = game.generator(discriminate(fake_images)["logits"])
    descend(tape, loss, generator, rate=1.0)
    losses = {"generator_loss": loss}
    with tf.GradientTape(persistent=True) as tape:
        fake = discriminate(fake_images)
        real = discriminate(batch["images"])
        loss = game.discriminator(real["logits"], fake["logits"])
    descend(tape, loss, discriminator, rate=0.5)
    losses["discriminator_loss"] = loss
    latents = SPEC.sample(8, fold_in(1))
    with tf.GradientTape(persistent=True) as tape:
        fake_images = generator(latents, training=True)
        posterior = discriminate(fake_images)
        bound = mutual_information(SPEC, latents, posterior)
        losses["mutual_information"] = tf.add_n(list(bound.values()))
        if twin.objective == Objective():
            for_posterior = for_generator = -losses["mutual_information"]
        else:
            for_posterior, for_generator, _ = total.information_losses(
                twin.objective,
                SPEC,
                latents=latents,
                images=fake_images,
                posterior=posterior,
                discriminate=discriminate,
                key=fold_in(2),
            )
    descend(tape, for_generator, generator, rate=0.5)
    descend(tape, for_posterior, discriminator, rate=0.5, only=informed)
    return losses


@pytest.mark.parametrize(
    "objective", [None, INVARIANT], ids=["infogan", "invariant"]
)
@each_gradient
@each_scale
def test_three_phases_in_their_order(objective, gradient, scale_losses, batch):
    """First G against D; then D on the images from before that update.

    Then both on the information of fresh latents, at the rate of D, each by its
    own loss.
    """
    options = {
        "objective": objective,
        "update": "three_phase",
        "information_gradient": gradient,
    }
    twin = sgd_model(**options)
    before = {name: weights(getattr(twin, name)) for name in RATES}
    losses = three_phases(twin, batch)
    expected = {
        name: {
            path: (old - weights(getattr(twin, name))[path]) / RATES[name]
            for path, old in before[name].items()
        }
        for name in RATES
    }
    model = sgd_model(**options, scale_losses=scale_losses)
    changes, metrics = take_step(three_phase_update, model, batch)
    for name in RATES:
        for path, change in changes[name].items():
            # Three steps of rounding, each on the point of the one before.
            np.testing.assert_allclose(
                change, expected[name][path], atol=1e-4, rtol=1e-3
            )
    for name, value in losses.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-3)


def losses_of(
    model: InfoGAN, batch: dict[str, tf.Tensor], *, training: bool = False
) -> Losses:
    return compute_losses(model._state, batch, KEY, training=training)


def test_losses_are_reported_as_they_are_minimized(batch):
    """The discriminator's is its part alone less the bound; float32 of ten."""
    losses = losses_of(sgd_model(), batch, training=True)
    assert set(losses.metrics) == {
        "generator_loss",
        "discriminator_loss",
        "mutual_information",
        "mutual_information_category",
        "mutual_information_continuous",
    }
    assert losses.metrics["generator_loss"] is losses.generator
    assert losses.metrics["discriminator_loss"] is losses.discriminator
    np.testing.assert_allclose(
        losses.discriminator - losses.discriminator_alone,
        -losses.metrics["mutual_information"],
        rtol=1e-4,
    )


def test_training_is_passed_on(batch):
    """Batch normalization: by the batch in training, by its past otherwise."""
    model = sgd_model()
    trained, not_trained = (
        float(losses_of(model, batch, training=training).generator)
        for training in (True, False)
    )
    assert abs(trained - not_trained) > 1e-3


def test_real_labels_are_not_used(batch):
    """A batch without labels has no label loss, and one with labels has."""
    model = sgd_model()
    plain = losses_of(model, batch)
    assert "label_loss" not in plain.metrics
    batch |= {
        "labeled_images": batch["images"],
        "labels": tf.constant([0, 1, 2, 0, 1, 2, 0, 1]),
    }
    with_labels = losses_of(model, batch)
    difference = with_labels.discriminator_alone - plain.discriminator_alone
    # The weight is 1 by default; float32 sums of about 10.
    np.testing.assert_allclose(
        difference, with_labels.metrics["label_loss"], atol=1e-5
    )
