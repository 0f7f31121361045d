"""Real images as if they were generated, and ones that collapsed."""

import math

import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.feature_extractor import load_feature_extractor
from keras_infogan.evaluation.fidelity import measure_fidelity

COUNT = 1000


@pytest.fixture(scope="module")
def reader(mnist_train):
    return load_feature_extractor(mnist_train)


@pytest.fixture(scope="module")
def splits(mnist_train, mnist_test):
    """Training images, and test images that are as many."""
    return [
        ImageData(
            data.images[:COUNT], data.labels[:COUNT], "x", data.class_names
        )
        for data in (mnist_train, mnist_test)
    ]


def test_real_images_are_at_the_floor(reader, splits, mnist_train):
    """Other training images: as near to the test images as the floor.

    Within four standard errors of both; and each is of its own class.
    """
    rows = slice(COUNT, 2 * COUNT)
    found = measure_fidelity(
        reader,
        mnist_train.scaled(rows),
        mnist_train.labels[rows],
        list(range(10)),
        *splits,
    )
    for name in ("frechet_distance", "kernel_distance"):
        error = math.hypot(
            found[f"{name}_standard_error"],
            found[f"{name}_floor_standard_error"],
        )
        assert abs(found[name] - found[f"{name}_floor"]) < 4 * error
    for name in ("precision", "recall", "coverage"):
        for suffix in ("", "_floor"):
            share = found[f"{name}{suffix}"]
            assert found[f"{name}{suffix}_standard_error"] == pytest.approx(
                math.sqrt(share * (1 - share) / COUNT)
            )
    agreement = found["category_agreement"]
    assert agreement["all_standard_error"] == pytest.approx(
        math.sqrt(agreement["all"] * (1 - agreement["all"]) / COUNT)
    )
    for name in ("precision", "recall", "density", "coverage"):
        assert abs(found[name] - found[f"{name}_floor"]) < 0.1
    assert found["class_coverage"] == 1.0
    assert found["class_entropy"] == pytest.approx(math.log(10), abs=0.05)
    assert found["category_agreement"]["all"] > 0.98
    assert found["feature_extractor_accuracy"] > 0.97
    assert found["num_images"] == COUNT


def test_collapsed_images(reader, splits):
    """One image again and again: far away, one class, next to no recall."""
    train, test = splits
    one = np.repeat(test.scaled(slice(1)), COUNT, axis=0)
    found = measure_fidelity(reader, one, None, None, train, test)
    assert found["frechet_distance"] > 20 * found["frechet_distance_floor"]
    assert found["kernel_distance"] > 20 * abs(found["kernel_distance_floor"])
    assert found["class_coverage"] == pytest.approx(0.1)
    assert found["class_entropy"] == 0.0
    assert found["recall"] < 0.01
    # One point is in no more balls than it has neighbors, or hardly.
    assert found["coverage"] < 0.02
    assert found["category_agreement"] is None


def test_agreement_follows_the_mapping(reader, splits):
    """Categories shuffled, and one that is no class."""
    train, test = splits
    order = np.random.default_rng(0).permutation(10)
    categories = np.argsort(order)[test.labels]
    found = measure_fidelity(
        reader, test.scaled(), categories, order.tolist(), train, test
    )
    assert found["category_agreement"]["all"] == pytest.approx(
        found["feature_extractor_accuracy"]
    )
    mapping = order.copy()
    mapping[3] = -1
    found = measure_fidelity(
        reader, test.scaled(), categories, mapping.tolist(), train, test
    )
    assert found["category_agreement"]["by_category"][3] == 0.0


def test_too_few_images(reader, splits):
    train, test = splits
    with pytest.raises(ValueError, match="at least 40 images"):
        measure_fidelity(reader, test.scaled(slice(9)), None, None, train, test)
