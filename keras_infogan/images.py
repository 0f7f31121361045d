"""What an array of images is; needs only NumPy, and serves all folders."""

from collections.abc import Sequence

import numpy as np

_AXES = ("height", "width", "channels")


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
    expected = tuple(image_shape)
    if (
        images.ndim != 4
        or 0 in images.shape
        or any(
            size not in (None, received)
            for size, received in zip(expected, images.shape[1:], strict=True)
        )
    ):
        sizes = ", ".join(
            axis if size is None else str(size)
            for axis, size in zip(_AXES, expected, strict=True)
        )
        raise ValueError(
            f"Images should have shape (num_images, {sizes}), at least one of "
            f"them. Received: shape={images.shape}."
        )
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            "Images should be floats in [-1, 1]. "
            f"Received: dtype={images.dtype}. Scale bytes by x / 127.5 - 1."
        )
    if not np.isfinite(images).all():
        raise ValueError(
            "Images should be floats in [-1, 1]. Received: NaN or infinity. If "
            "a model generated them, its training has diverged: train it again "
            "with lower learning rates, or without mixed_float16."
        )
    low, high = images.min(), images.max()
    # A thousandth, as resizing may overshoot.
    if low < -1.001 or high > 1.001:
        raise ValueError(
            "Images should be floats in [-1, 1]. "
            f"Received: values from {low:.4g} to {high:.4g}."
        )
