"""Images as bytes, as floats, in memory and in a mapped file."""

import functools
import shutil
from types import SimpleNamespace
from typing import Any

import numpy as np

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.tfds import load_images
from tests.helpers.data import numbered
from tests.helpers.data import pixel
from tests.helpers.data import take


def test_scaled_and_streamed_images_are_equal(mnist_test):
    images = mnist_test.scaled(slice(0, 100))
    assert images.dtype == np.float32
    assert images.min() == -1.0
    assert images.max() == 1.0
    data = ImageData(mnist_test.images[:100], None, "mnist")
    (batch,) = take(data.batches(100), 1)
    order = np.argsort(batch.reshape(100, -1) @ np.arange(784))
    expected = np.argsort(images.reshape(100, -1) @ np.arange(784))
    np.testing.assert_array_equal(batch[order], images[expected])


def test_images_that_do_not_fit_into_memory(
    few_digits_dir, tmp_path, monkeypatch
):
    """They are decoded once into a file, which gives the same batches."""
    # Without what other tests cache there.
    ignore = shutil.ignore_patterns("keras_infogan")
    shutil.copytree(few_digits_dir, tmp_path / "data", ignore=ignore)
    load = functools.partial(
        load_images, "few_digits", data_dir=tmp_path / "data"
    )
    expected = load()
    monkeypatch.setattr(
        "psutil.virtual_memory", lambda: SimpleNamespace(available=1000)
    )
    mapped = load()
    assert isinstance(mapped.images, np.memmap)
    np.testing.assert_array_equal(mapped.images, expected.images)
    np.testing.assert_array_equal(mapped.labels, expected.labels)
    assert mapped.class_names == expected.class_names
    files = sorted((tmp_path / "data" / "keras_infogan").iterdir())
    assert [path.name.endswith(".labels.npy") for path in files] == [
        True,
        False,
    ]
    assert len(files) == 2
    before = files[1].stat().st_mtime_ns
    options: dict[str, Any] = {
        "seed": 3,
        "start": 7,
        "num_labels": 20,
        "neighbor_share": 0.5,
    }
    for one, other in zip(
        load().batches(64, **options).take(5),
        expected.batches(64, **options).take(5),
        strict=True,
    ):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    images, labels = next(iter(mapped.labeled_batches(32)))
    whole, whole_labels = next(iter(expected.labeled_batches(32)))
    np.testing.assert_array_equal(images, whole)
    np.testing.assert_array_equal(labels, whole_labels)
    assert files[1].stat().st_mtime_ns == before
    model_input = mapped.batches(64).element_spec
    assert model_input.shape == (64, 28, 28, 1)


def test_labeled_batches_are_pairs_of_all_images():
    """An epoch has each image once, with its label; the seed is the order."""
    data = numbered(24)

    def epoch(seed):
        return take(data.labeled_batches(8, seed=seed), 3)

    rows = [pixel(images) for images, _ in epoch(seed=1)]
    assert sorted(np.concatenate(rows)) == list(range(24))
    for row, (_, labels) in zip(rows, epoch(seed=1), strict=True):
        assert data.labels is not None
        np.testing.assert_array_equal(labels, data.labels[row])
    others = [pixel(images) for images, _ in epoch(seed=2)]
    assert np.concatenate(rows).tolist() != np.concatenate(others).tolist()
