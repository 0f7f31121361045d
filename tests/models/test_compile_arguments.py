"""Which optimizers `compile` takes: all of Keras, each with its own state."""

from typing import Any

import keras
import numpy as np
import pytest

from keras_infogan.models.infogan import InfoGAN
from tests.helpers.models import SHAPE
from tests.helpers.models import tiny_model

IMAGES = np.random.default_rng(0).integers(0, 256, (4, *SHAPE), np.uint8)
OPTIMIZERS = keras.optimizers
# Without those that wrap others.
NAMES = [
    name
    for name, kind in vars(OPTIMIZERS).items()
    if isinstance(kind, type)
    and issubclass(kind, OPTIMIZERS.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
]


def multiple() -> keras.optimizers.Optimizer:
    """Adam for kernels, SGD for the others."""
    return OPTIMIZERS.MultiOptimizer(
        OPTIMIZERS.OptimizerMap(
            OPTIMIZERS.SGD(0.1), {".*kernel": OPTIMIZERS.Adam(0.01)}
        )
    )


def take_step(model: InfoGAN) -> None:
    """Each trainable weight changes, or its gradient is 0 by chance."""
    weights = [
        variable
        for network in (model.generator, model.discriminator)
        for variable in network.trainable_variables
        if "kernel" in variable.path
    ]
    before = [variable.numpy() for variable in weights]
    model.train_on_batch(IMAGES)
    for variable, value in zip(weights, before, strict=True):
        assert not np.array_equal(variable.numpy(), value), variable.path
        assert np.isfinite(variable.numpy()).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_of_keras(name):
    """By its name, and from the configuration that is saved."""
    model = tiny_model()
    model.compile(optimizer=name.lower(), run_eagerly=True)
    take_step(model)
    twin = tiny_model()
    twin.compile_from_config(model.get_compile_config())
    for one, other in zip(
        model.optimizer.optimizers, twin.optimizer.optimizers, strict=True
    ):
        assert type(one) is type(other) is getattr(OPTIMIZERS, name)
        assert one.get_config() == other.get_config()


@pytest.mark.parametrize(
    "optimizer",
    [
        multiple(),
        OPTIMIZERS.LossScaleOptimizer(OPTIMIZERS.Adam(clipnorm=1.0)),
        OPTIMIZERS.Adam(loss_scale_factor=8.0, gradient_accumulation_steps=2),
        OPTIMIZERS.SGD(OPTIMIZERS.schedules.CosineDecay(0.1, 9)),
    ],
    ids=["multiple", "scaled", "accumulated", "schedule"],
)
def test_options_of_optimizers(optimizer):
    model = tiny_model()
    model.compile(optimizer=optimizer, run_eagerly=True)
    if getattr(optimizer, "gradient_accumulation_steps", None):
        model.train_on_batch(IMAGES)
    take_step(model)


def test_the_parts_of_an_optimizer_have_rates_of_their_own():
    """Of both networks, as callbacks set each."""
    model = tiny_model()
    model.compile(optimizer=multiple(), run_eagerly=True)
    rates = [
        float(one.learning_rate.value) for one in model.optimizer.optimizers
    ]
    assert rates == pytest.approx([0.01, 0.1] * 2)


@pytest.mark.parametrize("by", ["name", "variable"])
@pytest.mark.parametrize("update", ["fused", "three_phase"])
def test_exclusions_from_weight_decay_are_copied(by, update):
    """Without a gradient, SGD takes `rate * decay` of what decays.

    That is a quarter here; and nothing of what is excluded.
    """
    model = tiny_model(update=update)
    networks = (model.generator, model.discriminator)
    variables = [v for one in networks for v in one.trainable_variables]
    excluded = [v for v in variables if v.name == "bias"]
    optimizer = OPTIMIZERS.SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(
        **({"var_names": ["bias"]} if by == "name" else {"var_list": excluded})
    )
    model.compile(optimizer=optimizer, run_eagerly=True)
    for trained, of_network in zip(
        model.optimizer.optimizers,
        [*(one.trainable_variables for one in networks), variables],
        strict=False,
    ):
        for variable in of_network:
            variable.assign(np.ones(variable.shape))
        trained.apply([np.zeros(v.shape) for v in of_network], of_network)
        for variable in of_network:
            expected = 1.0 if variable.name == "bias" else 0.75
            np.testing.assert_allclose(variable.numpy(), expected)


def test_the_same_optimizers_again():
    """Compiled twice, with other options: their state goes on."""
    model = tiny_model()
    pair = OPTIMIZERS.Adam(), OPTIMIZERS.Adam()
    model.compile(*pair, run_eagerly=True)
    model.train_on_batch(IMAGES)
    model.compile(*pair, run_eagerly=True)
    take_step(model)
    assert [int(one.iterations.value) for one in pair] == [2, 2]


def twice(wrap: Any = lambda one: one) -> tuple[Any, Any]:
    optimizer = OPTIMIZERS.Adam()
    return optimizer, wrap(optimizer)


def used() -> keras.optimizers.Optimizer:
    optimizer = OPTIMIZERS.SGD()
    tiny_model().compile(optimizer)
    return optimizer


class Own(keras.optimizers.Optimizer):
    """An optimizer whose constructor does not take its configuration."""

    def __init__(self):
        super().__init__(learning_rate=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (twice, "the same Adam for generator_optimizer and discriminator"),
        (
            lambda: twice(OPTIMIZERS.LossScaleOptimizer),
            "the same Adam for generator_optimizer and discriminator",
        ),
        (lambda: (used(),), "Received: SGD 'generator', which has the state"),
        (lambda: ("adamm",), "such as 'adam', or its conf.* 'adamm'"),
        (lambda: ("MultiOptimizer",), "such as 'adam', or its configuration"),
        (lambda: (OPTIMIZERS.Adam,), "such as 'adam', or its configuration"),
        (lambda: ({"a": 1},), "such as 'adam', or its configuration"),
        (lambda: (0.1,), "such as 'adam', or its configuration"),
    ],
    ids=["same", "inner", "used", "name", "wrap", "class", "config", "number"],
)
def test_what_is_no_optimizer_of_a_network_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny_model().compile(*arguments())


@pytest.mark.parametrize(
    "optimizer",
    [
        OPTIMIZERS.Adam(lambda: 0.1),
        OPTIMIZERS.MultiOptimizer(lambda _: OPTIMIZERS.SGD()),
        Own(),
    ],
    ids=["rate", "parts", "own"],
)
def test_what_cannot_be_copied_is_refused(optimizer):
    with pytest.raises(ValueError, match="Give compile a `discriminator_opt"):
        tiny_model().compile(optimizer=optimizer)


def test_an_optimizer_of_parts_needs_all_gradients():
    with pytest.raises(ValueError, match='so needs update="fused"'):
        tiny_model(update="three_phase").compile(optimizer=multiple())


def test_the_information_has_its_own_optimizer():
    with pytest.raises(ValueError, match='is for update="three_phase"'):
        tiny_model().compile(information_optimizer="adam")
