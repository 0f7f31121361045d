"""What a continuous code does to an image, measured along its sweep."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.feature_extractor import FeatureExtractor
from keras_infogan.evaluation.morphology import measure
from keras_infogan.models.infogan import InfoGAN

# Sweeps, each of its own noise, and their values: the standard error of a mean
# correlation is at most a tenth, and a hundredth where all are above .95.
NUM_TRAVERSALS = 100
NUM_VALUES = 11


def measure_traversals(
    model: InfoGAN,
    deviations: Mapping[str, float],
    extractor: FeatureExtractor | None = None,
    *,
    seed: int = 0,
) -> dict[str, list[dict[str, Any]]]:
    """Sweeps each dimension of each code that has no categories.

    Category, noise and the other codes are fixed along a sweep.

    Args:
        model: The model.
        deviations: Standard deviation of each attribute over real images.
        extractor: Of the data set, to see whether the class changes.
        seed: Whole number, of the noise.

    Returns:
        For each dimension, by attribute: `correlation`, the mean of
        Spearman's rho over the sweeps, 0 where nothing changes; `range`, its
        mean at both ends; `effect`, the difference in deviations of real
        images. And `leakage`, the share of other attributes than the one of the
        largest effect in the sum of effects; and `class_changes`, the share of
        images whose class is another than in the middle of their sweep, or
        `None`.
    """
    return {
        name: [
            _measure_dimension(model, name, index, deviations, extractor, seed)
            for index in range(code.num_dimensions)
        ]
        for name, code in model.latent_spec.codes.items()
        if not code.has_categories
    }


def _measure_dimension(
    model: InfoGAN,
    name: str,
    index: int,
    deviations: Mapping[str, float],
    extractor: FeatureExtractor | None,
    seed: int,
) -> dict[str, Any]:
    latents = model.traverse_latents(
        name, index, num_rows=NUM_TRAVERSALS, num_columns=NUM_VALUES, seed=seed
    )
    images = model.generate_from(latents)
    values = model.latent_spec.code(name).traversal(NUM_VALUES)
    correlation, ends, effect = {}, {}, {}
    for attribute, measured in measure(images).items():
        rows = measured.reshape(NUM_TRAVERSALS, NUM_VALUES)
        # Empty images have none, and equal ones do not change.
        rows = rows[np.isfinite(rows).all(axis=1)]
        rhos = [
            stats.spearmanr(values, row).statistic if np.ptp(row) > 0 else 0.0
            for row in rows
        ]
        correlation[attribute] = float(np.mean(rhos)) if rhos else 0.0
        low, high = (
            (float(rows[:, 0].mean()), float(rows[:, -1].mean()))
            if len(rows)
            else (math.nan, math.nan)
        )
        ends[attribute] = [low, high]
        change = (high - low) / max(deviations[attribute], 1e-9)
        effect[attribute] = change if math.isfinite(change) else 0.0
    sizes = sorted(abs(effect[attribute]) for attribute in ATTRIBUTES)
    total = sum(sizes)
    changes = None
    if extractor is not None:
        classes = extractor.extract(images).classes
        classes = classes.reshape(NUM_TRAVERSALS, NUM_VALUES)
        middle = classes[:, NUM_VALUES // 2, None]
        changes = float((classes != middle).mean())
    return {
        "correlation": correlation,
        "range": ends,
        "effect": effect,
        "leakage": 1.0 - sizes[-1] / total if total else None,
        "class_changes": changes,
    }
