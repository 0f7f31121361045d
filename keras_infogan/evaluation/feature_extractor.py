"""A small classifier of a data set, whose features describe its images."""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_infogan import checksums
from keras_infogan.data.dataset import ImageData
from keras_infogan.models.pretrained import load_keras_file

# Feature extractors that come with the package.
PACKAGED_EXTRACTORS = Path(__file__).parent / "feature_extractors"
_FEATURE_DIM = 64
_BATCH_SIZE = 128
_EPOCHS = 5
_CHUNK = 1000

_logger = logging.getLogger(__name__)


class Features(NamedTuple):
    """Features and predicted classes of images.

    Args:
        features: float32 array of shape `(num_images, 64)`, the last layer
            before the logits.
        classes: Integer array of shape `(num_images,)`, the most probable ones.
    """

    features: np.ndarray
    classes: np.ndarray


class FeatureExtractor:
    """Extracts the features of images of one data set.

    Args:
        model: A functional model from images in [-1, 1] to `features` and
            `logits`.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self._call = tf.function(model, reduce_retracing=True)

    def extract(self, images: np.ndarray) -> Features:
        """Extracts the features of images, in chunks.

        Args:
            images: Float array of shape `(num_images, height, width,
                channels)` in [-1, 1].
        """
        outputs = [
            self._call(tf.constant(images[start : start + _CHUNK], tf.float32))
            for start in range(0, len(images), _CHUNK)
        ]
        features, logits = (
            np.concatenate([output[name].numpy() for output in outputs])
            for name in ("features", "logits")
        )
        return Features(features, logits.argmax(axis=1))


def fingerprint(data: ImageData) -> str:
    """Hashes the content of a data set: images, labels and class names."""
    digest = hashlib.sha256(
        repr((data.images.shape, data.class_names)).encode()
    )
    digest.update(np.ascontiguousarray(data.images).data)
    digest.update(np.ascontiguousarray(data.labels).data)
    return digest.hexdigest()[:16]


def load_feature_extractor(
    train: ImageData, cache_dir: Path | None = None
) -> FeatureExtractor:
    """Loads the feature extractor of a data set, or trains it.

    One that is damaged, or of other images, is replaced.

    Args:
        train: The training split, with labels.
        cache_dir: Where feature extractors are kept, by the fingerprint of
            their data; `None` keeps none.
    """
    name = f"{fingerprint(train)}.keras"
    for folder in (PACKAGED_EXTRACTORS, cache_dir):
        if folder and (folder / name).is_file():
            try:
                return FeatureExtractor(_load(folder / name, train))
            except ValueError as error:
                _logger.warning("A classifier is trained anew: %s", error)
    model = _train(train)
    if cache_dir:
        with checksums.recorded_path(cache_dir / name) as partial:
            model.save(partial)
    return FeatureExtractor(model)


def _load(path: Path, data: ImageData) -> keras.Model:
    """Loads a classifier; a `ValueError` if it is not that of these images."""
    model = load_keras_file(path)
    outputs = getattr(model, "output", None)
    if isinstance(outputs, Mapping):
        outputs = {name: output.shape for name, output in outputs.items()}
    num_classes = len(data.class_names)
    expected = {"features": (None, _FEATURE_DIM), "logits": (None, num_classes)}
    inputs = getattr(model, "input_shape", None)
    if outputs != expected or inputs != (None, *data.image_shape):
        raise ValueError(
            f"{path} should be a classifier of images {data.image_shape}. "
            f"Received: from {inputs} to {outputs}."
        )
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise ValueError(f"{path} has NaN or infinity.")
    return model


def _build(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    # Explicit seeds: the weights do not depend on the global random state.
    seeds = iter(range(100))

    def options() -> dict[str, Any]:
        initializer = keras.initializers.HeNormal(seed=next(seeds))
        return {"kernel_initializer": initializer, "dtype": "float32"}

    image = x = keras.Input(image_shape, name="image")
    for filters in (32, 64, 64):
        x = layers.Conv2D(
            filters, 3, 2, padding="same", activation="relu", **options()
        )(x)
    x = layers.Flatten(dtype="float32")(x)
    features = layers.Dense(
        _FEATURE_DIM, activation="relu", name="features", **options()
    )(x)
    logits = layers.Dense(num_classes, name="logits", **options())(features)
    return keras.Model(
        image, {"features": features, "logits": logits}, name="classifier"
    )


def _train(data: ImageData) -> keras.Model:
    """Trains for five epochs, deterministically."""
    model = _build(data.image_shape, len(data.class_names))
    batch_size = min(_BATCH_SIZE, len(data.images))
    num_steps = _EPOCHS * data.num_batches(batch_size)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(2e-3, num_steps)
    )
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=True)
    def step(images: tf.Tensor, labels: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            logits = model(images, training=True)["logits"]
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            )
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    for images, labels in data.batches_with(data.labels, batch_size).take(
        num_steps
    ):
        step(images, labels)
    return model
