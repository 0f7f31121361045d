"""Images of TensorFlow Datasets, by name."""

import difflib
import os
import re
import shutil
from pathlib import Path

import numpy as np
import psutil
import tensorflow_datasets as tfds

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.decoding import decode_into
from keras_infogan.data.decoding import find_features
from keras_infogan.data.preparation import prepare
from keras_infogan.files import atomic_path
from keras_infogan.files import one_line

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
        data_dir: Where tfds keeps prepared data sets; by default the
            environment variable `TFDS_DATA_DIR` at import, or
            `~/tensorflow_datasets`.
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
        OSError: If the data set cannot be prepared or read: a
            `FileNotFoundError` if archives are missing, a `ConnectionError`
            without a network.
    """
    builder = _make_builder(name, data_dir)
    if not builder.is_prepared():
        bundled = BUNDLED_ARCHIVES / builder.name
        archives = archives_dir or (bundled if bundled.is_dir() else None)
        prepare(builder, Path(archives) if archives else None)
        # Another process may have prepared it first, so look again.
        builder = _make_builder(name, data_dir)
    shape = _target_shape(builder, split, image_size, channels)
    if _fits_into_memory(shape):
        images = np.empty(shape, np.uint8)
        labels = decode_into(images, builder, split)
    else:
        images, labels = _map_images(builder, split, shape)
    if labels is None:
        return ImageData(images, None, builder.name)
    _, label_key = find_features(builder)
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


def _target_shape(
    builder: tfds.core.DatasetBuilder,
    split: str,
    image_size: int | tuple[int, int] | None,
    channels: int | None,
) -> tuple[int, int, int, int]:
    """Returns the shape of the array of decoded images, or raises."""
    name = builder.info.full_name
    image_key, _ = find_features(builder)
    feature_shape = builder.info.features[image_key].shape
    height, width, depth = feature_shape
    if isinstance(image_size, int):
        height, width = image_size, image_size
    elif image_size:
        height, width = image_size
    if (channels or depth) not in (1, 3):
        raise ValueError(
            "Images should have 1 channel (grayscale) or 3 (RGB). "
            f"Received: channels={channels}; those of {name} have {depth}. "
            "Pass channels=1 or channels=3."
        )
    if not (height and width) or min(height, width) < 1:
        raise ValueError(
            f"Images should have one size. Received: image_size={image_size}; "
            f"those of {name} have shape {feature_shape}. Pass a positive "
            "image_size."
        )
    num_images = _count_images(builder, split)
    return num_images, height, width, channels or depth


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
    # Two copies: the array, and the tensor that the streams gather from.
    needed = 2 * np.prod(shape, dtype=np.int64)
    return bool(needed <= psutil.virtual_memory().available)


def _map_images(
    builder: tfds.core.DatasetBuilder, split: str, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Decodes a split into a file unless it exists, and memory-maps it."""
    size = "x".join(str(side) for side in shape)
    name = re.sub(r"[^\w.+-]+", "_", f"{builder.info.full_name}-{split}-{size}")
    path = cache_directory(builder.data_dir_root) / f"{name}.npy"
    labels_path = path.with_suffix(".labels.npy")
    if not path.exists():
        _check_disk(builder.info.full_name, path, shape)
        with atomic_path(path) as partial:
            images = np.lib.format.open_memmap(
                partial, mode="w+", dtype=np.uint8, shape=shape
            )
            labels = decode_into(images, builder, split)
            images.flush()
            # Labels first: where there are images, there are labels.
            with atomic_path(labels_path) as labels_partial:
                np.save(labels_partial, -1 if labels is None else labels)
    labels = np.load(labels_path)
    return np.load(path, mmap_mode="r"), labels if labels.ndim else None


def _check_disk(name: str, path: Path, shape: tuple[int, ...]) -> None:
    needed = int(np.prod(shape, dtype=np.int64))
    path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise ValueError(
            f"The images of {name}, of shape {shape}, fit neither into memory "
            f"nor on the disk: they need {needed / 2**30:.1f} GiB. "
            f"Received: {free / 2**30:.1f} GiB in {path.parent}. Choose a "
            "smaller image_size, channels=1 or a slice such as "
            "split='train[:10%]'."
        )
