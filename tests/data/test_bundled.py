"""MNIST from the package is that of TensorFlow Datasets, bit for bit."""

import shutil

import numpy as np
import pytest

from keras_infogan.data import bundled
from keras_infogan.data.sources import open_images


@pytest.mark.parametrize(
    "split", ["test", "train[:1%]", "train[59000:]", "train[33%:34%]"]
)
def test_the_images_and_their_order(split, mnist_data_dir):
    """With its version, the name is one that only tfds takes."""
    ours = open_images("mnist", split=split)
    theirs = open_images("mnist:3.0.1", split=split, data_dir=mnist_data_dir)
    np.testing.assert_array_equal(ours.images, theirs.images)
    np.testing.assert_array_equal(ours.labels, theirs.labels)
    assert ours.name == theirs.name
    assert ours.class_names == theirs.class_names


def test_all_images(mnist_train, mnist_test):
    data = open_images("mnist", split="all")
    np.testing.assert_array_equal(data.images[:60_000], mnist_train.images)
    np.testing.assert_array_equal(data.images[60_000:], mnist_test.images)
    assert data.labels is not None
    np.testing.assert_array_equal(data.labels[60_000:], mnist_test.labels)


def test_nothing_is_prepared(tmp_path):
    open_images("mnist", split="test[:3]", data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_both_splits_resized():
    data = open_images("mnist", split="test[:2]+train[:1]", image_size=32)
    plain = open_images("mnist", split="train[:1]", image_size=32)
    assert data.images.shape == (3, 32, 32, 1)
    np.testing.assert_array_equal(data.images[2:], plain.images)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-5],
        lambda data: data[:100] + bytes(100) + data[200:],
        lambda data: b"",
        lambda data: b"no archive",
    ],
    ids=["cut", "zeros", "empty", "other"],
)
def test_a_damaged_archive_is_one_line(damage, tmp_path, monkeypatch):
    good = bundled.BUNDLED_ARCHIVES / "mnist"
    shutil.copytree(good, tmp_path / "mnist")
    monkeypatch.setattr(bundled, "BUNDLED_ARCHIVES", tmp_path)
    path = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(OSError, match=f"The archive {path} is damaged: .*"):
        bundled.BundledMnist()
