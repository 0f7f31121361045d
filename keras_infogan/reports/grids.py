"""Grids of generated images: categories, and traversals of the other codes."""

from collections.abc import Sequence

import numpy as np

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.evaluation.morphology import measure
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports.images import Figure
from keras_infogan.reports.images import plot_grid
from keras_infogan.reports.images import render

NUM_COLUMNS = 10
# Rows of a grid without categories.
NUM_PLAIN_ROWS = 5


def draw_grids(
    model: InfoGAN, *, code_map: CodeMap | None = None, seed: int = 0
) -> dict[str, np.ndarray]:
    """Draws a grid for each code of a model.

    Args:
        model: The model.
        code_map: The meaning of the codes, for the labels.
        seed: Seed of the noise and of the codes that are not shown.

    Returns:
        uint8 arrays of shape `(height, width, 3)` by name: the categories of
        each categorical code, and a traversal of each dimension of the others.
    """
    figures = {}
    for name, code in model.latent_spec.codes.items():
        if code.has_categories:
            figures[name] = plot_categories(
                model, name, code_map=code_map, seed=seed
            )
            continue
        for index in range(code.num_dimensions):
            file = dimension_label(
                name, index, code.num_dimensions, separator="_"
            )
            figures[file] = plot_traversal(
                model, name, index, code_map=code_map, seed=seed
            )
    return {name: render(figure) for name, figure in figures.items()}


def plot_categories(
    model: InfoGAN,
    name: str,
    *,
    num_columns: int = NUM_COLUMNS,
    code_map: CodeMap | None = None,
    seed: int = 0,
) -> Figure:
    """Plots a row of generated images for each category of a code.

    Noise and the other codes are random.

    Args:
        model: The model.
        name: The categorical code.
        num_columns: Images in a row.
        code_map: The meaning of the codes, for the labels.
        seed: Seed of the noise and of the other codes.
    """
    num_categories = model.latent_spec.codes[name].dim
    images = model.generate(
        num_categories * num_columns,
        codes={name: np.repeat(np.arange(num_categories), num_columns)},
        seed=seed,
    )
    return plot_grid(
        images,
        num_columns=num_columns,
        row_labels=_row_labels(name, num_categories, code_map),
        title=f"{name}: one row each; random noise and other codes",
    )


def plot_traversal(
    model: InfoGAN,
    name: str,
    index: int = 0,
    *,
    num_columns: int = NUM_COLUMNS,
    code_map: CodeMap | None = None,
    attribute: str | None = None,
    seed: int = 0,
) -> Figure:
    """Plots generated images along one dimension of a code.

    Only this code changes along a row. The rows are the categories of the first
    categorical code, if there is another one. Below each image is its measured
    attribute, if the code map says that the code controls one.

    Args:
        model: The model.
        name: The code to traverse.
        index: Its dimension; ignored for a categorical code.
        num_columns: Images in a row: the values of the traversal.
        code_map: The meaning of the codes, for the labels.
        attribute: The attribute that the dimension controls. It then increases
            from left to right, labeled as in `sample --attribute`.
        seed: Seed of the noise and of the other codes.
    """
    spec = model.latent_spec
    code = spec.code(name)
    rows = [other for other in spec.categorical_names[:1] if other != name]
    num_rows = spec.codes[rows[0]].dim if rows else NUM_PLAIN_ROWS
    latents = model.traverse_latents(
        name, index, num_rows=num_rows, num_columns=num_columns, seed=seed
    )
    images = model.generate_from(latents)
    values = code.traversal(num_columns).tolist()
    meaning = DimensionMeaning()
    if code_map is not None and not code.has_categories:
        meaning = code_map.codes[name].dimensions[index]
    if attribute and meaning.sign < 0:
        order = np.arange(len(images)).reshape(num_rows, num_columns)
        images = images[order[:, ::-1].ravel()]
        values = [0.0 - value for value in reversed(values)]
    if code.has_categories:
        labels = _category_labels(name, values, code_map)
    else:
        labels = [f"{value:+.1f}" for value in values]
    what = attribute or dimension_label(name, index, code.num_dimensions)
    title = f"{what} varies from left to right; all else is fixed in a row"
    if meaning.attribute:
        title = f"{what} from left to right; below each image its measured "
        title += f"{meaning.attribute} ({meaning.unit})"
    return plot_grid(
        images,
        num_columns=num_columns,
        row_labels=_row_labels(rows[0], num_rows, code_map) if rows else None,
        column_labels=labels,
        image_labels=_measure_labels(images, meaning.attribute),
        title=title,
    )


def _measure_labels(
    images: np.ndarray, attribute: str | None
) -> list[str] | None:
    """The attribute of each image; an empty image has none."""
    if attribute is None:
        return None
    return [
        f"{value:.2f}" if np.isfinite(value) else ""
        for value in measure(images)[attribute].tolist()
    ]


def _row_labels(
    name: str, num_categories: int, code_map: CodeMap | None
) -> list[str]:
    labels = _category_labels(name, range(num_categories), code_map)
    return [f"{name} {label}" for label in labels]


def _category_labels(
    name: str, numbers: Sequence[int], code_map: CodeMap | None
) -> list[str]:
    """Such as "2: 7", without the name of the code."""
    if code_map is None:
        return [str(number) for number in numbers]
    return [code_map.label(name, number) for number in numbers]
