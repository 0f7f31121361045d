"""How close generated images are to real ones, in the features of a network."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.feature_extractor import FeatureExtractor
from keras_infogan.evaluation.measures.clustering import accuracy_standard_error
from keras_infogan.evaluation.measures.clustering import usage_entropy
from keras_infogan.evaluation.measures.distances import density_coverage
from keras_infogan.evaluation.measures.distances import frechet_distance
from keras_infogan.evaluation.measures.distances import frechet_error
from keras_infogan.evaluation.measures.distances import kernel_distance
from keras_infogan.evaluation.measures.distances import precision_recall
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
    """Compares generated images with those of the test split.

    Returns:
        `fidelity`: what `compare_images` returns; `None` without labels to
        train a feature extractor, or with fewer than `MIN_IMAGES` images of a
        split.
    """
    train, test = observations.train, observations.test
    too_few = min(len(train.images), len(test.images)) < MIN_IMAGES
    if observations.extractor is None or too_few:
        return {"fidelity": None}
    code = observations.clustering_code
    categories = None
    if code is not None:
        categories = np.argmax(observations.latents[code], axis=1)
    return {
        "fidelity": compare_images(
            observations.extractor,
            observations.generated,
            train,
            test,
            categories=categories,
            category_to_class=report["category_to_class"],
            seed=observations.seed,
        )
    }


def compare_images(
    extractor: FeatureExtractor,
    generated: np.ndarray,
    train: ImageData,
    test: ImageData,
    *,
    categories: np.ndarray | None = None,
    category_to_class: Sequence[int] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Compares generated images, and training images, with the test split.

    Each `floor` is the value of as many training images in place of the
    generated ones, the best that can be expected.

    Args:
        extractor: The feature extractor of the data set.
        generated: Float array of shape `(num_images, height, width, channels)`
            in [-1, 1].
        train: The training split.
        test: The test split.
        categories: Integer array of shape `(num_images,)`, the categories of
            the generated images.
        category_to_class: The class of each category, -1 for none.
        seed: Seed of the bootstrap of `frechet_error`.

    Returns:
        Plain data. `frechet_distance`, `kernel_distance`, `precision`,
        `recall` and `coverage`, each with a `_standard_error`, and `density`;
        each of them with a `_floor`. `class_coverage`, the share of classes
        with at least a tenth of their part, and `class_entropy` in nats.
        `category_agreement`, the share of images that are classified as the
        class of their category, `all` and `by_category`; `None` without
        categories. `feature_extractor_accuracy` on the test split.
        `num_images`, and the `num_neighbored_images` of precision, recall,
        density and coverage.

    Raises:
        ValueError: If there are fewer than `MIN_IMAGES` images on a side.
    """
    count = _count_images(generated, test.images, train.images)
    of_test = extractor.extract(test.scaled(slice(count)))
    of_train = extractor.extract(train.scaled(slice(count)))
    of_generated = extractor.extract(generated[:count])
    result: dict[str, Any] = {}
    for suffix, other in (("", of_generated), ("_floor", of_train)):
        result |= _measure_distances(
            of_test.features, other.features, suffix, seed
        )
    return {
        **result,
        **_measure_classes(of_generated.classes, len(test.class_names)),
        "category_agreement": _measure_agreement(
            of_generated.classes, categories, category_to_class
        ),
        "feature_extractor_accuracy": None
        if test.labels is None
        else float((of_test.classes == test.labels[:count]).mean()),
        "num_images": count,
        "num_neighbored_images": min(count, NUM_NEIGHBORED),
    }


def _count_images(*sets: np.ndarray) -> int:
    """Returns how many images of each set are compared."""
    count = min(*map(len, sets), NUM_IMAGES)
    if count < MIN_IMAGES:
        raise ValueError(
            f"Fidelity needs at least {MIN_IMAGES} images on each side. "
            f"Received: {count}."
        )
    return count


def _measure_classes(classes: np.ndarray, num_classes: int) -> dict[str, float]:
    counts = np.bincount(classes, minlength=num_classes)
    covered = counts >= _COVERED * len(classes) / num_classes
    return {
        "class_coverage": float(covered.mean()),
        "class_entropy": usage_entropy(counts),
    }


def _measure_agreement(
    classes: np.ndarray,
    categories: np.ndarray | None,
    category_to_class: Sequence[int] | None,
) -> dict[str, Any] | None:
    if categories is None or category_to_class is None:
        return None
    categories = categories[: len(classes)]
    right = np.asarray(category_to_class)[categories] == classes
    share = float(right.mean())
    by_category = [
        right[categories == number] for number in range(len(category_to_class))
    ]
    return {
        "all": share,
        "all_standard_error": accuracy_standard_error(share, len(right)),
        # A category may have no image among few.
        "by_category": [
            float(values.mean()) if len(values) else None
            for values in by_category
        ],
    }


def _measure_distances(
    real: np.ndarray, features: np.ndarray, suffix: str, seed: int
) -> dict[str, Any]:
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
