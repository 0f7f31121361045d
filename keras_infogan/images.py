"""The checks of images; they need only NumPy and serve all folders."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

# A thousandth beyond 1, as resizing may overshoot.
LARGEST_PIXEL = 1.001


def check_channels(channels: int, received: str) -> None:
    """Raises a `ValueError` unless images are gray or RGB."""
    if channels not in (1, 3):
        raise ValueError(
            "Images should have 1 channel (gray) or 3 (RGB). "
            f"Received: {received}."
        )


def check_images(
    images: np.ndarray, image_shape: Sequence[int | None] = (None, None, None)
) -> None:
    """Raises a `ValueError` unless these are float images in [-1, 1].

    Args:
        images: Array of shape `(num_images, height, width, channels)`, with at
            least one image.
        image_shape: The expected height, width and channels, each of which may
            be `None` for any.
    """
    _check_shape(images, image_shape)
    received = ""
    if not np.issubdtype(images.dtype, np.floating):
        received = f"dtype={images.dtype}. " + (
            "Scale bytes by x / 127.5 - 1."
            if np.issubdtype(images.dtype, np.integer)
            else "Cast them to float32."
        )
    elif not np.isfinite(images).all():
        received = (
            "NaN or infinity. If a model generated them, its training has "
            "diverged: train it again with lower learning rates, or without "
            "mixed_float16."
        )
    elif max(-images.min(), images.max()) > LARGEST_PIXEL:
        received = (
            f"values from {images.min():.4g} to {images.max():.4g}. Pass uint8 "
            "as it is, or scale 0 to 255 by x / 127.5 - 1."
        )
    if received:
        raise ValueError(
            f"Images should be floats in [-1, 1]. Received: {received}"
        )


def to_array(images: Any) -> np.ndarray:
    """Converts images to an array, or raises a `ValueError`."""
    received = type(images).__name__
    try:
        array = np.asarray(images)
        if array.dtype.kind not in "OUS":
            return array
        received += f" of dtype {array.dtype}"
    except (ValueError, TypeError):
        pass
    raise ValueError(
        "Images should be one array of numbers, of shape (num_images, height, "
        f"width, channels). Received: {received}. Pass the array "
        "itself, or `np.stack(images)`."
    )


def check_input(
    images: np.ndarray,
    image_shape: Sequence[int | None] = (None, None, None),
    *,
    strict: bool = False,
) -> None:
    """Raises a `ValueError` unless these are images for a network.

    Args:
        images: uint8, which the network's owner scales, or what `check_images`
            takes.
        image_shape: See `check_images`.
        strict: Whether to refuse floats of which none is negative, as they are
            in [0, 1] rather than in [-1, 1]; else, warns of them.
    """
    if images.dtype == np.uint8:
        _check_shape(images, image_shape)
        return
    check_images(images, image_shape)
    if images.min() >= 0.0:
        message = (
            "Images should be floats in [-1, 1]. Received: values from "
            f"{images.min():.4g} to {images.max():.4g}, none of them negative, "
            "as of images in [0, 1]. Scale these by 2 * x - 1."
        )
        if strict:
            raise ValueError(message)
        warnings.warn(message, stacklevel=3)


def _check_shape(images: np.ndarray, image_shape: Sequence[int | None]) -> None:
    axes = ("height", "width", "channels")
    expected = [
        str(size or axis) for size, axis in zip(image_shape, axes, strict=True)
    ]
    if (
        images.ndim != 4
        or images.size == 0
        or any(
            size not in (None, received)
            for size, received in zip(
                image_shape, images.shape[1:], strict=True
            )
        )
    ):
        raise ValueError(
            f"Images should have shape (num_images, {', '.join(expected)}), at "
            f"least one of them. Received: shape={images.shape}."
        )
