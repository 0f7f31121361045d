"""Changes of images that should not change their class, by kind and strength.

To add a kind, append a `Corruption` to `CORRUPTIONS`; the measure of robust
reading, `report.json` and `report.html` pick it up from there.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy import ndimage

from keras_infogan.losses.views import thicken


class Corruption(NamedTuple):
    """A kind of change.

    Args:
        title: What it does, with the unit of its strengths.
        strengths: From the slightest change to the strongest.
        apply: Given images, a float32 array of shape `(num_images, height,
            width, channels)` in [-1, 1], a strength and a seed, returns such
            images. None of them depends on the others.
    """

    title: str
    strengths: tuple[float, ...]
    apply: Callable[[np.ndarray, float, int], np.ndarray]


def rotate(images: np.ndarray, degrees: float) -> np.ndarray:
    """Rotates images, alternately counterclockwise and clockwise.

    Bilinear; the border repeats. Where the number of an image is even, 90
    degrees are `np.rot90`.
    """
    turned = np.empty_like(images)
    for start, angle in ((0, degrees), (1, -degrees)):
        ndimage.rotate(
            images[start::2],
            angle,
            # The plane from columns to rows.
            axes=(2, 1),
            reshape=False,
            output=turned[start::2],
            order=1,
            mode="nearest",
        )
    return turned


def rescale(images: np.ndarray, scale: float) -> np.ndarray:
    """Draws images at a scale around their center; the border repeats.

    Below 1 they get smaller, with a triangle filter against aliasing.
    """

    def matrix(size: int) -> np.ndarray:
        center = (size - 1) / 2
        positions = (np.arange(size) - center) / scale + center
        return _resampling(positions, size, 1 / scale)

    return _apply(images, matrix)


def lower_resolution(images: np.ndarray, pixels: float) -> np.ndarray:
    """Makes the longer side `pixels` long, and enlarges the result again.

    Both as `tf.image.resize` does with `antialias`. Images that are no longer
    stay as they are.
    """
    factor = min(1.0, pixels / max(images.shape[1:3]))

    def matrix(size: int) -> np.ndarray:
        small = max(1, round(factor * size))
        return _resizing(small, size) @ _resizing(size, small)

    return _apply(images, matrix)


def change_thickness(images: np.ndarray, pixels: float) -> np.ndarray:
    """Makes bright strokes thicker, or thinner if `pixels` is negative.

    By at most 2 pixels; see `losses.views.thicken`.
    """
    return thicken(tf.constant(images), tf.fill([len(images)], pixels)).numpy()


def add_noise(images: np.ndarray, stddev: float, *, seed: int) -> np.ndarray:
    """Adds Gaussian noise, and clips to [-1, 1].

    The standard deviation is that before clipping; black and white are 2 apart.
    Of one seed, the noise of other strengths is the same up to its scale.
    """
    noise = np.random.default_rng(seed).standard_normal(
        images.shape, np.float32
    )
    return np.clip(images + np.float32(stddev) * noise, -1.0, 1.0)


def blur(images: np.ndarray, stddev: float) -> np.ndarray:
    """Blurs by a Gaussian of a standard deviation in pixels."""
    return ndimage.gaussian_filter(
        images, stddev, axes=(1, 2), mode="nearest", truncate=3.0
    )


def _resampling(positions: np.ndarray, size: int, spacing: float) -> np.ndarray:
    """The matrix from `size` pixels to values at positions between them.

    Linear interpolation, or a triangle over more pixels if the positions are
    further apart than these; the border repeats.
    """
    positions = np.clip(positions, 0.0, size - 1.0)
    distances = np.abs(positions[:, None] - np.arange(size))
    weights = np.maximum(1.0 - distances / max(1.0, spacing), 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


def _resizing(size: int, new_size: int) -> np.ndarray:
    spacing = size / new_size
    positions = (np.arange(new_size) + 0.5) * spacing - 0.5
    return _resampling(positions, size, spacing)


def _apply(
    images: np.ndarray, matrix: Callable[[int], np.ndarray]
) -> np.ndarray:
    """Applies the matrix for a size along columns and rows."""
    rows, columns = (
        matrix(size).astype(images.dtype) for size in images.shape[1:3]
    )
    images = np.einsum("uy,nyxc->nuxc", rows, images, optimize=True)
    return np.einsum("vx,nuxc->nuvc", columns, images, optimize=True)


CORRUPTIONS = {
    "rotation": Corruption(
        "Turned (degrees)",
        (5.0, 10.0, 15.0, 20.0, 30.0),
        lambda images, degrees, seed: rotate(images, degrees),
    ),
    "smaller": Corruption(
        "Smaller (scale)",
        (0.8, 0.7, 0.5),
        lambda images, scale, seed: rescale(images, scale),
    ),
    "larger": Corruption(
        "Larger (scale)",
        (1.2, 1.4),
        lambda images, scale, seed: rescale(images, scale),
    ),
    # USPS has 16.
    "resolution": Corruption(
        "Coarser (pixels a side)",
        (16.0, 12.0, 8.0),
        lambda images, pixels, seed: lower_resolution(images, pixels),
    ),
    "thicker": Corruption(
        "Thicker (pixels)",
        (1.0, 2.0),
        lambda images, pixels, seed: change_thickness(images, pixels),
    ),
    "thinner": Corruption(
        "Thinner (pixels)",
        (1.0, 2.0),
        lambda images, pixels, seed: change_thickness(images, -pixels),
    ),
    "noise": Corruption(
        "Noise (deviation)",
        (0.2, 0.4, 0.8),
        lambda images, stddev, seed: add_noise(images, stddev, seed=seed),
    ),
    "blur": Corruption(
        "Blur (pixels)",
        (0.5, 1.0, 2.0),
        lambda images, stddev, seed: blur(images, stddev),
    ),
}
