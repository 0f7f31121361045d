"""Images: from a data set of TensorFlow Datasets to an endless batch stream."""

import contextlib
import dataclasses
import difflib
import functools
import json
import os
import re
import socket
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download import download_manager

# Archives that come with the package, one folder a data set.
PACKAGED_ARCHIVES = Path(__file__).parent / "datasets"

# Each consumer of a seed folds in its own number, so none sees another's draws.
_IMAGE_ORDER, _LABELED_ORDER, _LABELED_CHOICE = range(3)

# The colors of an image: gray, RGB.
_CHANNELS = (1, 3)


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """Decoded images in memory, with their labels if there are any.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`.
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

        Returns:
            A `tf.data.Dataset` of float32 tensors of shape
            `(batch_size, height, width, channels)` in `[-1, 1]`; or, if
            `num_labels > 0`, of dictionaries of `"images"`, such a tensor;
            `"labeled_images"`, the same with `label_batch_size` images; and
            `"labels"`, an int32 tensor of shape `(label_batch_size,)`.

        Raises:
            ValueError: If there are not as many images or labels.
        """
        if start < 0:
            raise ValueError(
                "A stream begins at batch 0 or later. "
                f"Received: start={start}. Pass the number of batches done."
            )
        per_epoch = self.num_batches(batch_size)
        key = _fold(seed, _IMAGE_ORDER)
        rows = _index_batches(per_epoch, batch_size, len(self.images), key)
        gather = functools.partial(_gather, self._tensor)
        stream = _from(start, per_epoch, rows).map(gather)
        if num_labels:
            if label_batch_size is None:
                label_batch_size = min(num_labels, batch_size)
            labeled = self._labeled_batches(
                num_labels, label_batch_size, seed=seed, start=start
            )
            stream = tf.data.Dataset.zip(stream, labeled).map(
                lambda images, labeled: {"images": images, **labeled}
            )
        options = tf.data.Options()
        options.deterministic = True
        # One thread gathers a batch in 0.05 ms; a tuned pool takes longer.
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
        return stream.prefetch(2).with_options(options)

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
    labels: np.ndarray, num_labels: int, seed: int
) -> np.ndarray:
    """Chooses examples at random so that the classes are equally frequent.

    With the same seed, a smaller choice is part of every larger one.

    Args:
        labels: Integer array of shape `(num_examples,)`.
        num_labels: How many examples to choose.
        seed: Any integer of 64 bits.

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
            f"Received: num_labels={num_labels}. Choose a number in between."
        )
    key = _fold(seed, _LABELED_CHOICE)
    order = _permutation(len(labels), _fold_in(key, 0)).numpy()
    shuffled = labels[order]
    # Every class gives its share, and the first in a random order one more.
    share, extra = divmod(num_labels, len(classes))
    ranking = _permutation(len(classes), _fold_in(key, 1)).numpy()
    chosen = [
        order[shuffled == classes[index]][: share + (rank < extra)]
        for rank, index in enumerate(ranking)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def load_images(
    name: str = "mnist",
    *,
    split: str = "train",
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    archives_dir: str | os.PathLike[str] | None = None,
) -> ImageData:
    """Reads the images of a TensorFlow Datasets data set into memory.

    The first time, tfds prepares the data set in `data_dir`. The archives of
    MNIST come with this package, so that needs no network for `"mnist"`. The
    order of the images is always the same; it is not that of the archives.

    Args:
        name: Name of a tfds data set with images, `"mnist"` or
            `"cifar10_corrupted/fog_1"`.
        split: Name of a split, or a slice of one: `"train[:10%]"`.
        image_size: Side of square images, or `(height, width)`. The largest
            centered part of that aspect ratio is resized to it, with
            antialiasing. By default the images stay as they are.
        channels: 1 for gray images, 3 for RGB; by default as they are.
        data_dir: Where tfds keeps prepared data sets; by default the
            environment variable `TFDS_DATA_DIR` when Python started, or
            `~/tensorflow_datasets`.
        archives_dir: Folder of the original archives under the names tfds
            knows them by. Nothing is downloaded then, unless the data set has
            several configurations and this one needs more.

    Returns:
        The images and, if the data set has a class label, the labels. Images
        with no byte above 1 (dSprites, binarized MNIST) are stretched to
        0 and 255.

    Raises:
        ValueError: If there is no such data set, split or image, or if the
            decoded images do not fit into the memory.
        OSError: If the data set cannot be prepared or read; a
            `FileNotFoundError` if archives are missing, a `ConnectionError`
            if there is no network.
    """
    builder = _make_builder(name, data_dir)
    if not builder.is_prepared():
        packaged = PACKAGED_ARCHIVES / builder.name
        archives = archives_dir or (packaged if packaged.is_dir() else None)
        _prepare(builder, Path(archives) if archives else None)
        # Again, as another process may have been faster with the same work.
        builder = _make_builder(name, data_dir)
    return _read(builder, split, image_size, channels)


def _make_builder(
    name: str, data_dir: str | os.PathLike[str] | None
) -> tfds.core.DatasetBuilder:
    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        known = tfds.list_builders(with_community_datasets=False)
        close = difflib.get_close_matches(name.split("/")[0], known)
        raise ValueError(
            "Expected the name of a TensorFlow Datasets data set. "
            f"Received: {name!r}. Try: {', '.join(close or ['mnist'])}."
        ) from None
    except (AssertionError, ImportError, ValueError) as error:
        raise ValueError(
            "Expected the name of a TensorFlow Datasets data set, as in "
            f"'mnist' or 'cifar10_corrupted/fog_1'. Received: {name!r}, of "
            f"which tfds says: {_one_line(error)}"
        ) from error


def _prepare(builder: tfds.core.DatasetBuilder, archives: Path | None) -> None:
    """Lets tfds prepare a data set, from `archives` if they are given."""
    root = os.fspath(builder.data_dir_root)
    _check_sources(builder, archives, Path(root) / "downloads")
    try:
        with contextlib.ExitStack() as stack:
            # stdout is for results.
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
            if not sys.stderr.isatty():
                tfds.disable_progress_bar()
            config = tfds.download.DownloadConfig(try_download_gcs=False)
            if archives:
                # tfds names what it extracted after the archive alone, and
                # uses it again: Fashion-MNIST, whose archives have the names
                # of MNIST's, would be MNIST. Hence a folder for this time.
                os.makedirs(root, exist_ok=True)
                config.extract_dir = stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="extracted-", dir=root)
                )
                config.manual_dir = os.fspath(archives)
            builder.download_and_prepare(download_config=config)
    except download_manager.NonMatchingChecksumError as error:
        found = re.search(r"downloaded to (.*), has wrong check", str(error))
        file = Path(found[1] if found else str(archives))
        raise OSError(
            f"The archive {file.name} of data set {builder.name!r} in "
            f"{file.parent} is not the one tfds knows: its SHA-256 or size "
            "differs. Replace it by an undamaged copy."
        ) from error
    except (
        tfds.download.DownloadError,
        tf.errors.OpError,
        AssertionError,
        ImportError,
        OSError,
    ) as error:
        if Path(builder.data_dir).exists():
            return  # Another process prepared it meanwhile.
        remedy = "Give its archives by archives_dir."
        if getattr(error, "errno", None):
            remedy = "Choose another folder by data_dir or TFDS_DATA_DIR."
        raise OSError(
            f"Could not prepare data set {builder.name!r} in {root}: "
            f"{_one_line(error)}. {remedy}"
        ) from error


def _check_sources(
    builder: tfds.core.DatasetBuilder, archives: Path | None, downloads: Path
) -> None:
    """Raises if an archive is neither there nor to be had.

    Without this check tfds would download what `archives` lacks, and try for
    minutes without a network. Sources that tfds has no list of pass.
    """
    # tfds writes a note beside each file that it downloaded.
    notes = downloads.rglob("*.INFO.json")
    cached = {url for n in notes for url in json.loads(n.read_text())["urls"]}
    missing = {
        url: info.filename
        for url, info in (builder.url_infos or {}).items()
        if url not in cached
        and not (
            archives and info.filename and (archives / info.filename).is_file()
        )
    }
    # One of several configurations needs some of the archives, not all.
    if archives and missing and len(builder.builder_configs) < 2:
        files = ", ".join(sorted(filter(None, missing.values())))
        raise FileNotFoundError(
            f"Expected the archives of data set {builder.name!r} in "
            f"{archives}. Missing: {files}. Put them there, or leave out "
            "archives_dir to download them."
        )
    if missing and not _any_host_answers(missing):
        raise ConnectionError(
            f"Data set {builder.name!r} is not prepared in "
            f"{builder.data_dir_root}, and none of the hosts of its archives "
            f"can be reached: {', '.join(sorted(_hosts(missing)))}. Put the "
            "archives into a folder and give it by archives_dir."
        )


def _hosts(urls: Iterable[str]) -> set[str]:
    parts = map(urllib.parse.urlsplit, urls)
    # Not the buckets of gs://, which are no hosts.
    return {
        part.hostname
        for part in parts
        if part.hostname and part.scheme in ("http", "https", "ftp")
    }


def _any_host_answers(urls: Iterable[str], *, seconds: float = 5.0) -> bool:
    """Whether the name of a host is resolved within `seconds`."""
    if urllib.request.getproxies():
        return True  # A proxy resolves names that this machine cannot.
    answered = threading.Event()

    def resolve(host: str) -> None:
        with contextlib.suppress(OSError):
            socket.getaddrinfo(host, None)
            answered.set()

    # Daemons, since getaddrinfo() knows no time limit.
    threads = [
        threading.Thread(target=resolve, args=(host,), daemon=True)
        for host in _hosts(urls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds / len(threads))
    return answered.is_set() or not threads


def _read(
    builder: tfds.core.DatasetBuilder,
    split: str,
    image_size: int | tuple[int, int] | None,
    channels: int | None,
) -> ImageData:
    """Reads a prepared data set."""
    name = builder.info.full_name
    image_key, label_key = _find_features(builder)
    feature = builder.info.features[image_key]
    height, width, depth = feature.shape
    if isinstance(image_size, int):
        height, width = image_size, image_size
    elif image_size:
        height, width = image_size
    if (channels or depth) not in _CHANNELS:
        raise ValueError(
            "Images have 1 channel (gray) or 3 (RGB). "
            f"Received: channels={channels}; those of {name} have {depth}. "
            "Pass channels=1 or channels=3."
        )
    if not (height and width) or min(height, width) < 1:
        raise ValueError(
            f"Expected images of one size. Received: image_size={image_size}; "
            f"those of {name} have shape {feature.shape}. Pass a positive "
            "image_size."
        )
    num_images = _count_images(builder, split)
    shape = (num_images, height, width, channels or depth)
    _check_memory(name, shape)
    keys = [image_key] + ([label_key] if label_key else [])
    cores = os.cpu_count()
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        read_config=tfds.ReadConfig(
            try_autocache=False, num_parallel_calls_for_decode=cores
        ),
    )
    images = np.empty(shape, np.uint8)
    labels = np.full(num_images, -1, np.int64)
    try:
        fit = functools.partial(
            _fit_image,
            shape=shape[1:],
            factor=_brightness(dataset.map(lambda row: row[image_key])),
        )
        dataset = dataset.map(
            lambda row: [fit(row[image_key]), *(row[key] for key in keys[1:])],
            num_parallel_calls=cores,
        ).batch(256)
        options = tf.data.Options()
        # Busy on all cores from the first image on.
        options.autotune.enabled = False
        end = 0
        for batch in dataset.with_options(options).as_numpy_iterator():
            begin, end = end, end + len(batch[0])
            images[begin:end] = batch[0]
            if label_key:
                labels[begin:end] = batch[1]
    except tf.errors.DataLossError as error:
        raise OSError(
            f"The prepared data set in {builder.data_dir} is damaged: "
            f"{_one_line(error)}. Remove that folder and start again."
        ) from error
    if not label_key or labels.min() < 0:  # tfds says -1 for unknown.
        return ImageData(images, None, builder.name)
    names = tuple(builder.info.features[label_key].names)
    return ImageData(images, labels, builder.name, names)


def _find_features(
    builder: tfds.core.DatasetBuilder,
) -> tuple[str, str | None]:
    """Returns the keys of the image and of its class label, if it has one."""
    features = dict(builder.info.features.items())
    images = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Image)
        and feature.np_dtype == np.uint8
    ]
    if not images:
        raise ValueError(
            "Expected a data set with a feature of 8-bit images. Received: "
            f"{builder.info.full_name}, whose features are: "
            f"{', '.join(features)}. Choose another one."
        )
    # What tfds calls input and target goes before what has the usual name.
    supervised = builder.info.supervised_keys or (None, None)
    image = next(
        (key for key in (supervised[0], "image") if key in images), None
    )
    labels = (
        key
        for key in (supervised[1], "label")
        if isinstance(key, str)
        and isinstance(features.get(key), tfds.features.ClassLabel)
    )
    return str(image or images[0]), next(labels, None)


def _count_images(builder: tfds.core.DatasetBuilder, split: str) -> int:
    try:
        num_images = builder.info.splits[split].num_examples
    except (KeyError, ValueError, AssertionError) as error:
        reason = _one_line(error)
    else:
        if num_images:
            return num_images
        reason = "It is empty."
    raise ValueError(
        f"Expected a split of {builder.info.full_name}: "
        f"{', '.join(builder.info.splits)}, or a slice such as 'train[:10%]'. "
        f"Received: split={split!r}. {reason}"
    )


def _check_memory(name: str, shape: tuple[int, ...]) -> None:
    # Two copies: the array, and the tensor the streams gather from.
    needed = 2 * np.prod(shape, dtype=np.int64)
    available = psutil.virtual_memory().available
    if needed > available:
        raise ValueError(
            f"The images of {name}, of shape {shape}, need "
            f"{needed / 2**30:.1f} GiB of memory. Received: "
            f"{available / 2**30:.1f} GiB available. Choose a smaller "
            "image_size, channels=1 or a slice such as split='train[:10%]'."
        )


def _brightness(images: tf.data.Dataset) -> int:
    """255 for images of 0 and 1, such as those of dSprites; 1 for others."""
    brightest = images.take(256).map(tf.reduce_max).as_numpy_iterator()
    return 255 if max(brightest) <= 1 else 1


def _fit_image(
    image: tf.Tensor, *, shape: tuple[int, int, int], factor: int
) -> tf.Tensor:
    """Fits one uint8 image to `shape`, by colors, centered crop and resizing.

    Args:
        image: Tensor of shape `(height, width, channels)`.
        shape: The shape to fit it to.
        factor: What to multiply all values with.
    """
    image *= tf.constant(factor, tf.uint8)
    if image.shape[-1] == 4:
        image = image[..., :3]
    if image.shape[-1] != shape[-1]:
        to_gray, to_rgb = tf.image.rgb_to_grayscale, tf.image.grayscale_to_rgb
        image = to_gray(image) if shape[-1] == 1 else to_rgb(image)
    if image.shape[:2] != shape[:2]:
        height, width = shape[:2]
        size = tf.shape(image)[:2]
        # The sides of the largest part that has the wanted aspect ratio.
        wanted = tf.stack(
            [size[1] * height // width, size[0] * width // height]
        )
        part = tf.clip_by_value(wanted, 1, size)
        top, left = tf.unstack((size - part) // 2)
        image = tf.image.crop_to_bounding_box(
            image, top, left, part[0], part[1]
        )
        image = tf.image.resize(image, (height, width), antialias=True)
        image = tf.saturate_cast(tf.round(image), tf.uint8)
    return tf.ensure_shape(image, shape)


def _num_batches(num_images: int, batch_size: int, argument: str) -> int:
    if not 1 <= batch_size <= num_images:
        raise ValueError(
            f"A batch has between 1 and all of the {num_images} images. "
            f"Received: {argument}={batch_size}. Choose a smaller one."
        )
    return num_images // batch_size


def _gather(images: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.gather(images, rows), tf.float32) / 127.5 - 1.0


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
        order = _permutation(num_images, _fold_in(key, number))
        rows = tf.reshape(order[: per_epoch * batch_size], (-1, batch_size))
        return tf.data.Dataset.from_tensor_slices(rows)

    return epoch


# Philox by name: the default differs between devices and under XLA.
def _fold(seed: int, consumer: int) -> tf.Tensor:
    return _fold_in(tf.constant([seed, 0], tf.int64), consumer)


def _fold_in(key: tf.Tensor, number: int | tf.Tensor) -> tf.Tensor:
    return tf.random.experimental.stateless_fold_in(key, number, alg="philox")


def _permutation(size: int, key: tf.Tensor) -> tf.Tensor:
    return tf.random.experimental.stateless_shuffle(
        tf.range(size, dtype=tf.int64), key, alg="philox"
    )


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:300]} ..."
