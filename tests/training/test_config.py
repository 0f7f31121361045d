"""The options of a run: as data, in and out, and the published presets."""

import dataclasses
import json

import pytest

from keras_infogan.training.config import PRESETS
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.config import preset
from keras_infogan.training.run import build_model


@pytest.mark.parametrize("name", PRESETS)
def test_json_round_trip(name):
    config = preset(name)
    text = json.dumps(config.to_json())
    assert TrainingConfig.from_json(json.loads(text)) == config
    assert config.preset == name


@pytest.mark.parametrize("name", PRESETS)
def test_presets_build(name):
    """The networks of each preset fit its codes and images."""
    config = preset(name)
    model = build_model(config, num_steps=10)
    side = config.image_size
    assert model.image_shape == (side, side, config.channels)
    assert list(model.latent_spec.codes) == list(config.codes)
    assert model.jit_compile
    renamed = {
        "augmentation": "warp",
        "invariant_codes": "warped_codes",
        "equivariant_codes": None,
    }
    for option, value in model.objective.get_config().items():
        name = renamed.get(option, option)
        if name not in (None, "warp"):
            assert value == config.to_json()[name], option
    gains = model.objective.equivariant_codes
    assert gains.get("slant", {}) == config.slant_gains
    assert gains.get("thickness", {}) == config.thickness_gains


def test_published_settings():
    """docs of the method: the write-up, and the paper with its code."""
    writeup = preset("writeup")
    assert writeup.image_size == 32
    assert (writeup.adversarial_loss, writeup.update) == (
        "least_squares",
        "three_phase",
    )
    assert (writeup.batch_size, writeup.epochs) == (64, 200)
    assert writeup.generator_learning_rate == 2e-4
    assert writeup.discriminator_learning_rate == 2e-4
    assert writeup.beta_1 == 0.5
    assert writeup.information_weights == {"category": 1.0, "continuous": 0.1}
    assert writeup.codes["continuous"]["stddev"] == 1.0
    paper = preset("paper")
    assert paper.batch_size == 128
    assert paper.generator_learning_rate == 1e-3
    assert paper.discriminator_learning_rate == 2e-4
    # 5,000 updates of 128 of 60,000 images.
    assert paper.epochs == -(-5000 // (60_000 // 128))
    assert not paper.warp
    assert preset("svhn").noise_dim == 124
    assert preset("celeba").noise_dim == 128
    for name, kinds in (
        ("svhn", ["categorical"] * 4 + ["uniform"]),
        ("celeba", ["categorical"] * 10),
        ("dsprites", ["uniform"]),
    ):
        codes = preset(name).codes.values()
        assert [code["type"] for code in codes] == kinds


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs should be a whole number of at least 1"),
        ({"batch_size": 1}, "batch_size should be .* at least 2"),
        ({"batch_size": 2.5}, "batch_size should be a whole number"),
        ({"num_labels": -1}, "num_labels should be .* at least 0"),
        ({"seed": -1}, "seed should be a whole number from 0"),
        ({"beta_1": 1.0}, "beta_1 should be a number .* below 1"),
        ({"decay_share": -0.1}, "decay_share should be .* at most 1"),
        ({"codes": 5}, "codes should be a JSON object. Received: 5"),
        ({"warp": 5}, "warp should be a JSON object"),
        ({"warp": False}, "warp should be a JSON object"),
        ({"information_weights": None}, "information_weights should be"),
        ({"dataset": 5}, "dataset should be a text"),
        ({"label_smoothing": "a"}, "label_smoothing should be a number"),
        ({"label_smoothing": True}, "label_smoothing should be a number"),
        ({"seed": True}, "seed should be a whole number"),
        ({"jit_compile": 1}, "jit_compile should be true or false"),
        ({"warped_codes": "style"}, "warped_codes should be a JSON list"),
        (
            {"generator_learning_rate": float("nan")},
            "generator_learning_rate should be a number",
        ),
        ({"dtype_policy": "half"}, "dtype_policy should be one of float32"),
        ({"neighbor_share": 1.1}, "neighbor_share should be .* at most 1"),
        ({"invariance_weight": 0.0}, "neighbor_share should be 0 where"),
    ],
)
def test_ranges(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(preset("mnist"), **changes)


def test_differences():
    mine = preset("mnist")
    theirs = dataclasses.replace(mine, seed=3, num_labels=10)
    assert mine.differences(mine) == []
    assert mine.differences(theirs) == ["num_labels: 0 -> 10", "seed: 0 -> 3"]


def test_unknown_preset():
    with pytest.raises(ValueError, match="one of mnist, paper, .*'minst'"):
        preset("minst")


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"epochs": "many"}', '{"colour": 1}', "{"]
)
def test_damaged_file(text, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(
        ValueError, match="should be the configuration of a run"
    ):
        TrainingConfig.load(path)
