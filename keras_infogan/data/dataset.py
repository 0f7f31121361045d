"""Images in memory or in a mapped file, and the batches made from them."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_infogan.data.batches import Consumer
from keras_infogan.data.batches import consumer_key
from keras_infogan.data.batches import num_full_batches
from keras_infogan.data.batches import permutation
from keras_infogan.data.batches import positive_pairs
from keras_infogan.data.batches import row_batches
from keras_infogan.data.labels import balanced_label_indices
from keras_infogan.data.neighbors import nearest_neighbors
from keras_infogan.latents.random import fold_in


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """Decoded images, with class labels if there are any.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`.
            A `numpy.memmap` is read batch by batch and never as a whole.
        labels: int64 array of shape `(num_images,)`, or `None`.
        name: Name of the data set, e.g. `"mnist"`.
        class_names: Names of the labels `0, 1, ...`; empty without labels.
    """

    images: np.ndarray
    labels: np.ndarray | None
    name: str
    class_names: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int | None:
        """Number of classes, or `None` without labels."""
        return len(self.class_names) or None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)`."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    def scaled(self, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Returns images in the range that the networks use.

        Args:
            rows: A slice or an index array; by default all images.

        Returns:
            float32 array of shape `(rows, height, width, channels)` in
            `[-1, 1]`: byte 0 is -1, byte 255 is 1.
        """
        return self.images[rows].astype(np.float32) / 127.5 - 1.0

    def num_batches(self, batch_size: int) -> int:
        """Returns the number of full batches in an epoch.

        Raises:
            ValueError: If there is not at least one.
        """
        return num_full_batches(len(self.images), batch_size)

    def batches(
        self,
        batch_size: int,
        *,
        seed: int = 0,
        start: int = 0,
        num_labels: int = 0,
        label_batch_size: int | None = None,
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
                training may use (`balanced_label_indices()`).
            label_batch_size: Labeled images in a batch, by default
                `min(num_labels, batch_size)`, shuffled at each pass.
            neighbor_share: Probability, from 0 to 1, that an image's positive
                pair is a neighbor (`nearest_neighbors()`) instead of itself.
                The search takes seconds in each call, so keep the stream.

        Returns:
            A `tf.data.Dataset` of float32 tensors of shape
            `(batch_size, height, width, channels)` in `[-1, 1]`. With
            `num_labels` or `neighbor_share`, of dictionaries: `"images"`;
            `"positives"`, of the same shape, the second image of each positive
            pair, if `neighbor_share > 0`; and
            `"labeled_images"` and `"labels"` (int32 of shape
            `(label_batch_size,)`) if `num_labels > 0`.

        Raises:
            ValueError: If there are fewer images or labels than requested, or
                an argument is out of range.
        """
        stream = self._image_batches(batch_size, seed, start, neighbor_share)
        if num_labels:
            if label_batch_size is None:
                label_batch_size = min(num_labels, batch_size)
            labeled = self._few_labels(
                num_labels, label_batch_size, seed=seed, start=start
            )
            stream = tf.data.Dataset.zip(stream, labeled).map(
                lambda batch, labeled: {**batch, **labeled}
            )
        elif not neighbor_share:
            stream = stream.map(lambda batch: batch["images"])
        options = tf.data.Options()
        options.deterministic = True
        # One thread gathers a batch in 0.05 ms; an autotuned pool is slower.
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
        return stream.prefetch(2).with_options(options)

    def labeled_batches(
        self, batch_size: int, *, seed: int = 0
    ) -> tf.data.Dataset:
        """Returns an endless, shuffled stream of all images and labels.

        Args:
            batch_size: Images in a batch.
            seed: Any 64-bit integer.

        Returns:
            A `tf.data.Dataset` of pairs: float32 tensors of shape
            `(batch_size, height, width, channels)` in `[-1, 1]` and int64
            tensors of shape `(batch_size,)`.
        """
        key = consumer_key(seed, Consumer.IMAGE_ORDER)
        rows = row_batches(len(self.images), batch_size, key)
        gather, labels = self._gatherer(), tf.constant(self.labels)
        return rows.map(
            lambda rows: (gather(rows), tf.gather(labels, rows))
        ).prefetch(2)

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

    def _image_batches(
        self, batch_size: int, seed: int, start: int, neighbor_share: float
    ) -> tf.data.Dataset:
        """Dictionaries of `"images"` and, with a share, `"positives"`."""
        if start < 0:
            raise ValueError(
                "`start` should be the number of batches already done, 0 or "
                f"more. Received: start={start}."
            )
        key = consumer_key(seed, Consumer.IMAGE_ORDER)
        rows = row_batches(len(self.images), batch_size, key, start=start)
        gather = self._gatherer()
        draw = self._positive_pairs(neighbor_share, seed)

        def look_up(rows: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
            batch = {"images": gather(rows)}
            if draw:
                batch["positives"] = gather(draw(rows, number))
            return batch

        # The random numbers of batch k have the key k + 1; key 0 is used up by
        # the search for neighbors.
        numbers = tf.data.Dataset.range(start + 1, tf.int64.max)
        return tf.data.Dataset.zip(rows, numbers).map(look_up)

    def _positive_pairs(
        self, neighbor_share: float, seed: int
    ) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None:
        if not 0.0 <= neighbor_share <= 1.0:
            raise ValueError(
                "`neighbor_share` should be between 0 and 1. "
                f"Received: {neighbor_share!r}."
            )
        if not neighbor_share:
            return None
        key = consumer_key(seed, Consumer.NEIGHBORS)
        order = permutation(len(self.images), fold_in(key, 0)).numpy()
        with tf.device("CPU:0"):
            neighbors = tf.constant(nearest_neighbors(self.images, order))
        return positive_pairs(neighbors, neighbor_share, key)

    def _few_labels(
        self, num_labels: int, batch_size: int, *, seed: int, start: int
    ) -> tf.data.Dataset:
        """Dictionaries of `"labeled_images"` and `"labels"`."""
        if self.labels is None:
            raise ValueError(
                f"Data set {self.name!r} has no class labels to learn from. "
                f"Received: num_labels={num_labels}. Use num_labels=0."
            )
        chosen = balanced_label_indices(self.labels, num_labels, seed)
        with tf.device("CPU:0"):
            images = tf.constant(self.images[chosen])
            labels = tf.constant(self.labels[chosen], tf.int32)
        key = consumer_key(seed, Consumer.LABELED_ORDER)
        rows = row_batches(
            num_labels,
            batch_size,
            key,
            start=start,
            argument="label_batch_size",
        )
        return rows.map(
            lambda rows: {
                "labeled_images": _scale(tf.gather(images, rows)),
                "labels": tf.gather(labels, rows),
            }
        )


def _scale(pixels: tf.Tensor) -> tf.Tensor:
    return tf.cast(pixels, tf.float32) / 127.5 - 1.0
