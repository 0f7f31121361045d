"""The options of an augmentation."""

import json
import math
from typing import Any

import pytest

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.options import from_plain
from keras_infogan.options import to_plain


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("rotation", math.pi / 4),
        ("shear", 1.0),
        ("log_scale", 1.0),
        ("shift", 1.0),
        ("erase", 1.0),
        ("thickness", 2.0),
        ("log_brightness", 3.0),
    ],
)
def test_ranges(name, most):
    """From 0 to where the images would be lost, both included."""
    for value in (0, most):
        assert getattr(Augmentation(**{name: value}), name) == value
    wrong: tuple[Any, ...] = (-0.01, 1.01 * most, math.nan, "0.1", True)
    for value in wrong:
        with pytest.raises(
            ValueError, match=rf"^{name} should be a number of at least 0 and"
        ):
            Augmentation(**{name: value})


@pytest.mark.parametrize(
    ("augmentation", "effects"),
    [
        (Augmentation(), ("slant", "rotation")),
        (Augmentation(rotation=0.0), ("slant",)),
        (Augmentation(shear=0.0), ("slant", "rotation")),
        (Augmentation(rotation=0.0, shear=0.0, erase=0.1), ()),
        (Augmentation(thickness=1.0), ("slant", "rotation", "thickness")),
        (Augmentation(0.0, 0.0, thickness=0.1), ("thickness",)),
    ],
)
def test_effects(augmentation, effects):
    assert augmentation.effects == effects


def test_config_round_trip():
    augmentation = Augmentation(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    config = json.loads(json.dumps(to_plain(augmentation)))
    assert from_plain(Augmentation, config) == augmentation
    assert from_plain(Augmentation, {"shear": 0.1}) == Augmentation(shear=0.1)
    with pytest.raises(
        ValueError,
        match="Augmentation should have known options only. Received: slant. "
        "Known: rotation, shear, ",
    ):
        from_plain(Augmentation, {"slant": 1.0})
