"""What InfoGAN asks of networks that a user brings, and of images."""

import re
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.optimizers import partition_variables
from keras_infogan.models.validation import check_networks
from keras_infogan.models.validation import has_batch_normalization

SHAPE = (4, 6, 3)
SPEC = LatentSpec(5, {"category": Categorical(3), "style": Uniform(2)})
INPUTS = {"noise": 5, "category": 3, "style": 2}
OUTPUTS = {
    "logits": 1,
    "category_logits": 3,
    "style_mean": 2,
    "style_log_stddev": 2,
}


def own_generator(
    dims: dict[str, int] = INPUTS, shape: tuple[int, ...] = SHAPE
) -> keras.Model:
    """A user's model: of other layers, and with the names that are needed."""
    inputs = {
        name: keras.Input((dim,), name=name) for name, dim in dims.items()
    }
    x = layers.Concatenate()(list(inputs.values()))
    x = layers.Dense(int(np.prod(shape)), "tanh")(x)
    return keras.Model(inputs, layers.Reshape(shape)(x))


def own_discriminator(
    dims: dict[str, int] = OUTPUTS,
    shape: tuple[int | None, ...] = SHAPE,
) -> keras.Model:
    image = keras.Input(shape)
    x = layers.GlobalAveragePooling2D()(image)
    return keras.Model(
        image, {name: layers.Dense(dim)(x) for name, dim in dims.items()}
    )


def test_own_networks_are_accepted():
    """In any order, as it is the names that count."""
    check_networks(own_generator(), own_discriminator(), SPEC)
    check_networks(
        own_generator(dict(reversed(INPUTS.items()))),
        own_discriminator(dict(reversed(OUTPUTS.items()))),
        SPEC,
    )


def without(dims: dict[str, int], name: str) -> dict[str, int]:
    return {other: dim for other, dim in dims.items() if other != name}


@pytest.mark.parametrize(
    "dims",
    [
        without(INPUTS, "noise"),
        without(INPUTS, "style"),
        INPUTS | {"category": 10},
        INPUTS | {"digit": 10},
    ],
    ids=["no-noise", "no-code", "width", "one-more"],
)
def test_wrong_inputs_of_the_generator(dims):
    with pytest.raises(
        ValueError,
        match="inputs of the generator should be a dictionary of these widths: "
        + re.escape(f"{INPUTS}. Received: {dims}."),
    ):
        check_networks(own_generator(dims), own_discriminator(), SPEC)


@pytest.mark.parametrize(
    "dims",
    [
        without(OUTPUTS, "logits"),
        without(OUTPUTS, "style_log_stddev"),
        OUTPUTS | {"logits": 2},
        OUTPUTS | {"category_logits": 10},
        OUTPUTS | {"features": 8},
    ],
    ids=["no-logits", "no-deviation", "logits", "width", "one-more"],
)
def test_wrong_outputs_of_the_discriminator(dims):
    with pytest.raises(
        ValueError,
        match="outputs of the discriminator should be a dictionary of these "
        "widths: " + re.escape(f"{OUTPUTS}. Received: {dims}."),
    ):
        check_networks(own_generator(), own_discriminator(dims), SPEC)


def test_inputs_that_have_no_names():
    """A list of inputs, and a model that is not functional."""
    noise, category, style = (keras.Input((dim,)) for dim in (5, 3, 2))
    x = layers.Concatenate()([noise, category, style])
    images = layers.Reshape(SHAPE)(layers.Dense(int(np.prod(SHAPE)))(x))
    for generator in (
        keras.Model([noise, category, style], images),
        keras.Sequential(
            [keras.Input((10,)), layers.Dense(72), layers.Reshape(SHAPE)]
        ),
    ):
        with pytest.raises(
            ValueError, match="inputs of the generator .* Received: not a dict"
        ):
            check_networks(generator, own_discriminator(), SPEC)


def test_outputs_that_have_no_names():
    image = keras.Input(SHAPE)
    logits = layers.Dense(1)(layers.Flatten()(image))
    for outputs in (logits, [logits, logits]):
        with pytest.raises(
            ValueError, match="outputs of the discriminator .* not a dictionary"
        ):
            check_networks(own_generator(), keras.Model(image, outputs), SPEC)


@pytest.mark.parametrize(
    "shape",
    [(6, 4, 3), (4, 6, 1), (None, None, 3)],
    ids=["size", "channels", "any-size"],
)
def test_images_that_do_not_go_together(shape):
    """What is made is not what is taken, or that is not said."""
    with pytest.raises(
        ValueError,
        match="should have the same shape, .*"
        + re.escape(f"Received: {(None, *SHAPE)} and {(None, *shape)}."),
    ):
        check_networks(own_generator(), own_discriminator(shape=shape), SPEC)


def test_images_without_channels():
    image = keras.Input((4, 6))
    x = layers.Flatten()(image)
    outputs = {name: layers.Dense(dim)(x) for name, dim in OUTPUTS.items()}
    with pytest.raises(
        ValueError, match=r"Received: \(None, 4, 6\) and \(None, 4, 6\)."
    ):
        check_networks(
            own_generator(shape=(4, 6)), keras.Model(image, outputs), SPEC
        )


def test_has_batch_normalization():
    """In a model, and in a model in a model; not what only looks like it."""
    with_norm = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2), layers.BatchNormalization()]
    )
    without_norm = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2), layers.LayerNormalization()]
    )
    for inner, expected in ((with_norm, True), (without_norm, False)):
        image = keras.Input((3,))
        outer = keras.Model(image, layers.Dense(1)(inner(image)))
        assert has_batch_normalization(inner) == expected
        assert has_batch_normalization(outer) == expected


HEADS = {
    f"{name}/{variable}"
    for name in SPEC.posterior_dims
    for variable in ("kernel", "bias")
}
POSTERIOR = {"posterior/kernel", "posterior/bias"}
POSTERIOR_NORM = {"posterior-norm/gamma", "posterior-norm/beta"}


@pytest.mark.parametrize(
    ("architecture", "normalization", "expected"),
    [
        ("paper", "batch", HEADS | POSTERIOR | POSTERIOR_NORM),
        ("compact", "batch", HEADS | POSTERIOR | POSTERIOR_NORM),
        ("compact", "layer", HEADS | POSTERIOR | POSTERIOR_NORM),
        ("compact", "none", HEADS | POSTERIOR),
        # The write-up's heads are on the trunk itself.
        ("writeup", "batch", HEADS),
        ("writeup", "none", HEADS),
    ],
)
def test_head_variables(architecture, normalization, expected):
    """The layers of `Q`'s own, and nothing on the way to the logits."""
    discriminator = build_discriminator(
        SPEC,
        (16, 16, 1),
        architecture=architecture,
        normalization=normalization,
    )
    found, others = partition_variables(discriminator)
    assert {variable.path for variable in found} == expected
    # They are the discriminator's variables, each once and in its order.
    chosen = {id(variable) for variable in found}
    everything: tuple[list[Any], list[Any]] = ([], [])
    for variable in discriminator.trainable_variables:
        everything[id(variable) not in chosen].append(id(variable))
    assert [id(variable) for variable in found] == everything[0]
    assert [id(variable) for variable in others] == everything[1]


def test_head_variables_of_a_shared_layer():
    """A layer that `logits` use too belongs to the trunk."""
    image = keras.Input(SHAPE)
    x = layers.Flatten()(image)
    shared = layers.Dense(4, name="shared")(x)
    outputs = {
        name: layers.Dense(dim, name=name)(shared)
        for name, dim in OUTPUTS.items()
    }
    found, _ = partition_variables(keras.Model(image, outputs))
    assert {variable.path for variable in found} == HEADS


def test_head_variables_leave_the_model_as_it_is(tmp_path):
    """Saving fails for two models that share layers, so none is kept."""
    discriminator = build_discriminator(SPEC, (4, 4, 1))
    partition_variables(discriminator)
    discriminator.save(tmp_path / "discriminator.keras")
    loaded = keras.models.load_model(tmp_path / "discriminator.keras")
    images = np.random.default_rng(0).uniform(-1, 1, (2, 4, 4, 1))
    expected = discriminator(images)
    for name, values in loaded(images).items():
        np.testing.assert_array_equal(values, expected[name])
