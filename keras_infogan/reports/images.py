"""From images to grids of them with captions, as arrays and PNG."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from keras_infogan.files import atomic_path
from keras_infogan.files import check_writable

_WHITE = (255, 255, 255)
_INK = (40, 40, 40)
_FONT_SIZE = 15
_PADDING = 4
_LINE = _FONT_SIZE + 2 * _PADDING
# Images are enlarged by a whole number until they are at least this large.
_MIN_CELL = 56


def _to_pixels(images: np.ndarray) -> np.ndarray:
    """uint8 of 3 channels from floats in [-1, 1] of 1 or 3."""
    images = np.asarray(images)
    if (
        images.ndim != 4
        or 0 in images.shape
        or images.shape[-1] not in (1, 3)
        or images.dtype.kind in "biu"
    ):
        raise ValueError(
            "A grid takes float images of shape (num_images, height, width, "
            f"1 or 3). Received: shape={images.shape}, dtype={images.dtype}. "
            "Scale bytes by x / 127.5 - 1."
        )
    low, high = images.min(), images.max()
    # A thousandth, as resizing may overshoot; NaN fails the comparison.
    if not (low >= -1.001 and high <= 1.001):
        raise ValueError(
            "A grid takes images in [-1, 1]. "
            f"Received: values from {low:.4g} to {high:.4g}."
        )
    pixels = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
    return np.broadcast_to(pixels, (*images.shape[:3], 3))


def _tile(
    pixels: np.ndarray, num_columns: int, gaps: tuple[int, int]
) -> np.ndarray:
    """Cells row by row on white, with `gaps` (y, x) around and between them."""
    if num_columns < 1:
        raise ValueError(
            "A grid has at least one column. "
            f"Received: num_columns={num_columns}."
        )
    count, height, width, _ = pixels.shape
    num_rows = -(-count // num_columns)
    step_y, step_x = height + gaps[0], width + gaps[1]
    size = (num_rows * step_y + gaps[0], num_columns * step_x + gaps[1], 3)
    grid = np.full(size, 255, np.uint8)
    for index, cell in enumerate(pixels):
        row, column = divmod(index, num_columns)
        y, x = row * step_y + gaps[0], column * step_x + gaps[1]
        grid[y : y + height, x : x + width] = cell
    return grid


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
    """Images side by side, row by row, on white.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], of 1 or 3 channels.
        num_columns: Images in a row; the last row may be shorter.
        padding: White pixels between images and around them all.
        scale: How many pixels wide and high each pixel of an image becomes; by
            default enough for images of 56 pixels.

    Returns:
        uint8 array of shape `(rows * (scale * height + padding) + padding,
        num_columns * (scale * width + padding) + padding, 3)`.

    Raises:
        ValueError: If shape, type or range of the images is another.
    """
    if padding < 0:
        raise ValueError(
            f"`padding` should be at least 0. Received: {padding}."
        )
    pixels = _enlarge(_to_pixels(images), scale)
    return _tile(pixels, num_columns, (padding, padding))


def render_grid(
    images: np.ndarray,
    *,
    num_columns: int,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    image_labels: Sequence[str] | None = None,
    title: str | None = None,
) -> np.ndarray:
    """Images side by side, row by row, with captions.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], of 1 or 3 channels.
        num_columns: Images in a row; the last row may be shorter.
        row_labels: A caption to the left of each row.
        column_labels: A caption above each column.
        image_labels: A caption under each image.
        title: A line above it all.

    Returns:
        uint8 array of shape `(height, width, 3)`. Small images are enlarged by
        a whole number; the lower right part is the images.

    Raises:
        ValueError: If images or the number of captions do not fit.
    """
    pixels = _enlarge(_to_pixels(images), scale=None)
    count, height, width, _ = pixels.shape
    font = ImageFont.load_default(_FONT_SIZE)

    def measure(labels: Sequence[str] | None) -> int:
        lengths = [font.getlength(label) for label in labels or ()]
        return int(np.ceil(max(lengths, default=0)))

    # Wide captions move the columns apart, and flat images the rows.
    gap_y = max(_PADDING, _LINE - height) if row_labels else _PADDING
    if image_labels:
        gap_y = max(gap_y, _LINE)
    widest = max(measure(column_labels), measure(image_labels))
    gap_x = max(_PADDING, widest + 2 * _PADDING - width)
    grid = _tile(pixels, num_columns, (gap_y, gap_x))
    num_rows = -(-count // num_columns)
    for name, labels, size in (
        ("row_labels", row_labels, num_rows),
        ("column_labels", column_labels, num_columns),
        ("image_labels", image_labels, count),
    ):
        if labels is not None and len(labels) != size:
            raise ValueError(
                f"`{name}` should have {size} entries, one each. "
                f"Received: {len(labels)}."
            )
    left = 0
    if row_labels:
        left = max(0, measure(row_labels) + 3 * _PADDING - gap_x)
    top = _LINE * ((title is not None) + (column_labels is not None))
    text_width = left + gap_x + measure([title or ""]) + _PADDING
    picture = Image.new(
        "RGB",
        (max(left + grid.shape[1], text_width), top + grid.shape[0]),
        _WHITE,
    )
    picture.paste(Image.fromarray(grid), (left, top))
    draw = ImageDraw.Draw(picture)

    def write(x: int, y: int, text: str, anchor: str) -> None:
        draw.text((x, y), text, fill=_INK, font=font, anchor=anchor)

    if title is not None:
        write(left + gap_x, _LINE // 2, title, "lm")
    for column, label in enumerate(column_labels or ()):
        x = left + gap_x + column * (width + gap_x) + width // 2
        write(x, top - _LINE // 2, label, "mm")
    for row, label in enumerate(row_labels or ()):
        y = top + gap_y + row * (height + gap_y) + height // 2
        write(left + gap_x - 2 * _PADDING, y, label, "rm")
    for index, label in enumerate(image_labels or ()):
        row, column = divmod(index, num_columns)
        x = left + gap_x + column * (width + gap_x) + width // 2
        y = top + (row + 1) * (height + gap_y) + gap_y // 2
        write(x, y, label, "mm")
    return np.array(picture)


def check_picture_path(path: Path) -> None:
    """Raises if `save_picture` cannot write to `path`."""
    if path.suffix.lower() != ".png":
        raise ValueError(
            f"A picture is written as PNG, to a name that ends in .png. "
            f"Received: {path}."
        )
    check_writable(path)


def save_picture(path: Path, picture: np.ndarray) -> None:
    """Writes a uint8 array of shape `(height, width, 3)` as PNG, atomically.

    The same picture gives the same bytes.
    """
    check_picture_path(path)
    with atomic_path(path) as partial:
        Image.fromarray(picture).save(partial, format="PNG")
