"""The images of a run: grids of its categories and traversals, and plots."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.evaluation.morphology import measure
from keras_infogan.evaluation.seeds import Networks
from keras_infogan.reports.figures import Figure
from keras_infogan.reports.figures import plot_grid
from keras_infogan.reports.figures import render
from keras_infogan.reports.plots import plot_attributes
from keras_infogan.reports.plots import plot_confusion
from keras_infogan.reports.plots import plot_curves
from keras_infogan.reports.plots import plot_factors
from keras_infogan.reports.traversals import Seeds
from keras_infogan.reports.traversals import category_order
from keras_infogan.reports.traversals import draw_rows
from keras_infogan.reports.traversals import draw_traversal
from keras_infogan.reports.traversals import row_seeds

if TYPE_CHECKING:
    from keras_infogan.models.infogan import InfoGAN

NUM_COLUMNS = 10
_CAPTIONS = {
    "curves": "Losses and mutual information during training. The losses "
    "include the information term (except with `--update three_phase`). The "
    "information is a lower bound. That of a discrete code is at most its "
    "entropy, the dashed line; that of a continuous code has no ceiling.",
    "confusion": "Test images by class and by the category that `Q` assigns. "
    "Ideally each row and each column has one dark cell.",
    "attributes": "What each code changes. Color and upper number: size of the "
    "change, in standard deviations over real images. Lower number: rank "
    "correlation of the attribute with the code, from -1 to 1.",
    "factors": "What each code knows of each factor of variation: their mutual "
    "information, as a share of the entropy of the factor. Ideally each column "
    "has one dark cell, and each row at most one.",
}


def draw_run(
    model: Networks,
    report: Mapping[str, Any],
    log: Sequence[Mapping[str, Any]],
    *,
    seed: Seeds = None,
) -> dict[str, np.ndarray]:
    """Draws the grids and plots of a run.

    Args:
        model: The trained model.
        report: What `evaluate` returns.
        log: The lines of its `log.jsonl`, perhaps none.
        seed: See `plot_traversal`.

    Returns:
        uint8 arrays of shape `(height, width, 3)` by name.
    """
    images = draw_grids(
        model,
        code_map=report["code_map"],
        class_names=report["class_names"] or (),
        seed=seed,
    )
    if log:
        ceilings = report["mutual_information_ceiling"]
        images["curves"] = render(plot_curves(log, ceilings=ceilings))
    if report["confusion"] is not None:
        for name, code in _confusions(report["code_map"]).items():
            images[name] = render(plot_confusion(report, code))
    if report["traversals"]:
        images["attributes"] = render(plot_attributes(report))
    if "disentanglement" in report:
        images["factors"] = render(plot_factors(report))
    return images


def caption(name: str, code_map: CodeMap) -> str:
    """Explains one of the images of `draw_run`; names are in backticks."""
    if name in _CAPTIONS:
        return _CAPTIONS[name]
    if code := _confusions(code_map).get(name):
        return f"The test images by class and by the category of `{code}`."
    for code, meaning in code_map.codes.items():
        size = len(meaning)
        for index, dimension in enumerate(meaning.dimensions):
            if name == dimension_label(code, index, size, separator="_"):
                return (
                    f"`{dimension_label(code, index, size)}` "
                    f"({dimension.attribute or 'unnamed'}) varies from left to "
                    "right; within a row, all else is fixed. The noise was not "
                    "chosen by hand: of up to 32 seeds, it is the one whose "
                    "images `Q` reads most surely."
                )
    return (
        f"One row for each category of `{name}`, with random noise and random "
        "other codes."
    )


def _confusions(code_map: CodeMap) -> dict[str, str | None]:
    """The confusion matrices: of which code, `None` for the first, by name."""
    names = [name for name, code in code_map.codes.items() if code.categories]
    return {
        "confusion": None,
        **{f"confusion_{name}": name for name in names[1:]},
    }


def draw_grids(
    model: Networks,
    *,
    code_map: CodeMap | None = None,
    class_names: Sequence[str] = (),
    seed: Seeds = None,
) -> dict[str, np.ndarray]:
    """Draws the categories of each categorical code, and traversals of others.

    Arguments are those of `plot_traversal`, the result is that of `draw_run`.
    """
    labels: dict[str, Any] = {"code_map": code_map, "class_names": class_names}
    seeds = row_seeds(model, seed)
    figures = {}
    for name, code in model.latent_spec.codes.items():
        if code.has_categories:
            figures[name] = plot_categories(model, name, **labels)
            continue
        size = code.num_dimensions
        for index in range(size):
            file = dimension_label(name, index, size, separator="_")
            figures[file] = plot_traversal(
                model, name, index, seed=seeds, **labels
            )
    return {name: render(figure) for name, figure in figures.items()}


def plot_categories(
    model: Networks,
    name: str,
    *,
    num_columns: int = NUM_COLUMNS,
    code_map: CodeMap | None = None,
    class_names: Sequence[str] = (),
    seed: int = 0,
) -> Figure:
    """Plots a row of generated images for each category of a code.

    Noise and other codes are random, and not chosen. Arguments are those of
    `plot_traversal`.
    """
    order = category_order(model, name, code_map, class_names)
    images = model.generate(
        len(order) * num_columns,
        codes={name: np.repeat(order, num_columns)},
        seed=seed,
    )
    return plot_grid(
        images,
        num_columns=num_columns,
        row_labels=[
            f"{name} {label}"
            for label in _label_categories(name, order, code_map)
        ],
        title=f"{name}: one row each; random noise and other codes",
    )


def plot_traversal(
    model: Networks,
    name: str,
    index: int = 0,
    *,
    num_columns: int = NUM_COLUMNS,
    code_map: CodeMap | None = None,
    class_names: Sequence[str] = (),
    attribute: str | None = None,
    seed: Seeds = None,
) -> Figure:
    """Plots generated images along one dimension of a code.

    Rows are categories in the order of their classes, all with the same noise;
    without categories, a few noise vectors. Other codes are in the middle of
    their ranges. Below each image is the attribute of the code.

    Args:
        model: The model.
        name: The code.
        index: Its dimension; ignored for a categorical code.
        num_columns: The images of a row.
        code_map: The meaning of the codes, for labels and order.
        class_names: All classes in order; see `CodeMap.category_order`.
        attribute: The attribute of the dimension; increases from left to right.
        seed: Seed of the noise, as in `generate`; chosen by `surest_seeds` by
            default. Without categories, rows have this and the following ones,
            or those of a sequence.
    """
    traversal = draw_traversal(
        model,
        name,
        index,
        num_columns=num_columns,
        code_map=code_map,
        class_names=class_names,
        attribute=attribute,
        seed=seed,
    )
    code, meaning = model.latent_spec.code(name), traversal.meaning
    images = traversal.images.reshape(-1, *traversal.images.shape[2:])
    what = attribute or traversal.label
    title = f"{what} varies from left to right; all else is fixed in a row"
    image_labels = None
    if meaning.attribute:
        title = f"{what} from left to right; below each image its measured "
        title += f"{meaning.attribute} ({meaning.unit})"
        image_labels = _label_images(images, meaning.attribute)
    return plot_grid(
        images,
        num_columns=num_columns,
        row_labels=_label_rows(model, traversal.categories, code_map),
        column_labels=_label_categories(
            name, traversal.values.tolist(), code_map
        )
        if code.has_categories
        else [f"{value:+.1f}" for value in code.traversal(num_columns)],
        image_labels=image_labels,
        title=title,
    )


def plot_direction(
    model: "InfoGAN",
    attribute: str,
    *,
    num_columns: int = NUM_COLUMNS,
    code_map: CodeMap | None = None,
    seed: int | None = None,
) -> Figure:
    """Plots generated images along the direction of an attribute in the noise.

    The direction, see `find_direction`, is added from -1 to 1 times. Arguments
    are those of `plot_traversal`.
    """
    # They import TensorFlow, which other grids do without.
    from keras_infogan.evaluation.directions import find_direction
    from keras_infogan.evaluation.directions import shift_noise

    direction = find_direction(model, attribute)
    steps = np.linspace(-1, 1, num_columns, dtype=np.float32)
    categories, rows = draw_rows(model, seed, code_map)
    images = model.generate_from(shift_noise(rows, direction, steps))
    return plot_grid(
        images,
        num_columns=num_columns,
        row_labels=_label_rows(model, categories, code_map),
        column_labels=[f"{step:+.1f}" for step in steps],
        image_labels=_label_images(images, attribute),
        title=f"noise along its {attribute} direction from left to right; "
        f"below each image its measured {attribute} "
        f"({ATTRIBUTES[attribute].unit})",
    )


def _label_images(images: np.ndarray, attribute: str) -> list[str]:
    """The measured attribute of each image; nothing for an empty one."""
    measured = measure(images)[attribute].tolist()
    return [f"{x:.2f}" if np.isfinite(x) else "" for x in measured]


def _label_rows(
    model: Networks, categories: Sequence[int] | None, code_map: CodeMap | None
) -> list[str] | None:
    """Such as "category 2: 7", of the first categorical code."""
    if categories is None:
        return None
    name = model.latent_spec.categorical_names[0]
    labels = _label_categories(name, categories, code_map)
    return [f"{name} {label}" for label in labels]


def _label_categories(
    name: str, numbers: Iterable[int], code_map: CodeMap | None
) -> list[str]:
    """Such as "2: 7", without the name of the code."""
    if code_map is None:
        return [str(number) for number in numbers]
    return [code_map.label(name, number) for number in numbers]
