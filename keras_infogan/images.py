"""The check of arrays of images; needs only NumPy and serves all folders."""

from collections.abc import Sequence

import numpy as np


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
    received = ""
    if not np.issubdtype(images.dtype, np.floating):
        received = f"dtype={images.dtype}. Scale bytes by x / 127.5 - 1."
    elif not np.isfinite(images).all():
        received = (
            "NaN or infinity. If a model generated them, its training has "
            "diverged: train it again with lower learning rates, or without "
            "mixed_float16."
        )
    # A thousandth, as resizing may overshoot.
    elif images.min() < -1.001 or images.max() > 1.001:
        received = f"values from {images.min():.4g} to {images.max():.4g}."
    if received:
        raise ValueError(
            f"Images should be floats in [-1, 1]. Received: {received}"
        )
