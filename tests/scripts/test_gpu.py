"""The rows of the measurements on a GPU are configurations of training."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from keras_infogan.training.presets import preset

BENCHMARKS = Path(__file__).parents[2] / "scripts/benchmarks"
# What a row has beside the options of `train`.
OTHERS = {"twice", "deterministic", "num_devices"}


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    return importlib.import_module("gpu")


def test_rows_are_configurations(gpu):
    rows = list(gpu.rows(quick=False, num_devices=2))
    for row in rows:
        options = {k: v for k, v in row.items() if k not in OTHERS}
        config = preset(options.pop("preset")).replace(**options)
        assert config.data.batch_size == row["batch_size"]
    assert {row.get("dtype_policy") for row in rows} >= {
        "float32",
        "mixed_bfloat16",
    }
    assert {row.get("num_devices") for row in rows} == {None, 2}


def test_an_error_is_a_row(gpu):
    """The other rows go on."""
    outcome = gpu.in_process(
        "measure", device="CPU", preset="none", batch_size=4
    )
    assert "none" in outcome["error"]
