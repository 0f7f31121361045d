"""From sections of a configuration to what they describe."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.architectures import ARCHITECTURES
from keras_infogan.training import build
from keras_infogan.training.build import build_model
from keras_infogan.training.build import load_data
from keras_infogan.training.build import make_stream
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import PRESETS
from keras_infogan.training.presets import preset
from keras_infogan.training.sections import DataConfig
from tests.helpers.runs import NO_CODES
from tests.helpers.runs import PLAIN


@pytest.mark.parametrize("name", PRESETS)
def test_presets_build(name):
    """The networks of each preset fit its codes and images."""
    config = preset(name)
    model = build_model(config, num_steps=10)
    assert model.image_shape == config.data.image_shape
    assert list(model.latent_spec.codes) == list(config.latents.codes)
    assert model.objective is config.objective
    assert model.compiled


def test_a_registered_architecture_is_an_option(monkeypatch):
    """An entry is all that a configuration and its errors need."""
    with pytest.raises(
        ValueError, match="one of compact, paper, writeup, sprites. "
    ):
        preset("mnist").replace(architecture="own")
    module, _ = ARCHITECTURES["compact"]
    sizes = {"dense_units": 24, "filters": 4}
    monkeypatch.setitem(ARCHITECTURES, "own", (module, sizes))
    model = build_model(preset("mnist").replace(architecture="own"))
    for network, layer in (
        (model.generator, "dense-1"),
        (model.discriminator, "dense"),
    ):
        assert network.get_layer(layer).units == 24


def rates(
    optimizer: keras.optimizers.Optimizer, steps: list[int]
) -> list[float]:
    return [float(optimizer._learning_rate(step)) for step in steps]


def test_learning_rates_over_a_run():
    """Constant, then linear over the last half of 100 steps; each its own."""
    config = preset("mnist").replace(
        generator_learning_rate=0.25,
        discriminator_learning_rate=0.5,
        decay_share=0.5,
    )
    model = build_model(config, num_steps=100)
    # Powers of two are exact in float32.
    steps = [0, 50, 75, 100]
    assert rates(model.generator_optimizer, steps) == [0.25, 0.25, 0.125, 0.0]
    assert rates(model.discriminator_optimizer, steps) == [0.5, 0.5, 0.25, 0.0]


def test_the_information_phase_has_the_discriminators_rate():
    model = build_model(
        preset("writeup").replace(
            discriminator_learning_rate=0.5, beta_1=0.25, image_size=16
        )
    )
    optimizer = model.information_optimizer
    assert float(optimizer.learning_rate) == 0.5
    assert optimizer.beta_1 == 0.25
    assert optimizer is not model.discriminator_optimizer


def test_labels_need_a_categorical_code():
    config = preset("mnist").replace(
        **PLAIN, num_labels=20, codes={"style": {"type": "normal"}}
    )
    with pytest.raises(ValueError, match="num_labels should come with a cat"):
        build_model(config)


def test_resplitting_needs_a_categorical_code():
    config = preset("mnist").replace(
        **NO_CODES, resplit_share=0.1, codes={"style": {"type": "normal"}}
    )
    with pytest.raises(ValueError, match="resplit_share should come with a ca"):
        build_model(config)


def blank_images(count: int, num_classes: int = 0) -> ImageData:
    return ImageData(
        np.zeros((count, 28, 28, 1), np.uint8),
        np.arange(count) % num_classes if num_classes else None,
        "blank",
        tuple(str(number) for number in range(num_classes)),
    )


def spec_of(num_categories: int) -> LatentSpec:
    code = {"type": "categorical", "num_categories": num_categories}
    return LatentSpec.from_config({"noise_dim": 1, "codes": {"category": code}})


def test_labels_need_a_category_each():
    """A label without a logit would make every loss NaN."""
    config = DataConfig(batch_size=8, num_labels=20)
    data = blank_images(64, 10)
    with pytest.raises(
        ValueError, match="each of the 10 classes .*num_categories=9"
    ):
        make_stream(config, data, spec_of(9), seed=0)
    make_stream(config, data, spec_of(10), seed=0)


def test_labels_need_classes():
    config = DataConfig(batch_size=8, num_labels=20)
    with pytest.raises(ValueError, match="has no class labels"):
        make_stream(config, blank_images(64), spec_of(10), seed=0)


def test_the_stream_starts_at_a_step():
    """Its batches are those of the whole stream from there on."""
    data = blank_images(64)
    data.images[:] = np.arange(64).reshape(-1, 1, 1, 1)
    stream = make_stream(DataConfig(batch_size=8), data, spec_of(10), seed=3)
    whole = list(stream(start=0).take(12).as_numpy_iterator())
    rest = list(stream(start=5).take(7).as_numpy_iterator())
    np.testing.assert_array_equal(whole[5:], rest)
    other = next(data.batches(8, seed=4).as_numpy_iterator())
    assert not np.array_equal(whole[0], other)


def test_splits_are_loaded_in_order(mnist_data_dir):
    config = DataConfig(train_split="train[:30]", test_split="test[:20]")
    train_data, test_data = load_data(config, data_dir=mnist_data_dir)
    assert (len(train_data.images), len(test_data.images)) == (30, 20)


def test_the_policy_is_that_of_the_configuration():
    try:
        model = build_model(
            TrainingConfig().replace(dtype_policy="mixed_bfloat16")
        )
    finally:
        keras.config.set_dtype_policy("float32")
    policies = {
        layer.dtype_policy.name
        for layer in (*model.generator.layers, *model.discriminator.layers)
    }
    # Images and logits are float32.
    assert policies == {"mixed_bfloat16", "float32"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 10**7}, "with batches of 10,000,000 images, needs"),
        ({"image_size": 8192}, "[0-9]{3},[0-9]{3},[0-9]{3} weights"),
    ],
)
def test_more_memory_than_there_is(options, message, monkeypatch):
    """It is known before TensorFlow asks for it, and Linux grants it."""
    monkeypatch.setattr(
        "psutil.virtual_memory", lambda: SimpleNamespace(available=2**30)
    )
    build_model(preset("mnist"))
    with pytest.raises(MemoryError, match=message):
        build_model(preset("mnist").replace(**options))


def test_the_memory_that_is_counted(monkeypatch):
    """Weights, gradients and two moments; outputs of layers in two bytes."""
    counted = []
    monkeypatch.setattr(
        build, "check_memory", lambda needed, _: counted.append(needed)
    )
    for batch_size in (8, 9):
        model = build_model(preset("mnist").replace(batch_size=batch_size))
    weights = 16 * sum(
        network.count_params()
        for network in (model.generator, model.discriminator)
    )
    one, two = counted
    assert two - one == (one - weights) / 8
    # Two feature maps of 14 x 14 x 32 alone.
    assert two - one > 2 * 2 * 14 * 14 * 32
