"""How good generated images are, as a classifier of the data set sees them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation import clustering as metrics
from keras_infogan.evaluation.distances import density_coverage
from keras_infogan.evaluation.distances import frechet_distance
from keras_infogan.evaluation.distances import frechet_error
from keras_infogan.evaluation.distances import kernel_distance
from keras_infogan.evaluation.distances import precision_recall
from keras_infogan.evaluation.feature_extractor import FeatureExtractor

# Of each side, at most. Distances among images take the square of their number.
NUM_IMAGES = 10_000
NUM_NEIGHBORED = 2_000
_KERNEL_BLOCKS = 10
# Neighbors, and blocks of them, need some.
MIN_IMAGES = 4 * _KERNEL_BLOCKS
# A class is covered if it has at least a tenth of its share.
_COVERED = 0.1


def measure_fidelity(
    extractor: FeatureExtractor,
    generated: np.ndarray,
    categories: np.ndarray | None,
    category_to_class: Sequence[int] | None,
    train: ImageData,
    test: ImageData,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Compares generated images with those of the test split.

    Beside each distance stands its `floor`: that of as many real training
    images, which no generator can expect to pass.

    Args:
        extractor: Of the data set.
        generated: Float array of images in [-1, 1].
        categories: Integer array of the categories they were generated from.
        category_to_class: The class of each category, -1 for none.
        train: The training split.
        test: The test split.
        seed: Whole number, of the standard error.

    Returns:
        Plain data: `frechet_distance`, `kernel_distance` (each with a
        `_standard_error`, by drawing the images again and by ten blocks of
        them), `precision`, `recall` and `coverage` (each with a
        `_standard_error`, of the images that are counted, the others as they
        are) and `density`, each of all these with a `_floor`;
        `class_coverage`, the share of classes with at least a tenth of their
        part, and `class_entropy` in nats;
        `category_agreement`, the share of images that the classifier reads as
        the class of their category, in `all` (with an `all_standard_error`)
        and `by_category`;
        `feature_extractor_accuracy` on the test split; and the numbers of
        images.
    """
    count = min(len(generated), len(test.images), len(train.images), NUM_IMAGES)
    if count < MIN_IMAGES:
        raise ValueError(
            f"Distances should be of at least {MIN_IMAGES} images on each "
            f"side. Received: {count}."
        )
    of_test = extractor.extract(test.scaled(slice(count)))
    of_train = extractor.extract(train.scaled(slice(count)))
    of_generated = extractor.extract(generated[:count])
    real = of_test.features
    result: dict[str, Any] = {}
    for suffix, reading in (("", of_generated), ("_floor", of_train)):
        result |= _distances(real, reading.features, suffix, seed)
    num_classes = len(test.class_names)
    classes = np.bincount(of_generated.classes, minlength=num_classes)
    agreement = None
    if categories is not None and category_to_class is not None:
        wanted = np.asarray(category_to_class)[categories[:count]]
        right = wanted == of_generated.classes
        agreement = {
            "all": float(right.mean()),
            "all_standard_error": metrics.accuracy_standard_error(
                float(right.mean()), count
            ),
            # A category may have no image among few.
            "by_category": [
                float(of_category.mean()) if len(of_category) else None
                for number in range(len(category_to_class))
                for of_category in [right[categories[:count] == number]]
            ],
        }
    return {
        **result,
        "class_coverage": float(
            (classes >= _COVERED * count / num_classes).mean()
        ),
        "class_entropy": metrics.usage_entropy(classes),
        "category_agreement": agreement,
        "feature_extractor_accuracy": None
        if test.labels is None
        else float((of_test.classes == test.labels[:count]).mean()),
        "num_images": count,
        "num_neighbored_images": min(count, NUM_NEIGHBORED),
    }


def _distances(
    real: np.ndarray, features: np.ndarray, suffix: str, seed: int
) -> dict[str, Any]:
    kernel = kernel_distance(real, features)
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
        f"kernel_distance{suffix}": kernel,
        f"kernel_distance{suffix}_standard_error": kernel_error,
    }
    precision, recall = precision_recall(
        real[:NUM_NEIGHBORED], features[:NUM_NEIGHBORED]
    )
    density, coverage = density_coverage(
        real[:NUM_NEIGHBORED], features[:NUM_NEIGHBORED]
    )
    result[f"density{suffix}"] = density
    num_neighbored = min(len(real), NUM_NEIGHBORED)
    for name, share in (
        ("precision", precision),
        ("recall", recall),
        ("coverage", coverage),
    ):
        result[f"{name}{suffix}"] = share
        result[f"{name}{suffix}_standard_error"] = (
            metrics.accuracy_standard_error(share, num_neighbored)
        )
    return result
