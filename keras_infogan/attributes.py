"""Properties of a stroke on black: slant, thickness, length, size.

The measurements of Morpho-MNIST
([Castro et al., 2019](https://jmlr.org/papers/v20/19-033.html), Section 3.1),
with two deviations: images are enlarged twice instead of four times, for speed,
and gray levels count as mass where the paper's are binary, for precision.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

# Enlarged, so that a thin stroke has a skeleton.
_SCALE = 2
# Share of the mass that width and height leave out on either side.
_TAIL = 0.01
# Images at a time: some 60 MB of masks and distances.
_CHUNK = 2000


class Attribute(NamedTuple):
    """How a measured property is to be read.

    Args:
        unit: Of the numbers.
        low: What an image with a small value is.
        high: What an image with a large value is.
    """

    unit: str
    low: str
    high: str


ATTRIBUTES = {
    "slant": Attribute("rad", "slanted left", "slanted right"),
    "thickness": Attribute("pixels", "thin", "thick"),
    "length": Attribute("pixels", "short", "long"),
    "width": Attribute("pixels", "narrow", "wide"),
    "height": Attribute("pixels", "low", "high"),
    "area": Attribute("pixels^2", "light", "heavy"),
}


def measure(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measures each of `ATTRIBUTES`.

    - `slant`: the angle of `arctan(-cov(x, y) / var(y))`, `y` downwards, of the
      mass: the shear that would straighten the image. Positive to the right.
    - `thickness`: the mean of twice the distance to the background, less half
      a pixel of the enlarged image, along the skeleton.
    - `length`: of the skeleton, its steps to the side and across weighted by 1
      and by the square root of 2.
    - `width`, `height`: of the parallelogram, sheared by the slant, that holds
      all but a hundredth of the mass on either side.
    - `area`: the mass.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], bright strokes on black; channels are averaged.

    Returns:
        float64 arrays of shape `(num_images,)` by name, in the units of
        `ATTRIBUTES`. NaN for images without a bright pixel.

    Raises:
        ValueError: If it is no such array.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            "Images should be floats of shape (num_images, height, width, "
            f"channels). Received: shape={images.shape}, dtype={images.dtype}."
        )
    mass = (images.mean(axis=-1, dtype=np.float64) + 1.0) / 2.0
    if mass.size and not (mass.min() > -1e-3 and mass.max() < 1.0 + 1e-3):
        raise ValueError(
            "Images should be in [-1, 1]. Received: values from "
            f"{images.min():.4g} to {images.max():.4g}."
        )
    mass = np.clip(mass, 0.0, 1.0)
    chunks = [
        {**_measure_mass(chunk), **_measure_stroke(chunk)}
        for chunk in np.split(mass, range(_CHUNK, len(mass), _CHUNK))
    ]
    empty = mass.max(axis=(1, 2), initial=0.0) <= 0.5
    return {
        name: np.where(
            empty, np.nan, np.concatenate([chunk[name] for chunk in chunks])
        )
        for name in ATTRIBUTES
    }


def _measure_mass(mass: np.ndarray) -> dict[str, np.ndarray]:
    num_images, height, width = mass.shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    area = mass.sum(axis=(1, 2))
    share = mass / np.maximum(area, 1e-9)[:, None, None]

    def mean(values: np.ndarray) -> np.ndarray:
        return (share * values).sum(axis=(1, 2))

    from_x = x - mean(x)[:, None, None]
    from_y = y - mean(y)[:, None, None]
    # One row alone has no slant.
    shear = -mean(from_x * from_y) / np.maximum(mean(from_y**2), 1e-9)
    straight = from_x + shear[:, None, None] * from_y
    return {
        "slant": np.arctan(shear),
        "width": _extent(
            straight.reshape(num_images, height * width),
            share.reshape(num_images, height * width),
        ),
        "height": _extent(
            np.broadcast_to(np.arange(height), (num_images, height)),
            share.sum(axis=2),
        ),
        "area": area,
    }


def _extent(positions: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Between which positions all but the tails of the mass lie.

    The mass of a pixel is spread evenly over one pixel around its position.

    Args:
        positions: Array of shape `(num_images, num_places)`.
        share: Array of the same shape; rows sum to 1.
    """
    ends = []
    for part in (_TAIL, 1.0 - _TAIL):
        low = positions.min(axis=1) - 0.5
        high = positions.max(axis=1) + 0.5
        # By bisection, to a thousandth of a pixel.
        for _ in range(math.ceil(math.log2(positions.shape[1] * 1e3))):
            middle = (low + high) / 2.0
            covered = np.clip(middle[:, None] - positions + 0.5, 0.0, 1.0)
            less = np.einsum("np,np->n", share, covered) < part
            low = np.where(less, middle, low)
            high = np.where(less, high, middle)
        ends.append(low)
    return ends[1] - ends[0]


def _measure_stroke(mass: np.ndarray) -> dict[str, np.ndarray]:
    num_images, height, width = mass.shape
    large = ndimage.zoom(
        mass,
        (1, _SCALE, _SCALE),
        order=1,
        mode="grid-constant",
        grid_mode=True,
    )
    # One tall image with rows of background between: SciPy and scikit-image
    # take one at a time.
    shape = (num_images, _SCALE * height + 2, _SCALE * width + 2)
    mask = np.pad(large > 0.5, ((0, 0), (1, 1), (1, 1)))
    tall = mask.reshape(-1, shape[2])
    skeleton = skeletonize(tall).reshape(shape)
    distance = ndimage.distance_transform_edt(tall).reshape(shape)
    pixels = skeleton.sum(axis=(1, 2))
    total = (distance * skeleton).sum(axis=(1, 2))
    # A stroke of an odd width has a middle, from which the centers outside are
    # half a pixel too far; one of an even width has not, and is half too near.
    thickness = 2.0 * total / np.maximum(pixels, 1) - 0.5
    straight = sum(
        (skeleton & np.roll(skeleton, 1, axis=axis)).sum(axis=(1, 2))
        for axis in (1, 2)
    )
    across = 0
    for step in (1, -1):
        neighbor = np.roll(skeleton, (1, step), axis=(1, 2))
        # Not where the two are joined by a corner that is on the skeleton.
        corner = np.roll(skeleton, 1, axis=1) | np.roll(skeleton, step, axis=2)
        across = across + (skeleton & neighbor & ~corner).sum(axis=(1, 2))
    # A path of n pixels has n - 1 steps; its ends are half a pixel further.
    length = straight + np.sqrt(2.0) * across + 1.0
    return {
        "thickness": thickness / _SCALE,
        "length": length / _SCALE,
    }
