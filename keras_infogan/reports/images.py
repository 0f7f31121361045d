"""Grids of images without labels, and PNG files; needs no Matplotlib."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from keras_infogan.files import atomic_path
from keras_infogan.files import check_writable
from keras_infogan.images import check_channels
from keras_infogan.images import check_images

# Images are enlarged by a whole number until they are at least this large.
_MIN_CELL = 56


def to_pixels(images: np.ndarray, num_columns: int) -> np.ndarray:
    """uint8 of 3 channels, enlarged, from floats in [-1, 1] of 1 or 3."""
    images = np.asarray(images)
    check_images(images)
    check_channels(images.shape[-1], f"shape={images.shape}")
    if num_columns < 1:
        raise ValueError(
            "A grid has at least one column. "
            f"Received: num_columns={num_columns}."
        )
    pixels = np.broadcast_to(to_bytes(images), (*images.shape[:3], 3))
    scale = -(-_MIN_CELL // max(pixels.shape[1:3]))
    return pixels.repeat(scale, axis=1).repeat(scale, axis=2)


def to_bytes(images: np.ndarray) -> np.ndarray:
    """uint8 from floats in [-1, 1], of the same shape."""
    return np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)


def encode_png(pixels: np.ndarray) -> bytes:
    """A PNG file of a uint8 array of shape `(height, width, 1 or 3)`."""
    buffer = io.BytesIO()
    gray = pixels.shape[-1] == 1
    image = Image.fromarray(pixels[..., 0] if gray else pixels)
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def tile(
    pixels: np.ndarray, num_columns: int, gaps: tuple[int, int]
) -> np.ndarray:
    """Cells row by row on white, with `gaps` (y, x) around and between them."""
    count, height, width, _ = pixels.shape
    step_y, step_x = height + gaps[0], width + gaps[1]
    num_rows = -(-count // num_columns)
    size = (num_rows * step_y + gaps[0], num_columns * step_x + gaps[1], 3)
    grid = np.full(size, 255, np.uint8)
    for index, cell in enumerate(pixels):
        row, column = divmod(index, num_columns)
        y, x = row * step_y + gaps[0], column * step_x + gaps[1]
        grid[y : y + height, x : x + width] = cell
    return grid


def image_grid(
    images: np.ndarray, *, num_columns: int, padding: int = 2
) -> np.ndarray:
    """Tiles images row by row on white, small ones enlarged to 56 pixels.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], with 1 or 3 channels.
        num_columns: Images in a row; the last row may be shorter.
        padding: White pixels between and around the images.

    Returns:
        uint8 array of shape `(rows * (height + padding) + padding,
        num_columns * (width + padding) + padding, 3)`, of the enlarged images.

    Raises:
        ValueError: If shape, dtype or range of the images is wrong.
    """
    pixels = to_pixels(images, num_columns)
    return tile(pixels, num_columns, (padding, padding))


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
