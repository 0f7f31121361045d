"""Presets: the published settings, each in a file of its own."""

import importlib

import numpy as np
import pytest

from keras_infogan.export.onnx import export_onnx
from keras_infogan.models.pretrained import load_model
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import PRESETS
from keras_infogan.training.presets import preset
from keras_infogan.training.run import train


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


@pytest.mark.parametrize(
    ("name", "num_classes"), [("kmnist", 10), ("emnist", 47)]
)
def test_presets_without_data_run_on_synthetic_images(
    name, num_classes, tmp_path
):
    """100 steps, resumed for 100 more, evaluated and exported.

    On images of the same shape, whose classes are bars at other heights.
    """
    labels = np.arange(6 * num_classes) % num_classes
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[label % 24 : label % 24 + 4, 4:24] = 155 + 100 * (label < 24)
    np.savez(tmp_path / "data.npz", x=images, y=labels)
    config = preset(name).replace(
        dataset=str(tmp_path / "data.npz"),
        batch_size=16,
        min_epoch_steps=100,
        jit_compile=False,
    )
    for epochs in (1, 2):
        report = train(
            config.replace(epochs=epochs), tmp_path / "run", data_dir=tmp_path
        )
        assert report["steps"] == 100 * epochs
    assert len(report["class_names"]) == num_classes
    export_onnx(load_model(tmp_path / "run"), tmp_path / "x.onnx")


def test_unknown_preset():
    with pytest.raises(ValueError, match="one of mnist, images, .*'minst'"):
        preset("minst")
