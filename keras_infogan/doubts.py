"""Why what was read from a picture may mean nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_infogan.attributes import ATTRIBUTES
from keras_infogan.attributes import measure
from keras_infogan.codes import Uniform
from keras_infogan.latent import LatentSpec

# How many drawn images to compare a picture with. The range of so many, and the
# slack, leave out 20 of the 10,000 test images of MNIST with the published
# model; the range of 200 would leave out 189.
NUM_DRAWN = 1000
# Of the range, at each end.
_SLACK = 0.1
# Shares of the way from black to white, and of the size: what nobody sees.
_LEAST_SLACKS = {"border": 0.025, "right": 0.05, "down": 0.05}
# Of white: a border above it is nearer to black as a negative.
_BRIGHT = 0.5
# Deviations of Q; of these 14 of 10,000 are read further out.
_MOST_BEYOND = 3.0
_NAMES = {
    "border": ("brightness of the border", "of white"),
    "right": ("middle of its ink to the right", "of the width"),
    "down": ("middle of its ink downwards", "of the height"),
    **{
        name: (name, attribute.unit)
        for name, attribute in ATTRIBUTES.items()
        # The warps of the training change it, and it is read from any image.
        if name != "slant"
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
    return {
        "border": border.mean(axis=1),
        "right": ink.sum(axis=1) @ ((np.arange(width) + 0.5) / width - 0.5),
        "down": ink.sum(axis=2) @ ((np.arange(height) + 0.5) / height - 0.5),
        **measure(images),
    }


def drawn_ranges(drawn: np.ndarray) -> dict[str, tuple[float, float]]:
    """The least and the largest of each trait of the images of a model.

    Args:
        drawn: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1].

    Returns:
        By the name of the trait: brightness of the border, where the ink is,
        and the attributes but slant. One that no image has is left out.
    """
    ranges = {}
    for key, values in _traits(drawn).items():
        seen = values[np.isfinite(values)]
        if key in _NAMES and seen.size:
            ranges[key] = (float(seen.min()), float(seen.max()))
    return ranges


def picture_doubts(
    image: np.ndarray, ranges: Mapping[str, tuple[float, float]]
) -> list[str]:
    """Why a picture may be none of the kind that a model knows, if so.

    Args:
        image: Float array of shape `(height, width, channels)` in [-1, 1].
        ranges: Of `drawn_ranges`.

    Returns:
        Sentences without a subject.
    """
    if image.max() == image.min():
        return ["is of one color; there is nothing to read. Transparent?"]
    traits = _traits(image[None])
    found = []
    for key, (low, high) in ranges.items():
        value = float(traits[key][0])
        slack = max(_SLACK * (high - low), _LEAST_SLACKS.get(key, 0.0))
        # NaN, of what cannot be measured, is neither.
        if value < low - slack or value > high + slack:
            name, unit = _NAMES[key]
            found.append(f"{name} {value:.2f} {unit} ({low:.2f} to {high:.2f})")
    if not found:
        return []
    text = (
        f"is unlike the images that this model draws: {'; '.join(found)}, in "
        "brackets theirs. What is read may mean nothing. It should be one "
        "image of the kind that the model learned, as large as those and in "
        "the middle."
    )
    if traits["border"][0] > max(_BRIGHT, ranges["border"][1]):
        text += " If it is ink on paper, use --invert."
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
    for name, code in spec.codes.items():
        if isinstance(code, Uniform):
            beyond = (np.abs(codes[name]["mean"]) - 1.0) / codes[name]["stddev"]
            if beyond.max() > _MOST_BEYOND:
                found.append(
                    f"is read as a {name!r} far outside of [-1, 1], which no "
                    "generated image has: it may be none of the kind that the "
                    "model knows."
                )
    return found
