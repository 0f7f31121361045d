"""The summary over seeds, with given reports in place of training."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "scripts/benchmarks/seeds.py"


@pytest.fixture(scope="module")
def seeds() -> Any:
    spec = importlib.util.spec_from_file_location("seeds", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(accuracy: float | None, seconds: float | None = 60.0) -> Any:
    """A report of labeled data, or of unlabeled data without an accuracy."""
    return {
        "clustering_accuracy": accuracy,
        "normalized_mutual_information": accuracy,
        "adjusted_rand_index": accuracy,
        "mutual_information": {"style": 9.0, "category": 2.0, "total": 11.0},
        "mutual_information_ceiling": {"style": None, "category": 2.3},
        "fidelity": None
        if accuracy is None
        else {
            "frechet_distance": 10.0 * accuracy,
            "category_agreement": {"all": accuracy},
        },
        "traversals": {
            "pose": [{"correlation": {"slant": -0.9, "thickness": 0.95}}],
            "style": [{"correlation": {"slant": 0.2, "thickness": 0.99}}],
        },
        "seconds": seconds,
        "versions": {"keras": "3"},
    }


@pytest.fixture
def run(seeds, tmp_path, monkeypatch):
    """Runs the script; each training returns the next of given reports."""

    def call(reports: list[Any], *options: str) -> list[int]:
        trained: list[int] = []

        def train(name: str, seed: int, args: argparse.Namespace) -> Any:
            trained.append(seed)
            command = seeds.command_of(seed, args)
            return {**reports[len(trained) - 1], "command": command}

        monkeypatch.setattr(seeds, "train", train)
        monkeypatch.setattr(
            sys, "argv", ["x", "--output", str(tmp_path), *options]
        )
        seeds.main()
        return trained

    return call


def test_parse_seeds(seeds):
    assert seeds.parse_seeds("0-2,7,1") == [0, 1, 2, 7]
    for text in ("", "a", "3-1", "-1", "1-"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected"):
            seeds.parse_seeds(text)


def test_summary(run, tmp_path, capsys):
    """Of .8, .9 and 1: mean .9, sample deviation .1, worst .8."""
    reports = [report(x, 100.0 * x) for x in (0.8, 1.0, 0.9)]
    assert run(reports, "--seeds=0-2") == [0, 1, 2]
    summary = json.loads((tmp_path / "mnist_summary.json").read_text())
    assert summary["accuracy"] == {
        "mean": pytest.approx(0.9),
        "deviation": pytest.approx(0.1),
        "worst": 0.8,
        "values": [0.8, 1.0, 0.9],
    }
    assert summary["frechet_distance"]["worst"] == 10.0
    assert summary["seconds"]["worst"] == 100.0
    assert summary["category_nats"]["mean"] == 2.0
    # Both codes follow thickness most, but the second follows it more.
    assert summary["attribute_correlation"]["worst"] == 0.9
    assert summary["command"] == ("keras-infogan train --preset mnist --seed S")
    assert "| accuracy | 0.9000 | 0.1000 | 0.8000 |" in capsys.readouterr().out


def test_existing_results_are_kept(run, tmp_path):
    """Unless they are those of another command, which is refused."""
    assert run([report(0.8)], "--seeds=0") == [0]
    assert run([report(0.9)], "--seeds=0-1") == [1]
    with pytest.raises(SystemExit, match="a result of .* --epochs 1`"):
        run([], "--seeds=0", "--epochs", "1")
    assert run([report(0.7)], "--seeds=0", "--name=y", "--epochs", "1") == [0]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "mnist_seed_0.json",
        "mnist_seed_1.json",
        "mnist_summary.json",
        "y_seed_0.json",
        "y_summary.json",
    ]


def test_data_without_labels(run, tmp_path):
    """No accuracy and no distances; and a resumed run has no duration."""
    reports = [report(None, None), report(None, 50.0)]
    run(reports, "--preset=celeba", "--seeds=3,4")
    summary = json.loads((tmp_path / "celeba_summary.json").read_text())
    assert "accuracy" not in summary
    assert "frechet_distance" not in summary
    assert summary["category_nats"]["values"] == [2.0, 2.0]
    assert summary["seconds"]["values"] == [None, 50.0]
    assert summary["seconds"]["mean"] == 50.0
