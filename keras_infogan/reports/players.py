"""Traversals with a slider, for the pages of reports."""

import html
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports.html import image_data
from keras_infogan.reports.images import encode_png
from keras_infogan.reports.images import to_bytes
from keras_infogan.reports.traversals import Seeds
from keras_infogan.reports.traversals import Traversal
from keras_infogan.reports.traversals import draw_traversal

# Odd, so that the slider starts in the middle of a traversal.
NUM_FRAMES = 21


def draw_players(
    model: InfoGAN, report: Mapping[str, Any], *, seed: Seeds = None
) -> dict[str, str]:
    """Draws a player for each dimension of the codes without categories.

    Arguments are those of `grids.draw_run`.

    Returns:
        HTML by name, which is that of `grids.draw_grids`.
    """
    code_map = report["code_map"]
    first = next(iter(model.latent_spec.categorical_names), "")
    players = {}
    for name, code in model.latent_spec.codes.items():
        size = 0 if code.has_categories else code.num_dimensions
        for index in range(size):
            traversal = draw_traversal(
                model,
                name,
                index,
                num_columns=NUM_FRAMES,
                code_map=code_map,
                class_names=report["class_names"] or (),
                seed=seed,
            )
            file = dimension_label(name, index, size, separator="_")
            labels = _row_labels(traversal, code_map, first)
            players[file] = player(traversal, labels)
    return players


def _row_labels(
    traversal: Traversal, code_map: CodeMap, code: str
) -> list[str]:
    """The class of each row, or the number of its category."""
    if traversal.categories is None:
        return [""] * len(traversal.images)
    meanings = code_map.codes[code].categories
    return [
        meanings[number].name or f"{code} {number}"
        for number in traversal.categories
    ]


def player(traversal: Traversal, row_labels: Sequence[str]) -> str:
    """A slider under an image for each row of a traversal, as HTML.

    It shows a column of the traversal at a time, at first that in the middle.
    Those of the same dimension on a page move together.

    Args:
        traversal: The traversal.
        row_labels: A label for each row, perhaps empty.
    """
    middle = len(traversal.values) // 2
    cells = "".join(
        _cell(images, label, middle)
        for images, label in zip(traversal.images, row_labels, strict=True)
    )
    values = [f"{value:+.1f}" for value in traversal.values]
    low, high = map(html.escape, _ends(traversal.meaning))
    name = html.escape(traversal.label)
    return (
        f'<div class="player" data-group="{name}" '
        f'data-values="{" ".join(values)}">'
        f'<div class="cells">{cells}</div><div class="controls">'
        f'<span>{low}</span><input type="range" aria-label="{name}" min="0" '
        f'max="{len(values) - 1}" value="{middle}"><span>{high}</span>'
        f"<output>{values[middle]}</output>"
        '<button type="button">Play</button></div></div>'
    )


def _cell(images: np.ndarray, label: str, frame: int) -> str:
    """One image of a column; the script moves the column behind its frame."""
    num_images, height, width, channels = images.shape
    column = to_bytes(images).reshape(num_images * height, width, channels)
    return (
        f'<div><svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(label)}"><image width="{width}" '
        f'height="{num_images * height}" y="{-frame * height}" '
        f'href="{image_data(encode_png(column))}"/></svg>'
        f"{html.escape(label)}</div>"
    )


def _ends(meaning: DimensionMeaning) -> tuple[str, str]:
    """Words for the left and the right end of the slider."""
    if meaning.attribute is None:
        return "low", "high"
    attribute = ATTRIBUTES[meaning.attribute]
    words = attribute.low, attribute.high
    return words if meaning.sign > 0 else words[::-1]
