"""From arrays of numbers of any kind and range to bytes."""

import numpy as np

# The values that may stand for black and white.
_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
# Of the range, as resizing may overshoot.
_TOLERANCE = 1e-3


def find_range(images: np.ndarray) -> tuple[float, float]:
    """Finds the values of black and white.

    Args:
        images: Array of any shape. Booleans and zeros and ones, of any dtype,
            are black and white; 16-bit numbers go from 0 to 65535; other
            numbers are in [0, 1], [-1, 1] or [0, 255], whichever is the
            smallest that holds all of them.

    Raises:
        ValueError: If the numbers are in none of these ranges.
    """
    if images.dtype == np.uint16:
        return 0.0, 65535.0
    is_number = images.dtype == bool or np.issubdtype(images.dtype, np.number)
    if not is_number or np.iscomplexobj(images):
        raise ValueError(
            f"Images should be numbers. Received: dtype={images.dtype}."
        )
    low, high = float(images.min()), float(images.max())
    if np.issubdtype(images.dtype, np.integer) and low == high == 0.0:
        return 0.0, 255.0
    for black, white in _RANGES:
        slack = _TOLERANCE * (white - black)
        if black - slack <= low and high <= white + slack:
            return black, white
    raise ValueError(
        "Images should have values in [0, 255], [0, 1] or [-1, 1]. Received: "
        f"{low:.4g} to {high:.4g}. Scale them first."
    )


def to_bytes(images: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Scales images to bytes, and composites transparent ones onto black.

    Args:
        images: Array of shape `(..., channels)`; the last of 4 channels is the
            opacity.
        limits: The values of black and white: `find_range` of some images.

    Returns:
        uint8 array of the same shape, or with 3 channels instead of 4.

    Raises:
        ValueError: If a value is not between black and white.
    """
    black, white = limits
    if images.dtype != np.uint8 or white != 255.0:
        slack = _TOLERANCE * (white - black)
        if not (
            images.min() >= black - slack and images.max() <= white + slack
        ):
            raise ValueError(
                f"Images should have values in [{black:g}, {white:g}], as the "
                f"first ones have. Received: {images.min():.4g} to "
                f"{images.max():.4g}. Scale them all alike."
            )
        scaled = (images.astype(np.float32) - black) * (255 / (white - black))
        images = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
    if images.shape[-1] != 4:
        return images
    opacity = images[..., 3:].astype(np.float32) / 255
    return np.rint(images[..., :3] * opacity).astype(np.uint8)
