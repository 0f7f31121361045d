"""How close generated images are to real ones, in the features of a network."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.distances import density_coverage
from keras_infogan.distances import frechet_distance
from keras_infogan.distances import frechet_error
from keras_infogan.distances import kernel_distance
from keras_infogan.distances import precision_recall
from keras_infogan.evaluation.feature_extractor import Features
from keras_infogan.evaluation.measures.clustering import accuracy_standard_error
from keras_infogan.evaluation.measures.clustering import usage_entropy
from keras_infogan.evaluation.observations import Observations

# Images of each side, at most. Neighbors take the square of their number.
NUM_IMAGES = 10_000
NUM_NEIGHBORED = 2_000
_KERNEL_BLOCKS = 10
# Neighbors, and the blocks of the kernel distance, need some.
MIN_IMAGES = 4 * _KERNEL_BLOCKS
# A class is covered if it has at least this part of its share.
_COVERED = 0.1


def measure_fidelity(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Compares generated images, and training images, with the test split.

    `report` needs the `category_to_class` of the training split.

    Returns:
        `fidelity`: plain data, or `None` without labels to train a feature
        extractor, or with fewer than `MIN_IMAGES` images of a split.
        `frechet_distance`, `kernel_distance`, `precision`, `recall` and
        `coverage`, each with a `_standard_error`, and `density`; each of them
        with a `_floor`, that of as many training images in place of generated
        ones, the best achievable. `class_coverage`, the share of classes with
        a tenth of their expected share or more, and `class_entropy` in nats.
        `category_agreement`, the share of images that are classified as the
        class of their category, `all` and `by_category`; `None` without
        categories. `feature_extractor_accuracy` on the test split.
        `num_images`, and the `num_neighbored_images` of precision, recall,
        density and coverage.
    """
    extractor, generated = observations.extractor, observations.generated
    train, test = observations.train, observations.test
    count = min(map(len, (generated, test.images, train.images)))
    count = min(count, NUM_IMAGES)
    if extractor is None or count < MIN_IMAGES:
        return {"fidelity": None}
    of_test = extractor.extract(test.scaled(slice(count)))
    of_train = extractor.extract(train.scaled(slice(count)))
    of_generated = extractor.extract(generated[:count])
    classes, code = of_generated.classes, observations.clustering_code
    agreement = None
    if code is not None and report["category_to_class"] is not None:
        categories = np.argmax(observations.latents[code], axis=1)[:count]
        agreement = _measure_agreement(
            classes, categories, report["category_to_class"]
        )
    counts = np.bincount(classes, minlength=len(test.class_names))
    covered = counts >= _COVERED * count / len(test.class_names)
    return {
        "fidelity": {
            **_measure_distances(of_test, of_generated, "", observations.seed),
            **_measure_distances(
                of_test, of_train, "_floor", observations.seed
            ),
            "class_coverage": float(covered.mean()),
            "class_entropy": usage_entropy(counts),
            "category_agreement": agreement,
            "feature_extractor_accuracy": None
            if test.labels is None
            else float((of_test.classes == test.labels[:count]).mean()),
            "num_images": count,
            "num_neighbored_images": min(count, NUM_NEIGHBORED),
        }
    }


def _measure_agreement(
    classes: np.ndarray, categories: np.ndarray, mapping: Sequence[int]
) -> dict[str, Any]:
    right = np.asarray(mapping)[categories] == classes
    share = float(right.mean())
    parts = [right[categories == number] for number in range(len(mapping))]
    return {
        "all": share,
        "all_standard_error": accuracy_standard_error(share, len(right)),
        # A category may have no image among few.
        "by_category": [
            float(part.mean()) if len(part) else None for part in parts
        ],
    }


def _measure_distances(
    of_real: Features, of_other: Features, suffix: str, seed: int
) -> dict[str, Any]:
    real, features = of_real.features, of_other.features
    blocks = [
        kernel_distance(*pair)
        for pair in zip(
            np.array_split(real, _KERNEL_BLOCKS),
            np.array_split(features, _KERNEL_BLOCKS),
            strict=True,
        )
    ]
    kernel_error = float(np.std(blocks, ddof=1)) / math.sqrt(_KERNEL_BLOCKS)
    result: dict[str, Any] = {
        f"frechet_distance{suffix}": frechet_distance(real, features),
        f"frechet_distance{suffix}_standard_error": frechet_error(
            real, features, seed=seed
        ),
        f"kernel_distance{suffix}": kernel_distance(real, features),
        f"kernel_distance{suffix}_standard_error": kernel_error,
    }
    real, features = real[:NUM_NEIGHBORED], features[:NUM_NEIGHBORED]
    precision, recall = precision_recall(real, features)
    density, coverage = density_coverage(real, features)
    result[f"density{suffix}"] = density
    for name, share in (
        ("precision", precision),
        ("recall", recall),
        ("coverage", coverage),
    ):
        result[f"{name}{suffix}"] = share
        result[f"{name}{suffix}_standard_error"] = accuracy_standard_error(
            share, len(real)
        )
    return result
