"""From the name of a data set of TensorFlow Datasets to images in memory."""

import difflib
import functools
import os
import re
import shutil
from pathlib import Path

import numpy as np
import psutil
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.preparation import prepare
from keras_infogan.files import atomic_path
from keras_infogan.files import one_line

# Archives that come with the package, one folder a data set.
PACKAGED_ARCHIVES = Path(__file__).parent

# The colors of an image: gray, RGB.
_CHANNELS = (1, 3)


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
        0 and 255. Images that do not fit into the memory are decoded once into
        a file beside the data set, and mapped from there.

    Raises:
        ValueError: If there is no such data set, split or image, or if the
            decoded images do not even fit on the disk.
        OSError: If the data set cannot be prepared or read; a
            `FileNotFoundError` if archives are missing, a `ConnectionError`
            if there is no network.
    """
    builder = _make_builder(name, data_dir)
    if not builder.is_prepared():
        packaged = PACKAGED_ARCHIVES / builder.name
        archives = archives_dir or (packaged if packaged.is_dir() else None)
        prepare(builder, Path(archives) if archives else None)
        # Again, as another process may have been faster with the same work.
        builder = _make_builder(name, data_dir)
    return _read(builder, split, image_size, channels)


def cache_directory(data_dir: str | os.PathLike[str] | None) -> Path:
    """Where what was computed from data sets is kept, beside them."""
    root = data_dir or tfds.core.constants.DATA_DIR
    return Path(root).expanduser() / "keras_infogan"


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
            f"which tfds says: {one_line(error)}"
        ) from error


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
    if _fits_into_memory(shape):
        images = np.empty(shape, np.uint8)
        return _fill(builder, split, images, image_key, label_key)
    return _map(builder, split, shape, image_key, label_key)


def _map(
    builder: tfds.core.DatasetBuilder,
    split: str,
    shape: tuple[int, ...],
    image_key: str,
    label_key: str | None,
) -> ImageData:
    """Decodes a split into a file, if it is not there, and maps it."""
    path = _mapped_path(builder, split, shape)
    labels_path = path.with_suffix(".labels.npy")
    if not path.exists():
        _check_disk(builder.info.full_name, path, shape)
        with atomic_path(path) as partial:
            images = np.lib.format.open_memmap(
                partial, mode="w+", dtype=np.uint8, shape=shape
            )
            data = _fill(builder, split, images, image_key, label_key)
            images.flush()
            # First, so that it is there when the images are.
            with atomic_path(labels_path) as labels_partial:
                labels = -1 if data.labels is None else data.labels
                np.save(labels_partial, labels)
    images = np.load(path, mmap_mode="r")
    labels = np.load(labels_path)
    if labels.ndim == 0:
        return ImageData(images, None, builder.name)
    names = tuple(builder.info.features[label_key].names)
    return ImageData(images, labels, builder.name, names)


def _fill(
    builder: tfds.core.DatasetBuilder,
    split: str,
    images: np.ndarray,
    image_key: str,
    label_key: str | None,
) -> ImageData:
    """Decodes a split into an array."""
    num_images = len(images)
    shape = images.shape
    keys = [image_key] + ([label_key] if label_key else [])
    cores = os.cpu_count()
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        read_config=tfds.ReadConfig(
            try_autocache=False, num_parallel_calls_for_decode=cores
        ),
    )
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
            f"{one_line(error)}. Remove that folder and start again."
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
        reason = one_line(error)
    else:
        if num_images:
            return num_images
        reason = "It is empty."
    raise ValueError(
        f"Expected a split of {builder.info.full_name}: "
        f"{', '.join(builder.info.splits)}, or a slice such as 'train[:10%]'. "
        f"Received: split={split!r}. {reason}"
    )


def _fits_into_memory(shape: tuple[int, ...]) -> bool:
    # Two copies: the array, and the tensor the streams gather from.
    needed = 2 * np.prod(shape, dtype=np.int64)
    return bool(needed <= psutil.virtual_memory().available)


def _mapped_path(
    builder: tfds.core.DatasetBuilder, split: str, shape: tuple[int, ...]
) -> Path:
    """Where decoded images are kept that memory does not hold."""
    size = "x".join(str(side) for side in shape)
    name = re.sub(r"[^\w.+-]+", "_", f"{builder.info.full_name}-{split}-{size}")
    return cache_directory(builder.data_dir_root) / f"{name}.npy"


def _check_disk(name: str, path: Path, shape: tuple[int, ...]) -> None:
    needed = int(np.prod(shape, dtype=np.int64))
    path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise ValueError(
            f"The images of {name}, of shape {shape}, fit neither into the "
            f"memory nor on the disk: they need {needed / 2**30:.1f} GiB. "
            f"Received: {free / 2**30:.1f} GiB in {path.parent}. Choose a "
            "smaller image_size, channels=1 or a slice such as "
            "split='train[:10%]'."
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
