"""Measures the attributes of images: slant, thickness, length, size, area."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree
from skimage.morphology import skeletonize

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.images import check_images

# Cells in each pixel, to locate edges between pixels.
_SCALE = 4
# The share of the intensity outside of the bounding box, half at each side.
_IGNORED_SHARE = 0.02
# Of the range of 2 from black to white. Below it, an image is empty.
_MIN_CONTRAST = 0.1
# Cells that a thread works on at a time: with 17 images of MNIST, they fit the
# cache, and the skeleton takes a third less time than with 140.
_CHUNK = 250_000


def _upscaling(size: int) -> np.ndarray:
    """The matrix from `size` pixels to `(size + 2) * _SCALE` cells.

    Cubic splines, then a Gaussian of a third of a pixel, as Morpho-MNIST does
    with scikit-image's `pyramid_expand`. Both are linear and separable. A black
    pixel is added at each end, so that no stroke reaches the border.
    """
    x = np.eye(size + 2)
    x = ndimage.zoom(x, (_SCALE, 1), mode="grid-constant", grid_mode=True)
    x = ndimage.gaussian_filter1d(x, _SCALE / 3, axis=0, mode="constant")
    return x[:, 1:-1]


def _crop(shapes: np.ndarray) -> np.ndarray:
    """Cuts off what is empty in all images, but for a border of one cell."""
    rows, columns = np.nonzero(shapes.any(axis=0))
    if not len(rows):
        return shapes
    return shapes[
        :,
        rows.min() - 1 : rows.max() + 2,
        columns.min() - 1 : columns.max() + 2,
    ]


def _extent(starts: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The length of the interval that holds all but `_IGNORED_SHARE`.

    The mass of each pixel is spread evenly from its start to one further. Both
    have shape `(num_images, pixels)`.
    """
    count = len(starts)
    cells = _SCALE * (starts - np.floor(starts.min(axis=1, keepdims=True)))
    lower = cells.astype(np.int64)
    upper_share = cells - lower
    size = int(lower.max()) + 2 + _SCALE
    index = lower + size * np.arange(count)[:, None]
    # A start between two cells is shared by them.
    begun = np.bincount(
        index.ravel(), (mass * (1 - upper_share)).ravel(), count * size
    ) + np.bincount(
        index.ravel() + 1, (mass * upper_share).ravel(), count * size
    )
    density = begun.reshape(count, size).cumsum(axis=1)
    # A pixel ends _SCALE cells after its start.
    density[:, _SCALE:] -= density[:, :-_SCALE].copy()
    cumulative = np.pad(density.cumsum(axis=1), ((0, 0), (1, 0)))
    cumulative /= cumulative[:, -1:]
    rows = np.arange(count)

    def quantile(share: float) -> np.ndarray:
        after = (cumulative < share).sum(axis=1)
        low, high = cumulative[rows, after - 1], cumulative[rows, after]
        return after - 1 + (share - low) / (high - low)

    half = _IGNORED_SHARE / 2
    return (quantile(1 - half) - quantile(half)) / _SCALE


def _measure_mass(
    mass: np.ndarray, shapes: np.ndarray
) -> dict[str, np.ndarray]:
    """Slant, width and height."""
    del shapes
    count, height, width = mass.shape
    mass = mass / mass.sum(axis=(1, 2), keepdims=True)
    y, x = np.arange(height), np.arange(width)
    middle_y = np.einsum("nyx,y->n", mass, y)[:, None]
    middle_x = np.einsum("nyx,x->n", mass, x)[:, None]
    centered_y, centered_x = y - middle_y, x - middle_x
    variance = np.einsum("nyx,ny->n", mass, centered_y**2)
    covariance = np.einsum("nyx,ny,nx->n", mass, centered_y, centered_x)
    # A pixel is a square, itself of variance 1/12: one row has no slant.
    shear = covariance / (variance + 1 / 12)
    upright = x - (shear[:, None] * centered_y)[:, :, None]
    return {
        # Downwards is positive y.
        "slant": np.arctan(-shear),
        "width": _extent(upright.reshape(count, -1), mass.reshape(count, -1)),
        "height": _extent(np.tile(y, (count, 1)), mass.sum(axis=2)),
    }


def _distances_to_background(
    shapes: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """Euclidean distances; much faster than a transform of all cells."""
    neighbors = np.zeros_like(shapes)
    neighbors[1:] |= shapes[:-1]
    neighbors[:-1] |= shapes[1:]
    neighbors[:, 1:] |= shapes[:, :-1]
    neighbors[:, :-1] |= shapes[:, 1:]
    # The nearest background cell is adjacent to the shape.
    distances, _ = KDTree(np.argwhere(neighbors & ~shapes)).query(points)
    return distances


def _measure_shapes(
    mass: np.ndarray, shapes: np.ndarray
) -> dict[str, np.ndarray]:
    """Thickness, length and area."""
    del mass
    count, height, width = shapes.shape
    # Stacked vertically, they are a single image.
    strip = shapes.reshape(-1, width)
    skeletons = skeletonize(strip)
    points = np.argwhere(skeletons)
    owners = points[:, 0] // height
    # Each image with a shape has a skeleton.
    distances = np.bincount(
        owners, _distances_to_background(strip, points), count
    ) / np.bincount(owners, minlength=count)
    skeletons = skeletons.reshape(shapes.shape)
    # The corners of every square of four neighbors.
    a, b = skeletons[:, :-1, :-1], skeletons[:, :-1, 1:]
    c, d = skeletons[:, 1:, :-1], skeletons[:, 1:, 1:]

    def total(found: np.ndarray) -> np.ndarray:
        return np.count_nonzero(found, axis=(1, 2))

    straight = total(a & b) + total(a & c)
    diagonal = total(a & d) + total(b & c)
    # Three cells in a corner are two straight links and a diagonal one, which
    # is what the line takes.
    corners = total((a & b & (c ^ d)) | (c & d & (a ^ b)))
    length = straight - 2 * corners + np.sqrt(2) * diagonal
    return {
        "thickness": 2 * distances / _SCALE,
        "length": length / _SCALE,
        "area": total(shapes) / _SCALE**2,
    }


# Each returns float arrays of shape `(num_images,)` by names of `ATTRIBUTES`,
# from two arrays: the intensities, float of shape `(num_images, height, width)`
# in [0, 1]; and the shapes, bool of shape `(num_images, rows, columns)` with
# `_SCALE` cells a pixel and an empty border, cropped alike.
MEASURES = (_measure_mass, _measure_shapes)


def measure(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measures what is white on black, as Morpho-MNIST does.

    With the formulas of [Castro et al., 2019](https://arxiv.org/abs/1809.10780)
    and their code. Channels are averaged, and the intensities of each image are
    stretched to [0, 1].

    - `slant`: `arctan(-u_11 / u_02)` of the central moments of the
      intensities, the angle of the shear that would make the image upright.
      Positive leans to the right, like a `/`.
    - `width`, `height`: of the parallelogram of this slant that leaves 1 % of
      the intensity out at each side; 0.98 of the sides of a rectangle.
    - `area`: of the shape, which is what is at least 0.5 after four-fold
      upscaling.
    - `thickness`: twice the mean distance from the skeleton of the shape to the
      background, up to a quarter of a pixel too much.
    - `length`: of the skeleton, of links of 1 and sqrt(2). It ends half a
      thickness before the stroke does, and is overestimated by up to 8 %
      between the axes and the diagonals.

    The skeleton is that of
    [Zhang and Suen, 1984](https://doi.org/10.1145/357994.358023), where the
    paper takes the medial axis, whose side branches make the length noisier.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1].

    Returns:
        float64 arrays of shape `(num_images,)` by the names of `ATTRIBUTES`;
        NaN for an empty image, whose brightness varies by less than 0.1.

    Raises:
        ValueError: If shape, dtype or range of the images is wrong.
    """
    images = np.asarray(images)
    if len(images):
        check_images(images)
    mass = images.mean(axis=-1, dtype=np.float64)
    mass -= mass.min(axis=(1, 2), keepdims=True)
    contrast = mass.max(axis=(1, 2))
    visible = np.flatnonzero(contrast >= _MIN_CONTRAST)
    measured = {name: np.full(len(images), np.nan) for name in ATTRIBUTES}
    rows, columns = (_upscaling(size) for size in mass.shape[1:])
    step = max(1, _CHUNK // (len(rows) * len(columns)))

    def measure_chunk(start: int) -> None:
        chosen = visible[start : start + step]
        chunk = mass[chosen] / contrast[chosen, None, None]
        shapes = _crop(rows @ chunk @ columns.T >= 0.5)
        for measure in MEASURES:
            for name, values in measure(chunk, shapes).items():
                measured[name][chosen] = values

    # NumPy and scikit-image release the GIL: twice as fast on two cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # As a list, it raises what a thread raises.
        list(pool.map(measure_chunk, range(0, len(visible), step)))
    return measured
