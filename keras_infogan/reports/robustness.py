"""How well changed images are read, as sentences and a table."""

import math
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_infogan.evaluation.corruptions import CORRUPTIONS


def describe_robustness(report: Mapping[str, Any]) -> list[str]:
    """The means over all changes, and the change that is read worst.

    Empty if the report has no `robustness`, as those of earlier versions.
    """
    found = report.get("robustness")
    if not found:
        return []
    mean, unchanged = found["mean"], found["unchanged"]
    lowest, strength, name, classifier = min(
        (encoder, strength, name, classifier)
        for name, values in found["corruptions"].items()
        for strength, encoder, classifier in _columns(values)
    )
    return [
        f"Robust reading, of {found['num_images']:,} test images: the encoder "
        f"has an accuracy of {unchanged['encoder']:.1%} on unchanged images "
        f"and of {mean['encoder']:.1%} on average over "
        f"{len(found['corruptions'])} kinds of change, a classifier that "
        f"learned from labels {unchanged['classifier']:.1%} and "
        f"{mean['classifier']:.1%}. The encoder's lowest, {lowest:.1%}, is "
        f"under `{name}` {strength:g}; there the classifier has "
        f"{classifier:.1%}."
    ]


def explain_robustness(report: Mapping[str, Any]) -> list[str]:
    """What the numbers of `robustness_rows` are, and what they mean."""
    count = report["robustness"]["num_images"]
    return [
        "Robust reading: accuracy of the encoder / of the classifier on the "
        f"same {count:,} test images after each change, by its strength, from "
        "the slightest to the strongest. Categories keep the classes to which "
        "they were matched on unchanged training images; the classifier "
        "learned from the labels of unchanged training images. Where only the "
        "encoder's number falls, the class can still be seen, but not by this "
        "encoder. Of Gaussian noise, the standard deviation is given; black "
        "and white are 2 apart. Standard errors over images are at most "
        f"{50 / math.sqrt(count):.1f} points."
    ]


def robustness_rows(report: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """A table: kinds in rows, strengths in columns, both accuracies in each."""
    found = report["robustness"]
    width = max(len(x["strengths"]) for x in found["corruptions"].values())
    yield ("strength: both (%)", *[""] * width)
    yield ("Unchanged", _both(**found["unchanged"]), *[""] * (width - 1))
    for name, values in found["corruptions"].items():
        # A report may be of a version with other kinds.
        title = CORRUPTIONS[name].title if name in CORRUPTIONS else name
        cells = [f"{x:g}: {_both(*both)}" for x, *both in _columns(values)]
        yield (title, *cells, *[""] * (width - len(cells)))


def _columns(values: Mapping[str, Any]) -> Iterator[tuple[float, float, float]]:
    """Strengths, and the accuracies of encoder and classifier there."""
    return zip(
        values["strengths"],
        values["encoder"],
        values["classifier"],
        strict=True,
    )


def _both(encoder: float, classifier: float) -> str:
    return f"{100 * encoder:.1f} / {100 * classifier:.1f}"
