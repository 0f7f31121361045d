"""The optimizers: what each trains, how, and at which rate."""

import json
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.models.optimizers import LinearDecayAtEnd
from keras_infogan.models.steps import TrainingState
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_model


@pytest.mark.parametrize(
    ("step", "share_of_rate"),
    [
        (0, 1.0),
        (599, 1.0),
        # 400 of the 1000 steps fall: from here on.
        (600, 1.0),
        (601, 399 / 400),
        (800, 0.5),
        (999, 1 / 400),
        (1000, 0.0),
        # Training that goes on stays there.
        (1500, 0.0),
    ],
)
@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_values(step, share_of_rate, dtype):
    """A line from the rate to 0, as `(num_steps - step) / falling` of it.

    Float32 rounding of a quotient and a product: 1e-6.
    """
    schedule = LinearDecayAtEnd(0.002, 1000, 0.4)
    assert float(schedule(tf.constant(step, dtype))) == pytest.approx(
        0.002 * share_of_rate, rel=1e-6
    )


@pytest.mark.parametrize("step", [0, 500, 1000, 2000])
def test_no_decay(step):
    """It never falls, not even after the end."""
    rate = LinearDecayAtEnd(0.002, 1000, 0.0)(tf.constant(step))
    assert float(rate) == pytest.approx(0.002, rel=1e-6)


@pytest.mark.parametrize("step", [0, 250, 1000])
def test_decay_of_the_whole_run(step):
    """A single line: `1 - step / num_steps` of the rate."""
    rate = LinearDecayAtEnd(0.002, 1000, 1.0)(tf.constant(step))
    assert float(rate) == pytest.approx(0.002 * (1 - step / 1000), rel=1e-6)


def test_round_trip():
    """Through JSON, with the values of the arguments."""
    schedule = LinearDecayAtEnd(0.002, 1000, 0.4)
    assert schedule.get_config() == {
        "learning_rate": 0.002,
        "num_steps": 1000,
        "decay_share": 0.4,
    }
    config = keras.saving.serialize_keras_object(schedule)
    assert config["registered_name"] == "keras_infogan>LinearEnd"
    twin = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert isinstance(twin, LinearDecayAtEnd)
    assert twin.get_config() == schedule.get_config()


def test_steps_of_an_optimizer():
    """SGD of gradient 1 goes by the rate of each step, 0 the last one.

    Four steps of which two fall, and one after the end: 1, 1, 1, 1/2, 0. And
    an optimizer with a schedule survives its configuration.
    """
    optimizer = keras.optimizers.SGD(LinearDecayAtEnd(1.0, 4, 0.5))
    optimizer = keras.optimizers.deserialize(
        keras.optimizers.serialize(optimizer)
    )
    variable = keras.Variable(0.0)
    seen = []
    for _ in range(5):
        before = float(variable.value)
        optimizer.apply([tf.constant(1.0)], [variable])
        seen.append(before - float(variable.value))
    np.testing.assert_allclose(seen, [1.0, 1.0, 1.0, 0.5, 0.0], atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_in_a_function(jit_compile):
    """The step is known only at run time."""
    schedule = LinearDecayAtEnd(0.002, 1000, 0.4)
    compiled = tf.function(
        schedule.__call__,
        input_signature=[tf.TensorSpec((), tf.int64)],
        jit_compile=jit_compile,
    )
    for step, expected in ((0, 0.002), (800, 0.001), (1000, 0.0)):
        rate = compiled(tf.constant(step, tf.int64))
        assert float(rate) == pytest.approx(expected, rel=1e-6)


def state_of(
    information_optimizer: Any = None,
    *,
    update: str = "three_phase",
    **options: Any,
) -> TrainingState:
    """Of a generator by Adam and a discriminator by SGD with momentum."""
    model = tiny_model(update=update, **options)
    model.compile(
        keras.optimizers.Adam(0.25, beta_1=0.125),
        keras.optimizers.SGD(0.5, momentum=0.75),
        information_optimizer,
    )
    return model._state


def test_information_is_learned_as_the_discriminator_learns():
    """By default by a copy of the discriminator's optimizer."""
    state = state_of()
    own, copy = state.discriminator_optimizer, state.information_optimizer
    assert copy is not own
    assert type(copy) is keras.optimizers.SGD
    assert (float(copy.learning_rate.value), copy.momentum) == (0.5, 0.75)
    assert state.generator_optimizer.beta_1 == 0.125
    assert state_of(update="fused").information_optimizer is None


def test_a_given_information_optimizer_is_taken():
    state = state_of(information_optimizer=keras.optimizers.SGD(0.0625))
    rate = state.information_optimizer.learning_rate
    assert float(rate.value) == 0.0625


HEADS = {
    f"{name}/{part}"
    for name in SPEC.posterior_dims
    for part in ("kernel", "bias")
}


@pytest.mark.parametrize("information_gradient", ["trunk", "head"])
def test_what_each_optimizer_trains(information_gradient):
    """Their slots are built: `load_model` fills them, and warns if not."""
    state = state_of(information_gradient=information_gradient)

    def paths(variables: list[Any]) -> list[str]:
        return [variable.path for variable in variables]

    generator = paths(state.generator.trainable_variables)
    discriminator = paths(state.discriminator.trainable_variables)
    informed = paths(state.informed_variables)
    uninformed = paths(state.uninformed_variables)
    if information_gradient == "head":
        assert set(informed) == HEADS
        assert uninformed == [p for p in discriminator if p not in HEADS]
    else:
        assert (informed, uninformed) == (discriminator, [])
    for optimizer, expected in (
        (state.generator_optimizer, generator),
        (state.discriminator_optimizer, discriminator),
        (state.information_optimizer, generator + informed),
    ):
        assert optimizer.built
        assert paths(optimizer._trainable_variables) == expected


@pytest.mark.parametrize("scale_losses", [True, False])
def test_all_losses_are_scaled_or_none(scale_losses):
    """And one that is scaled already is not scaled twice."""
    state = state_of(
        dtype="mixed_float16" if scale_losses else "float32",
        information_optimizer=keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD()
        ),
    )
    for optimizer, by_itself in (
        (state.generator_optimizer, False),
        (state.discriminator_optimizer, False),
        (state.information_optimizer, True),
    ):
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert scaled == (scale_losses or by_itself)
        if scaled:
            assert not isinstance(
                optimizer.inner_optimizer, keras.optimizers.LossScaleOptimizer
            )
