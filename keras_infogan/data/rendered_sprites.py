"""Rendered sprites: images of all combinations of the factors of dSprites."""

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from keras_infogan.data.sampling import Consumer
from keras_infogan.data.sampling import permutation
from keras_infogan.data.source import Batch
from keras_infogan.data.source import Fit
from keras_infogan.data.source import Places
from keras_infogan.data.source import RowSource

NAME = "rendered_dsprites"
# In the order and with the values of dSprites. The two ends of `orientation`
# are the same angle there, too.
FACTORS: dict[str, np.ndarray] = {
    "shape": np.arange(1, 4),  # square, ellipse, heart
    "scale": np.linspace(0.5, 1.0, 6),
    "orientation": np.linspace(0.0, 2.0 * math.pi, 40),
    "x_position": np.linspace(0.0, 1.0, 32),
    "y_position": np.linspace(0.0, 1.0, 32),
}
SIZES = tuple(len(values) for values in FACTORS.values())
_SIDE = 64
# Of the center of a sprite: one pixel a position, in the middle of the image.
_FIRST_CENTER = 16
# Pixels of a sprite of scale 1: half a side of the square, both half axes of
# the ellipse, and the unit of the heart. No pixel is farther than 15 from the
# center, so that no sprite is cut off.
_HALF_SIDE = 9.5
_HALF_AXES = (14.3, 7.2)
_HEART_UNIT = 11.2
_CHUNK = 1024
# To be changed if the same factors are rendered otherwise.
_VERSION = 1


class RenderedSprites(RowSource):
    """The images of `render_sprites`, in one split as those of dSprites.

    The split is in a random order, so that a slice of it is a random subset;
    `"all"` is in the order of the factors, of which the last changes fastest.
    Images are rendered when they are read.
    """

    image_shape = (_SIDE, _SIDE, 1)
    identity = f"{NAME} {_VERSION}"
    factor_names = tuple(FACTORS)

    def __init__(self) -> None:
        self.name = NAME
        key = Consumer.SPLIT.key(0)
        order = permutation(math.prod(SIZES), key).numpy()
        super().__init__({"train": order}, None)

    @classmethod
    def open(cls, source: Any, places: Places) -> "RenderedSprites | None":
        return cls() if isinstance(source, str) and source == NAME else None

    def factors(self, split):
        return np.stack(np.unravel_index(self.rows(split), SIZES), axis=1)

    def read(self, split: str, fit: Fit) -> Iterator[Batch]:
        factors = self.factors(split)
        for start in range(0, len(factors), _CHUNK):
            images = render_sprites(factors[start : start + _CHUNK])
            height, width, channels = fit.shape
            if height == width and channels == 1:
                images = _resize(images, height)
            else:
                images = np.stack([fit(image) for image in images])
            yield images, None


def render_sprites(factors: npt.ArrayLike) -> np.ndarray:
    """Renders white sprites on black, with the factors of dSprites.

    [dSprites](https://github.com/google-deepmind/dsprites-dataset) has 3
    shapes, 6 scales, 40 orientations and 32 positions along each axis. These
    images have the same factors and are not the same images: numbers measured
    on them are called rendered.

    Args:
        factors: Whole numbers of shape `(num_images, 5)`, the places of the
            values in `FACTORS`.

    Returns:
        uint8 array of shape `(num_images, 64, 64, 1)` of 0 and 255: a pixel is
        white if its center is in the sprite.

    Raises:
        ValueError: If there are no such factors.
    """
    array = np.asarray(factors)
    if (
        array.ndim != 2
        or array.shape[1] != len(SIZES)
        or array.dtype.kind not in "iu"
        or (array < 0).any()
        or (array >= SIZES).any()
    ):
        raise ValueError(
            "Factors should be whole numbers of shape (num_images, 5), below "
            f"{SIZES}. Received: shape={array.shape}, dtype={array.dtype}"
            + (f", up to {array.max(0).tolist()}." if array.size else ".")
        )
    *kinds, x, y = array.T
    sprites = np.ravel_multi_index(kinds, SIZES[:3])
    # A sprite moves left where the window moves right.
    last = SIZES[3] - 1
    return _windows()[sprites, last - y, last - x][..., None]


def _resize(images: np.ndarray, side: int) -> np.ndarray:
    """What `Fit` makes of square images, several times as fast.

    It resizes the pixels of each row, then those of each column. So rows of
    many images can be those of one.
    """
    count, old, _, _ = images.shape
    if side == old:
        return images
    method = Image.Resampling.LANCZOS
    rows = Image.fromarray(images.reshape(count * old, old))
    rows = np.asarray(rows.resize((side, count * old), method))
    columns = rows.reshape(count, old, side).swapaxes(0, 1).reshape(old, -1)
    columns = np.asarray(
        Image.fromarray(columns).resize((count * side, side), method)
    )
    return columns.reshape(side, count, side).swapaxes(0, 1)[..., None]


@functools.cache
def _windows() -> np.ndarray:
    """Views of shape `(sprites, rows, columns, 64, 64)` of large images."""
    reach = _FIRST_CENTER + SIZES[3] - 1
    across, down = np.meshgrid(*[np.arange(-reach, reach + 1)] * 2)
    images = [
        _is_inside(shape, scale, angle, across, down)
        for shape in FACTORS["shape"]
        for scale in FACTORS["scale"]
        for angle in FACTORS["orientation"]
    ]
    pixels = np.where(images, np.uint8(255), np.uint8(0))
    return np.lib.stride_tricks.sliding_window_view(
        pixels, (_SIDE, _SIDE), axis=(1, 2)
    )


def _is_inside(
    shape: int, scale: float, angle: float, across: Any, down: Any
) -> np.ndarray:
    """Whether pixels, relative to the center, are in a sprite."""
    cosine, sine = math.cos(angle), math.sin(angle)
    # In the axes of the sprite, upright at angle 0.
    x = (cosine * across + sine * down) / scale
    y = (sine * across - cosine * down) / scale
    if shape == 1:
        return np.maximum(np.abs(x), np.abs(y)) <= _HALF_SIDE
    if shape == 2:
        return np.hypot(x / _HALF_AXES[0], y / _HALF_AXES[1]) <= 1.0
    x, y = x / _HEART_UNIT, y / _HEART_UNIT
    return (x**2 + y**2 - 1.0) ** 3 <= x**2 * y**3
