"""Plots of numbers: training curves, confusion matrix, effects of codes."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.reports.figures import Figure

_DPI = 120
# A bound far below 0 in the first steps would flatten the rest of the curves.
_MIN_NATS = -2.0
# The color scale of effects ends at this many standard deviations: from -1.5
# to 1.5, the middle 87 % of a normal attribute.
_MAX_EFFECT = 3.0
_INFORMATION = "mutual_information_"

Log = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[float]]


def plot_curves(
    log: Log, *, ceilings: Mapping[str, float | None] | None = None
) -> Figure:
    """Plots losses and mutual information over the training.

    Args:
        log: The lines of a run's `log.jsonl`, each with `step`, or the
            `history` of `InfoGAN.fit`, by epoch.
        ceilings: By code, the entropy in nats that the information of a
            discrete code cannot exceed, drawn as a dashed line; `None` for a
            continuous code. All codes of the log by default.

    Raises:
        ValueError: If the log is empty or lacks a loss or a code.
    """
    unit, columns = _to_columns(log)
    if ceilings is None:
        ceilings = {
            name.removeprefix(_INFORMATION): None
            for name in columns
            if name.startswith(_INFORMATION)
        }
    names = ["discriminator_loss", "generator_loss"]
    for name in (unit, *names, *(f"{_INFORMATION}{code}" for code in ceilings)):
        if name not in columns:
            raise ValueError(
                f"Each entry of the log should have `{name}`. "
                f"Received: entries with {', '.join(columns) or 'nothing'}."
            )
    # Two codes share a line of the legend.
    size = (11, 4.2 + 0.2 * (len(ceilings) // 2))
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    losses, information = figure.subplots(1, 2)

    def draw(axes: Axes, name: str, **style: Any) -> None:
        marker = "o" if len(columns[name]) == 1 else None
        axes.plot(columns[unit], columns[name], marker=marker, **style)

    for name in names:
        draw(losses, name, label=name.replace("_", " "))
    for number, (code, ceiling) in enumerate(ceilings.items()):
        style = {"color": f"C{number}"}
        label = code if ceiling is None else f"{code}, at most {ceiling:.2f}"
        draw(information, f"{_INFORMATION}{code}", label=label, **style)
        if ceiling is not None:
            information.axhline(ceiling, linestyle="dashed", lw=1, **style)
    if "invariant_information" in columns:
        label = "category of an image and its augmented view"
        draw(information, "invariant_information", color="black", label=label)
    bottom, top = information.dataLim.intervaly
    if bottom < _MIN_NATS < top:
        information.set_ylim(_MIN_NATS, top + 0.05 * (top - _MIN_NATS))
    losses.set(ylabel="loss", title="Losses, with all terms")
    title = "Mutual information, lower bound (dashed: ceiling)"
    information.set(ylabel="information (nats)", title=title)
    for axes in (losses, information):
        _finish_curves(axes, unit)
    return figure


def _finish_curves(axes: Axes, unit: str) -> None:
    axes.set_xlabel(unit)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    if axes.lines:
        # Below the axes, where it hides no curve.
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.15),
            ncols=2,
            fontsize="small",
            frameon=False,
        )


def _to_columns(log: Log) -> tuple[str, dict[str, Sequence[float]]]:
    """Returns the name of the x axis, and all values by name."""
    if isinstance(log, Mapping):
        lengths = [len(values) for values in log.values()]
        epochs = range(1, 1 + max(lengths, default=0))
        return "epoch", {"epoch": epochs, **log}
    if not log:
        raise ValueError("Curves need a log of at least one line.")
    names = dict.fromkeys(name for line in log for name in line)
    return "step", {
        name: [line.get(name, np.nan) for line in log]
        for name in names
        if name == "invariant_information" or all(name in line for line in log)
    }


def plot_confusion(
    report: Mapping[str, Any], code: str | None = None
) -> Figure:
    """Plots the test images of a report by class and category.

    A cell shows a count, without zeros; its color is the share of the class.
    Categories are in the order of their classes, so that a good model has a
    dark diagonal.

    Args:
        report: What `evaluate` returns.
        code: One of several categorical codes; by default the first.

    Raises:
        ValueError: If the images have no labels or the model has no
            categorical code.
    """
    if report["confusion"] is None:
        raise ValueError(
            "The report should have a confusion matrix. Received: none, as for "
            "images without labels or a model without a categorical code."
        )
    code_map: CodeMap = report["code_map"]
    name = code or next(
        name for name, code in code_map.codes.items() if code.categories
    )
    order = code_map.category_order(name, report["class_names"])
    found = report if code is None else report["categorical_codes"][code]
    counts = np.asarray(found["confusion"])[:, order]
    rows, columns = counts.shape
    labels = [code_map.label(name, number) for number in order]
    title = f"{report['dataset']}: test images by class and {name}"
    axes = _plot_heat_map(
        counts / np.maximum(counts.sum(axis=1, keepdims=True), 1),
        np.where(counts, counts.astype(str), ""),
        size=(
            max(2.4 + 0.5 * columns, 0.4 + 0.1 * len(title)),
            1.6 + 0.42 * rows,
        ),
        row_names=report["class_names"],
        column_names=labels,
        title=title,
        bar_label="share of the class",
        rotation=90 if max(map(len, labels)) > 5 else 0,
        cmap="Blues",
        limits=(0, 1),
    )
    axes.set(xlabel=name, ylabel="class")
    return axes.figure


def plot_attributes(report: Mapping[str, Any]) -> Figure:
    """Plots how much each code of a report changes each attribute.

    A cell shows the change along a traversal, in standard deviations over real
    images, and Spearman's rho. The color is the change, because an invisible
    change may be steady, with a rho of 1.

    Args:
        report: What `evaluate` returns.

    Raises:
        ValueError: If the images have color or all codes are categorical.
    """
    traversals = {
        dimension_label(name, index, len(entries)): entry
        for name, entries in report["traversals"].items()
        for index, entry in enumerate(entries)
    }
    if not traversals:
        raise ValueError("Effects need at least one traversal. Received: none.")
    effects, rhos = (
        [list(entry[key].values()) for entry in traversals.values()]
        for key in ("effect", "correlation")
    )
    texts = [
        [
            f"{x:+.1f} dev.\n(rho {rho:+.2f})"
            for x, rho in zip(*row, strict=True)
        ]
        for row in zip(effects, rhos, strict=True)
    ]
    attributes = list(next(iter(traversals.values()))["effect"])
    return _plot_heat_map(
        np.array(effects),
        np.array(texts),
        size=(2.6 + len(attributes), 1.6 + 0.6 * len(traversals)),
        row_names=list(traversals),
        column_names=attributes,
        title=f"{report['dataset']}: what each code changes",
        bar_label="change (deviations)",
        cmap="RdBu_r",
        limits=(-_MAX_EFFECT, _MAX_EFFECT),
    ).figure


def plot_factors(report: Mapping[str, Any]) -> Figure:
    """Plots how much each code of a report knows of each factor.

    A cell shows the mutual information of both, as a share of the entropy of
    the factor. A disentangled model has one dark cell in each column, and at
    most one in each row.

    Args:
        report: What `evaluate` returns.

    Raises:
        ValueError: If it was not given images with factors.
    """
    found = report.get("disentanglement")
    if found is None:
        raise ValueError(
            "The report should be of images with factors. Received: one "
            "without. `keras-infogan evaluate --factors` measures them."
        )
    shares = np.array(found["factor_shares"])
    rows, columns = shares.shape
    return _plot_heat_map(
        shares,
        np.array([[f"{x:.0%}" for x in row] for row in shares]),
        size=(3.0 + columns, 1.6 + 0.42 * rows),
        row_names=found["codes"],
        column_names=found["factors"],
        title=f"{found['dataset']}: what each code knows",
        bar_label="share of the entropy",
        cmap="Blues",
        limits=(0, 1),
    ).figure


def _plot_heat_map(
    values: np.ndarray,
    texts: np.ndarray,
    *,
    size: tuple[float, float],
    row_names: Sequence[str],
    column_names: Sequence[str],
    title: str,
    bar_label: str,
    cmap: str,
    limits: tuple[float, float],
    rotation: float = 0,
) -> Any:
    """Plots a matrix, a text in each cell, and returns the axes."""
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    low, high = limits
    image = axes.imshow(values, cmap=cmap, vmin=low, vmax=high, aspect="auto")
    axes.set_xticks(range(len(column_names)), column_names, rotation=rotation)
    axes.set_yticks(range(len(row_names)), row_names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    # Of the figure, which is wide enough for it.
    figure.suptitle(title, fontsize="large")
    # White on the dark ends of the color map.
    threshold = 0.5 if low == 0 else 0.6
    for (row, column), text in np.ndenumerate(texts):
        if text:
            is_dark = abs(values[row, column]) > threshold * high
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=8,
                color="white" if is_dark else "black",
            )
    bar = figure.colorbar(
        image, label=bar_label, extend="both" if low else "neither"
    )
    bar.outline.set_visible(False)
    return axes
