"""Real images as if they were generated, and ones that collapsed."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from keras_infogan.data.dataset import ImageData
from keras_infogan.distances import kernel_distance
from keras_infogan.distances import precision_recall
from keras_infogan.evaluation.feature_extractor import Features
from keras_infogan.evaluation.feature_extractor import load_feature_extractor
from keras_infogan.evaluation.measures import fidelity
from keras_infogan.evaluation.measures.fidelity import measure_fidelity

COUNT = 1000


class PixelExtractor:
    """A single feature, the value of the only pixel; its sign is the class."""

    def extract(self, images):
        features = images.reshape(len(images), 1)
        return Features(features, (features[:, 0] >= 0).astype(int))


def compare(
    extractor, generated, train, test, *, categories=None, mapping=None, seed=0
):
    observations: Any = SimpleNamespace(
        extractor=extractor,
        generated=generated,
        train=train,
        test=test,
        clustering_code=None if categories is None else "c",
        latents={} if categories is None else {"c": np.eye(10)[categories]},
        seed=seed,
    )
    report = {"category_to_class": mapping}
    return measure_fidelity(observations, report)["fidelity"]


def noise_around(mean):
    """64 images of one pixel, uniform around `mean` in levels of 8 bits."""
    levels = np.round(127.5 * (1 + mean)) + np.arange(64) - 32
    labels = np.full(64, int(mean > 0))
    images = levels.astype(np.uint8).reshape(64, 1, 1, 1)
    return ImageData(images, labels, "pixels", ("dark", "bright"))


def test_each_split_has_its_place():
    """Test images around .4, training images around 0, generated ones at -.4.

    All have the same deviation, so the Frechet distance is the square of the
    difference of the means: of generated and test images .8^2, of training and
    test images, the floor, .4^2. Means are exact to half a level of 8 bits.
    """
    test, train, generated = (noise_around(mean) for mean in (0.4, 0.0, -0.4))
    found = compare(
        PixelExtractor(),
        generated.scaled(),
        train,
        test,
        categories=np.repeat([0, 1], 32),
        mapping=[0, 1],
    )
    assert found["frechet_distance"] == pytest.approx(0.64, abs=0.01)
    assert found["frechet_distance_floor"] == pytest.approx(0.16, abs=0.01)
    # Generated images are all dark, and half of them of the bright category.
    assert found["category_agreement"]["all"] == 0.5
    assert found["category_agreement"]["by_category"] == [1.0, 0.0]
    assert found["class_coverage"] == 0.5
    assert found["feature_extractor_accuracy"] == 1.0


def test_the_bootstrap_is_of_the_seed():
    """Other draws give another standard error, and nothing else."""
    test, train, generated = (noise_around(mean) for mean in (0.4, 0.0, -0.4))
    results = [
        compare(PixelExtractor(), generated.scaled(), train, test, seed=seed)
        for seed in (0, 1)
    ]
    different = {
        key for key in results[0] if results[0][key] != results[1][key]
    }
    assert different == {
        "frechet_distance_standard_error",
        "frechet_distance_floor_standard_error",
    }


def test_neighbors_are_of_the_first_images(monkeypatch):
    """They rise, so the first 20 of two splits do not overlap, but 64 do."""
    monkeypatch.setattr(fidelity, "NUM_NEIGHBORED", 20)
    test, train = noise_around(0.4), noise_around(0.0)
    found = compare(PixelExtractor(), test.scaled(), train, test)
    assert found["num_images"] == 64
    assert found["num_neighbored_images"] == 20
    assert found["precision_floor"] == found["recall_floor"] == 0.0
    every = [data.scaled().reshape(64, 1) for data in (test, train)]
    assert min(precision_recall(*every)) > 0.0


@pytest.mark.parametrize(("count", "coverage"), [(4, 1.0), (3, 0.5)])
def test_a_class_is_covered_from_a_tenth_of_its_share(count, coverage):
    """Its share of 64 images is 32, and a tenth of that 3.2."""
    test, train = noise_around(0.4), noise_around(0.0)
    generated = noise_around(-0.4).scaled()
    generated[:count] *= -1.0
    found = compare(PixelExtractor(), generated, train, test)
    assert found["class_coverage"] == coverage


def test_error_of_the_kernel_distance():
    """That of a mean of ten blocks of images: of 64, four of 7 and six of 6."""
    test, train = noise_around(0.4), noise_around(0.0)
    found = compare(PixelExtractor(), test.scaled(), train, test)
    real, other = (data.scaled().reshape(64, 1) for data in (test, train))
    bounds = np.cumsum([7] * 4 + [6] * 5)
    blocks = [
        kernel_distance(*pair)
        for pair in zip(
            np.split(real, bounds), np.split(other, bounds), strict=True
        )
    ]
    expected = stats.sem(blocks)
    error = found["kernel_distance_floor_standard_error"]
    assert error == pytest.approx(expected)


def test_no_fidelity_without_an_extractor_or_images():
    train = noise_around(0.0)
    few = ImageData(train.images[:39], None, "few")
    for extractor, test in ((None, train), (PixelExtractor(), few)):
        assert compare(extractor, train.scaled(), train, test) is None


@pytest.fixture(scope="module")
def extractor(mnist_train):
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


def test_real_images_are_at_the_floor(extractor, splits, mnist_train):
    """Other training images: as near to the test images as the floor.

    Within four standard errors of both; and each is of its own class.
    """
    rows = slice(COUNT, 2 * COUNT)
    found = compare(
        extractor,
        mnist_train.scaled(rows),
        *splits,
        categories=mnist_train.labels[rows],
        mapping=list(range(10)),
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


def test_collapsed_images(extractor, splits):
    """One image again and again: far away, one class, next to no recall."""
    train, test = splits
    one = np.repeat(test.scaled(slice(1)), COUNT, axis=0)
    found = compare(extractor, one, train, test)
    assert found["frechet_distance"] > 20 * found["frechet_distance_floor"]
    assert found["kernel_distance"] > 20 * abs(found["kernel_distance_floor"])
    assert found["class_coverage"] == pytest.approx(0.1)
    assert found["class_entropy"] == 0.0
    assert found["recall"] < 0.01
    # One point is in no more balls than it has neighbors, or hardly.
    assert found["coverage"] < 0.02
    assert found["category_agreement"] is None


def test_agreement_follows_the_mapping(extractor, splits):
    """Categories shuffled, and one that is no class."""
    train, test = splits
    order = np.random.default_rng(0).permutation(10)
    categories = np.argsort(order)[test.labels]
    found = compare(
        extractor,
        test.scaled(),
        train,
        test,
        categories=categories,
        mapping=order.tolist(),
    )
    assert found["category_agreement"]["all"] == pytest.approx(
        found["feature_extractor_accuracy"]
    )
    mapping = order.copy()
    mapping[3] = -1
    found = compare(
        extractor,
        test.scaled(),
        train,
        test,
        categories=categories,
        mapping=mapping.tolist(),
    )
    assert found["category_agreement"]["by_category"][3] == 0.0
