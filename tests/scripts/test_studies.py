"""The studies are those whose results are committed."""

import importlib
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from keras_infogan.cli.main import _parser
from keras_infogan.cli.train import _config
from keras_infogan.training.config import TrainingConfig

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def load() -> Any:
    """Imports a module of the benchmarks, as its siblings do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS / "benchmarks")
        yield importlib.import_module
    for name in ("studies", "seeds"):
        sys.modules.pop(name, None)


def test_results_are_of_these_commands(load, tmp_path):
    """The flags of every study and seed give the recorded configuration."""
    seeds = load("seeds")
    for name, study in load("studies").STUDIES.items():
        args = Namespace(preset=study.preset, options=list(study.options))
        for seed in seeds.parse_seeds(study.seeds):
            path = SCRIPTS / "results" / f"{name}_seed_{seed}.json"
            report = json.loads(path.read_text())
            assert report["command"] == seeds.command_of(seed, args)
            assert report["seed"] == seed
            options = ["train", *seeds.options_of(seed, args)]
            config = _config(_parser().parse_args(options), tmp_path)
            # Options that are newer have their defaults.
            recorded = TrainingConfig.from_json(report["configuration"])
            assert config == recorded, path.name


def test_the_table_has_a_row_for_each_study(load):
    """The default: .9869 +- .0006 over five seeds, .9861 the worst."""
    studies = load("studies")
    rows = studies.table().splitlines()[2:]
    assert len(rows) == len(studies.STUDIES)
    assert "| 5 | 0.9869 +/- 0.0006 | 0.9861 |" in rows[0]


def test_summaries_are_of_their_seeds(load):
    """Means and values, recomputed from the reports that are committed."""
    seeds = load("seeds")
    paths = sorted((SCRIPTS / "results").glob("*_summary.json"))
    assert len(paths) > 10
    for path in paths:
        summary = json.loads(path.read_text())
        name = path.name.removesuffix("_summary.json")
        reports = [
            json.loads((path.parent / f"{name}_seed_{seed}.json").read_text())
            for seed in summary["seeds"]
        ]
        for key, value in seeds.summarize(reports).items():
            assert summary[key] == value, (name, key)
