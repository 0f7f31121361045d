"""Preparing data sets: archives, network and errors."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from keras_infogan.data.bundled import BUNDLED_ARCHIVES
from keras_infogan.data.sources import open_images
from keras_infogan.data.tfds import cache_directory
from tests.helpers import data
from tests.helpers.data import assert_one_line

FASHION_MNIST = Path(__file__).parents[3] / "shared/data/fashion_mnist"


def test_preparing_leaves_nothing_but_the_data_set(mnist_data_dir):
    """Other tests may keep results in the cache, but no other data sets."""
    files = [path for path in mnist_data_dir.rglob("*") if path.is_file()]
    cache = cache_directory(mnist_data_dir)
    files = [path for path in files if not path.is_relative_to(cache)]
    assert {path.parent for path in files} == {mnist_data_dir / "mnist/3.0.1"}
    assert sum(path.stat().st_size for path in files) < 30e6


def test_a_prepared_data_set_needs_no_network(mnist_data_dir, without_network):
    open_images("mnist:3.0.1", split="train[:5]", data_dir=mnist_data_dir)


def test_preparing_says_nothing_on_stdout(tmp_path, capfd):
    open_images(data.BinaryDots.name, data_dir=tmp_path)
    assert capfd.readouterr().out == ""


def test_a_damaged_archive(tmp_path):
    archives = shutil.copytree(BUNDLED_ARCHIVES / "mnist", tmp_path / "a")
    with (archives / "t10k-labels-idx1-ubyte.gz").open("r+b") as file:
        file.seek(1000)
        file.write(b"damaged")
    with pytest.raises(OSError, match=r"t10k-labels-idx1-ubyte.gz .* in ") as e:
        open_images("mnist", data_dir=tmp_path / "tfds", archives_dir=archives)
    assert str(archives) in str(e.value)
    assert_one_line(e.value)
    # The same call succeeds with the right file: nothing stale is left.
    assert not list((tmp_path / "tfds").rglob("*ubyte*"))


def test_a_missing_archive_is_not_downloaded(tmp_path, without_network):
    archives = shutil.copytree(BUNDLED_ARCHIVES / "mnist", tmp_path / "a")
    (archives / "train-images-idx3-ubyte.gz").unlink()
    message = "Missing: train-images-idx3-ubyte.gz. Put them there"
    with pytest.raises(FileNotFoundError, match=message) as caught:
        open_images("mnist", data_dir=tmp_path / "tfds", archives_dir=archives)
    assert_one_line(caught.value)


def test_no_network(tmp_path, without_network):
    message = "'svhn_cropped' .*ufldl.stanford.edu.*archives_dir"
    with pytest.raises(ConnectionError, match=message) as caught:
        open_images("svhn_cropped", data_dir=tmp_path)
    assert_one_line(caught.value)


def test_a_data_dir_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        OSError, match="Choose another folder with data_dir"
    ) as e:
        open_images("mnist:3.0.1", data_dir=tmp_path / "file" / "tfds")
    assert_one_line(e.value)


@pytest.mark.skipif(not FASHION_MNIST.is_dir(), reason="has no archives")
def test_archives_of_the_same_names_are_not_mixed_up(
    mnist_data_dir, mnist_test, without_network, tmp_path
):
    """Fashion-MNIST beside MNIST: its archives have the same names.

    In a copy, because other tests look at what is in the shared folder.
    """
    data_dir = shutil.copytree(mnist_data_dir, tmp_path / "tfds")
    fashion = open_images(
        "fashion_mnist",
        split="test",
        data_dir=data_dir,
        archives_dir=FASHION_MNIST,
    )
    assert fashion.images.shape == mnist_test.images.shape
    assert fashion.labels is not None
    assert np.bincount(fashion.labels).tolist() == 10 * [1000]
    assert fashion.images.mean() / 255 == pytest.approx(0.2868, abs=1e-4)
