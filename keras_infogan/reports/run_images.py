"""The images of a run's report, and their captions."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports.grids import draw_grids
from keras_infogan.reports.images import Figure
from keras_infogan.reports.images import render
from keras_infogan.reports.plots import plot_confusion_matrix
from keras_infogan.reports.plots import plot_curves
from keras_infogan.reports.plots import plot_effects

_CAPTIONS = {
    "curves": "Losses and mutual information during training. The losses "
    "include the information term (except with `--update three_phase`). The "
    "information is a lower bound. That of a discrete code is at most its "
    "entropy, the dashed line; that of a continuous code has no ceiling.",
    "confusion": "Test images by class and by the category that `Q` assigns. "
    "Ideally each row and each column has one dark cell.",
    "attributes": "What each code changes. Color and upper number: size of the "
    "change, in standard deviations over real images. Lower number: rank "
    "correlation of the attribute with the code, from -1 to 1.",
}


def draw_run(
    model: InfoGAN,
    report: Mapping[str, Any],
    log: Sequence[Mapping[str, Any]],
) -> dict[str, np.ndarray]:
    """Draws the grids and plots of a run.

    Args:
        model: The trained model.
        report: What `evaluate` returns.
        log: The lines of its `log.jsonl`, perhaps none.

    Returns:
        uint8 arrays of shape `(height, width, 3)` by name.
    """
    images = draw_grids(model, code_map=report["code_map"])
    if log:
        ceilings = report["mutual_information_ceiling"]
        images["curves"] = render(plot_curves(log, ceilings=ceilings))
    if report["confusion"] is not None:
        images["confusion"] = render(plot_confusion(report))
    if report["traversals"]:
        images["attributes"] = render(plot_attributes(report))
    return images


def plot_confusion(report: Mapping[str, Any]) -> Figure:
    """Plots the test images of a report by class and category.

    Args:
        report: What `evaluate` returns, of labeled images and a model with a
            categorical code.
    """
    if report["confusion"] is None:
        raise ValueError(
            "The report should have a confusion matrix. Received: none, as for "
            "images without labels or a model without a categorical code."
        )
    code_map: CodeMap = report["code_map"]
    name = next(
        name for name, code in code_map.codes.items() if code.categories
    )
    return plot_confusion_matrix(
        report["confusion"],
        class_names=report["class_names"],
        category_names=[
            code_map.label(name, number)
            for number in range(len(code_map.codes[name]))
        ],
        title=f"{report['dataset']}: test images by class and category",
    )


def plot_attributes(report: Mapping[str, Any]) -> Figure:
    """Plots how much each code of a report changes each attribute.

    Args:
        report: What `evaluate` returns, of a model of gray images with a code
            that is not categorical.
    """
    return plot_effects(
        report["traversals"],
        title=f"{report['dataset']}: what each code changes",
    )


def caption(name: str, code_map: CodeMap) -> str:
    """Explains one of the images of `draw_run`; names are in backticks."""
    if name in _CAPTIONS:
        return _CAPTIONS[name]
    for code, meaning in code_map.codes.items():
        size = len(meaning)
        for index, dimension in enumerate(meaning.dimensions):
            if name == dimension_label(code, index, size, separator="_"):
                return (
                    f"`{dimension_label(code, index, size)}` "
                    f"({dimension.attribute or 'unnamed'}) varies from left to "
                    "right; all else is fixed within a row."
                )
    return (
        f"One row for each category of `{name}`, with random noise and random "
        "other codes."
    )
