"""From numbers to figures: curves and a confusion matrix, as arrays."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_infogan.evaluation.meanings import dimension_label

_DPI = 120
# A bound far below 0 in the first steps would flatten all the rest.
_LOWEST_NATS = -2.0
# 1.5 to each side: the middle 87 % of a normal attribute.
_MOST_DEVIATIONS = 3.0


def _render_figure(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _column(log: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    for line in log:
        if name not in line:
            raise ValueError(
                f"Each line of the log should have `{name}`. "
                f"Received: one with {', '.join(line) or 'nothing'}."
            )
    return [line[name] for line in log]


def render_curves(
    log: Sequence[Mapping[str, Any]], *, ceilings: Mapping[str, float | None]
) -> np.ndarray:
    """Losses and information over the steps.

    Args:
        log: Lines with `step`, the two losses and `mutual_information_<code>`,
            and perhaps `invariant_information`.
        ceilings: By the name of the code, the entropy in nats that a discrete
            one cannot pass, dashed; `None` for a continuous one, which has no
            such bound, as its entropy is a differential one.

    Returns:
        uint8 array of shape `(height, 1320, 3)`, higher for more codes.

    Raises:
        ValueError: If the log is empty or a line lacks a value.
    """
    if not log:
        raise ValueError(
            "Curves need at least one line of the log. Received: none."
        )
    steps = _column(log, "step")
    marker = "o" if len(log) == 1 else None
    # A line of the legend holds two codes.
    height = 4.2 + 0.2 * (len(ceilings) // 2)
    figure = Figure(figsize=(11, height), dpi=_DPI, layout="constrained")
    losses, information = figure.subplots(1, 2)
    for name in ("discriminator_loss", "generator_loss"):
        label = name.replace("_", " ")
        losses.plot(steps, _column(log, name), label=label, marker=marker)
    losses.set(xlabel="step", ylabel="loss", title="Losses, all their terms")
    for number, (name, ceiling) in enumerate(ceilings.items()):
        color = f"C{number}"
        information.plot(
            steps,
            _column(log, f"mutual_information_{name}"),
            color=color,
            label=name if ceiling is None else f"{name}, at most {ceiling:.2f}",
            marker=marker,
        )
        if ceiling is not None:
            information.axhline(
                ceiling, color=color, linestyle="dashed", linewidth=1
            )
    if any("invariant_information" in line for line in log):
        information.plot(
            steps,
            [line.get("invariant_information", np.nan) for line in log],
            color="black",
            label="category of a real image and its warped copy",
            marker=marker,
        )
    bottom, top = information.dataLim.intervaly
    if bottom < _LOWEST_NATS < top:
        margin = 0.05 * (top - _LOWEST_NATS)
        information.set_ylim(_LOWEST_NATS, top + margin)
    information.set(
        xlabel="step",
        ylabel="information (nats)",
        title="Mutual information, lower bound (dashed: the most)",
    )
    for axes in (losses, information):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        if axes.lines:
            # Below, where it hides no curve.
            axes.legend(
                loc="upper center",
                bbox_to_anchor=(0.5, -0.15),
                ncols=2,
                fontsize="small",
                frameon=False,
            )
    return _render_figure(figure)


def render_confusion_matrix(
    confusion: np.ndarray | Sequence[Sequence[int]],
    *,
    class_names: Sequence[str],
    cluster_names: Sequence[str],
    title: str,
) -> np.ndarray:
    """A heat map of classes and categories: counts, colored by their share.

    Args:
        confusion: Integer array of shape `(num_classes, num_clusters)`.
        class_names: The names of the rows.
        cluster_names: The names of the columns.
        title: A line above it all.

    Returns:
        uint8 array of shape `(height, width, 3)`, larger for more classes. The
        color is the share of the class; counts of 0 are left out.

    Raises:
        ValueError: If the names do not fit or there are no counts.
    """
    counts = np.asarray(confusion)
    if not counts.size or counts.shape != (
        len(class_names),
        len(cluster_names),
    ):
        raise ValueError(
            "The names should fit the matrix, of at least one count. "
            f"Received: shape={counts.shape}, {len(class_names)} class names, "
            f"{len(cluster_names)} cluster names."
        )
    if counts.dtype.kind not in "iu" or counts.min() < 0:
        raise ValueError(
            "A confusion matrix should be of counts, whole and at least 0. "
            f"Received: dtype={counts.dtype}, smallest {counts.min()}."
        )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows, columns = counts.shape
    figure = Figure(
        figsize=(
            max(2.4 + 0.5 * columns, 0.4 + 0.1 * len(title)),
            1.6 + 0.42 * rows,
        ),
        dpi=_DPI,
        layout="constrained",
    )
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    longest = max(len(name) for name in cluster_names)
    axes.set_xticks(
        range(columns), cluster_names, rotation=90 if longest > 5 else 0
    )
    axes.set_yticks(range(rows), class_names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="category", ylabel="class")
    # On the figure, which is made wide enough for it.
    figure.suptitle(title, fontsize="large")
    for row, column in np.ndindex(rows, columns):
        if counts[row, column]:
            axes.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shares[row, column] > 0.5 else "black",
            )
    figure.colorbar(image, label="share of the class").outline.set_visible(
        False
    )
    return _render_figure(figure)


def render_effects(
    traversals: Mapping[str, Sequence[Mapping[str, Any]]], *, title: str
) -> np.ndarray:
    """A heat map of codes and attributes: effect, colored, and correlation.

    By the effect, as a change that nobody sees may be steady: a rho of 1.

    Args:
        traversals: Of `traversals.measure_traversals`, by the name of the
            code; at least one dimension.
        title: A line above it all.

    Returns:
        uint8 array of shape `(height, width, 3)`. The color and the number are
        the change along the traversal in deviations of real images; below it
        stands Spearman's rho.
    """
    rows = {
        dimension_label(name, index, len(dimensions)): traversal
        for name, dimensions in traversals.items()
        for index, traversal in enumerate(dimensions)
    }
    if not rows:
        raise ValueError("There should be at least one code. Received: none.")
    attributes = list(next(iter(rows.values()))["correlation"])
    figure = Figure(
        figsize=(2.6 + 1.0 * len(attributes), 1.6 + 0.6 * len(rows)),
        dpi=_DPI,
        layout="constrained",
    )
    axes = figure.subplots()
    effects = np.array(
        [
            [traversal["effect"][name] for name in attributes]
            for traversal in rows.values()
        ]
    )
    image = axes.imshow(
        effects,
        cmap="RdBu_r",
        vmin=-_MOST_DEVIATIONS,
        vmax=_MOST_DEVIATIONS,
        aspect="auto",
    )
    axes.set_xticks(range(len(attributes)), attributes)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.suptitle(title, fontsize="large")
    for row, traversal in enumerate(rows.values()):
        for column, name in enumerate(attributes):
            effect = traversal["effect"][name]
            rho = traversal["correlation"][name]
            axes.text(
                column,
                row,
                f"{effect:+.1f} dev.\n(rho {rho:+.2f})",
                ha="center",
                va="center",
                fontsize=8,
                color="white"
                if abs(effect) > 0.6 * _MOST_DEVIATIONS
                else "black",
            )
    bar = figure.colorbar(image, label="change (deviations)", extend="both")
    bar.outline.set_visible(False)
    return _render_figure(figure)
