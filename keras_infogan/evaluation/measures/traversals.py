"""How each code changes the attributes of an image, along traversals."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from keras_infogan.evaluation.feature_extractor import FeatureExtractor
from keras_infogan.evaluation.morphology import measure
from keras_infogan.evaluation.observations import Observations
from keras_infogan.models.infogan import InfoGAN

# Traversals, each with its own noise, and values of the code in each. The
# standard error of a mean correlation is at most a tenth, and a hundredth if
# all of them are above .95.
NUM_TRAVERSALS = 100
NUM_VALUES = 11
# Real images that set the scale of an effect: it is accurate to 2 %.
_NUM_SCALING = 2_000


def measure_traversals(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Measures each dimension of the codes without categories.

    Returns:
        `traversals`: by code, what `traverse` returns for each dimension. Empty
        for images of several channels, whose attributes are not measured.
    """
    del report
    scales = attribute_scales(observations.attributes)
    traversals = {
        name: [
            traverse(
                observations.model,
                name,
                index,
                scales,
                observations.extractor,
                seed=observations.seed,
            )
            for index in range(code.num_dimensions)
        ]
        for name, code in observations.model.latent_spec.codes.items()
        if scales and not code.has_categories
    }
    return {"traversals": traversals}


def attribute_scales(
    attributes: Mapping[str, np.ndarray],
) -> dict[str, float]:
    """The standard deviation of each attribute over real images.

    Args:
        attributes: What `measure` returns for them; the first 2,000 count.
    """
    scales = {}
    for name, values in attributes.items():
        values = values[:_NUM_SCALING]
        finite = values[np.isfinite(values)]
        scales[name] = float(finite.std()) if len(finite) else 0.0
    return scales


def traverse(
    model: InfoGAN,
    name: str,
    index: int,
    scales: Mapping[str, float],
    extractor: FeatureExtractor | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Measures what one dimension of a code changes.

    Along a traversal, noise, category and all other codes are fixed.

    Args:
        model: The model.
        name: The code.
        index: Its dimension.
        scales: See `describe_traversals`.
        extractor: The same.
        seed: Seed of the noise and of the other codes.

    Returns:
        What `describe_traversals` does.
    """
    latents = model.traverse_latents(
        name, index, num_rows=NUM_TRAVERSALS, num_columns=NUM_VALUES, seed=seed
    )
    values = model.latent_spec.code(name).traversal(NUM_VALUES)
    images = model.generate_from(latents)
    return describe_traversals(images, values, scales, extractor)


def describe_traversals(
    images: np.ndarray,
    values: np.ndarray,
    scales: Mapping[str, float],
    extractor: FeatureExtractor | None = None,
) -> dict[str, Any]:
    """Measures what changes along traversals.

    Args:
        images: `len(values)` images of each traversal, one traversal after the
            other.
        values: What varies, in each traversal.
        scales: See `attribute_scales`.
        extractor: The feature extractor of the data set, to see whether the
            class changes.

    Returns:
        By attribute: `correlation`, the mean of Spearman's rho over the
        traversals, 0 where nothing changes; `range`, the mean attribute at both
        ends; `effect`, their difference in units of `scales`. And `leakage`,
        the share of the sum of absolute effects that is not of the attribute
        with the largest; `class_changes`, the share of images whose class is
        not that of the center of their traversal, `None` without an extractor.
    """
    shape = (-1, len(values))
    correlation, ends, effect = {}, {}, {}
    for attribute, measured in measure(images).items():
        correlation[attribute], low, high = _correlate(
            values, measured.reshape(shape)
        )
        ends[attribute] = [low, high]
        change = (high - low) / max(scales[attribute], 1e-9)
        effect[attribute] = change if math.isfinite(change) else 0.0
    class_changes = None
    if extractor is not None:
        classes = extractor.extract(images).classes.reshape(shape)
        center = classes[:, len(values) // 2, None]
        class_changes = float((classes != center).mean())
    sizes = sorted(abs(value) for value in effect.values())
    total = sum(sizes)
    return {
        "correlation": correlation,
        "range": ends,
        "effect": effect,
        "leakage": 1.0 - sizes[-1] / total if total else None,
        "class_changes": class_changes,
    }


def _correlate(
    values: np.ndarray, rows: np.ndarray
) -> tuple[float, float, float]:
    """Mean rho of values and rows, and the means of the first and last column.

    Rows with NaN, of an empty image, are left out.
    """
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):
        return 0.0, math.nan, math.nan
    rhos = [
        stats.spearmanr(values, row).statistic if np.ptp(row) > 0 else 0.0
        for row in rows
    ]
    low, high = rows[:, 0].mean(), rows[:, -1].mean()
    return float(np.mean(rhos)), float(low), float(high)
