"""Images of TensorFlow Datasets (tfds), by name, as one array."""

import difflib
import math
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
from keras_infogan.images import check_channels

# Archives bundled with the package, one folder for each data set.
BUNDLED_ARCHIVES = Path(__file__).parent


def load_images(
    name: str = "mnist",
    *,
    split: str = "train",
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    archives_dir: str | os.PathLike[str] | None = None,
) -> ImageData:
    """Loads the images of a TensorFlow Datasets (tfds) data set.

    On first use, tfds prepares the data set in `data_dir`. The archives of
    MNIST are bundled, so `"mnist"` needs no network. Images always come in the
    same order, which is not the order of the archives.

    Args:
        name: Name of a tfds data set with images, such as `"mnist"` or
            `"cifar10_corrupted/fog_1"`.
        split: A split or a slice of one, such as `"train[:10%]"`.
        image_size: Side of square images, or `(height, width)`. Images are
            cropped around the center to that aspect ratio and resized with
            antialiasing. By default their size does not change.
        channels: 1 for grayscale, 3 for RGB; by default unchanged.
        data_dir: Where tfds keeps prepared data sets; by default
            `TFDS_DATA_DIR` at import, or `~/tensorflow_datasets`.
        archives_dir: Folder with the original archives under the file names
            that tfds expects. Nothing is downloaded then, unless the data set
            has several configurations and this one needs more files.

    Returns:
        The images, with labels if the data set has a class label. Images with
        no byte above 1 (dSprites, binarized MNIST) are stretched to 0 and 255.
        Images that do not fit into memory are decoded once into a file beside
        the data set, which is then memory-mapped.

    Raises:
        ValueError: If there is no such data set, split or image, or if the
            decoded images do not fit on the disk.
        OSError: If the data set cannot be prepared or read, as by `prepare()`.
    """
    builder = _make_builder(name, data_dir)
    if not builder.is_prepared():
        bundled = BUNDLED_ARCHIVES / builder.name
        archives = archives_dir or (bundled if bundled.is_dir() else None)
        prepare(builder, Path(archives) if archives else None)
        # Another process may have prepared it first, so look again.
        builder = _make_builder(name, data_dir)
    shape = _target_shape(builder, split, image_size, channels)
    # Two copies: the array, and the tensor that the streams gather from.
    if 2 * math.prod(shape) <= psutil.virtual_memory().available:
        images = np.empty(shape, np.uint8)
        labels = _decode_into(images, builder, split)
    else:
        images, labels = _map_images(builder, split, shape)
    if labels is None:
        return ImageData(images, None, builder.name)
    _, label_key = _find_features(builder)
    names = tuple(builder.info.features[label_key].names)
    return ImageData(images, labels, builder.name, names)


def cache_directory(data_dir: str | os.PathLike[str] | None) -> Path:
    """Returns the folder for what is computed from data sets."""
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
            "Expected the name of a TensorFlow Datasets data set, such as "
            f"'mnist' or 'cifar10_corrupted/fog_1'. Received: {name!r}; tfds "
            f"says: {one_line(error)}"
        ) from error


def _find_features(
    builder: tfds.core.DatasetBuilder,
) -> tuple[str, str | None]:
    """Returns the keys of the 8-bit image and of its class label, if any."""
    features = dict(builder.info.features.items())
    images, labels = (
        [key for key, feature in features.items() if isinstance(feature, kind)]
        for kind in (tfds.features.Image, tfds.features.ClassLabel)
    )
    images = [key for key in images if features[key].np_dtype == np.uint8]
    if not images:
        raise ValueError(
            "Expected a data set with a feature of 8-bit images. Received: "
            f"{builder.info.full_name}, whose features are: "
            f"{', '.join(features)}. Choose another one."
        )
    # The supervised keys of tfds take precedence over the usual names.
    supervised = builder.info.supervised_keys or (None, None)
    return (
        next(k for k in (supervised[0], "image", *images) if k in images),
        next((k for k in (supervised[1], "label") if k in labels), None),
    )


def _target_shape(
    builder: tfds.core.DatasetBuilder,
    split: str,
    image_size: int | tuple[int, int] | None,
    channels: int | None,
) -> tuple[int, int, int, int]:
    """Returns the shape of the array of decoded images, or raises."""
    name = builder.info.full_name
    feature_shape = builder.info.features[_find_features(builder)[0]].shape
    height, width, depth = feature_shape
    if isinstance(image_size, int):
        height, width = image_size, image_size
    elif image_size:
        height, width = image_size
    received = f"channels={channels}; those of {name} have {depth}"
    check_channels(channels or depth, received)
    if not (height and width) or min(height, width) < 1:
        raise ValueError(
            f"Images should have one size. Received: image_size={image_size}; "
            f"those of {name} have shape {feature_shape}. Pass a positive "
            "image_size."
        )
    try:
        num_images = builder.info.splits[split].num_examples
        reason = "It is empty."
    except (KeyError, ValueError, AssertionError) as error:
        num_images, reason = 0, one_line(error)
    if not num_images:
        raise ValueError(
            f"Expected a split of {name}: {', '.join(builder.info.splits)}, or "
            "a slice such as 'train[:10%]'. "
            f"Received: split={split!r}. {reason}"
        )
    return num_images, height, width, channels or depth


def _map_images(
    builder: tfds.core.DatasetBuilder, split: str, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Decodes a split into a file unless it exists, and memory-maps it."""
    size = "x".join(str(side) for side in shape)
    name = re.sub(r"[^\w.+-]+", "_", f"{builder.info.full_name}-{split}-{size}")
    path = cache_directory(builder.data_dir_root) / f"{name}.npy"
    labels_path = path.with_suffix(".labels.npy")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        needed = math.prod(shape)
        free = shutil.disk_usage(path.parent).free
        if needed > free:
            raise ValueError(
                f"The images of {builder.info.full_name}, of shape {shape}, "
                "fit neither into memory nor on the disk: they need "
                f"{needed / 2**30:.1f} GiB. Received: {free / 2**30:.1f} GiB "
                f"in {path.parent}. Choose a smaller image_size, channels=1 or "
                "a slice such as split='train[:10%]'."
            )
        with atomic_path(path) as partial:
            images = np.lib.format.open_memmap(
                partial, mode="w+", dtype=np.uint8, shape=shape
            )
            labels = _decode_into(images, builder, split)
            images.flush()
            # Labels first: where there are images, there are labels.
            with atomic_path(labels_path) as labels_partial:
                np.save(labels_partial, -1 if labels is None else labels)
    labels = np.load(labels_path)
    return np.load(path, mmap_mode="r"), labels if labels.ndim else None


def _decode_into(
    images: np.ndarray, builder: tfds.core.DatasetBuilder, split: str
) -> np.ndarray | None:
    """Decodes a prepared split into `images` and returns its labels, if any."""
    image_key, label_key = _find_features(builder)
    cores = os.cpu_count()
    dataset = builder.as_dataset(
        split=split,
        read_config=tfds.ReadConfig(
            try_autocache=False, num_parallel_calls_for_decode=cores
        ),
    )
    labels = np.empty(len(images), np.int64)
    options = tf.data.Options()
    # All cores work from the first image on.
    options.autotune.enabled = False
    try:
        first = dataset.take(256).map(lambda row: tf.reduce_max(row[image_key]))
        # Images of 0 and 1, such as those of dSprites, become black and white.
        factor = 255 if max(first.as_numpy_iterator()) <= 1 else 1

        def decode(row: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
            image = row[image_key] * tf.constant(factor, tf.uint8)
            label = row[label_key] if label_key else -1
            return _fit(image, images.shape[1:]), label

        batches = dataset.map(decode, num_parallel_calls=cores).batch(256)
        end = 0
        for pixels, values in batches.with_options(options).as_numpy_iterator():
            begin, end = end, end + len(pixels)
            images[begin:end] = pixels
            labels[begin:end] = values
    except tf.errors.DataLossError as error:
        raise OSError(
            f"The prepared data set in {builder.data_dir} is damaged: "
            f"{one_line(error)}. Remove that folder and start again."
        ) from error
    # In tfds, -1 stands for an unknown label.
    return labels if labels.min() >= 0 else None


def _fit(image: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Fits a uint8 image to `shape`: channels, center crop, resizing."""
    if image.shape[-1] == 4:
        image = image[..., :3]
    if image.shape[-1] != shape[-1]:
        to_gray, to_rgb = tf.image.rgb_to_grayscale, tf.image.grayscale_to_rgb
        image = to_gray(image) if shape[-1] == 1 else to_rgb(image)
    if image.shape[:2] != shape[:2]:
        height, width = shape[:2]
        size = tf.shape(image)[:2]
        # The sides of the largest part of the requested aspect ratio.
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
