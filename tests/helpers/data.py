"""Tiny data sets, and how tests read streams of them."""

import itertools
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_infogan.data.dataset import ImageData


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


def assert_one_line(error: BaseException) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 600


# tfds knows these by their names, e.g. "shapes_of_all_sizes".


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


class TextLabels(tfds.core.GeneratorBasedBuilder):
    """Images of gray 10 k, labeled "b" and "a" in turn, and 7 to 9."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(4, 6, 1)),
                    "label": tfds.features.Text(),
                    "number": np.int64,
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(range(8)),
            "test": self._generate_examples([9]),
        }

    def _generate_examples(self, rows):
        for row in rows:
            yield (
                row,
                {
                    "image": np.full((4, 6, 1), 10 * row, np.uint8),
                    "label": "ba"[row % 2],
                    "number": row,
                },
            )


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
