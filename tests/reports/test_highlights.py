"""The three numbers that open a page, of reports with and without labels."""

from typing import Any

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.reports.highlights import find_highlights
from tests.helpers.code_maps import dimensions

UNLABELED: dict[str, Any] = {
    "clustering_accuracy": None,
    "fidelity": None,
    "mutual_information": {"kind": 1.5, "pose": 0.4, "total": 1.9},
    "mutual_information_ceiling": {"kind": 2.0, "pose": None},
    "code_map": CodeMap({"pose": dimensions(DimensionMeaning())}),
}
LABELED = {
    **UNLABELED,
    "clustering_accuracy": 0.97,
    "clustering_accuracy_standard_error": 0.001,
    "num_test_images": 10_000,
    "class_names": list("0123456789"),
    "fidelity": {
        "category_agreement": {"all": 0.9},
        "frechet_distance": 3.14159,
        "frechet_distance_floor": 0.954,
    },
}


def test_with_labels():
    """Accuracy with 1.96 errors, the class of images, and their distance."""
    classes, images, distance = find_highlights(LABELED)
    assert classes.value == "97.0%"
    assert "10,000 test images" in classes.meaning
    assert "+/- 0.2%; chance is 10%" in classes.meaning
    assert classes.meaning.endswith("Training used no label.")
    assert images.value == "90.0%"
    assert distance.value == "3.14"
    assert distance.meaning.endswith("Training images have 0.95.")
    (classes, *_) = find_highlights({**LABELED, "num_labels": 100})
    assert classes.meaning.endswith("the labels of 100 images.")


def test_without_labels():
    """The share of the ceiling first; attributes before other information."""
    assert [(x.value, x.title) for x in find_highlights(UNLABELED)] == [
        ("75%", "Information of `kind`"),
        ("0.40 nats", "Information of `pose`"),
    ]
    named = dimensions(DimensionMeaning("slant", -1, -0.96))
    report = {**UNLABELED, "code_map": CodeMap({"pose": named})}
    assert [(x.value, x.title) for x in find_highlights(report)] == [
        ("75%", "Information of `kind`"),
        ("0.96", "`pose` and slant"),
        ("0.40 nats", "Information of `pose`"),
    ]
