"""The benchmark of directions found by hand, without its training."""

import importlib
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module", name="benchmark")
def _benchmark() -> Iterator[Any]:
    """Imports the benchmark."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS / "benchmarks")
        yield importlib.import_module("directions")
    sys.modules.pop("directions", None)


def test_the_gan_is_plain(benchmark):
    """No term of the objective is left but the adversarial one."""
    config = benchmark.configure(5, 3)
    assert (config.seed, config.epochs) == (5, 3)
    objective = config.objective
    assert set(objective.information_weights) == set(config.latents.codes)
    assert set(objective.information_weights.values()) == {0.0}
    assert objective.augmentation is None
    assert not objective.consistent_codes
    assert not objective.invariance_weight
    default = preset("mnist")
    assert config.networks == default.networks
    assert config.optimizers == default.optimizers
    assert config.data.batch_size == default.data.batch_size


@pytest.mark.parametrize(
    ("effects", "target", "length"),
    [
        # Half between 1 and 2, on the line between their effects.
        ({1.0: 1.0, 2.0: 3.0, 4.0: 5.0}, 2.0, 1.5),
        # From 0, which has no effect, and not beyond the maximum.
        ({1.0: 4.0, 2.0: 5.0, 4.0: 1.0}, 2.0, 0.5),
        ({1.0: 1.0, 2.0: 1.5, 4.0: 1.9}, 2.0, None),
    ],
)
def test_the_length_of_the_same_effect(
    effects, target, length, benchmark, monkeypatch
):
    def traverse_direction(*arguments: Any, length: float) -> dict[str, Any]:
        assert arguments == ("model", "direction", "scales", "extractor")
        return {
            "effect": {"slant": effects.get(length, 7.0)},
            "correlation": {"slant": 1.0},
            "leakage": 0.1,
            "class_changes": 0.2,
        }

    monkeypatch.setattr(benchmark, "traverse_direction", traverse_direction)
    measured = benchmark.measure_lengths(
        "model", "slant", "direction", target, "scales", "extractor"
    )
    assert [measured[name]["effect"] for name in "124"] == [*effects.values()]
    same = measured["same effect"]
    assert same == length or same["length"] == pytest.approx(length)


def test_committed_results(benchmark):
    """The summary is of the values, and the codes are of the reports."""
    path = SCRIPTS / "results/directions.json"
    content = json.loads(path.read_text())
    config = benchmark.configure(content["seeds"][0], content["epochs"])
    assert TrainingConfig.from_json(content["configuration"]) == config
    assert content["codes"]["seeds"] == benchmark.read_codes(content["seeds"])
    for attribute, rows in content["directions"].items():
        assert [row["seed"] for row in rows] == content["seeds"]
        for length in ("1", "2", "4"):
            summary = content["summary"][attribute][f"direction, {length}"]
            for name in ("effect", "leakage", "class_changes"):
                values = [row[length][name] for row in rows]
                assert summary[name] == {
                    "mean": pytest.approx(np.mean(values)),
                    "deviation": pytest.approx(statistics.stdev(values))
                    if len(values) > 1
                    else None,
                }
            for row in rows:
                effects = row[length]["effects"]
                assert row[length]["effect"] == effects[attribute]
