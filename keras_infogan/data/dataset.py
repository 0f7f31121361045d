"""Images in memory or in a mapped file, and the batches made from them."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan.data.neighbors import nearest_neighbors
from keras_infogan.data.sampling import Consumer
from keras_infogan.data.sampling import balanced_label_indices
from keras_infogan.data.sampling import num_full_batches
from keras_infogan.data.sampling import permutation
from keras_infogan.data.sampling import row_batches
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.random import open_unit_uniform


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """Decoded images, with class labels if there are any.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`.
            A `numpy.memmap` is read batch by batch and never as a whole.
        labels: int64 array of shape `(num_images,)`, or `None`.
        name: Name of the data set, e.g. `"mnist"`.
        class_names: Names of the labels `0, 1, ...`; empty without labels.
        file_names: The file of each image; empty if there are none.
        factors: Array of shape `(num_images, num_factors)`, the values of the
            factors of variation as numbers, or `None`.
        factor_names: Names of the factors.

    Raises:
        ValueError: If the images are not such an array, or there is not a label
            or file name for each, a class name for each label, or a row of
            factors for each.
    """

    images: np.ndarray
    labels: np.ndarray | None
    name: str
    class_names: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()

    def __post_init__(self):
        images, labels, names = self.images, self.labels, self.class_names
        wrong = ""
        if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
            wrong = (
                f"{getattr(images, 'dtype', type(images).__name__)}. "
                "`open_images` makes ImageData of numbers of any range"
            )
        elif images.ndim != 4 or not images.size:
            wrong = f"shape={images.shape}. images[..., None] adds channels"
        if wrong:
            raise ValueError(
                "ImageData should have images as a uint8 array of shape "
                "(num_images, height, width, channels), at least one. "
                f"Received: {wrong}."
            )
        if labels is None:
            wrong = f"no labels and {len(names)} class_names" if names else ""
        elif not (
            isinstance(labels, np.ndarray)
            and labels.dtype.kind in "iu"
            and labels.shape == images.shape[:1]
        ):
            wrong = f"shape={np.shape(labels)} of {np.asarray(labels).dtype}"
        elif labels.min() < 0 or labels.max() >= len(names):
            wrong = (
                f"{labels.min()} to {labels.max()} and {len(names)} class_names"
            )
        if wrong:
            raise ValueError(
                f"ImageData of {len(images)} images should have a label for "
                "each, a whole number from 0, and a class name for each label; "
                f"or neither. Received: {wrong}."
            )
        if len(self.file_names) not in (0, len(images)):
            raise ValueError(
                f"ImageData of {len(images)} images should have a file name "
                f"for each, or none. Received: {len(self.file_names)}."
            )
        shape = (len(images), len(self.factor_names))
        received = None if self.factors is None else np.shape(self.factors)
        if received != (shape if self.factor_names else None):
            raise ValueError(
                f"ImageData of {len(images)} images should have factors of "
                "shape (num_images, num_factors) and a name for each; or "
                f"neither. Received: {received} and {shape[1]} factor_names."
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)`."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    def scaled(self, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Returns some or all images as the networks take them.

        Returns:
            float32 array of shape `(rows, height, width, channels)` in
            `[-1, 1]`: byte 0 is -1, byte 255 is 1.
        """
        return self.images[rows].astype(np.float32) / 127.5 - 1.0

    def num_batches(self, batch_size: int) -> int:
        """Returns the number of full batches in an epoch, or raises if 0."""
        return num_full_batches(len(self.images), batch_size)

    def batches(
        self,
        batch_size: int,
        *,
        seed: int = 0,
        start: int = 0,
        num_labels: int = 0,
        neighbor_share: float = 0.0,
    ) -> tf.data.Dataset:
        """Returns an endless, shuffled and reproducible stream of batches.

        Batch k depends on `seed` and k alone, so a training that stopped after
        k batches resumes exactly with `start=k`. Each epoch is a new
        permutation of the images, minus the remainder that fills no batch.

        Args:
            batch_size: Images in a batch.
            seed: Any 64-bit integer.
            start: Number of batches to skip, at least 0.
            num_labels: Size of the class-balanced subset of labels that
                training may use (`balanced_label_indices()`), shuffled at each
                pass.
            neighbor_share: Probability, from 0 to 1, that an image's positive
                pair is a neighbor (`nearest_neighbors()`) instead of itself.
                The search takes seconds in each call, so keep the stream.

        Returns:
            A `tf.data.Dataset` of float32 tensors of shape
            `(batch_size, height, width, channels)` in `[-1, 1]`. With
            `num_labels` or `neighbor_share`, of dictionaries: `"images"`; with
            `neighbor_share`, `"positives"` of the same shape, the second image
            of each positive pair; with `num_labels`, `"labeled_images"` and
            `"labels"` (int32), `min(num_labels, batch_size)` of each.

        Raises:
            ValueError: If there are fewer images or labels than requested, or
                an argument is out of range.
        """
        key = Consumer.IMAGE_ORDER.key(seed)
        rows = row_batches(len(self.images), batch_size, key, start=start)
        # Batch k has the random key k + 1; the search for neighbors has key 0.
        streams = [tf.data.Dataset.range(start + 1, tf.int64.max), rows]
        if num_labels:
            streams.append(
                self._labeled_rows(num_labels, batch_size, seed, start)
            )
        look_up = self._look_up(neighbor_share, seed)
        return _one_thread(tf.data.Dataset.zip(*streams).map(look_up))

    def batches_with(
        self, targets: Any, batch_size: int, *, seed: int = 0
    ) -> tf.data.Dataset:
        """Returns an endless, shuffled stream of images and their targets.

        Args:
            targets: Array with a row for each image, or a dictionary of such
                arrays.
            batch_size: Images in a batch.
            seed: Any 64-bit integer.

        Returns:
            A `tf.data.Dataset` of pairs: float32 tensors of shape
            `(batch_size, height, width, channels)` in `[-1, 1]`, and the rows
            of the targets.
        """
        key = Consumer.IMAGE_ORDER.key(seed)
        rows = row_batches(len(self.images), batch_size, key)
        gather = self._gatherer()
        tensors = tf.nest.map_structure(tf.constant, targets)

        def look_up(rows):
            return gather(rows), tf.nest.map_structure(
                lambda values: tf.gather(values, rows), tensors
            )

        return rows.map(look_up).prefetch(2)

    @functools.cached_property
    def _tensor(self) -> tf.Tensor:
        # Created once and outside of any graph, so that all streams share it;
        # on the CPU, where tf.data gathers from it.
        with tf.device("CPU:0"):
            return tf.constant(self.images)

    def _gatherer(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns a function from row numbers to float images."""
        if not isinstance(self.images, np.memmap):
            tensor = self._tensor
            return lambda rows: _scale(tf.gather(tensor, rows))

        def gather(rows: tf.Tensor) -> tf.Tensor:
            pixels = tf.numpy_function(
                lambda numbers: np.asarray(self.images[numbers]),
                [rows],
                tf.uint8,
                stateful=False,
            )
            pixels.set_shape((*rows.shape, *self.image_shape))
            return _scale(pixels)

        return gather

    def _look_up(self, neighbor_share: float, seed: int) -> Callable[..., Any]:
        """Returns a function from a batch's number and rows to its images."""
        if not 0.0 <= neighbor_share <= 1.0:
            raise ValueError(
                "`neighbor_share` should be between 0 and 1. "
                f"Received: {neighbor_share!r}."
            )
        gather = self._gatherer()
        key = Consumer.NEIGHBORS.key(seed)
        if neighbor_share:
            order = permutation(len(self.images), fold_in(key, 0)).numpy()
            with tf.device("CPU:0"):
                neighbors = tf.constant(nearest_neighbors(self.images, order))

        def look_up(number, rows, labeled_rows=None):
            batch = {"images": gather(rows)}
            if neighbor_share:
                draws = open_unit_uniform(rows.shape, fold_in(key, number))
                positives = tf.where(
                    draws < neighbor_share, tf.gather(neighbors, rows), rows
                )
                batch["positives"] = gather(positives)
            if labeled_rows is not None:
                batch["labeled_images"] = gather(labeled_rows)
                labels = tf.gather(self.labels, labeled_rows)
                batch["labels"] = tf.cast(labels, tf.int32)
            return batch if len(batch) > 1 else batch["images"]

        return look_up

    def _labeled_rows(
        self, num_labels: int, batch_size: int, seed: int, start: int
    ) -> tf.data.Dataset:
        """Returns batches of the rows whose labels training may use."""
        if self.labels is None:
            raise ValueError(
                f"Data set {self.name!r} has no class labels to learn from. "
                f"Received: num_labels={num_labels}. Use num_labels=0."
            )
        chosen = balanced_label_indices(self.labels, num_labels, seed)
        key = Consumer.LABELED_ORDER.key(seed)
        size = min(num_labels, batch_size)
        rows = row_batches(num_labels, size, key, start=start)
        return rows.map(lambda rows: tf.gather(chosen, rows))


def _scale(pixels: tf.Tensor) -> tf.Tensor:
    return tf.cast(pixels, tf.float32) / 127.5 - 1.0


def _one_thread(stream: tf.data.Dataset) -> tf.data.Dataset:
    # One thread gathers a batch in 0.05 ms; an autotuned pool is slower.
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    return stream.prefetch(2).with_options(options)
