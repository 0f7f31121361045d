"""The three numbers of a report that matter most, and what they mean."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.reports.text import DEVIATIONS

NUM_HIGHLIGHTS = 3


class Highlight(NamedTuple):
    """A number, formatted; what it is of; and a sentence on what it means."""

    value: str
    title: str
    meaning: str


def find_highlights(report: Mapping[str, Any]) -> list[Highlight]:
    """The first three numbers that a report has, of those that matter.

    In this order: what the categories say about classes, whether generated
    images are of their class, how close they are to real ones; without labels,
    how much of each code an image shows, and what the codes control.

    Args:
        report: What `evaluate` returns.
    """
    found = [*_classes(report), *_images(report), *_codes(report)]
    return found[:NUM_HIGHLIGHTS]


def _classes(report: Mapping[str, Any]) -> Iterator[Highlight]:
    accuracy = report["clustering_accuracy"]
    if accuracy is None:
        return
    error = DEVIATIONS * report.get("clustering_accuracy_standard_error", 0.0)
    num_labels = report.get("num_labels", 0)
    labels = (
        f"the labels of {num_labels:,} images" if num_labels else "no label"
    )
    yield Highlight(
        f"{accuracy:.1%}",
        "Clustering accuracy",
        f"This share of {report['num_test_images']:,} test images is in a "
        f"category of its class (+/- {error:.1%}; chance is "
        f"{1 / len(report['class_names']):.0%}). Training used {labels}.",
    )


def _images(report: Mapping[str, Any]) -> Iterator[Highlight]:
    fidelity = report["fidelity"]
    if fidelity is None:
        return
    agreement = fidelity["category_agreement"]
    if agreement:
        yield Highlight(
            f"{agreement['all']:.1%}",
            "Generated images of the right class",
            "A classifier assigns this share of the generated images to the "
            "class of their category.",
        )
    yield Highlight(
        f"{fidelity['frechet_distance']:.3g}",
        "Frechet distance",
        "The distance of generated images from real ones, in the features of "
        "a classifier; lower is better. Training images have "
        f"{fidelity['frechet_distance_floor']:.2g}.",
    )


def _codes(report: Mapping[str, Any]) -> Iterator[Highlight]:
    for name, nats in report["mutual_information"].items():
        ceiling = report["mutual_information_ceiling"].get(name)
        if ceiling:
            yield Highlight(
                f"{max(nats, 0.0) / ceiling:.0%}",
                f"Information of `{name}`",
                f"A generated image tells at least {max(nats, 0.0):.2f} of the "
                f"{ceiling:.2f} nats of the code.",
            )
    for code, index, meaning in report["code_map"].named_dimensions():
        if meaning.correlation is not None:
            size = len(report["code_map"].codes[code])
            yield Highlight(
                f"{abs(meaning.correlation):.2f}",
                f"`{dimension_label(code, index, size)}` and "
                f"{meaning.attribute}",
                f"The rank correlation of the code and the {meaning.attribute} "
                "of images along a traversal; 1 if it never errs.",
            )
    for name, nats in report["mutual_information"].items():
        if name != "total" and not report["mutual_information_ceiling"][name]:
            yield Highlight(
                f"{max(nats, 0.0):.2f} nats",
                f"Information of `{name}`",
                "What a generated image tells about the code, at least; 0 is "
                "nothing, and there is no ceiling.",
            )
