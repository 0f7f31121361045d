"""What `fit`, `evaluate` and `predict` take, and the form a step gets it in."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.inputs import check_inputs
from keras_infogan.models.inputs import unpack_batch
from tests.helpers.models import adam
from tests.helpers.models import tiny_model

SHAPE = (8, 8, 1)
SPEC = LatentSpec(4, {"category": Categorical(3)})
BYTES = np.arange(8 * 64, dtype=np.int64).reshape(8, *SHAPE).astype(np.uint8)
IMAGES = BYTES.astype(np.float32) / 127.5 - 1.0
LABELS = np.zeros(8, np.int32)
LABELED = {"images": IMAGES, "labeled_images": IMAGES}
dataset = tf.data.Dataset.from_tensors


class Batches(keras.utils.PyDataset):
    """Two equal batches of images with targets."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.images, LABELS


class Loader:
    """Like a `DataLoader` of PyTorch: it iterates again and again."""

    def __init__(self, images):
        self.images = images

    def __iter__(self):
        return iter([(self.images, LABELS)] * 2)


# Every route by which images come.
ROUTES = {
    "array": lambda images: images,
    "tensor": tf.constant,
    "set": dataset,
    "targets": lambda images: dataset((images, LABELS)),
    "mapping": lambda images: dataset({"images": images}),
    "positives": lambda images: dataset(
        {"images": IMAGES, "positives": images}
    ),
    "arrays": lambda images: {"images": images},
    "PyDataset": Batches,
    "generator": lambda images: iter([(images, LABELS)] * 2),
    "iterator": lambda images: iter([images] * 2),
    "loader": Loader,
}
# What may not pass by any of them.
WRONG = {
    "0 to 255": (
        (IMAGES + 1.0) * 127.5,
        r"values from 0 to 255. Pass uint8 as it is",
    ),
    "0 to 1": (
        (IMAGES + 1.0) / 2.0,
        r"values from 0 to 1, none of them negative.* Scale these by 2",
    ),
    "NaN": (np.where(BYTES == 7, np.nan, IMAGES), "Received: NaN or infinity"),
    "integers": (
        BYTES.astype(np.int32),
        r"floats in \[-1, 1\]. Received: dtype=int32. Scale bytes",
    ),
    "bfloat16": (
        IMAGES.astype(tf.bfloat16.as_numpy_dtype),
        "Received: dtype=bfloat16. Cast them to float32",
    ),
    "shape": (
        IMAGES[:, 1:],
        r"shape \(num_images, 8, 8, 1\).* Received: shape=\(8, 7, 8, 1\)",
    ),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", WRONG)
def test_wrong_images_are_refused(route, kind):
    images, message = WRONG[kind]
    with pytest.raises(ValueError, match=message):
        check_inputs(ROUTES[route](images), SHAPE)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("images", [IMAGES, BYTES], ids=["floats", "bytes"])
def test_right_images_pass(route, images):
    """Nothing is lost of a generator, whose first batch is looked at."""
    given = ROUTES[route](images)
    x, first = check_inputs(given, SHAPE)
    assert first is not None
    np.testing.assert_array_equal(
        first["images"], IMAGES if route == "positives" else images
    )
    if route in ("generator", "iterator"):
        assert len(list(x)) == 2
    else:
        assert x is given


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            [IMAGES],
            r"Expected images: an array.* Received: list. Pass the array",
        ),
        (
            dataset({"image": IMAGES, "label": LABELS}),
            r"should have `images`.* Received: image, label. Map the data set",
        ),
        (7, "Expected images: an array.* Received: int"),
        (None, "Expected images: an array.* Received: NoneType"),
        (
            tf.RaggedTensor.from_tensor(IMAGES),
            "Expected images: an array.* Received: RaggedTensor",
        ),
        ({}, "Received: nothing. Map"),
        (
            {"images": IMAGES, "positives": IMAGES[:3]},
            "as many `positives` as `images`. Received: 3 and 8",
        ),
        (
            {"images": IMAGES, "labels": LABELS},
            "come with their `labeled_images`. Received: images, labels",
        ),
        (
            LABELED | {"labels": LABELS[:3]},
            "as many `labels` as `labeled_images`. Received: 3 and 8",
        ),
        (
            LABELED | {"labels": LABELS + 3},
            "less than 3, .*Received: int32 of shape .8,., 3 to 3",
        ),
        (LABELED | {"labels": LABELS - 1}, "whole numbers from 0.*-1 to -1"),
        (LABELED | {"labels": LABELS + 0.5}, "Received: float64 of shape"),
        (
            LABELED | {"labels": np.eye(3, dtype=int)[LABELS]},
            r"Received: int64 of shape \(8, 3\)",
        ),
        ({"labels": LABELS}, "Received: labels."),
        (
            tf.data.Dataset.from_tensor_slices(IMAGES),
            r"single images of shape \(8, 8, 1\). Add `.batch\(128\)`",
        ),
        (
            dataset(IMAGES).map(
                lambda x: tf.numpy_function(lambda y: y, [x], tf.float32)
            ),
            r"Received: <unknown>. Set it with `tf.ensure_shape\(images, "
            r"\(None, 8, 8, 1\)\)`",
        ),
        (
            tf.data.Dataset.from_tensor_slices(IMAGES).batch(
                9, drop_remainder=True
            ),
            "Received: a data set without any",
        ),
    ],
    ids=[
        "list",
        "tfds",
        "number",
        "nothing",
        "ragged",
        "empty mapping",
        "few positives",
        "only labels",
        "few labels",
        "large labels",
        "negative labels",
        "label numbers",
        "one-hot labels",
        "no images",
        "unbatched",
        "unknown rank",
        "empty",
    ],
)
def test_other_forms_are_refused(x, message):
    with pytest.raises(ValueError, match=message) as caught:
        check_inputs(x, SHAPE, num_categories=3)
    assert "\n" not in str(caught.value)


def test_labels_of_all_categories_pass():
    batch = LABELED | {"labels": np.arange(8, dtype=np.int32) % 3}
    assert check_inputs(batch, SHAPE, num_categories=3)[0] is batch


@pytest.fixture(scope="module")
def model():
    model = tiny_model()
    model.compile(adam(), adam(), jit_compile=False, run_eagerly=True)
    return model


@pytest.mark.parametrize("route", ["mapping", "generator", "iterator"])
def test_keras_takes_what_passes(route, model):
    """`fit`, `evaluate` and `predict`: once more after the check."""
    x = ROUTES[route]
    options: Any = {"verbose": 0, "diagnostics": False}
    single: Any = {} if route == "mapping" else {"steps": 1}
    step = int(model.step)
    model.fit(x(IMAGES), **options, steps_per_epoch=1)
    assert int(model.step) == step + 1
    losses = model.evaluate(x(IMAGES), return_dict=True, **options, **single)
    assert np.isfinite(list(losses.values())).all()
    logits = model.predict(x(IMAGES), verbose=0, **single)["logits"]
    np.testing.assert_allclose(
        logits,
        model.discriminator(IMAGES, training=False)["logits"],
        atol=1e-5,
    )


def test_images_that_may_be_bright_pass_with_a_warning():
    """A single photograph may have no dark pixel; a batch of training has."""
    with pytest.warns(UserWarning, match=r"as of images in \[0, 1\]"):
        check_inputs((IMAGES + 1.0) / 2.0, SHAPE, strict=False)


def test_a_batch_is_a_mapping():
    mapping = {"images": IMAGES, "labels": LABELS}
    for data, expected in (
        (IMAGES, {"images": IMAGES}),
        ((IMAGES,), {"images": IMAGES}),
        ((IMAGES, LABELS, np.ones(8)), {"images": IMAGES}),
        (mapping, mapping),
        ((mapping, None, None), mapping),
    ):
        batch = unpack_batch(data, SPEC)
        assert batch.keys() == expected.keys()
        assert all(batch[name] is expected[name] for name in batch)


def test_bytes_of_a_batch_become_floats():
    """By the definition: x / 127.5 - 1, so 0 is -1 and 255 is 1."""
    batch = unpack_batch(
        {
            "images": BYTES,
            "positives": IMAGES,
            "labeled_images": BYTES,
            "labels": LABELS,
        },
        SPEC,
    )
    for name in ("images", "positives", "labeled_images"):
        np.testing.assert_array_equal(batch[name], IMAGES)
    assert batch["labels"] is LABELS


def test_labels_need_a_categorical_code():
    spec = LatentSpec(4, {"continuous": Uniform(2)})
    batch = {"images": IMAGES, "labeled_images": IMAGES, "labels": LABELS}
    with pytest.raises(
        ValueError, match="labels should come with a cat.*: continuous, none"
    ):
        unpack_batch(batch, spec)


@pytest.mark.parametrize(
    "method", ["train_on_batch", "test_on_batch", "predict_on_batch"]
)
def test_single_batches_are_checked(method):
    model = tiny_model()
    model.compile()
    with pytest.raises(ValueError, match="values from 0 to 255"):
        getattr(model, method)((IMAGES + 1.0) * 127.5)
    assert model.num_steps == 0
