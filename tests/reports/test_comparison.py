"""Runs side by side: differences of numbers, options, and what only one has."""

import re
from typing import Any

from keras_infogan.reports.comparison import ComparedRun
from keras_infogan.reports.comparison import draw_compared_run
from keras_infogan.reports.comparison import write_comparison
from tests.helpers.models import tiny_model
from tests.reports.test_html import FIDELITY
from tests.reports.test_html import HOSTILE
from tests.reports.test_html import HOSTILE_MAP
from tests.reports.test_html import PNG
from tests.reports.test_html import REPORT
from tests.reports.test_html import Elements
from tests.reports.test_html import rows_of

OTHER: dict[str, Any] = {
    **REPORT,
    "adjusted_rand_index": 0.5,
    "mutual_information": {"category": 2.0, "total": 2.0},
    "mutual_information_standard_error": {"category": 0.015},
    "fidelity": FIDELITY,
    "configuration": {
        "epochs": 9,
        "dataset": "<&>",
        "data": {"sizes": [1, 2], "empty": {}},
    },
    "versions": {"keras-infogan": "0.1.0", "keras": "3.14"},
}


def page_of(path, *reports):
    """The text of a comparison without images."""
    runs = [
        ComparedRun(name, report, {}, {})
        for name, report in zip("abc", reports, strict=False)
    ]
    write_comparison(path / "x.html", runs)
    return (path / "x.html").read_text("utf-8")


def test_numbers_and_their_differences(tmp_path):
    """Errors of .02 and .015 make one of .025; 1.96 of it are .049."""
    rows = rows_of(page_of(tmp_path, REPORT, OTHER, REPORT))
    assert ["", "a", "b", "difference", "c", "difference"] in rows
    assert [
        *("Mutual information of category (nats)", "2.3"),
        *("2", "-0.3 +/- 0.049", "2.3", "+0 +/- 0.055"),
    ] in rows
    assert ["Adjusted Rand index", "0.75", "0.5", "-0.25", "0.75", "+0"] in rows
    # The first and the last have none.
    assert ["Frechet distance", "", "3.072", "", "", ""] in rows


def test_options_that_differ(tmp_path):
    """And versions; `dataset` is the same, and `data` is in one alone."""
    text = page_of(tmp_path, REPORT, OTHER)
    rows = rows_of(text[text.index("Options that differ") :])
    assert rows == [
        ["", "a", "b"],
        ["epochs", "8", "9"],
        ["version.keras", "3.15.1", "3.14"],
        ["data.sizes", "", "[1, 2]"],
        ["data.empty", "", "{}"],
    ]
    text = page_of(tmp_path, REPORT, REPORT)
    assert "<p>None.</p>" in text
    assert "Warning" not in text


def test_other_data_have_other_scales(tmp_path):
    text = page_of(tmp_path, {**REPORT, "dataset": "a"}, REPORT)
    assert (
        'class="warning">Warning: The data sets differ (a, &lt;/style' in text
    )


def test_what_is_drawn_of_each_run_is_side_by_side(tmp_path):
    """Sliders of the same code are in one group; a code of one run is there."""
    report = {**REPORT, "code_map": HOSTILE_MAP}
    run = draw_compared_run(HOSTILE, tiny_model(), report)
    assert list(run.images) == ["category", "continuous_0", "continuous_1"]
    assert list(run.players) == ["continuous_0", "continuous_1"]
    other = ComparedRun("b", REPORT, {"category": PNG}, {})
    write_comparison(tmp_path / "x.html", [run, other])
    text = (tmp_path / "x.html").read_text("utf-8")
    tags = [tag for tag, _ in Elements(text).seen]
    assert tags.count("script") == 1
    assert tags.count("img") == 4
    groups = re.findall('data-group="(.*?)"', text)
    assert groups == ["continuous:0", "continuous:1"]
    # A heading for each run above its categories, and one for each code.
    assert tags.count("h3") == 4
