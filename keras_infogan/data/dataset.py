"""Images in memory, and an endless stream of batches of them."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_infogan.data.neighbors import near_images
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.random import open_unit_uniform

# Each consumer of a seed folds in its own number, so none sees another's draws.
_IMAGE_ORDER, _LABELED_ORDER, _LABELED_CHOICE, _NEIGHBORS = range(4)


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """Decoded images in memory, with their labels if there are any.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`;
            a `numpy.memmap` is read batch by batch, and never as a whole.
        labels: int64 array of shape `(num_images,)`, or `None`.
        name: Name of the data set, e.g. `"mnist"`.
        class_names: The names of the labels `0, 1, ...`; empty without labels.
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

    @functools.cached_property
    def _tensor(self) -> tf.Tensor:
        # Made once, and outside of any graph, so that all streams share it;
        # on the CPU, where tf.data gathers from it.
        with tf.device("CPU:0"):
            return tf.constant(self.images)

    def _gatherer(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Rows to float images: from memory, or from a file that is mapped."""
        if not isinstance(self.images, np.memmap):
            return functools.partial(_gather, self._tensor)

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

    def scaled(self, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Returns images as a network takes them.

        Args:
            rows: A slice or an index array; all images by default.

        Returns:
            float32 array of shape `(rows, height, width, channels)` in
            `[-1, 1]`: byte 0 is -1, byte 255 is 1.
        """
        return self.images[rows].astype(np.float32) / 127.5 - 1.0

    def num_batches(self, batch_size: int) -> int:
        """Returns how many full batches there are in an epoch.

        Raises:
            ValueError: If there is not one.
        """
        return _num_batches(len(self.images), batch_size, "batch_size")

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
        """Returns an endless stream of batches whose element k is known.

        Element k depends on `seed` and k alone, so training that stopped after
        k batches goes on exactly with `start=k`. Each epoch of
        `num_batches(batch_size)` elements is a new permutation of the images,
        less the remainder that fills no batch.

        Args:
            batch_size: Images in an element.
            seed: Any integer of 64 bits. The labeled images and their order
                are drawn independently of the order of the images.
            start: The first k, at least 0.
            num_labels: How many labels may be used: the size of the class
                balanced subset of `balanced_label_indices()`.
            label_batch_size: Labeled images in an element, by default
                `min(num_labels, batch_size)`. They come from a permutation of
                the subset at each pass over it, less its remainder.
            neighbor_share: How many of the images, as a share, have a partner
                that is another image, a near one (`neighbors.near_images`).
                They are looked for at each call, for seconds: keep the stream.

        Returns:
            A `tf.data.Dataset` of float32 tensors of shape
            `(batch_size, height, width, channels)` in `[-1, 1]`; or, if
            `num_labels > 0` or `neighbor_share > 0`, of dictionaries of
            `"images"`, such a tensor, and what is asked for of `"partners"`,
            a tensor of the same shape; `"labeled_images"`, the same with
            `label_batch_size` images; and `"labels"`, an int32 tensor of shape
            `(label_batch_size,)`.

        Raises:
            ValueError: If there are not as many images or labels, or the share
                is not in [0, 1].
        """
        if start < 0:
            raise ValueError(
                "A stream begins at batch 0 or later. "
                f"Received: start={start}. Pass the number of batches done."
            )
        per_epoch = self.num_batches(batch_size)
        key = _fold(seed, _IMAGE_ORDER)
        rows = _index_batches(per_epoch, batch_size, len(self.images), key)
        gather = self._gatherer()
        if neighbor_share:
            partners = self._partners(neighbor_share, seed=seed)

        def look_up(rows: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
            batch = {"images": gather(rows)}
            if neighbor_share:
                batch["partners"] = gather(partners(rows, number))
            return batch

        stream = tf.data.Dataset.zip(
            _from(start, per_epoch, rows),
            tf.data.Dataset.range(start, tf.int64.max),
        ).map(look_up)
        if num_labels:
            if label_batch_size is None:
                label_batch_size = min(num_labels, batch_size)
            labeled = self._labeled_batches(
                num_labels, label_batch_size, seed=seed, start=start
            )
            stream = tf.data.Dataset.zip(stream, labeled).map(
                lambda batch, labeled: {**batch, **labeled}
            )
        elif not neighbor_share:
            stream = stream.map(lambda batch: batch["images"])
        options = tf.data.Options()
        options.deterministic = True
        # One thread gathers a batch in 0.05 ms; a tuned pool takes longer.
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
        return stream.prefetch(2).with_options(options)

    def _partners(
        self, neighbor_share: float, *, seed: int
    ) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """From rows of a batch, and its number, to the rows of the partners."""
        if not 0.0 <= neighbor_share <= 1.0:
            raise ValueError(
                "`neighbor_share` should be from 0 to 1. "
                f"Received: {neighbor_share!r}."
            )
        if len(self.images) < 2:
            raise ValueError(
                "There should be two images at least for one to have a "
                f"neighbor. Received: {len(self.images)}."
            )
        key = _fold(seed, _NEIGHBORS)
        order = _permutation(len(self.images), fold_in(key, 0)).numpy()
        with tf.device("CPU:0"):
            near = tf.constant(near_images(self.images, order))

        def choose(rows: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
            draws = open_unit_uniform(rows.shape, fold_in(key, number + 1))
            is_near = draws < neighbor_share
            return tf.where(is_near, tf.gather(near, rows), rows)

        return choose

    def labeled_batches(
        self, batch_size: int, *, seed: int = 0
    ) -> tf.data.Dataset:
        """Returns an endless stream of pairs of images and all their labels.

        Args:
            batch_size: Images in an element.
            seed: Any integer of 64 bits.

        Returns:
            A `tf.data.Dataset` of float32 tensors of shape
            `(batch_size, height, width, channels)` in `[-1, 1]` and int64
            tensors of shape `(batch_size,)`.
        """
        per_epoch = self.num_batches(batch_size)
        key = _fold(seed, _IMAGE_ORDER)
        rows = _index_batches(per_epoch, batch_size, len(self.images), key)
        gather, labels = self._gatherer(), tf.constant(self.labels)
        return (
            _from(0, per_epoch, rows)
            .map(lambda rows: (gather(rows), tf.gather(labels, rows)))
            .prefetch(2)
        )

    def _labeled_batches(
        self, num_labels: int, batch_size: int, *, seed: int, start: int
    ) -> tf.data.Dataset:
        if self.labels is None:
            raise ValueError(
                f"Data set {self.name!r} has no class labels to learn from. "
                f"Received: num_labels={num_labels}. Use num_labels=0."
            )
        chosen = balanced_label_indices(self.labels, num_labels, seed)
        per_pass = _num_batches(num_labels, batch_size, "label_batch_size")
        key = _fold(seed, _LABELED_ORDER)
        rows = _index_batches(per_pass, batch_size, num_labels, key)
        with tf.device("CPU:0"):
            images = tf.constant(self.images[chosen])
            labels = tf.constant(self.labels[chosen], tf.int32)
        return _from(start, per_pass, rows).map(
            lambda rows: {
                "labeled_images": _gather(images, rows),
                "labels": tf.gather(labels, rows),
            }
        )


def balanced_label_indices(
    labels: np.ndarray,
    num_labels: int,
    seed: int,
    *,
    argument: str = "num_labels",
) -> np.ndarray:
    """Chooses examples at random so that the classes are equally frequent.

    With the same seed, a smaller choice is part of every larger one.

    Args:
        labels: Integer array of shape `(num_examples,)`.
        num_labels: How many examples to choose.
        seed: Any integer of 64 bits.
        argument: What the caller calls `num_labels`, for the error.

    Returns:
        int64 array of shape `(num_labels,)`, ascending: rows of `labels`. The
        counts of two classes differ by one at most: 12 examples of 10 classes
        are 2 of two random classes and 1 of the others.

    Raises:
        ValueError: If that is fewer than one a class, or more than there are.
    """
    classes, counts = np.unique(labels, return_counts=True)
    most = len(classes) * int(counts.min())
    if not len(classes) <= num_labels <= most:
        raise ValueError(
            f"A balanced choice of these {len(classes)} classes has at least "
            f"{len(classes)} and at most {most} labels. "
            f"Received: {argument}={num_labels}. Choose a number in between."
        )
    key = _fold(seed, _LABELED_CHOICE)
    order = _permutation(len(labels), fold_in(key, 0)).numpy()
    shuffled = labels[order]
    # Every class gives its share, and the first in a random order one more.
    share, extra = divmod(num_labels, len(classes))
    ranking = _permutation(len(classes), fold_in(key, 1)).numpy()
    chosen = [
        order[shuffled == classes[index]][: share + (rank < extra)]
        for rank, index in enumerate(ranking)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def _num_batches(num_images: int, batch_size: int, argument: str) -> int:
    if not 1 <= batch_size <= num_images:
        raise ValueError(
            f"A batch has between 1 and all of the {num_images} images. "
            f"Received: {argument}={batch_size}. Choose a smaller one."
        )
    return num_images // batch_size


def _gather(images: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    return _scale(tf.gather(images, rows))


def _scale(pixels: tf.Tensor) -> tf.Tensor:
    return tf.cast(pixels, tf.float32) / 127.5 - 1.0


def _from(
    start: int, per_epoch: int, epoch: Callable[[tf.Tensor], tf.data.Dataset]
) -> tf.data.Dataset:
    """Joins the endless `epoch(0)`, `epoch(1)`, ..., less `start` elements."""
    epochs = tf.data.Dataset.range(start // per_epoch, tf.int64.max)
    return epochs.flat_map(epoch).skip(start % per_epoch)


def _index_batches(
    per_epoch: int, batch_size: int, num_images: int, key: tf.Tensor
) -> Callable[[tf.Tensor], tf.data.Dataset]:
    """Returns the batches of row numbers of an epoch, given its number."""

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order = _permutation(num_images, fold_in(key, number))
        rows = tf.reshape(order[: per_epoch * batch_size], (-1, batch_size))
        return tf.data.Dataset.from_tensor_slices(rows)

    return epoch


# Philox by name: the default differs between devices and under XLA.


def _fold(seed: int, consumer: int) -> tf.Tensor:
    return fold_in(tf.constant([seed, 0], tf.int64), consumer)


def _permutation(size: int, key: tf.Tensor) -> tf.Tensor:
    return tf.random.experimental.stateless_shuffle(
        tf.range(size, dtype=tf.int64), key, alg="philox"
    )
