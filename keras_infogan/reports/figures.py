"""Matplotlib figures: their pixels, and grids of images with labels."""

import io
import math
from collections.abc import Sequence
from typing import Any

import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties

from keras_infogan.reports.images import tile
from keras_infogan.reports.images import to_pixels

# A power of two, so that sizes in pixels are exact in inches.
_DPI = 128
_FONT_SIZE = 8
# Pixels around and between images, and of a line of text.
_PADDING = 4
_LINE = 22


class Figure(matplotlib.figure.Figure):
    """A Matplotlib figure that notebooks display without pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def render(figure: matplotlib.figure.Figure) -> np.ndarray:
    """Renders a figure to a uint8 array of shape `(height, width, 3)`."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def plot_grid(
    images: np.ndarray,
    *,
    num_columns: int = 10,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    image_labels: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Plots images row by row, with labels. Small images are enlarged.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], with 1 or 3 channels, such as `InfoGAN.generate` returns.
        num_columns: Images in a row; the last row may be shorter.
        row_labels: Labels to the left of the rows.
        column_labels: Labels above the columns.
        image_labels: Labels below the images.
        title: A line above the grid.

    Raises:
        ValueError: If the images or the numbers of labels are wrong.
    """
    pixels = to_pixels(images, num_columns)
    count, height, width, _ = pixels.shape
    num_rows = -(-count // num_columns)
    _check_length("row_labels", row_labels, num_rows)
    _check_length("column_labels", column_labels, num_columns)
    _check_length("image_labels", image_labels, count)
    # Wide labels move the columns apart, and low images the rows.
    gap_y = _LINE if image_labels else _PADDING
    if row_labels:
        gap_y = max(gap_y, _LINE - height)
    widest = _text_width([*(column_labels or ()), *(image_labels or ())])
    gap_x = max(_PADDING, widest - width)
    top = _LINE * (bool(title) + bool(column_labels))
    axes = _show(
        tile(pixels, num_columns, (gap_y, gap_x)),
        left=_text_width(row_labels or ()),
        top=top,
        min_width=_text_width([title or ""]),
    )
    # Centers of the columns and rows.
    x = gap_x + (width - 1) / 2 + (width + gap_x) * np.arange(num_columns)
    y = gap_y + (height - 1) / 2 + (height + gap_y) * np.arange(num_rows)
    style: dict[str, Any] = {"va": "center", "fontsize": _FONT_SIZE}
    axes.text(_PADDING, _LINE / 2 - top, title or "", **style)
    for row, label in enumerate(row_labels or ()):
        axes.text(-_PADDING, y[row], label, ha="right", **style)
    style["ha"] = "center"
    for column, label in enumerate(column_labels or ()):
        axes.text(x[column], -_LINE / 2, label, **style)
    for index, label in enumerate(image_labels or ()):
        row, column = divmod(index, num_columns)
        axes.text(x[column], y[row] + (height + gap_y) / 2, label, **style)
    return axes.figure


def _check_length(name: str, labels: Sequence[str] | None, size: int) -> None:
    if labels is not None and len(labels) != size:
        raise ValueError(
            f"`{name}` should have {size} entries. Received: {len(labels)}."
        )


def _show(grid: np.ndarray, *, left: int, top: int, min_width: int) -> Any:
    """Axes in pixels of a grid, with margins for labels around them."""
    height, width, _ = grid.shape
    size_x, size_y = left + max(width, min_width), top + height
    figure = Figure((size_x / _DPI, size_y / _DPI), dpi=_DPI)
    axes = figure.add_axes((left / size_x, 0, width / size_x, height / size_y))
    axes.set_axis_off()
    axes.imshow(grid, interpolation="nearest", aspect="auto")
    return axes


def _text_width(labels: Sequence[str]) -> int:
    """The width of the widest label and its padding; 0 if all are empty."""
    renderer = FigureCanvasAgg(Figure(dpi=_DPI)).get_renderer()
    font = FontProperties(size=_FONT_SIZE)
    widths = [
        renderer.get_text_width_height_descent(label, font, ismath=False)[0]
        for label in set(labels)
        if label
    ]
    return math.ceil(max(widths)) + 2 * _PADDING if widths else 0
