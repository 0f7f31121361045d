"""Real MNIST through real tfds, and small data sets made here."""

import functools
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_infogan.data import tfds as loading
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.dataset import balanced_label_indices
from keras_infogan.data.tfds import load_images

FASHION_MNIST = Path(__file__).parents[3] / "shared/data/fashion_mnist"


# Data sets made here -------------------------------------------------------


class ShapesOfAllSizes(tfds.core.GeneratorBasedBuilder):
    """Seven RGB images of different sizes without labels, left half white."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {"picture": tfds.features.Image(shape=(None, None, 3))}
            ),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for index in range(7):
            image = np.zeros((20 + index, 40, 3), np.uint8)
            image[:, :20] = 255
            yield index, {"picture": image}


class BinaryDots(tfds.core.GeneratorBasedBuilder):
    """Three images of zeros and ones, as dSprites has them."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(shape=(4, 4, 1))}
            ),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for index in range(3):
            image = np.zeros((4, 4, 1), np.uint8)
            image[index] = 1
            yield index, {"image": image}


class JustNumbers(tfds.core.GeneratorBasedBuilder):
    """A data set without images."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict({"value": np.int64}),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        yield 0, {"value": 1}


def numbered(num_images: int = 23, num_classes: int = 3) -> ImageData:
    """Images of one pixel: image i has the value i and the label i mod 3."""
    rows = np.arange(num_images)
    return ImageData(
        rows.astype(np.uint8).reshape(-1, 1, 1, 1),
        rows % num_classes,
        "numbered",
        tuple("abc"[:num_classes]),
    )


def take(dataset: tf.data.Dataset, count: int) -> list[Any]:
    return list(itertools.islice(dataset.as_numpy_iterator(), count))


def pixel(batch: np.ndarray) -> np.ndarray:
    """The numbers of the images of `numbered()`."""
    return np.rint((batch.reshape(len(batch)) + 1) * 127.5).astype(int)


# MNIST ---------------------------------------------------------------------


def test_mnist_is_the_known_data_set(mnist_train, mnist_test):
    """The counts are those of LeCun's page; .1307 is the usual mean pixel."""
    assert mnist_train.images.shape == (60_000, 28, 28, 1)
    assert mnist_test.images.shape == (10_000, 28, 28, 1)
    assert mnist_train.images.dtype == np.uint8
    assert mnist_train.labels.dtype == np.int64
    assert np.bincount(mnist_train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    ]  # fmt: skip
    assert np.bincount(mnist_test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip
    mean = mnist_train.images.mean() / 255
    assert mean == pytest.approx(0.1307, abs=5e-5)
    assert mnist_train.name == "mnist"
    assert mnist_train.class_names == tuple("0123456789")
    assert mnist_train.num_classes == 10
    assert mnist_train.image_shape == (28, 28, 1)


def test_images_and_labels_belong_together(mnist_train, mnist_test):
    """The nearest class mean is right on 82 % of the test images."""
    means = np.stack(
        [mnist_train.scaled(mnist_train.labels == k).mean(0) for k in range(10)]
    ).reshape(10, -1)
    images = mnist_test.scaled().reshape(10_000, -1)
    # |x - m|^2 less |x|^2, which is the same for all m.
    distance = (means**2).sum(1) - 2 * images @ means.T
    accuracy = (distance.argmin(1) == mnist_test.labels).mean()
    assert accuracy == pytest.approx(0.8203, abs=1e-3)


def test_reading_twice_gives_the_same_order(mnist_data_dir, mnist_test):
    again = load_images(split="test", data_dir=mnist_data_dir)
    np.testing.assert_array_equal(again.images, mnist_test.images)
    np.testing.assert_array_equal(again.labels, mnist_test.labels)


def test_a_slice_is_part_of_its_split(mnist_data_dir, mnist_test):
    part = load_images(split="test[10:30]", data_dir=mnist_data_dir)
    np.testing.assert_array_equal(part.images, mnist_test.images[10:30])
    np.testing.assert_array_equal(part.labels, mnist_test.labels[10:30])


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


def test_preparing_leaves_nothing_but_the_data_set(mnist_data_dir):
    files = [path for path in mnist_data_dir.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {"3.0.1"}
    assert sum(path.stat().st_size for path in files) < 30e6


def test_a_prepared_data_set_needs_no_network(mnist_data_dir, without_network):
    load_images(split="train[:5]", data_dir=mnist_data_dir)


def test_preparing_says_nothing_on_stdout(tmp_path, capfd):
    load_images("binary_dots", data_dir=tmp_path)
    assert capfd.readouterr().out == ""


def test_the_environment_names_the_data_dir(mnist_data_dir):
    """tfds reads `TFDS_DATA_DIR` once, when it is imported."""
    program = (
        "from keras_infogan.data.tfds import load_images;"
        "print(load_images(split='test[:7]').images.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TFDS_DATA_DIR": str(mnist_data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "(7, 28, 28, 1)\n"


# Sizes and colors ----------------------------------------------------------


def test_resizing_keeps_the_picture(mnist_data_dir):
    """Bilinear interpolation hardly changes the mean: 1 byte is allowed."""
    split = "test[:100]"
    plain = load_images(split=split, data_dir=mnist_data_dir)
    large = load_images(split=split, data_dir=mnist_data_dir, image_size=32)
    small = load_images(
        split=split, data_dir=mnist_data_dir, image_size=(14, 14)
    )
    assert large.image_shape == (32, 32, 1)
    assert small.image_shape == (14, 14, 1)
    # 14 is half of 28, so antialiasing averages over neighboring pixels.
    for other in large, small:
        assert other.images.dtype == np.uint8
        assert other.images.mean() == pytest.approx(plain.images.mean(), abs=1)
        np.testing.assert_array_equal(other.labels, plain.labels)


def test_gray_images_become_rgb(mnist_data_dir, mnist_test):
    rgb = load_images(split="test[:9]", data_dir=mnist_data_dir, channels=3)
    expected = np.repeat(mnist_test.images[:9], 3, axis=-1)
    np.testing.assert_array_equal(rgb.images, expected)


def test_images_of_all_sizes_are_cropped_at_the_center(tmp_path):
    """Half of the square in the middle is white, whatever the height was."""
    shapes = load_images(
        "shapes_of_all_sizes", data_dir=tmp_path, image_size=8, channels=1
    )
    assert shapes.images.shape == (7, 8, 8, 1)
    assert (shapes.images[:, :, :3] == 255).all()
    assert (shapes.images[:, :, 5:] == 0).all()
    assert shapes.labels is None
    assert shapes.num_classes is None
    wide = load_images(
        "shapes_of_all_sizes", data_dir=tmp_path, image_size=(4, 16)
    )
    assert wide.images.shape == (7, 4, 16, 3)
    assert (wide.images[:, :, :7] == 255).all()
    with pytest.raises(ValueError, match="images of one size.*image_size=None"):
        load_images("shapes_of_all_sizes", data_dir=tmp_path)


def test_zeros_and_ones_become_black_and_white(tmp_path):
    dots = load_images("binary_dots", data_dir=tmp_path)
    assert np.unique(dots.images).tolist() == [0, 255]
    assert dots.images.mean() == 255 / 4


# The stream ----------------------------------------------------------------


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
        ("images", "partners"), tf.TensorSpec((64, 28, 28, 1), tf.float32)
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
@pytest.mark.parametrize("num_labels", [0, 9])
@pytest.mark.parametrize("start", [0, 1, 4, 7, 8, 13])
def test_starting_at_k_is_skipping_k(start, num_labels, neighbor_share):
    """Four batches an epoch, two a pass over the labels."""
    images = numbered()
    options: dict[str, Any] = {
        "num_labels": num_labels,
        "neighbor_share": neighbor_share,
        "seed": 3,
    }
    if num_labels:
        options["label_batch_size"] = 4
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


def test_the_order_is_the_same_everywhere():
    """Written down, so that a change does not break resumed runs unseen."""
    first = take(numbered().batches(5, seed=0), 1)[0]
    assert pixel(first).tolist() == [7, 13, 20, 15, 4]


def test_labels_do_not_change_the_order_of_the_images():
    images = numbered()
    plain = take(images.batches(5, seed=2), 9)
    labeled = take(images.batches(5, seed=2, num_labels=6), 9)
    for one, other in zip(plain, labeled, strict=True):
        np.testing.assert_array_equal(one, other["images"])


def test_partners_are_the_image_or_a_near_one():
    """A share of .3 has near ones, of 2,000: five deviations are .05.

    Image k is of one gray, k, and half of all are in the part that it looks in:
    more than 12 grays away there is nothing nearer once in 2 ** 24. The near
    one is the same at each visit; who has it is drawn anew.
    """
    images = numbered(100)
    batches = take(images.batches(20, seed=4, neighbor_share=0.3), 100)
    rows, partners = (
        np.concatenate([pixel(batch[name]) for batch in batches])
        for name in ("images", "partners")
    )
    plain = take(images.batches(20, seed=4), 100)
    np.testing.assert_array_equal(rows, pixel(np.concatenate(plain)))
    is_near = rows != partners
    assert is_near.mean() == pytest.approx(0.3, abs=0.05)
    assert np.abs(rows - partners).max() <= 12
    for row in range(100):
        assert len(set(partners[is_near & (rows == row)])) <= 1
    # All of 20 visits alike, of which .7 ** 20 have none, is one in a thousand.
    shares = np.bincount(rows, weights=is_near) / np.bincount(rows)
    assert ((shares > 0) & (shares < 1)).mean() > 0.9


def test_all_partners_are_near_with_labels_too():
    images = numbered()
    element = take(
        images.batches(5, seed=4, neighbor_share=1.0, num_labels=7), 1
    )[0]
    assert set(element) == {"images", "partners", "labeled_images", "labels"}
    assert (pixel(element["images"]) != pixel(element["partners"])).all()


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_shares_are_from_0_to_1(share):
    with pytest.raises(ValueError, match="neighbor_share. should be from 0"):
        numbered().batches(5, neighbor_share=share)


def test_one_image_has_no_neighbor():
    with pytest.raises(ValueError, match="two images at least"):
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


@pytest.mark.parametrize("num_labels", [10, 12, 100, 999])
def test_label_counts_differ_by_one_at_most(mnist_train, num_labels):
    chosen = balanced_label_indices(mnist_train.labels, num_labels, seed=0)
    assert chosen.dtype == np.int64
    assert len(set(chosen.tolist())) == num_labels
    counts = np.bincount(mnist_train.labels[chosen], minlength=10)
    assert counts.max() - counts.min() == (num_labels % 10 > 0)


def test_fewer_labels_are_part_of_more(mnist_train):
    sets = [
        set(balanced_label_indices(mnist_train.labels, n, 7).tolist())
        for n in (10, 13, 100)
    ]
    assert sets[0] < sets[1] < sets[2]
    other = balanced_label_indices(mnist_train.labels, 100, 8)
    assert sets[2] != set(other.tolist())


# Errors --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "between 1 and all of the 23 .*batch_size=0"),
        ({"batch_size": 24}, "between 1 and all of the 23 .*batch_size=24"),
        ({"batch_size": 5, "start": -1}, "batch 0 or later.*start=-1"),
        ({"batch_size": 5, "num_labels": 2}, "at least 3 and at most 21"),
        ({"batch_size": 5, "num_labels": -1}, "at least 3 and at most 21"),
        ({"batch_size": 5, "num_labels": 22}, "at least 3 and at most 21"),
        (
            {"batch_size": 5, "num_labels": 3, "label_batch_size": 4},
            "between 1 and all of the 3 .*label_batch_size=4",
        ),
    ],
)
def test_impossible_batches(arguments, message):
    with pytest.raises(ValueError, match=message):
        numbered().batches(**arguments)


def test_labels_of_a_data_set_without_any():
    images = ImageData(np.zeros((9, 2, 2, 1), np.uint8), None, "plain")
    with pytest.raises(ValueError, match="'plain' has no class labels"):
        images.batches(2, num_labels=3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashon_mnist", "'fashon_mnist'. Try: fashion_mnist"),
        ("mnist/foo", "'mnist/foo', of which tfds says: .*foo not found"),
        ("mnist:9.9.9", "'mnist:9.9.9', of which tfds says: .*only: 3.0.1"),
        ("my digits", "'my digits', of which tfds says: Parsing"),
        ("", "'', of which tfds says: Parsing"),
    ],
)
def test_unknown_names(name, message, tmp_path):
    with pytest.raises(ValueError, match=message) as caught:
        load_images(name, data_dir=tmp_path)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "valid"}, "of mnist/3.0.1: train, test, .*split='valid'"),
        ({"split": "train[:10"}, "Expected a split .*split='train"),
        ({"split": "train[5:5]"}, "split='train.5:5.'. It is empty"),
        ({"channels": 2}, "1 channel .* or 3 .*channels=2"),
        ({"image_size": 0}, "positive image_size"),
        ({"image_size": 50_000}, r"neither.*GiB.*Choose a smaller image_size"),
    ],
)
def test_impossible_images(arguments, message, mnist_data_dir):
    with pytest.raises(ValueError, match=message) as caught:
        load_images(data_dir=mnist_data_dir, **arguments)
    assert_one_line(caught.value)


def test_a_data_set_without_images(tmp_path):
    with pytest.raises(ValueError, match="8-bit images.*features are: value"):
        load_images("just_numbers", data_dir=tmp_path)


def test_a_damaged_archive(tmp_path):
    archives = shutil.copytree(
        loading.PACKAGED_ARCHIVES / "mnist", tmp_path / "a"
    )
    with (archives / "t10k-labels-idx1-ubyte.gz").open("r+b") as file:
        file.seek(1000)
        file.write(b"damaged")
    with pytest.raises(OSError, match=r"t10k-labels-idx1-ubyte.gz .* in ") as e:
        load_images(data_dir=tmp_path / "tfds", archives_dir=archives)
    assert str(archives) in str(e.value)
    assert_one_line(e.value)
    # The same call succeeds with the right file: nothing stale is left.
    assert not list((tmp_path / "tfds").rglob("*ubyte*"))


def test_a_missing_archive_is_not_downloaded(tmp_path, without_network):
    archives = shutil.copytree(
        loading.PACKAGED_ARCHIVES / "mnist", tmp_path / "a"
    )
    (archives / "train-images-idx3-ubyte.gz").unlink()
    message = "Missing: train-images-idx3-ubyte.gz. Put them there"
    with pytest.raises(FileNotFoundError, match=message) as caught:
        load_images(data_dir=tmp_path / "tfds", archives_dir=archives)
    assert_one_line(caught.value)


def test_no_network(tmp_path, without_network):
    message = "'svhn_cropped' .*ufldl.stanford.edu.*archives_dir"
    with pytest.raises(ConnectionError, match=message) as caught:
        load_images("svhn_cropped", data_dir=tmp_path)
    assert_one_line(caught.value)


def test_a_data_dir_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Choose another folder by data_dir") as e:
        load_images(data_dir=tmp_path / "file" / "tfds")
    assert_one_line(e.value)


def test_a_damaged_prepared_data_set(tmp_path):
    load_images("binary_dots", data_dir=tmp_path)
    (records,) = tmp_path.rglob("*.tfrecord*")
    content = bytearray(records.read_bytes())
    content[len(content) // 2] ^= 255
    records.write_bytes(content)
    with pytest.raises(OSError, match="is damaged.*Remove that folder") as e:
        load_images("binary_dots", data_dir=tmp_path)
    assert_one_line(e.value)


def assert_one_line(error: BaseException) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 600


# Another data set ----------------------------------------------------------


@pytest.mark.skipif(not FASHION_MNIST.is_dir(), reason="has no archives")
def test_archives_of_the_same_names_are_not_mixed_up(
    mnist_data_dir, mnist_test, without_network
):
    """Fashion-MNIST beside MNIST: its archives have the same names."""
    fashion = load_images(
        "fashion_mnist",
        split="test",
        data_dir=mnist_data_dir,
        archives_dir=FASHION_MNIST,
    )
    assert fashion.images.shape == mnist_test.images.shape
    assert fashion.labels is not None
    assert np.bincount(fashion.labels).tolist() == 10 * [1000]
    assert fashion.images.mean() / 255 == pytest.approx(0.2868, abs=1e-4)


def test_images_that_do_not_fit_into_memory(
    few_digits_dir, tmp_path, monkeypatch
):
    """Decoded once into a file, and the same batches from there.

    With labels, and again from the file alone; and what they take of memory is
    that of a few batches, whatever the number of images.
    """
    # Without what other tests keep there.
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
