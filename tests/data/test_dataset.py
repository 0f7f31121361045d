"""Images as bytes and floats, and reproducible streams of batches of them."""

import functools
import shutil
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.sampling import balanced_label_indices
from keras_infogan.data.sources import open_images
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
        open_images, "few_digits", data_dir=tmp_path / "data"
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
    cache = tmp_path / "data" / "keras_infogan"
    files = sorted(cache.glob("[!.]*"))
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
    images, labels = next(iter(mapped.batches_with(mapped.labels, 32)))
    whole, whole_labels = next(iter(expected.batches_with(expected.labels, 32)))
    np.testing.assert_array_equal(images, whole)
    np.testing.assert_array_equal(labels, whole_labels)
    assert files[1].stat().st_mtime_ns == before
    model_input = mapped.batches(64).element_spec
    assert model_input.shape == (64, 28, 28, 1)
    # Each slice has a file of its own.
    first, second = (
        load(split=split) for split in ("train[:9]", "train[9:18]")
    )
    np.testing.assert_array_equal(first.images, expected.images[:9])
    np.testing.assert_array_equal(second.images, expected.images[9:18])


def test_labeled_batches_are_pairs_of_all_images():
    """An epoch has each image once, with its label; the seed is the order."""
    data = numbered(24)

    def epoch(seed):
        return take(data.batches_with(data.labels, 8, seed=seed), 3)

    rows = [pixel(images) for images, _ in epoch(seed=1)]
    assert sorted(np.concatenate(rows)) == list(range(24))
    for row, (_, labels) in zip(rows, epoch(seed=1), strict=True):
        assert data.labels is not None
        np.testing.assert_array_equal(labels, data.labels[row])
    others = [pixel(images) for images, _ in epoch(seed=2)]
    assert np.concatenate(rows).tolist() != np.concatenate(others).tolist()


def test_shapes_are_static(mnist_test):
    spec = mnist_test.batches(64).element_spec
    assert spec == tf.TensorSpec((64, 28, 28, 1), tf.float32)
    spec = mnist_test.batches(64, num_labels=20).element_spec
    assert spec == {
        "images": tf.TensorSpec((64, 28, 28, 1), tf.float32),
        "labeled_images": tf.TensorSpec((20, 28, 28, 1), tf.float32),
        "labels": tf.TensorSpec((20,), tf.int32),
    }
    spec = mnist_test.batches(64, neighbor_share=0.5).element_spec
    assert spec == dict.fromkeys(
        ("images", "positives"), tf.TensorSpec((64, 28, 28, 1), tf.float32)
    )


def test_an_epoch_is_a_permutation_less_the_remainder():
    images = numbered(23)
    assert images.num_batches(5) == 4
    batches = take(images.batches(5, seed=1), 8)
    epochs = [np.concatenate(batches[:4]), np.concatenate(batches[4:])]
    orders = [pixel(epoch) for epoch in epochs]
    for order in orders:
        assert len(set(order)) == 20
        assert set(order) <= set(range(23))
    assert orders[0].tolist() != orders[1].tolist()


def test_every_image_comes_equally_often():
    """20 of 23 images are in an epoch: 400 epochs have 347.8 +- 6.7 of each.

    The deviation is that of a binomial; allow four and a half.
    """
    batches = take(numbered(23).batches(20, seed=5), 400)
    counts = np.bincount(pixel(np.concatenate(batches)), minlength=23)
    np.testing.assert_allclose(counts, 400 * 20 / 23, atol=30)


@pytest.mark.parametrize("neighbor_share", [0.0, 0.5])
@pytest.mark.parametrize("num_labels", [0, 12])
@pytest.mark.parametrize("start", [0, 1, 4, 7, 8, 13])
def test_starting_at_k_is_skipping_k(start, num_labels, neighbor_share):
    """Four batches an epoch, two a pass over the labels."""
    images = numbered()
    options: dict[str, Any] = {
        "num_labels": num_labels,
        "neighbor_share": neighbor_share,
        "seed": 3,
    }
    expected = take(images.batches(5, **options).skip(start), 6)
    received = take(images.batches(5, start=start, **options), 6)
    for one, other in zip(expected, received, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_the_seed_decides():
    images = numbered()

    def order(seed):
        return pixel(np.concatenate(take(images.batches(5, seed=seed), 4)))

    assert order(1).tolist() == order(1).tolist()
    assert order(1).tolist() != order(2).tolist()
    assert order(2**62).tolist() != order(-1).tolist()


def test_the_seed_decides_on_labels_and_neighbors():
    """All images are labeled and paired: only orders and subsets are random."""
    images = numbered(24)

    def draw(seed):
        options: dict[str, Any] = {"num_labels": 24, "neighbor_share": 1.0}
        (batch,) = take(images.batches(24, seed=seed, **options), 1)
        order = np.argsort(pixel(batch["images"]))
        neighbors = pixel(batch["positives"])[order]
        return pixel(batch["labeled_images"]).tolist(), neighbors.tolist()

    (labeled, neighbors), (others, other_neighbors) = draw(1), draw(2)
    assert sorted(labeled) == sorted(others) == list(range(24))
    assert labeled != others
    assert neighbors != other_neighbors


def test_the_order_is_the_same_everywhere():
    """Fixed values, because a change would break the resuming of runs.

    Images, neighbors and labels have random numbers of their own.
    """
    data = numbered()
    batches = take(data.batches(5, num_labels=6, neighbor_share=0.5), 2)
    assert [
        {
            name: (rows if name == "labels" else pixel(rows)).tolist()
            for name, rows in batch.items()
        }
        for batch in batches
    ] == [
        {
            "images": [7, 13, 20, 15, 4],
            "positives": [8, 14, 21, 15, 4],
            "labeled_images": [1, 11, 18, 3, 13],
            "labels": [1, 2, 0, 0, 1],
        },
        {
            "images": [8, 14, 0, 18, 21],
            "positives": [8, 14, 0, 19, 21],
            "labeled_images": [18, 20, 11, 1, 13],
            "labels": [0, 2, 2, 1, 1],
        },
    ]
    (plain,) = take(data.batches(5), 1)
    assert pixel(plain).tolist() == [7, 13, 20, 15, 4]


def test_labels_do_not_change_the_order_of_the_images():
    images = numbered()
    plain = take(images.batches(5, seed=2), 9)
    labeled = take(images.batches(5, seed=2, num_labels=6), 9)
    for one, other in zip(plain, labeled, strict=True):
        np.testing.assert_array_equal(one, other["images"])


def test_positive_pairs_are_the_image_or_a_neighbor():
    """Of 2,000 images, a share of .3 has a neighbor: five deviations are .05.

    Image k is of gray k, and half of all images are searched: its neighbor is
    more than 12 grays away once in 2 ** 24. Each image has one neighbor; who
    is paired with it is drawn again in each batch.
    """
    images = numbered(100)
    batches = take(images.batches(20, seed=4, neighbor_share=0.3), 100)
    rows, positives = (
        np.concatenate([pixel(batch[name]) for batch in batches])
        for name in ("images", "positives")
    )
    plain = take(images.batches(20, seed=4), 100)
    np.testing.assert_array_equal(rows, pixel(np.concatenate(plain)))
    has_neighbor = rows != positives
    assert has_neighbor.mean() == pytest.approx(0.3, abs=0.05)
    assert np.abs(rows - positives).max() <= 12
    for row in range(100):
        assert len(set(positives[has_neighbor & (rows == row)])) <= 1
    # An image is never paired in 20 visits once in a thousand (.7 ** 20).
    shares = np.bincount(rows, weights=has_neighbor) / np.bincount(rows)
    assert ((shares > 0) & (shares < 1)).mean() > 0.9


def test_all_images_may_have_neighbors_beside_labels():
    images = numbered()
    element = take(
        images.batches(5, seed=4, neighbor_share=1.0, num_labels=7), 1
    )[0]
    assert set(element) == {"images", "positives", "labeled_images", "labels"}
    assert (pixel(element["images"]) != pixel(element["positives"])).all()


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_shares_are_from_0_to_1(share):
    with pytest.raises(
        ValueError, match="neighbor_share. should be between 0 and 1"
    ):
        numbered().batches(5, neighbor_share=share)


def test_one_image_has_no_neighbor():
    with pytest.raises(ValueError, match="at least two images"):
        numbered(1).batches(1, neighbor_share=0.5)


def test_labeled_images_have_their_labels_and_no_others_come():
    images = numbered()
    assert images.labels is not None
    chosen = balanced_label_indices(images.labels, 7, 4)
    seen = set()
    for element in take(images.batches(5, seed=4, num_labels=7), 30):
        rows = pixel(element["labeled_images"])
        assert len(set(rows)) == 5
        np.testing.assert_array_equal(element["labels"], images.labels[rows])
        seen.update(rows.tolist())
    assert sorted(seen) == chosen.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "between 1 and all of the 23 .*batch_size=0"),
        ({"batch_size": 24}, "between 1 and all of the 23 .*batch_size=24"),
        ({"batch_size": 5, "start": -1}, "batches already done.*start=-1"),
        ({"batch_size": 5, "num_labels": 2}, "between 3 and 21 labels"),
        ({"batch_size": 5, "num_labels": -1}, "between 3 and 21 labels"),
        ({"batch_size": 5, "num_labels": 22}, "between 3 and 21 labels"),
    ],
)
def test_impossible_batches(arguments, message):
    with pytest.raises(ValueError, match=message):
        numbered().batches(**arguments)


def test_labels_of_a_data_set_without_any():
    images = ImageData(np.zeros((9, 2, 2, 1), np.uint8), None, "plain")
    with pytest.raises(ValueError, match="'plain' has no class labels"):
        images.batches(2, num_labels=3)
