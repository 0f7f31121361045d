"""The training step: which gradient reaches what, fused and in phases."""

import functools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

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
from keras_infogan.models.validation import find_head_variables
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_model

KEY = tf.constant([7, 9], tf.int64)
INVARIANT = Objective(
    augmentation=Augmentation(), invariant_codes=["continuous"]
)
PLAIN = Objective(information_weights={"category": 0.0, "continuous": 0.0})


@pytest.fixture
def batch() -> dict[str, tf.Tensor]:
    generator = np.random.default_rng(0)
    images = generator.uniform(-1, 1, (8, *SHAPE)).astype(np.float32)
    return {"images": tf.constant(images)}


def sgd_model(objective: Objective | None = None, **options: Any) -> InfoGAN:
    """A model whose step subtracts the gradient itself."""
    model = tiny_model(objective, dropout=0.0, **options)
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    return model


def weights(network: keras.Model) -> list[np.ndarray]:
    return [v.value.numpy() for v in network.trainable_variables]


def assert_close(
    steps: list[np.ndarray], gradients: list[tf.Tensor | None]
) -> None:
    """Steps of SGD with rate 1 are the gradients, to float32 rounding.

    The weights are about 1 and the loss about 10, so the subtraction keeps an
    absolute error of some 1e-6.
    """
    for step, gradient in zip(steps, gradients, strict=True):
        expected = np.zeros_like(step) if gradient is None else gradient
        np.testing.assert_allclose(step, expected, atol=1e-5, rtol=1e-4)


def gradients_at(
    model: InfoGAN, batch: dict[str, tf.Tensor], name: str, network: str
) -> list[tf.Tensor | None]:
    """The gradient of one loss, taken alone with a tape of its own."""
    variables = getattr(model, network).trainable_variables
    with tf.GradientTape() as tape:
        loss = getattr(losses_of(model, batch), name)
    return tape.gradient(loss, variables)


def losses_of(
    model: InfoGAN, batch: dict[str, tf.Tensor], *, training: bool = True
) -> Losses:
    return compute_losses(
        model.generator,
        model.discriminator,
        model.latent_spec,
        model.objective,
        batch,
        KEY,
        training=training,
    )


def step(update: Any, model: InfoGAN, batch: dict[str, tf.Tensor]) -> Any:
    return update(
        model._players, model.latent_spec, model.objective, batch, KEY
    )


def test_fused_is_both_phases_at_the_same_point(batch):
    """One tape for both networks gives what a tape for each gives."""
    expected = {
        network: gradients_at(sgd_model(), batch, network, network)
        for network in ("generator", "discriminator")
    }
    model = sgd_model()
    before = {name: weights(getattr(model, name)) for name in expected}
    step(fused_update, model, batch)
    for name, gradients in expected.items():
        after = weights(getattr(model, name))
        steps = [a - b for a, b in zip(before[name], after, strict=True)]
        assert_close(steps, gradients)


def test_head_gradient_leaves_the_trunk_to_the_adversary(batch):
    """With `head`, the trunk moves as without information, the heads do not."""
    model = sgd_model(information_gradient="head")
    heads = {
        id(variable) for variable in find_head_variables(model.discriminator)
    }
    before = weights(model.discriminator)
    alone = gradients_at(
        sgd_model(), batch, "discriminator_alone", "discriminator"
    )
    whole = gradients_at(sgd_model(), batch, "discriminator", "discriminator")
    step(fused_update, model, batch)
    after = weights(model.discriminator)
    variables = model.discriminator.trainable_variables
    expected = [
        both if id(variable) in heads else own
        for variable, own, both in zip(variables, alone, whole, strict=True)
    ]
    steps = [a - b for a, b in zip(before, after, strict=True)]
    assert_close(steps, expected)
    # The trunk would have moved otherwise: the switch does something.
    trunk = [
        (own, both)
        for variable, own, both in zip(variables, alone, whole, strict=True)
        if id(variable) not in heads and own is not None
    ]
    assert any(
        not np.allclose(own, np.asarray(both), atol=1e-4) for own, both in trunk
    )


@pytest.mark.parametrize("gradient", ["trunk", "head"])
def test_information_reaches_the_generator(gradient, batch):
    """`L_I(G, Q)` is of both: the generator's step has its gradient."""
    steps = []
    for objective in (None, PLAIN):
        model = sgd_model(objective, information_gradient=gradient)
        before = weights(model.generator)
        step(fused_update, model, batch)
        after = weights(model.generator)
        steps.append([a - b for a, b in zip(before, after, strict=True)])
    assert any(
        not np.allclose(with_it, without, atol=1e-4)
        for with_it, without in zip(*steps, strict=True)
    )


def test_weight_zero_is_the_step_of_a_plain_gan(batch):
    """Written out anew: two adversarial losses and nothing else."""
    model, twin = sgd_model(PLAIN), sgd_model(PLAIN)
    latents = twin.latent_spec.sample(
        8, tf.random.experimental.stateless_fold_in(KEY, 0, alg="philox")
    )
    with tf.GradientTape(persistent=True) as tape:
        fake_images = twin.generator(latents, training=True)
        fake = twin.discriminator(fake_images, training=True)["logits"]
        real = twin.discriminator(batch["images"], training=True)["logits"]
        against = adversarial.non_saturating_discriminator_loss(real, fake)
        deceive = adversarial.non_saturating_generator_loss(fake)
    before = weights(model.discriminator), weights(model.generator)
    step(fused_update, model, batch)
    after = weights(model.discriminator), weights(model.generator)
    for old, new, loss, network in zip(
        before,
        after,
        (against, deceive),
        (twin.discriminator, twin.generator),
        strict=True,
    ):
        assert_close(
            [a - b for a, b in zip(old, new, strict=True)],
            tape.gradient(loss, network.trainable_variables),
        )


def test_each_network_hears_its_own_information(batch):
    """G of the copies alone, Q of both: the fused step, written out anew."""
    model, twin = sgd_model(INVARIANT), sgd_model(INVARIANT)
    fold_in = functools.partial(
        tf.random.experimental.stateless_fold_in, KEY, alg="philox"
    )
    discriminate = functools.partial(twin.discriminator, training=True)
    latents = SPEC.sample(8, fold_in(0))
    with tf.GradientTape(persistent=True) as tape:
        fake_images = twin.generator(latents, training=True)
        fake = discriminate(fake_images)
        information = total.information_losses(
            INVARIANT,
            SPEC,
            latents=latents,
            images=fake_images,
            posterior=fake,
            discriminate=discriminate,
            key=fold_in(2),
        )
        real = discriminate(batch["images"])
        against = adversarial.non_saturating_discriminator_loss(
            real["logits"], fake["logits"]
        )
        deceive = adversarial.non_saturating_generator_loss(fake["logits"])
        against += information.posterior
        deceive += information.generator
    networks = ("generator", "discriminator")
    before = [weights(getattr(model, name)) for name in networks]
    step(fused_update, model, batch)
    for old, loss, name in zip(
        before, (deceive, against), networks, strict=True
    ):
        variables = getattr(twin, name).trainable_variables
        new = weights(getattr(model, name))
        assert_close(
            [a - b for a, b in zip(old, new, strict=True)],
            tape.gradient(loss, variables),
        )


@pytest.mark.parametrize("objective", [None, INVARIANT], ids=["plain", "heard"])
def test_three_phases_in_their_order(objective, batch):
    """The write-up's step, written out anew with plain SGD.

    First G against D; then D on the images from before that update; then both
    on the information of fresh latents, each on what it hears of.
    """
    model = sgd_model(objective, update="three_phase")
    twin = sgd_model(objective, update="three_phase")
    fold_in = functools.partial(
        tf.random.experimental.stateless_fold_in, KEY, alg="philox"
    )
    generator, discriminator = twin.generator, twin.discriminator
    game = adversarial.ADVERSARIAL_LOSSES["non_saturating"]

    def descend(tape, loss, variables):
        for gradient, variable in zip(
            tape.gradient(loss, variables), variables, strict=True
        ):
            if gradient is not None:
                variable.assign_sub(gradient)

    latents = SPEC.sample(8, fold_in(0))
    with tf.GradientTape() as tape:
        fake_images = generator(latents, training=True)
        fake = discriminator(fake_images, training=True)
        loss = game.generator(fake["logits"])
    descend(tape, loss, generator.trainable_variables)
    with tf.GradientTape() as tape:
        fake = discriminator(fake_images, training=True)
        real = discriminator(batch["images"], training=True)
        loss = game.discriminator(real["logits"], fake["logits"])
    descend(tape, loss, discriminator.trainable_variables)
    latents = SPEC.sample(8, fold_in(1))
    discriminate = functools.partial(discriminator, training=True)
    with tf.GradientTape(persistent=True) as tape:
        fake_images = generator(latents, training=True)
        posterior = discriminate(fake_images)
        if objective is None:
            bound = mutual_information(SPEC, latents, posterior)
            heard = loss = -tf.add_n(list(bound.values()))
        else:
            loss, heard, _ = total.information_losses(
                objective,
                SPEC,
                latents=latents,
                images=fake_images,
                posterior=posterior,
                discriminate=discriminate,
                key=fold_in(2),
            )
    descend(tape, heard, generator.trainable_variables)
    descend(tape, loss, discriminator.trainable_variables)

    step(three_phase_update, model, batch)
    for ours, theirs in (
        (model.generator, generator),
        (model.discriminator, discriminator),
    ):
        for a, b in zip(weights(ours), weights(theirs), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4)


def test_real_labels_are_not_used(batch):
    """A batch without labels has no label loss, and one with labels has."""
    model = sgd_model()
    plain = losses_of(model, batch, training=False)
    assert "label_loss" not in plain.metrics
    batch |= {
        "labeled_images": batch["images"],
        "labels": tf.constant([0, 1, 2, 0, 1, 2, 0, 1]),
    }
    with_labels = losses_of(model, batch, training=False)
    difference = with_labels.discriminator_alone - plain.discriminator_alone
    # The weight is 1 by default; float32 sums of about 10.
    np.testing.assert_allclose(
        difference, with_labels.metrics["label_loss"], atol=1e-5
    )
