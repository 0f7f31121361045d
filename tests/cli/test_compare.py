"""`keras-infogan compare`, of runs that have been evaluated."""

import shutil
from typing import Any

import pytest

from keras_infogan import __version__
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.report import write_report
from tests.helpers.command_line import fail
from tests.helpers.command_line import run
from tests.reports.test_html import REPORT

_UNMEASURED: dict[str, Any] = {
    "normalized_mutual_information": None,
    "category_to_class": None,
    "confusion": None,
    "categorical_codes": None,
    "traversals": {},
    "num_train_images": 5,
    "num_test_images": 5,
    "num_naming_labels": None,
}


@pytest.fixture
def runs(named_run, tmp_path, monkeypatch):
    """Two runs, `a` and `b`, of 8 and 9 epochs; `a` does not have its seed."""
    monkeypatch.chdir(tmp_path)
    for name, options in (
        ("a", {"epochs": 8}),
        ("b", {"epochs": 9, "seed": 0}),
    ):
        shutil.copytree(named_run, name)
        report = {
            **REPORT,
            "code_map": CodeMap.load(f"{name}/code_map.json"),
            "configuration": options,
            **_UNMEASURED,
            "versions": {"keras-infogan": __version__},
        }
        write_report(tmp_path / name / "report.json", report)
    return tmp_path


def test_compare(runs, capfd):
    result, messages = run(capfd, "compare", "a", "b", "-o", "x.html")
    assert result == {"output": "x.html"}
    assert "Open x.html" in messages
    text = (runs / "x.html").read_text("utf-8")
    assert "<h1>a and b</h1>" in text
    assert "<tr><td>epochs</td><td>8</td><td>9</td></tr>" in text
    # It has the default, which is that of `b`.
    assert "<td>seed</td>" not in text
    # Of each run, the categories and two traversals, one of which is slant.
    assert text.count("<img ") == 6
    assert text.count("<span>slanted right</span><input") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "at least two runs, all different. Received: a"),
        (["a", "b", "a"], "all different. Received: a, b, a"),
        (["a", "nowhere"], "Received: nowhere, no file"),
        (["a", "c"], "c, without report.json. Give the directory of a run"),
        (["a", "d"], "d, with d/report.json: d/report.json is damaged"),
        (["a", "e"], "e, with e/report.json: A report should have `clust"),
        (["a", "b", "-o", "a"], "a: Is a directory"),
    ],
)
def test_errors_are_one_line(arguments, message, runs, named_run, capfd):
    shutil.copytree(named_run, "c")
    shutil.copytree("b", "d")
    shutil.copytree("c", "e")
    for name in ("d", "e"):
        (runs / name / "report.json").write_text("{}")
    assert message in fail(capfd, "compare", *arguments)
    assert not (runs / "compare.html").exists()
