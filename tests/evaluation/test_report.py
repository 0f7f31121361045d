"""`report.json`, and files that are not one."""

import json
from typing import Any

import pytest

from keras_infogan import __version__
from keras_infogan.evaluation.report import read_report
from keras_infogan.evaluation.report import write_report
from tests.helpers.code_maps import CODE_MAP

REPORT: dict[str, Any] = {
    "clustering_accuracy": 0.5,
    "mutual_information": {},
    "traversals": {},
    "fidelity": None,
    "code_map": CODE_MAP,
    "versions": {"keras-infogan": __version__},
}


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
    ],
)
def test_reports_of_other_versions(change, tmp_path):
    path = tmp_path / "report.json"
    content = {**REPORT, "code_map": CODE_MAP.to_json(), **change}
    path.write_text(json.dumps(content))
    assert read_report(path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"versions": 1}'])
def test_other_files(text, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(text)
    assert read_report(path) is None
