"""The images of a traversal: rows in the order of the classes, chosen noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.evaluation.seeds import Networks
from keras_infogan.evaluation.seeds import surest_seeds
from keras_infogan.evaluation.seeds import traversal_rows

# Rows of a traversal without categories.
NUM_PLAIN_ROWS = 5

# One for all rows with categories, else the first of several or all of them;
# None for those that `surest_seeds` chooses.
Seeds = int | Sequence[int] | None


@dataclass(frozen=True)
class Traversal:
    """Images along one dimension of a code.

    Args:
        label: The dimension, such as `pose` or `continuous:1`.
        meaning: What it controls; an empty one for a categorical code.
        categories: The category of each row; `None` if the rows differ in their
            noise.
        values: The value of each column, in the order of the images.
        images: Float array of shape `(rows, columns, height, width, channels)`
            in [-1, 1].
    """

    label: str
    meaning: DimensionMeaning
    categories: Sequence[int] | None
    values: np.ndarray
    images: np.ndarray


def draw_traversal(
    model: Networks,
    name: str,
    index: int = 0,
    *,
    num_columns: int,
    code_map: CodeMap | None = None,
    class_names: Sequence[str] = (),
    attribute: str | None = None,
    seed: Seeds = None,
) -> Traversal:
    """Generates the images of a traversal.

    Arguments are those of `grids.plot_traversal`.
    """
    code = model.latent_spec.code(name)
    categories, rows = draw_rows(
        model, seed, code_map, class_names=class_names, varied=name
    )
    values = code.traversal(num_columns)
    meaning = DimensionMeaning()
    if code.has_categories:
        order = category_order(model, name, code_map, class_names)
        values = np.take(order, values)
    elif code_map is not None:
        meaning = code_map.codes[name].dimensions[index]
    if attribute and meaning.sign < 0:
        values = values[::-1]
    latents = model.latent_spec.vary(rows, name, index, values)
    images = model.generate_from(latents)
    return Traversal(
        dimension_label(name, index, code.num_dimensions),
        meaning,
        categories,
        values,
        images.reshape(-1, num_columns, *images.shape[1:]),
    )


def draw_rows(
    model: Networks,
    seed: Seeds,
    code_map: CodeMap | None = None,
    *,
    class_names: Sequence[str] = (),
    varied: str = "",
) -> tuple[Sequence[int] | None, dict[str, Any]]:
    """Categories and latents of the rows; no categories if they are varied."""
    seeds = row_seeds(model, seed)
    for name in set(model.latent_spec.categorical_names[:1]) - {varied}:
        order = category_order(model, name, code_map, class_names)
        return order, traversal_rows(model, [seeds[0]] * len(order), order)
    return None, traversal_rows(model, seeds)


def row_seeds(model: Networks, seed: Seeds) -> Sequence[int]:
    """Seeds of rows without categories; with categories, all have the first."""
    if seed is None:
        return surest_seeds(model, NUM_PLAIN_ROWS)
    if isinstance(seed, int):
        return range(seed, seed + NUM_PLAIN_ROWS)
    return seed


def category_order(
    model: Networks,
    name: str,
    code_map: CodeMap | None,
    class_names: Sequence[str] = (),
) -> Sequence[int]:
    """The categories in the order of their classes, if these are known."""
    if code_map is None or name not in code_map.codes:
        return range(model.latent_spec.codes[name].dim)
    return code_map.category_order(name, class_names)
