"""The grids of a model: classes, and what each code does to an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.evaluation.morphology import measure
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports import images as visualization

NUM_COLUMNS = 10
# Rows of a grid that has no categories to give it rows.
NUM_PLAIN_ROWS = 5


def draw_grids(
    model: InfoGAN, *, code_map: CodeMap | None = None, seed: int = 0
) -> dict[str, np.ndarray]:
    """The grids of the write-up: categories, and each continuous code swept.

    Args:
        model: The model.
        code_map: What the codes mean, for the captions.
        seed: Whole number, of noise and of the codes that are not shown.

    Returns:
        uint8 arrays of shape `(height, width, 3)` by name: one for each
        categorical code, one for each dimension of each other code.
    """
    grids = {}
    for name, code in model.latent_spec.codes.items():
        if isinstance(code, Categorical):
            grids[name] = draw_categories(
                model, name, code_map=code_map, seed=seed
            )
        else:
            for index in range(code.dim):
                file = dimension_label(name, index, code.dim, separator="_")
                grids[file] = draw_traverse(
                    model, name, index, code_map=code_map, seed=seed
                )
    return grids


def _row_labels(
    name: str, num_categories: int, code_map: CodeMap | None
) -> list[str]:
    if code_map is None:
        return [f"{name} {number}" for number in range(num_categories)]
    return [code_map.label(name, number) for number in range(num_categories)]


def draw_categories(
    model: InfoGAN,
    name: str,
    *,
    code_map: CodeMap | None = None,
    seed: int = 0,
) -> np.ndarray:
    """A grid with a row for each category and all else at random.

    Args:
        model: The model.
        name: A categorical code.
        code_map: What the codes mean, for the captions.
        seed: Whole number.

    Returns:
        uint8 array of shape `(height, width, 3)`.
    """
    num_categories = model.latent_spec.codes[name].dim
    images = model.generate(
        num_categories * NUM_COLUMNS,
        codes={name: np.repeat(np.arange(num_categories), NUM_COLUMNS)},
        seed=seed,
    )
    return visualization.render_grid(
        images,
        num_columns=NUM_COLUMNS,
        row_labels=_row_labels(name, num_categories, code_map),
        title=f"{name}: one row each, noise and other codes at random",
    )


def draw_traverse(
    model: InfoGAN,
    name: str,
    index: int = 0,
    *,
    num_columns: int = NUM_COLUMNS,
    code_map: CodeMap | None = None,
    attribute: str | None = None,
    seed: int = 0,
) -> np.ndarray:
    """A grid in which one code changes along each row.

    The rows are the categories of the first categorical code, if there is one;
    noise and the other codes are the same all along a row. Under each image
    stands the attribute that the code is known to change, as it was measured.

    Args:
        model: The model.
        name: The code to sweep.
        index: Its dimension, if it is not categorical.
        num_columns: Values of the sweep.
        code_map: What the codes mean, for the captions.
        attribute: The one that the code stands for, to go from its least value
            to its largest, with columns labeled as `sample --attribute` takes
            them.
        seed: Whole number.

    Returns:
        uint8 array of shape `(height, width, 3)`.
    """
    spec = model.latent_spec
    code = spec.code(name)
    swept = isinstance(code, Categorical)
    rows = [other for other in spec.categorical_names[:1] if other != name]
    num_rows = spec.codes[rows[0]].dim if rows else NUM_PLAIN_ROWS
    latents = model.traverse_latents(
        name, index, num_rows=num_rows, num_columns=num_columns, seed=seed
    )
    meaning = (
        DimensionMeaning()
        if swept or code_map is None
        else code_map.codes[name].dimensions[index]
    )
    images = model.generate_from(latents)
    values = code.sweep(num_columns).tolist()
    if attribute and meaning.sign < 0:
        rows_of = images.reshape(num_rows, num_columns, *images.shape[1:])
        images = rows_of[:, ::-1].reshape(images.shape)
        values = [0.0 - value for value in reversed(values)]
    if swept:
        # Without the name of the code, which the title has.
        labels = [
            _row_labels(name, code.dim, code_map)[number].partition(" ")[2]
            for number in values
        ]
    else:
        labels = [f"{value:+.1f}" for value in values]
    dimension = name if swept else dimension_label(name, index, code.dim)
    title = f"{dimension} changes from left to right, all else is kept"
    measured = None
    if meaning.attribute:
        # Nothing can be measured of an empty image.
        measured = [
            f"{value:.2f}" if np.isfinite(value) else ""
            for value in measure(images)[meaning.attribute].tolist()
        ]
        title = (
            f"{attribute or dimension} from left to right; under each image "
            f"its {meaning.attribute} ({meaning.unit}), measured"
        )
    return visualization.render_grid(
        images,
        num_columns=num_columns,
        row_labels=_row_labels(rows[0], num_rows, code_map) if rows else None,
        column_labels=labels,
        image_labels=measured,
        title=title,
    )


def read_codes(
    model: InfoGAN, images: Sequence[np.ndarray]
) -> list[dict[str, Any]]:
    """What `Q` reads from images, as plain data.

    Args:
        model: The model.
        images: Float arrays of shape `(height, width, channels)` in [-1, 1].

    Returns:
        For each image a mapping by the name of the code: `category`, its
        `probability` and all `probabilities`; `mean` and `stddev` of each
        dimension; or the `probability` of each bit being 1.
    """
    posterior = model.encode(np.stack(images))
    spec = model.latent_spec
    results: list[dict[str, Any]] = [{} for _ in images]
    for name, code in spec.codes.items():
        for row, result in enumerate(results):
            if isinstance(code, Categorical):
                probabilities = posterior[f"{name}_probabilities"][row]
                result[name] = {
                    "category": int(probabilities.argmax()),
                    "probability": float(probabilities.max()),
                    "probabilities": probabilities.tolist(),
                }
            elif isinstance(code, Bernoulli):
                result[name] = {
                    "probability": posterior[f"{name}_probabilities"][
                        row
                    ].tolist()
                }
            else:
                mean = posterior[f"{name}_mean"][row]
                stddev = (
                    np.full_like(mean, code.stddev)
                    if code.stddev
                    else np.exp(posterior[f"{name}_log_stddev"][row])
                )
                result[name] = {
                    "mean": mean.tolist(),
                    "stddev": stddev.tolist(),
                }
    return results


def describe_codes(codes: dict[str, Any]) -> str:
    """One image of `read_codes` in words."""
    words = []
    for name, values in codes.items():
        if "category" in values:
            words.append(
                f"{name} {values['category']} ({values['probability']:.1%})"
            )
        elif "mean" in values:
            numbers = ", ".join(
                f"{mean:+.2f} +/- {stddev:.2f}"
                for mean, stddev in zip(
                    values["mean"], values["stddev"], strict=True
                )
            )
            words.append(f"{name} {numbers}")
        else:
            bits = ", ".join(f"{share:.1%}" for share in values["probability"])
            words.append(f"{name} 1 with {bits}")
    return "; ".join(words)
