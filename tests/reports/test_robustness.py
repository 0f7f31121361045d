"""How a known robust reading is told."""

from typing import Any

from keras_infogan.reports.robustness import describe_robustness
from keras_infogan.reports.robustness import explain_robustness
from keras_infogan.reports.robustness import robustness_rows
from keras_infogan.reports.text import describe_report
from tests.reports.test_html import REPORT
from tests.reports.test_html import page_of
from tests.reports.test_html import rows_of
from tests.reports.test_text import REPORT as TEXT_REPORT

FOUND: dict[str, Any] = {
    "unchanged": {"encoder": 0.988, "classifier": 0.992},
    "corruptions": {
        "rotation": {
            "strengths": [5.0, 10.0],
            "encoder": [0.975, 0.95],
            "classifier": [0.98, 0.9],
        },
        "<of another version>": {
            "strengths": [0.5],
            "encoder": [0.25],
            "classifier": [1.0],
        },
    },
    "mean": {"encoder": 0.606, "classifier": 0.97},
    "num_images": 400,
}


def test_sentence():
    """The worst is the encoder's lowest, wherever the classifier's is."""
    (sentence,) = describe_robustness({"robustness": FOUND})
    assert sentence == (
        "Robust reading, of 400 test images: the encoder has an accuracy of "
        "98.8% on unchanged images and of 60.6% on average over 2 kinds of "
        "change, a classifier that learned from labels 99.2% and 97.0%. The "
        "encoder's lowest, 25.0%, is under `<of another version>` 0.5; there "
        "the classifier has 100.0%."
    )
    assert sentence in describe_report({**TEXT_REPORT, "robustness": FOUND})


def test_reports_without_it():
    """Those of earlier versions, and without labels."""
    assert describe_robustness({}) == []
    assert "Robust" not in " ".join(describe_report(TEXT_REPORT))


def test_standard_error():
    """That of a share of n images is at most that of 1/2: 1 / (2 sqrt(n))."""
    (text,) = explain_robustness({"robustness": FOUND})
    assert "same 400 test images" in text
    assert text.endswith("at most 2.5 points.")


def test_rows():
    """As wide as the kind of the most strengths."""
    assert list(robustness_rows({"robustness": FOUND})) == [
        ("strength: both (%)", "", ""),
        ("Unchanged", "98.8 / 99.2", ""),
        ("Turned (degrees)", "5: 97.5 / 98.0", "10: 95.0 / 90.0"),
        ("<of another version>", "0.5: 25.0 / 100.0", ""),
    ]


def test_page(tmp_path):
    """A folded table, and the means among all measurements."""
    text = page_of(tmp_path, {**REPORT, "robustness": FOUND})
    assert text.count("<summary>Robust reading</summary>") == 1
    rows = {
        cells[0]: cells[1:] for cells in rows_of(text.replace("\u00a0", " "))
    }
    assert rows["Turned (degrees)"] == [
        "5: 97.5 / 98.0",
        "10: 95.0 / 90.0",
    ]
    assert rows["&lt;of another version&gt;"] == ["0.5: 25.0 / 100.0", ""]
    assert rows["Accuracy of the encoder on changed images"][0] == "0.606"
    assert "<td>5:\u00a097.5\u00a0/\u00a098.0</td>" in text
    assert "on the same 400 test images" in text
    assert "Robust" not in page_of(tmp_path, REPORT)
