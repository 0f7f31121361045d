"""Warnings about images whose codes may be meaningless."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_infogan.evaluation.outliers import find_deviations
from keras_infogan.evaluation.outliers import is_on_paper
from keras_infogan.latents.spec import LatentSpec

if TYPE_CHECKING:
    # It imports TensorFlow.
    from keras_infogan.evaluation.photo import Reading

# Deviations of the posterior; 14 of the 10,000 test images of MNIST are further
# outside of the prior of the pretrained model.
_MAX_DEVIATIONS = 3.0
# Views of a photographed digit that agree less are worth a warning.
_SURE = 0.9


def describe_outlier(
    image: np.ndarray,
    ranges: Mapping[str, tuple[float, float]],
    *,
    inverted: bool = False,
    from_photo: bool = False,
) -> list[str]:
    """Says why an image is unlike those that a model generates.

    Args:
        image: Float array of shape `(height, width, channels)` in [-1, 1].
        ranges: What `outliers.find_ranges` returns for generated images.
        inverted: Whether its brightness was inverted on request.
        from_photo: Whether it is a drawing that was found in a photograph.

    Returns:
        Sentences that continue after the name of the image, perhaps none.
    """
    if np.ptp(image, axis=(0, 1)).max() == 0.0:
        return ["is a single color; is it transparent?"]
    deviations = find_deviations(image, ranges)
    if not deviations:
        return []
    found = "; ".join(
        f"{x.trait.name} {x.value:.2f} {x.trait.unit} "
        f"({x.low:.2f} to {x.high:.2f})"
        for x in deviations
    )
    text = (
        f"is unlike the images that this model generates: {found}, with their "
        "range in parentheses. Its codes may be meaningless. An image should "
        "show a single object like those the model was trained on: of the same "
        "size, brightness and position."
    )
    advice = "" if from_photo else _advise(image, ranges, inverted=inverted)
    return [text + advice]


def _advise(
    image: np.ndarray,
    ranges: Mapping[str, tuple[float, float]],
    *,
    inverted: bool,
) -> str:
    """Which option reads such an outlier: the negative, or a photograph."""
    on_paper = is_on_paper(image, ranges)
    if on_paper and inverted:
        return " If it is white on black, omit --invert."
    if on_paper and not find_deviations(-image, ranges):
        return " If it is ink on paper, use --invert."
    # Photographs are read for gray images only.
    if not (on_paper or inverted) or image.shape[-1] > 1:
        return ""
    instead = " instead of --invert" if inverted else ""
    return (
        " If it is a photograph or a scan of ink on paper, use --photo"
        f"{instead}: it finds, scales and centers what is drawn."
    )


def describe_reading(reading: "Reading") -> list[str]:
    """Says what is uncertain about a drawing of a photograph.

    Returns:
        Sentences that continue after the name of the image, perhaps none.
    """
    sentences = []
    if reading.was_turned:
        sentences.append("was read upside down, which fits better.")
    if reading.agreement < _SURE:
        sentences.append(
            "may be something else: slightly altered copies are in this "
            f"category with a probability of {reading.agreement:.0%}."
        )
    return sentences


def describe_unlikely_codes(
    spec: LatentSpec, posterior: Mapping[str, Any]
) -> list[str]:
    """Says which codes of an image are far outside of their prior.

    Args:
        spec: The latent spec of the model.
        posterior: What `LatentSpec.summarize` returns for the image.

    Returns:
        Sentences that continue after the name of the image, perhaps none.
    """
    return [
        f"has a posterior of {name!r} far outside of its prior, as no "
        "generated image has. It may not be what the model was trained on."
        for name, code in spec.codes.items()
        if code.deviations_outside(posterior[name]) > _MAX_DEVIATIONS
    ]
