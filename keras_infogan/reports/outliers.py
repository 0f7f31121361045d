"""Warnings about images whose codes may be meaningless."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_infogan.evaluation.outliers import find_deviations
from keras_infogan.evaluation.outliers import is_on_paper
from keras_infogan.latents.spec import LatentSpec

# Deviations of the posterior; 14 of the 10,000 test images of MNIST are further
# outside of the prior of the pretrained model.
_MAX_DEVIATIONS = 3.0


def describe_outlier(
    image: np.ndarray,
    ranges: Mapping[str, tuple[float, float]],
    *,
    inverted: bool = False,
) -> list[str]:
    """Says why an image is unlike those that a model generates.

    Args:
        image: Float array of shape `(height, width, channels)` in [-1, 1].
        ranges: What `outliers.find_ranges` returns for generated images.
        inverted: Whether its brightness was inverted on request.

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
    if is_on_paper(image, ranges):
        text += (
            " If it is white on black, omit --invert."
            if inverted
            else " If it is ink on paper, use --invert."
        )
    return [text]


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
