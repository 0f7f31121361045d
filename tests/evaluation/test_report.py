"""`report.json`, and files that are not one."""

import json
from pathlib import Path
from typing import Any

import pytest

from keras_infogan import __version__
from keras_infogan.evaluation.report import read_report
from keras_infogan.evaluation.report import write_report
from tests.helpers.code_maps import CODE_MAP

ROOT = Path(__file__).parents[2]
REPORT: dict[str, Any] = {
    "clustering_accuracy": 0.5,
    "normalized_mutual_information": None,
    "adjusted_rand_index": 0,
    "category_to_class": [0, 1],
    "confusion": [[1, 0], [0, 1]],
    "class_names": ["a", "b"],
    "categorical_codes": None,
    "mutual_information": {"pose": 0.5, "total": 0.5},
    "mutual_information_standard_error": {"pose": 0.1},
    "mutual_information_ceiling": {"pose": None},
    "traversals": {
        "pose": [
            {
                "correlation": {"slant": 1.0},
                "range": {"slant": [-0.5, 0.5]},
                "effect": {"slant": 2.0},
                "leakage": None,
                "class_changes": 0.1,
            }
        ]
    },
    "fidelity": None,
    "robustness": {
        "unchanged": {"encoder": 1.0, "classifier": 1},
        "corruptions": {
            "noise": {
                "strengths": [0.2, 0.4],
                "encoder": [0.9, 0.5],
                "classifier": [1, 0.75],
            }
        },
        "mean": {"encoder": 0.7, "classifier": 0.875},
        "num_images": 2,
    },
    "code_map": CODE_MAP,
    "num_naming_labels": None,
    "dataset": "mnist",
    "num_train_images": 4,
    "num_test_images": 2,
    "seed": 0,
    "versions": {"keras-infogan": __version__},
}


NOISE = REPORT["robustness"]["corruptions"]["noise"]


def robustness(**changes: Any) -> dict[str, Any]:
    return {"robustness": {**REPORT["robustness"], **changes}}


def test_round_trip(tmp_path):
    path = tmp_path / "report.json"
    write_report(path, REPORT)
    assert json.loads(path.read_text())["code_map"] == CODE_MAP.to_json()
    assert read_report(path) == REPORT


@pytest.mark.parametrize(
    "change",
    [
        {"versions": {"keras-infogan": "0.0.1"}},
        {"versions": {}},
        {"code_map": {"codes": 1}},
        {"mutual_information": {"pose": "0.5"}},
        {"mutual_information_ceiling": {}},
        {"class_names": []},
        {"clustering_accuracy": True},
        {"traversals": {"pose": [{}]}},
        {"fidelity": {"precision": 0.5}},
        {"seed": 2**64},
        {"seed": 0.5},
        {"clustering_accuracy": float("nan")},
        {"robustness": {}},
        robustness(num_images=0),
        robustness(unchanged={"encoder": 1.0}),
        robustness(corruptions={}),
        robustness(corruptions={"noise": {**NOISE, "encoder": [0.9]}}),
        robustness(corruptions={"noise": {**NOISE, "classifier": "1"}}),
        robustness(
            corruptions={"noise": dict.fromkeys(NOISE, [])},
        ),
    ],
)
def test_reports_of_other_versions(change, tmp_path):
    path = tmp_path / "report.json"
    content = {**REPORT, "code_map": CODE_MAP.to_json()}
    path.write_text(json.dumps(content))
    assert read_report(path) == REPORT
    path.write_text(json.dumps({**content, **change}))
    assert read_report(path) is None


def test_reports_of_version_0_1():
    """That of the pretrained model is one."""
    report = read_report(ROOT / "saved_models" / "mnist_report.json")
    assert report is not None
    assert report["versions"]["keras-infogan"] == "0.1.0"
    # It was not measured then.
    assert "robustness" not in report


def test_a_digit_that_changed_is_found(tmp_path, caplog):
    path = tmp_path / "report.json"
    write_report(path, REPORT)
    path.write_text(path.read_text().replace("0.5", "0.4", 1))
    with caplog.at_level("INFO"):
        assert read_report(path) is None
    assert "should have the SHA-256" in caplog.text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"versions": 1}'])
def test_other_files(text, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(text)
    assert read_report(path) is None
