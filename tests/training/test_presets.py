"""Presets: the published settings, each in a file of its own."""

import importlib

import pytest

from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import PRESETS
from keras_infogan.training.presets import preset


@pytest.mark.parametrize("name", PRESETS)
def test_each_has_a_file_with_its_command(name):
    module = importlib.import_module(f"keras_infogan.training.presets.{name}")
    assert module.__doc__
    assert f"keras-infogan train --preset {name}\n" in module.__doc__
    assert getattr(module, name.upper()) is preset(name)
    assert preset(name).preset == name
    assert TrainingConfig.from_json(preset(name).to_json()) == preset(name)


def test_the_write_up():
    writeup = preset("writeup")
    assert writeup.epochs == 200
    assert writeup.data.image_size == 32
    assert writeup.data.batch_size == 64
    assert writeup.step.update == "three_phase"
    assert writeup.objective.adversarial_loss == "least_squares"
    assert writeup.objective.information_weights == {
        "category": 1.0,
        "continuous": 0.1,
    }
    assert writeup.optimizers.generator_learning_rate == 2e-4
    assert writeup.optimizers.discriminator_learning_rate == 2e-4
    assert writeup.optimizers.beta_1 == 0.5
    assert writeup.latents.codes["continuous"]["stddev"] == 1.0


def test_the_paper_on_mnist():
    paper = preset("paper")
    assert paper.data.batch_size == 128
    assert paper.optimizers.generator_learning_rate == 1e-3
    assert paper.optimizers.discriminator_learning_rate == 2e-4
    # 5,000 updates of 128 of 60,000 images.
    assert paper.epochs == -(-5000 // (60_000 // 128))
    assert not paper.objective.augmentation


@pytest.mark.parametrize(
    ("name", "noise_dim", "kinds"),
    [
        ("svhn", 124, ["categorical"] * 4 + ["uniform"]),
        ("celeba", 128, ["categorical"] * 10),
        ("dsprites", 5, ["uniform"]),
    ],
)
def test_published_codes(name, noise_dim, kinds):
    latents = preset(name).latents
    assert latents.noise_dim == noise_dim
    assert [code["type"] for code in latents.codes.values()] == kinds


def test_unknown_preset():
    with pytest.raises(ValueError, match="one of mnist, images, .*'minst'"):
        preset("minst")
