"""Finds the drawings of a photograph and makes each like an image of MNIST.

MNIST scaled each digit to a box of 20 x 20 pixels, keeping its aspect ratio,
and put its center of mass in the middle of 28 x 28 (LeCun et al., 1998,
https://ieeexplore.ieee.org/document/726791, Section III.A). The same is done
here, after the background is removed and the strokes are as thick as MNIST's.
"""

from typing import Any
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.morphology import skeletonize

# A photograph is shrunk to this longest side: a digit that fills a tenth of it
# still has more pixels than one of MNIST.
_WORKING_SIDE = 640
# Of the box in the image, and the thinnest stroke, of the height of a digit:
# MNIST's have 2.0 to 3.5 pixels of 20.
_BOX_SHARE = 20 / 28
_MIN_STROKE = 0.11
# Less contrast than that, as a share of the background, is paper.
_MIN_CONTRAST = 0.08
# By their longer side, as shares of that of the largest: smaller drawings, and
# parts of drawings, are specks.
_MIN_SIDE_SHARE = 0.35
_MIN_PART_SHARE = 0.15
# How near a part is to its drawing at most, of the height of that.
_NEAR = 0.25


class Drawing(NamedTuple):
    """One drawing of a photograph.

    Attributes:
        image: float32 array of the requested shape in [-1, 1], white on black.
        box: Left, top, right and bottom in the photograph, in pixels.
    """

    image: np.ndarray
    box: tuple[int, int, int, int]


def find_drawings(photo: Any, image_shape: tuple[int, ...]) -> list[Drawing]:
    """Finds drawings, such as digits, on a background of any brightness.

    Args:
        photo: An upright Pillow image of 8 bits, as of `open_image`.
        image_shape: `(height, width, 1)`.

    Returns:
        The drawings from left to right, line by line; none on blank paper.

    Raises:
        ValueError: If the images of the model are not gray.
    """
    if image_shape[-1] != 1:
        raise ValueError(
            "Photographs are read for gray images such as digits. Received: "
            f"a model of {image_shape[-1]} channels."
        )
    gray = photo.convert("L")
    shrink = max(1.0, max(gray.size) / _WORKING_SIDE)
    size = [max(1, round(side / shrink)) for side in gray.size]
    pixels = np.asarray(gray.resize(size, Image.Resampling.BOX), np.float64)
    ink = _find_ink(pixels / 255.0)
    drawings = []
    for region in _find_regions(ink):
        strokes = np.where(region, ink, 0.0)
        rows, columns = ndimage.find_objects((strokes > 0.4).astype(np.int8))[0]
        image = _as_in_mnist(strokes[rows, columns], image_shape)
        left, top, right, bottom = (
            round(side * shrink)
            for side in (columns.start, rows.start, columns.stop, rows.stop)
        )
        drawings.append(Drawing(image, (left, top, right, bottom)))
    return _in_lines(drawings)


def turn_upside_down(drawings: list[Drawing]) -> list[Drawing]:
    """The same drawings, of a photograph that was taken upside down."""
    return [
        Drawing(drawing.image[::-1, ::-1], drawing.box)
        for drawing in reversed(drawings)
    ]


def _find_ink(gray: np.ndarray) -> np.ndarray:
    """Ink as a share of the background, from 0 to 1; 0 where there is none.

    The background is what a closing leaves of dark strokes, and an opening of
    bright ones: smooth shadows remain in it. The border tells which it is.
    """
    side = 2 * (max(gray.shape) // 5) + 3
    smooth = ndimage.gaussian_filter(gray, max(gray.shape) / 400)
    border = np.concatenate(
        [smooth[0], smooth[-1], smooth[:, 0], smooth[:, -1]]
    )
    low, high = smooth.min(), smooth.max()
    if np.median(border) < (low + high) / 2:
        # Bright on dark: the same of the negative.
        smooth = 1.0 - smooth
    padded = np.pad(smooth, side, mode="edge")
    background = ndimage.grey_closing(padded, (side, side))
    background = ndimage.uniform_filter(background, side // 2)
    background = background[side:-side, side:-side]
    ink = np.clip(1.0 - smooth / np.maximum(background, 1e-3), 0.0, 1.0)
    threshold = max(threshold_otsu(ink), _MIN_CONTRAST) if ink.any() else 1.0
    if ink.max() < 2 * _MIN_CONTRAST:
        return np.zeros_like(ink)
    dark = np.median(ink[ink > threshold]) if (ink > threshold).any() else 1.0
    # From half of the threshold, which is paper, to most of the ink's darkness.
    low, high = threshold / 2, 0.9 * dark
    return np.clip((ink - low) / max(high - low, 1e-3), 0.0, 1.0)


def _find_regions(ink: np.ndarray) -> list[np.ndarray]:
    """Masks of the drawings: connected strokes, without specks."""
    core = ink > 0.4
    if not core.any():
        return []
    # Joins strokes that nearly touch.
    reach = max(1, round(_stroke_width(core) / 2))
    grown = ndimage.binary_dilation(core, iterations=reach)
    labels, count = ndimage.label(grown, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    largest = max(map(_side, boxes))
    parts = [
        ({number + 1}, box)
        for number, box in enumerate(boxes)
        if _side(box) >= _MIN_PART_SHARE * largest
    ]
    # From the largest on, each joins what it belongs to.
    groups: list[tuple[set[int], Any]] = []
    for numbers, box in sorted(parts, key=lambda part: -_side(part[1])):
        for place, (others, other) in enumerate(groups):
            if _is_part_of(box, other):
                both = tuple(
                    slice(min(a.start, b.start), max(a.stop, b.stop))
                    for a, b in zip(box, other, strict=True)
                )
                groups[place] = (others | numbers, both)
                break
        else:
            groups.append((numbers, box))
    return [
        np.isin(labels, list(numbers))
        for numbers, box in groups
        if _side(box) >= _MIN_SIDE_SHARE * largest
    ]


def _side(box: Any) -> int:
    return max(part.stop - part.start for part in box)


def _is_part_of(box: Any, other: Any) -> bool:
    """Whether this is like the bar of a five: flat, and near another drawing.

    It is above or below that, or so flat that it is no drawing of its own.

    Args:
        box: Slices of rows and columns.
        other: The same, of a drawing that is no smaller.
    """
    (rows, columns), (other_rows, other_columns) = box, other
    width, height = columns.stop - columns.start, rows.stop - rows.start
    other_height = other_rows.stop - other_rows.start
    down, across = _gap(rows, other_rows), _gap(columns, other_columns)
    is_near = down <= _NEAR * other_height and height <= 0.6 * other_height
    is_bar = width >= 3 * height and across <= _NEAR * other_height
    return is_near and (is_bar or -across >= 0.4 * width)


def _gap(part: slice, other: slice) -> int:
    """The pixels between two ranges; negative if they overlap."""
    return max(part.start, other.start) - min(part.stop, other.stop)


def _stroke_width(mask: np.ndarray) -> float:
    """Twice the mean distance of the skeleton from the edge, in pixels."""
    padded = np.pad(mask, 1)
    distance = ndimage.distance_transform_edt(padded)
    skeleton = skeletonize(padded)
    return 2.0 * float(distance[skeleton].mean()) if skeleton.any() else 1.0


def _as_in_mnist(
    strokes: np.ndarray, image_shape: tuple[int, ...]
) -> np.ndarray:
    """Thickens, scales and centers one drawing, as MNIST's were."""
    height, width, _ = image_shape
    core = strokes > 0.5
    wanted = _MIN_STROKE * max(strokes.shape)
    missing = wanted - _stroke_width(core) if core.any() else 0.0
    if missing > 0.5:
        radius = max(1, round(missing / 2))
        strokes = np.pad(strokes, radius)
        y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
        disk = x * x + y * y <= radius * radius
        strokes = ndimage.grey_dilation(strokes, footprint=disk)
    rows, columns = np.nonzero(strokes > 0.1)
    strokes = strokes[
        rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
    ]
    box = round(_BOX_SHARE * min(height, width))
    scale = box / max(strokes.shape)
    size = [max(1, round(side * scale)) for side in strokes.shape[::-1]]
    resized = Image.fromarray(strokes.astype(np.float32)).resize(
        size, Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BILINEAR
    )
    small = np.clip(np.asarray(resized), 0.0, 1.0)
    small = small / max(float(small.max()), 1e-3)
    y, x = ndimage.center_of_mass(small)
    top = round(height / 2 - 0.5 - y)
    left = round(width / 2 - 0.5 - x)
    top = min(max(top, 0), height - small.shape[0])
    left = min(max(left, 0), width - small.shape[1])
    image = np.zeros((height, width), np.float32)
    image[top : top + small.shape[0], left : left + small.shape[1]] = small
    return (2.0 * image - 1.0)[..., None]


def _in_lines(drawings: list[Drawing]) -> list[Drawing]:
    """In the order of reading: lines from the top, each from the left."""
    rest = sorted(drawings, key=lambda d: d.box[1] + d.box[3])
    ordered: list[Drawing] = []
    while rest:
        first = rest[0].box
        line = [
            d for d in rest if first[1] <= (d.box[1] + d.box[3]) / 2 <= first[3]
        ]
        ordered += sorted(line, key=lambda d: d.box[0])
        rest = [d for d in rest if not any(d is one for one in line)]
    return ordered
