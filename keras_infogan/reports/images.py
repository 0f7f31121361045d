"""Grids of images, with and without labels, and PNG files."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties
from PIL import Image

from keras_infogan.files import atomic_path
from keras_infogan.files import check_writable
from keras_infogan.images import check_images

# A power of two, so that sizes in pixels are exact in inches.
_DPI = 128
_FONT_SIZE = 8
_CENTERED: dict[str, Any] = {
    "ha": "center",
    "va": "center",
    "fontsize": _FONT_SIZE,
}
# Pixels around and between images, and of a line of text.
_PADDING = 4
_LINE = 22
# Images are enlarged by a whole number until they are at least this large.
_MIN_CELL = 56


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


def _to_pixels(images: np.ndarray) -> np.ndarray:
    """uint8 of 3 channels from floats in [-1, 1] of 1 or 3."""
    images = np.asarray(images)
    check_images(images)
    if images.shape[-1] not in (1, 3):
        raise ValueError(
            "Images should have 1 channel (gray) or 3 (RGB). "
            f"Received: shape={images.shape}."
        )
    pixels = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
    return np.broadcast_to(pixels, (*images.shape[:3], 3))


def _tile(
    pixels: np.ndarray, num_columns: int, gaps: tuple[int, int]
) -> np.ndarray:
    """Cells row by row on white, with `gaps` (y, x) around and between them."""
    count, height, width, _ = pixels.shape
    num_rows = _count_rows(count, num_columns)
    step_y, step_x = height + gaps[0], width + gaps[1]
    size = (num_rows * step_y + gaps[0], num_columns * step_x + gaps[1], 3)
    grid = np.full(size, 255, np.uint8)
    for index, cell in enumerate(pixels):
        row, column = divmod(index, num_columns)
        y, x = row * step_y + gaps[0], column * step_x + gaps[1]
        grid[y : y + height, x : x + width] = cell
    return grid


def _count_rows(count: int, num_columns: int) -> int:
    if num_columns < 1:
        raise ValueError(
            "A grid has at least one column. "
            f"Received: num_columns={num_columns}."
        )
    return -(-count // num_columns)


def _enlarge(pixels: np.ndarray, scale: int | None) -> np.ndarray:
    if scale is None:
        scale = -(-_MIN_CELL // max(pixels.shape[1:3]))
    if scale < 1:
        raise ValueError(
            f"`scale` should be a whole number, at least 1. Received: {scale}."
        )
    return pixels.repeat(scale, axis=1).repeat(scale, axis=2)


def image_grid(
    images: np.ndarray,
    *,
    num_columns: int,
    padding: int = 2,
    scale: int | None = None,
) -> np.ndarray:
    """Tiles images row by row on white.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], with 1 or 3 channels.
        num_columns: Images in a row; the last row may be shorter.
        padding: White pixels between and around the images.
        scale: Pixels of the grid, in each direction, for a pixel of an image;
            by default enough for images of 56 pixels.

    Returns:
        uint8 array of shape `(rows * (scale * height + padding) + padding,
        num_columns * (scale * width + padding) + padding, 3)`.

    Raises:
        ValueError: If shape, dtype or range of the images is wrong.
    """
    if padding < 0:
        raise ValueError(
            f"`padding` should be at least 0. Received: {padding}."
        )
    pixels = _enlarge(_to_pixels(images), scale)
    return _tile(pixels, num_columns, (padding, padding))


def plot_grid(
    images: np.ndarray,
    *,
    num_columns: int = 10,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    image_labels: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Plots images row by row, with labels.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], with 1 or 3 channels, such as `InfoGAN.generate` returns.
        num_columns: Images in a row; the last row may be shorter.
        row_labels: Labels to the left of the rows.
        column_labels: Labels above the columns.
        image_labels: Labels below the images.
        title: A line above the grid.

    Returns:
        A figure. Small images are enlarged by a whole number.

    Raises:
        ValueError: If the images, or the number of labels, are wrong.
    """
    pixels = _enlarge(_to_pixels(images), scale=None)
    count, height, width, _ = pixels.shape
    num_rows = _count_rows(count, num_columns)
    _check_length("row_labels", row_labels, num_rows)
    _check_length("column_labels", column_labels, num_columns)
    _check_length("image_labels", image_labels, count)
    # Wide labels move the columns apart, and low images the rows.
    gap_y = max(_PADDING, _LINE - height) if row_labels else _PADDING
    if image_labels:
        gap_y = max(gap_y, _LINE)
    widest = _measure_text([*(column_labels or ()), *(image_labels or ())])
    gap_x = max(_PADDING, widest + 2 * _PADDING - width)
    grid = _tile(pixels, num_columns, (gap_y, gap_x))
    figure = Figure((grid.shape[1] / _DPI, grid.shape[0] / _DPI), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(grid, interpolation="nearest", aspect="auto")
    x = gap_x + (width - 1) / 2 + (width + gap_x) * np.arange(num_columns)
    y = gap_y + (height - 1) / 2 + (height + gap_y) * np.arange(num_rows)
    axes.xaxis.tick_top()
    axes.set_xticks(x if column_labels else [], column_labels or [])
    axes.set_yticks(y if row_labels else [], row_labels or [])
    axes.tick_params(length=0, pad=2, labelsize=_FONT_SIZE)
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title, loc="left", fontsize=_FONT_SIZE)
    below = y + (height + gap_y) / 2
    for index, label in enumerate(image_labels or ()):
        row, column = divmod(index, num_columns)
        axes.text(x[column], below[row], label, **_CENTERED)
    _make_room(figure, axes)
    return figure


def _check_length(name: str, labels: Sequence[str] | None, size: int) -> None:
    if labels is not None and len(labels) != size:
        raise ValueError(
            f"`{name}` should have {size} entries. Received: {len(labels)}."
        )


def _measure_text(labels: Sequence[str]) -> int:
    """The width of the widest label, in pixels."""
    renderer = FigureCanvasAgg(Figure(dpi=_DPI)).get_renderer()
    font = FontProperties(size=_FONT_SIZE)
    return math.ceil(
        max(
            (
                renderer.get_text_width_height_descent(
                    label, font, ismath=False
                )[0]
                for label in set(labels)
            ),
            default=0.0,
        )
    )


def _make_room(figure: Figure, axes: Axes) -> None:
    """Enlarges a figure for what is outside of its axes, by whole pixels."""
    width, height = (round(_DPI * size) for size in figure.get_size_inches())
    box = figure.get_tightbbox()
    left, bottom, right, top = (
        math.ceil(_DPI * excess) + _PADDING if excess > 0 else 0
        for excess in (
            -box.x0,
            -box.y0,
            box.x1 - width / _DPI,
            box.y1 - height / _DPI,
        )
    )
    whole_width, whole_height = width + left + right, height + bottom + top
    figure.set_size_inches(whole_width / _DPI, whole_height / _DPI)
    axes.set_position(
        (
            left / whole_width,
            bottom / whole_height,
            width / whole_width,
            height / whole_height,
        )
    )


def check_image_path(path: Path) -> None:
    """Raises if `save_image` cannot write to `path`."""
    if path.suffix.lower() != ".png":
        raise ValueError(
            f"Images are written as PNG, to a name that ends in .png. "
            f"Received: {path}."
        )
    check_writable(path)


def save_image(path: Path, image: np.ndarray) -> None:
    """Writes a uint8 array of shape `(height, width, 3)` as PNG, atomically.

    The same image gives the same bytes.
    """
    check_image_path(path)
    with atomic_path(path) as partial:
        Image.fromarray(image).save(partial, format="PNG")
