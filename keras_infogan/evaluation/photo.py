"""Reads the drawings of a photograph, which may be upside down."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_infogan.data.photo import Drawing
from keras_infogan.data.photo import turn_upside_down
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.models.agreement import average_probabilities
from keras_infogan.models.inference import GeneratorEncoder

# About half of what the preset `mnist` is invariant to.
_SLIGHT = Augmentation(
    rotation=0.2, shear=0.18, log_scale=0.12, shift=0.05, thickness=0.6
)
# A photograph is upright unless the evidence against it, in nats, is larger.
# Then, of MNIST's training digits, .8 % of those that are photographed alone
# are turned although they are upright, and .2 % of pages of eight; .35 and .97
# of those that are upside down are. Within these bounds, nobody can tell: a six
# or a nine.
_CLEAR = 3.0
# The doubt about a drawing of whose category all views are certain.
_LEAST_DOUBT = 0.001


class Reading(NamedTuple):
    """A drawing of a photograph, as it is best read.

    Attributes:
        drawing: The drawing, upright as far as that is known.
        agreement: How sure slightly changed views of it are of its category, a
            probability; 1 for a model without categories.
        was_turned: Whether it is upside down in the photograph.
        opposite: The same upside down, float32 array in [-1, 1], if it may be
            so and is of another category then.
    """

    drawing: Drawing
    agreement: float = 1.0
    was_turned: bool = False
    opposite: np.ndarray | None = None


def read_drawings(
    model: GeneratorEncoder, drawings: Sequence[Drawing]
) -> list[Reading]:
    """Turns the drawings of a photograph if they are upside down.

    `Q` is more certain of the category of an upright digit, so each drawing of
    a page is evidence. A single drawing is often not enough.

    Args:
        model: A model of gray images of strokes, such as digits.
        drawings: What `find_drawings` returns, at least one.

    Returns:
        The readings in the order of reading; as they are in the photograph for
        a model without categories.
    """
    name = next(iter(model.latent_spec.categorical_names), None)
    if name is None:
        return [Reading(drawing) for drawing in drawings]
    pages = [list(drawings), turn_upside_down(list(drawings))]
    images = [np.stack([x.image for x in page]) for page in pages]
    shares = [average_probabilities(model, x, _SLIGHT)[name] for x in images]
    doubts = [1.0 + _LEAST_DOUBT - x.max(axis=1) for x in shares]
    evidence = float(np.log(doubts[0]).sum() - np.log(doubts[1]).sum())
    turned = int(evidence > _CLEAR)
    categories = [_find_categories(model, x, name) for x in images]
    agreements = [
        float(share[category])
        for share, category in zip(
            shares[turned], categories[turned], strict=True
        )
    ]
    # In the order of the other page.
    others = categories[1 - turned][::-1]
    opposites = [
        drawing.image[::-1, ::-1]
        if abs(evidence) < _CLEAR and category != other
        else None
        for drawing, category, other in zip(
            pages[turned], categories[turned], others, strict=True
        )
    ]
    return [
        Reading(drawing, agreement, bool(turned), opposite)
        for drawing, agreement, opposite in zip(
            pages[turned], agreements, opposites, strict=True
        )
    ]


def _find_categories(
    model: GeneratorEncoder, images: np.ndarray, name: str
) -> np.ndarray:
    # Ink that fills an image leaves none of its pixels black.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        posterior = model.encode(images)
    return posterior[f"{name}_probabilities"].argmax(axis=1)
