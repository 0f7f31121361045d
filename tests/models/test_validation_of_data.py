"""What `fit` takes, and the form that a step is given it in."""

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.validation import check_training_data
from keras_infogan.models.validation import unpack_batch

SHAPE = (8, 8, 1)
SPEC = LatentSpec(4, {"category": Categorical(3)})
IMAGES = np.zeros((8, *SHAPE), np.float32)
dataset = tf.data.Dataset.from_tensors


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            IMAGES.astype(np.uint8),
            r"floats in \[-1, 1\]. Received: dtype=uint8",
        ),
        (IMAGES + 2.0, "values from 2 to 2"),
        (IMAGES[:, 1:], "Images should have shape"),
        (dataset(IMAGES[:, 1:]), r"shape \(8, 8, 1\). Received: shape=\(7, 8,"),
        (dataset(IMAGES.astype(np.uint8)), "batches of float images.*uint8"),
        (dataset({"images": IMAGES[:, 1:]}), "batches of float images"),
        (
            dataset({"images": IMAGES, "positives": IMAGES[:, 1:]}),
            "batches of float images",
        ),
    ],
    ids=["bytes", "range", "shape", "set", "byte set", "mapping", "positives"],
)
def test_wrong_images_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        check_training_data(x, SHAPE)


@pytest.mark.parametrize(
    "x",
    [
        IMAGES,
        dataset(IMAGES),
        dataset((IMAGES, np.zeros(8))),
        dataset({"images": IMAGES, "positives": IMAGES, "labels": np.zeros(8)}),
        # Keras says what it thinks of others.
        [IMAGES],
    ],
    ids=["array", "set", "targets", "mapping", "list"],
)
def test_right_images_pass(x):
    check_training_data(x, SHAPE)


def test_a_batch_is_a_mapping():
    mapping = {"images": IMAGES, "labels": np.zeros(8)}
    for data, expected in (
        (IMAGES, {"images": IMAGES}),
        ((IMAGES,), {"images": IMAGES}),
        ((IMAGES, np.zeros(8), np.ones(8)), {"images": IMAGES}),
        (mapping, mapping),
        ((mapping, None, None), mapping),
    ):
        batch = unpack_batch(data, SPEC)
        assert batch.keys() == expected.keys()
        assert all(batch[name] is expected[name] for name in batch)


def test_labels_need_a_categorical_code():
    spec = LatentSpec(4, {"continuous": Uniform(2)})
    batch = {"images": IMAGES, "labeled_images": IMAGES, "labels": np.zeros(8)}
    with pytest.raises(
        ValueError, match="Labels need a categorical code .*: continuous, none"
    ):
        unpack_batch(batch, spec)
