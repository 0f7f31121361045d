"""The data sets that the benchmark of the presets imitates."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_infogan.data.sources import open_images
from keras_infogan.training.build import load_data
from keras_infogan.training.build import make_stream
from keras_infogan.training.presets import preset
from tests.helpers.data import take
from tests.helpers.models import SPEC

SCRIPTS = Path(__file__).parents[2] / "scripts"
COUNTS = {"train": 30, "test": 10}


@pytest.mark.parametrize(
    ("name", "num_classes"),
    [("kmnist", 10), ("emnist", 47), ("svhn", 10), ("celeba", 0)],
)
def test_a_preset_takes_the_data_of_its_builder(
    name, num_classes, monkeypatch, tmp_path
):
    """By the names, splits and features of tfds; without a download.

    CelebA has no classes, and images of 218 x 178 pixels.
    """
    monkeypatch.setattr(sys, "path", [str(SCRIPTS / "benchmarks"), *sys.path])
    benchmark = importlib.import_module("presets")
    config = preset(name).replace(batch_size=8, neighbor_share=0.0).data
    benchmark.prepare_synthetic(config.dataset, tmp_path, COUNTS)
    train, test = load_data(config, data_dir=tmp_path)
    assert (len(train.images), len(test.images)) == (30, 10)
    assert len(train.class_names) == num_classes
    # Of which no two are alike.
    assert len({image.tobytes() for image in train.images}) == 30
    (batch,) = take(make_stream(config, train, SPEC, seed=0)(), 1)
    assert batch.shape == (8, *config.image_shape)


def test_dsprites_has_one_split(monkeypatch, tmp_path):
    """Images of zeros and ones, of which the preset tests on a tenth."""
    monkeypatch.setattr(sys, "path", [str(SCRIPTS / "benchmarks"), *sys.path])
    benchmark = importlib.import_module("presets")
    benchmark.prepare_synthetic("dsprites", tmp_path, COUNTS)
    train, test = load_data(
        preset("dsprites").replace(image_size=64).data, data_dir=tmp_path
    )
    assert (len(train.images), len(test.images)) == (36, 4)
    assert train.image_shape == (64, 64, 1)
    assert set(train.images.ravel()) == {0, 255}
    assert train.labels is None
    # Its factors, in the order of the images: image k has class k, modulo the
    # number of classes, of all of them.
    data = open_images("dsprites", data_dir=tmp_path, factors=True)
    assert data.factor_names == (
        "shape",
        "scale",
        "orientation",
        "x_position",
        "y_position",
    )
    assert data.factors is not None
    numbers = data.factors[:, 2]
    assert sorted(numbers) == list(range(40))
    expected = np.stack([numbers % size for size in (3, 6, 40, 32, 32)], axis=1)
    np.testing.assert_array_equal(data.factors, expected)
    # The pattern of an image is that of its number, modulo 10, perhaps moved.
    first = data.images[numbers % 10 == 0].mean()
    assert abs(first - data.images[numbers % 10 == 1].mean()) > 1.0
