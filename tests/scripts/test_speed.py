"""What `speed.py` counts by formula, and its summary of measured rounds."""

import importlib
import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

BENCHMARKS = Path(__file__).parents[2] / "scripts/benchmarks"


@pytest.fixture(scope="module")
def load() -> Any:
    """Imports a module of the benchmarks, as its siblings do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module
    for name in ("contest", "flops", "tables"):
        sys.modules.pop(name, None)


def test_operations_of_a_network(load):
    """Two for each product: of a 6 x 6 image, by hand.

    3 x 3 x 1 x 4 weights at 3 x 3 places, then 2 x 2 x 4 x 5 at each of 3 x 3
    inputs, then 36 x 5 x 7 dense ones.
    """
    network = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.Conv2DTranspose(5, 2, strides=2, padding="same"),
            layers.Flatten(),
            layers.Dense(7),
        ]
    )
    first = 2 * 36 * 9
    expected = first + 2 * 80 * 9 + 2 * 36 * 5 * 7
    assert load("flops").network_flops(network) == (expected, first)


def test_summary_of_rounds(load):
    """The median of 10, 20 and 60 images a second, and their range."""
    contestant = load("contest").Contestant.__new__(load("contest").Contestant)
    contestant.facts = {"first_step_s": 1.0}
    contestant.rounds = [
        {
            "wall_s": seconds,
            "cpu_s": 2 * seconds,
            "steps": 4,
            "images": 120,
            "peak_mib": 7.0,
        }
        for seconds in (12.0, 6.0, 2.0)
    ]
    assert contestant.summary() == {
        "images_per_s": 20.0,
        "images_per_s_range": [10.0, 60.0],
        "images_per_cpu_s": 10.0,
        "step_ms": 1500.0,
        "peak_mib": 7.0,
        "rounds": 3,
        "first_step_s": 1.0,
    }


def test_table_and_main_numbers(load):
    """Sections that were not measured are left out, or `None`."""
    rates = {
        "images_per_s": 1234.4,
        "images_per_s_range": [1000.0, 1500.0],
        "images_per_cpu_s": 600.0,
        "step_ms": 103.7,
        "peak_mib": 2048.0,
        "peak_share": 0.4,
    }
    results = {"presets": {"mnist": rates}}
    summary = load("tables").summarize(results)
    assert summary.pop("default_images_per_s") == 1234.4
    assert summary.pop("default_peak_share") == 0.4
    assert set(summary.values()) == {None}
    assert load("tables").table(results).splitlines()[2:] == [
        "| preset mnist | 1,234 | 1,000 to 1,500 | 600 | 103.7 | 2,048 |"
    ]
