"""Finds images that are unlike those that a model generates."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.morphology import measure

# Generated images to compare with.
NUM_GENERATED = 1000
# The share of their range that an image may be outside of it, at each end: then
# 6 to 52 of the 10,000 test images of MNIST are outliers of the pretrained
# model, depending on the images it generates (seeds 0 to 5).
_MARGIN = 0.2


class Trait(NamedTuple):
    """A property by which outliers are found."""

    name: str
    unit: str
    # How far outside of the range of generated images a value may be, at least.
    tolerance: float


TRAITS = {
    "border": Trait("brightness of the border", "of white", 0.025),
    # `Q` assigns .94 of the digits of MNIST to the same category if they are
    # half as bright, and .62 if they are a fifth as bright.
    "brightest": Trait("brightest point", "of white", 0.5),
    "column": Trait("middle of the ink from the left", "of the width", 0.05),
    "row": Trait("middle of the ink from the top", "of the height", 0.05),
    **{
        name: Trait(name, attribute.unit, attribute.tolerance)
        for name, attribute in ATTRIBUTES.items()
        if attribute.shows_outliers
    },
}


class Deviation(NamedTuple):
    """A value of an image outside of the range of generated images."""

    trait: Trait
    value: float
    low: float
    high: float


def _measure_traits(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measures the `TRAITS`; NaN where there is nothing to measure."""
    brightness = (images.mean(axis=-1, dtype=np.float64) + 1.0) / 2.0
    columns = brightness.swapaxes(1, 2)
    edges = [side[:, end] for side in (brightness, columns) for end in (0, -1)]
    ink = brightness - brightness.min(axis=(1, 2), keepdims=True)
    with np.errstate(invalid="ignore"):
        ink /= ink.sum(axis=(1, 2), keepdims=True)
    _, height, width = ink.shape
    traits = {
        "border": np.concatenate(edges, axis=1).mean(axis=1),
        "brightest": brightness.max(axis=(1, 2)),
        "column": ink.sum(axis=1) @ ((np.arange(width) + 0.5) / width),
        "row": ink.sum(axis=2) @ ((np.arange(height) + 0.5) / height),
        **measure(images),
    }
    return {key: traits[key] for key in TRAITS}


def find_ranges(generated: np.ndarray) -> dict[str, tuple[float, float]]:
    """Returns the lowest and the highest value of each trait.

    Args:
        generated: Float array of shape `(num_images, height, width, channels)`
            in [-1, 1]. Images with NaN are left out.

    Returns:
        By the keys of `TRAITS`, without those that no image has.
    """
    generated = generated[np.isfinite(generated).all(axis=(1, 2, 3))]
    ranges = {}
    for key, values in _measure_traits(generated).items():
        finite = values[np.isfinite(values)]
        if finite.size:
            ranges[key] = (float(finite.min()), float(finite.max()))
    return ranges


def find_deviations(
    image: np.ndarray, ranges: Mapping[str, tuple[float, float]]
) -> list[Deviation]:
    """Returns the traits of an image that no generated image has.

    Args:
        image: Float array of shape `(height, width, channels)` in [-1, 1].
        ranges: What `find_ranges` returns.
    """
    traits = _measure_traits(image[None])
    found = []
    for key, (low, high) in ranges.items():
        trait, value = TRAITS[key], float(traits[key][0])
        margin = max(_MARGIN * (high - low), trait.tolerance)
        # NaN, of an image that is too faint to measure, is neither; its
        # brightest point is too low.
        if value < low - margin or value > high + margin:
            found.append(Deviation(trait, value, low, high))
    return found


def is_on_paper(
    image: np.ndarray, ranges: Mapping[str, tuple[float, float]]
) -> bool:
    """Whether an image is dark on a bright background, unlike generated ones.

    Then its border is brighter than theirs, and brighter than its middle.
    """
    border = float(_measure_traits(image[None])["border"][0])
    _, brightest_border = ranges["border"]
    return border > max(brightest_border, 0.5 + 0.5 * float(image.mean()))
