"""The configuration as data: bounds, JSON and differences."""

import json

import pytest

from keras_infogan.latents import CATEGORY_FIELDS
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset
from keras_infogan.training.sections import DataConfig
from tests.helpers.options import OTHER_VALUES
from tests.helpers.options import other_options
from tests.helpers.runs import PLAIN

SETTINGS = {setting.name: setting for setting in TrainingConfig.settings()}
FLAT = {"preset": "mnist", "dataset": "mnist", "epochs": 7, "noise_dim": 62}


@pytest.mark.parametrize("name", SETTINGS)
def test_json_round_trip_of_every_option(name):
    options = other_options(name)
    config = preset("mnist").replace(**options)
    content = json.loads(json.dumps(config.to_json()))
    assert SETTINGS[name].value(content) == OTHER_VALUES[name]
    assert TrainingConfig.from_json(content) == config
    # Nothing else has changed.
    changed = preset("mnist").differences(config)
    assert len(changed) == len(options)


def test_names_of_options_are_unique():
    assert len(SETTINGS) == len(TrainingConfig.settings())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs should be a whole number of at least 1"),
        ({"batch_size": 1}, "batch_size should be .* at least 2"),
        ({"batch_size": 2.5}, "batch_size should be a whole number"),
        ({"num_labels": -1}, "num_labels should be .* at least 0"),
        ({"seed": -1}, "seed should be a whole number of at least 0"),
        ({"seed": 2**31}, "seed should be .* at most 2147483647"),
        ({"beta_1": 1.0}, "beta_1 should be a number .* below 1"),
        ({"decay_share": -0.1}, "decay_share should be .* at most 1"),
        ({"codes": 5}, "codes should be a mapping .* Received: 5"),
        ({"warp": 5}, "should be a mapping .* Received: 5"),
        ({"warp": False}, "should be a mapping .* Received: False"),
        ({"information_weights": None}, "information_weights should be"),
        ({"dataset": 5}, "dataset should be a string"),
        ({"label_smoothing": "a"}, "label_smoothing should be a number"),
        ({"label_smoothing": True}, "label_smoothing should be a number"),
        ({"seed": True}, "seed should be a whole number"),
        ({"jit_compile": 1}, "jit_compile should be true or false"),
        ({"warped_codes": "style"}, "invariant_codes should be a list"),
        (
            {"generator_learning_rate": float("nan")},
            "generator_learning_rate should be a number",
        ),
        ({"dtype_policy": "half"}, "dtype_policy should be one of float32"),
        ({"architecture": "x"}, "architecture should be one of compact, paper"),
        ({"adversarial_loss": "x"}, "should be one of non_saturating, least"),
        ({"update": "x"}, "update should be one of fused, three_phase"),
        ({"neighbor_share": 1.1}, "neighbor_share should be .* at most 1"),
        ({"invariance_weight": 0.0}, "neighbor_share should be 0 if"),
        ({"resplit_share": 0.6}, "resplit_share should be .* at most 0.5"),
        ({**PLAIN, "resplit_share": 0.1}, "resplit_share should be 0 without"),
        ({"distillation_epochs": -1}, "distillation_epochs should be .* at le"),
        ({"colour": "red"}, "one of those of .* Received: 'colour'"),
    ],
)
def test_ranges(changes, message):
    with pytest.raises(ValueError, match=message):
        preset("mnist").replace(**changes)


def test_no_augmentation():
    """`--warp {}`, as well as `None`."""
    config = preset("paper").replace(warp={})
    assert config.objective.augmentation is None
    assert config == preset("paper").replace(warp=None)


def test_categories_of_the_first_code_that_has_any(monkeypatch):
    """Also of a kind that calls their number otherwise; types may be wrong."""
    monkeypatch.setitem(CATEGORY_FIELDS, "toy", "count")
    codes = {
        "angle": {"type": ["toy"]},
        "own": {"type": "toy"},
        "category": {"type": "categorical", "num_categories": 3},
    }
    config = preset("paper").replace(codes=codes)
    changed = config.replace(num_categories=5)
    assert changed == preset("paper").replace(codes=codes, num_categories=5)
    assert changed == config.replace(
        codes=codes | {"own": {"type": "toy", "count": 5}}
    )
    assert "num_categories" not in SETTINGS
    with pytest.raises(ValueError, match="codes.'a'. should be a mapping"):
        config.replace(codes={"a": 3}, num_categories=5)


def test_differences():
    mine = preset("mnist")
    theirs = mine.replace(seed=3, num_labels=10, slant_gains={})
    assert mine.differences(mine) == []
    assert mine.differences(theirs) == [
        "seed: 0 -> 3",
        "data.num_labels: 0 -> 10",
        'objective.equivariant_codes.slant: {"pose": 2.2} -> null',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[1]", "a mapping"),
        ('{"epochs": "many"}', "epochs should be a whole number"),
        ('{"colour": 1}', "Received: colour"),
        ('{"data": {"colour": 1}}', "Received: colour"),
        # As it was before it was nested.
        (json.dumps(FLAT), "Received: dataset, noise_dim"),
    ],
)
def test_a_file_of_something_else(text, message, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(
        ValueError, match=f"config.json should be .*{message}.* train again"
    ) as error:
        TrainingConfig.load(path)
    assert "\n" not in str(error.value)


def test_one_or_two_sides():
    assert DataConfig(image_size=9).image_shape == (9, 9, 1)
    assert DataConfig(image_size=[9, 8], channels=3).image_shape == (9, 8, 3)
    with pytest.raises(ValueError, match=r"a height and a width. .*\[9\]"):
        DataConfig(image_size=[9])
    for wrong in ([9, "8"], None):
        with pytest.raises(ValueError, match="should be a whole number"):
            TrainingConfig().replace(image_size=wrong)
