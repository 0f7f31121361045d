"""The packaged feature extractor of MNIST, and one that is trained."""

import numpy as np
import pytest

from keras_infogan import checksums
from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation import feature_extractor
from keras_infogan.evaluation.feature_extractor import fingerprint
from keras_infogan.evaluation.feature_extractor import load_feature_extractor
from tests.helpers.models import tiny_model


@pytest.fixture(scope="module")
def few(mnist_train):
    return ImageData(
        mnist_train.images[:640],
        mnist_train.labels[:640],
        "few",
        mnist_train.class_names,
    )


@pytest.fixture(scope="module")
def trained(few):
    return load_feature_extractor(few)


def test_the_packaged_one_knows_mnist(mnist_train, mnist_test):
    """It is found by the content of the data, and reads 99 % of the test."""
    name = f"{fingerprint(mnist_train)}.keras"
    assert (feature_extractor.PACKAGED_EXTRACTORS / name).is_file()
    reading = load_feature_extractor(mnist_train).extract(mnist_test.scaled())
    assert (reading.classes == mnist_test.labels).mean() > 0.989
    assert reading.features.shape == (10_000, 64)


def test_trained_once_and_kept(few, trained, tmp_path):
    """The same weights in two trainings, and from the file."""
    first = load_feature_extractor(few, tmp_path)
    (path,) = tmp_path.glob("*.keras")
    assert path.name == f"{fingerprint(few)}.keras"
    before = path.stat().st_mtime_ns
    kept = load_feature_extractor(few, tmp_path)
    assert path.stat().st_mtime_ns == before
    for one, *others in zip(
        *(x.model.get_weights() for x in (first, kept, trained)), strict=True
    ):
        for other in others:
            np.testing.assert_array_equal(one, other)
    reading = first.extract(few.scaled())
    # Five epochs of 20 steps: far above chance, far from done.
    assert (reading.classes == few.labels).mean() > 0.5


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(b"no zip"),
        lambda path: tiny_model().save(path),
    ],
    ids=["cut", "other_file", "other_model"],
)
def test_one_that_is_damaged_is_replaced(
    damage, recorded, few, tmp_path, monkeypatch, caplog
):
    """It would block every evaluation of these images."""
    model = feature_extractor._build(few.image_shape, 10)
    monkeypatch.setattr(feature_extractor, "_train", lambda data: model)
    load_feature_extractor(few, tmp_path)
    (path,) = tmp_path.glob("*.keras")
    damage(path)
    if not recorded:
        checksums.checksum_path(path).unlink()
    load_feature_extractor(few, tmp_path)
    assert "A classifier is trained anew" in caplog.text
    caplog.clear()
    load_feature_extractor(few, tmp_path)
    assert not caplog.text


def test_batches_are_no_matter(few, trained, monkeypatch):
    """Rounding alone, 1e-5 of features of some 10."""
    images = few.scaled(slice(50))
    whole = trained.extract(images)
    monkeypatch.setattr(feature_extractor, "_CHUNK", 7)
    np.testing.assert_allclose(
        trained.extract(images).features, whole.features, atol=1e-4
    )


def test_fingerprint(few):
    """Of images, labels and names, not of the name of the set."""
    images = few.images.copy()
    images[0, 0, 0] ^= 1
    labels = few.labels.copy()
    labels[0] = (labels[0] + 1) % 10
    names = few.class_names
    same = ImageData(few.images, few.labels, "other", names)
    assert fingerprint(same) == fingerprint(few)
    for other in (
        ImageData(images, few.labels, "few", names),
        ImageData(few.images, labels, "few", names),
        ImageData(few.images, few.labels, "few", (*names, "ten")),
    ):
        assert fingerprint(other) != fingerprint(few)
