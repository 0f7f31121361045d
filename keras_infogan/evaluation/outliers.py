"""Why what was read from a picture may mean nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.morphology import measure
from keras_infogan.latents.spec import LatentSpec

# How many drawn images to compare a picture with, and how much of their range
# is added at each end: 6 to 52 of the 10,000 test images of MNIST are doubted
# then with the published model, by which images it draws (seeds 0 to 5). With
# half the slack it is 14 to 79.
NUM_DRAWN = 1000
_SLACK = 0.2
# What is hardly seen, however small the range. Half of white, as Q reads .94 of
# the digits of MNIST as before when they are half as bright, .62 when a fifth.
_LEAST_SLACKS = {
    "border": 0.025,
    "brightest": 0.5,
    "column": 0.05,
    "row": 0.05,
    **{name: attribute.tolerance for name, attribute in ATTRIBUTES.items()},
}
# Deviations of Q; of these 14 of 10,000 are read further out.
_MOST_BEYOND = 3.0
_NAMES = {
    "border": ("brightness of the border", "of white"),
    "brightest": ("brightest point", "of white"),
    "column": ("middle of the ink from the left", "of the width"),
    "row": ("middle of the ink from the top", "of the height"),
    **{
        name: (name, attribute.unit)
        for name, attribute in ATTRIBUTES.items()
        if attribute.shows_outliers
    },
}


def _traits(images: np.ndarray) -> dict[str, np.ndarray]:
    """What says whether pictures are of one kind, by the keys of `_NAMES`.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1].

    Returns:
        Arrays of shape `(num_images,)`; NaN where nothing is to be seen.
    """
    brightness = (images.mean(axis=-1, dtype=np.float64) + 1.0) / 2.0
    border = np.concatenate(
        [
            brightness[:, 0],
            brightness[:, -1],
            brightness[:, :, 0],
            brightness[:, :, -1],
        ],
        axis=1,
    )
    ink = brightness - brightness.min(axis=(1, 2), keepdims=True)
    with np.errstate(invalid="ignore"):
        ink /= ink.sum(axis=(1, 2), keepdims=True)
    _, height, width = ink.shape
    traits = {
        "border": border.mean(axis=1),
        "brightest": brightness.max(axis=(1, 2)),
        "column": ink.sum(axis=1) @ ((np.arange(width) + 0.5) / width),
        "row": ink.sum(axis=2) @ ((np.arange(height) + 0.5) / height),
        **measure(images),
    }
    return {key: traits[key] for key in _NAMES}


def drawn_ranges(drawn: np.ndarray) -> dict[str, tuple[float, float]]:
    """The least and the largest of each trait of the images of a model.

    Args:
        drawn: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1].

    Returns:
        By the name of the trait: brightness of the border and of the brightest
        point, where the ink is, and the attributes but slant and area. One that
        no image has is left out, and images of NaN do not count.
    """
    drawn = drawn[np.isfinite(drawn).all(axis=(1, 2, 3))]
    ranges = {}
    for key, values in _traits(drawn).items():
        seen = values[np.isfinite(values)]
        if seen.size:
            ranges[key] = (float(seen.min()), float(seen.max()))
    return ranges


def picture_doubts(
    image: np.ndarray,
    ranges: Mapping[str, tuple[float, float]],
    *,
    inverted: bool = False,
) -> list[str]:
    """Why a picture may be none of the kind that a model knows, if so.

    Args:
        image: Float array of shape `(height, width, channels)` in [-1, 1].
        ranges: Of `drawn_ranges`.
        inverted: Whether it was turned from dark to bright on request, for the
            advice.

    Returns:
        Sentences without a subject.
    """
    if np.ptp(image, axis=(0, 1)).max() == 0.0:
        return ["is of one color; there is nothing to read. Transparent?"]
    traits = {
        key: float(value) for key, (value,) in _traits(image[None]).items()
    }
    found = []
    for key, (low, high) in ranges.items():
        slack = max(_SLACK * (high - low), _LEAST_SLACKS[key])
        # NaN, of what is too faint to be measured, is neither; its brightest
        # point tells.
        if traits[key] < low - slack or traits[key] > high + slack:
            name, unit = _NAMES[key]
            found.append(
                f"{name} {traits[key]:.2f} {unit} ({low:.2f} to {high:.2f})"
            )
    if not found:
        return []
    text = (
        f"is unlike the images that this model draws: {'; '.join(found)}, in "
        "brackets theirs. What is read may mean nothing. It should be one "
        "image of the kind that the model learned, as large and as bright as "
        "those, with the middle of its ink where theirs is."
    )
    # Paper: brighter than what is on it, and than all borders that are drawn.
    _, brightest_border = ranges["border"]
    if traits["border"] > max(
        brightest_border, 0.5 + 0.5 * float(image.mean())
    ):
        text += (
            " If it is white on black, leave out --invert."
            if inverted
            else " If it is ink on paper, use --invert."
        )
    return [text]


def reading_doubts(spec: LatentSpec, codes: Mapping[str, Any]) -> list[str]:
    """Why what was read may mean nothing, if so.

    Args:
        spec: Of the model.
        codes: One image of `pictures.read_codes`.

    Returns:
        Sentences without a subject.
    """
    found = []
    for name, summary in codes.items():
        if spec.codes[name].deviations_outside(summary) > _MOST_BEYOND:
            found.append(
                f"is read as a {name!r} far outside of its prior, which no "
                "generated image has: it may be none of the kind that the "
                "model knows."
            )
    return found
