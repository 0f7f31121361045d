"""Images from anywhere, by one function: `open_images`."""

import hashlib
import logging
import math
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from keras_infogan import checksums
from keras_infogan.data import RESIZE_MODES
from keras_infogan.data.arrays import Arrays
from keras_infogan.data.arrays import TensorFlowData
from keras_infogan.data.bundled import BundledMnist
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.folder import Folder
from keras_infogan.data.rendered_sprites import RenderedSprites
from keras_infogan.data.source import Fit
from keras_infogan.data.source import Places
from keras_infogan.data.source import Source
from keras_infogan.data.tfds import TensorFlowDatasets
from keras_infogan.data.tfds import cache_directory
from keras_infogan.data.tfds import data_root
from keras_infogan.files import one_line
from keras_infogan.images import check_channels
from keras_infogan.memory import free_memory
from keras_infogan.options import check_choice

# The first one that takes what the user gave opens it. The last one takes all
# strings, as it knows the names that come close.
SOURCES: tuple[type[Source], ...] = (
    Arrays,
    TensorFlowData,
    RenderedSprites,
    BundledMnist,
    Folder,
    TensorFlowDatasets,
)
# To be changed if the same images are decoded to other bytes.
_CACHE_VERSION = 1
# Images of a folder from which a second reading would take seconds.
_MIN_CACHED = 1000
_SECONDS_BETWEEN_MESSAGES = 10.0

_logger = logging.getLogger(__name__)


def open_images(
    source: Any,
    *,
    split: str = "train",
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "crop",
    data_dir: str | os.PathLike[str] | None = None,
    archives_dir: str | os.PathLike[str] | None = None,
    factors: bool = False,
) -> ImageData:
    """Opens images, wherever they are.

    Args:
        source: The name of a TensorFlow Datasets (tfds) data set with images,
            such as `"mnist"` or `"cifar10_corrupted/fog_1"`, or its builder; a
            folder of image files, whose sub-folders are classes (see `Folder`);
            an `.npz` file of `x_train`, `y_train`, `x_test`, ... or of one
            array, or an `.npy` file; arrays of NumPy: images, a pair `(images,
            labels)`, or what `keras.datasets` returns; a `tf.data.Dataset`,
            as of `keras.utils.image_dataset_from_directory`; or
            `"rendered_dsprites"`, see `render_sprites`. A string with the name
            of a tfds data set means that; `./mnist` is a folder.
        split: A split or a slice of one, such as `"train[:10%]"`. If the source
            has no splits, `"test"` is one image in five, chosen at random, of
            each class if there are labels, and `"train"` are the others.
            `"all"` are all images, in the order of the source.
        image_size: Side of square images, or `(height, width)`. By default
            their size does not change.
        channels: 1 for grayscale, 3 for RGB; by default as in the source.
        resize: How images of another aspect ratio are fitted: `"crop"` around
            the center, `"pad"` with black, or `"stretch"`; antialiased.
        data_dir: Where tfds keeps prepared data sets, and this function a cache
            of decoded images; by default that of the environment variable
            `TFDS_DATA_DIR`, or `~/tensorflow_datasets`.
        archives_dir: Folder with the original archives of a tfds data set under
            the file names that tfds expects. Nothing is downloaded then, unless
            the data set has several configurations and this one needs more
            files.
        factors: Whether to read the factors of variation of the images, too.
            Of a tfds data set, these are its classes `label_<factor>`, if it
            has several, as dSprites and Shapes3D do; of an `.npz` file, an
            array of two axes that is called `factors` or `latents_classes`.

    Returns:
        The images, always in the same order, with labels if there are any.
        Numbers in [0, 1] or [-1, 1] are scaled to bytes, see `find_range`.
        Images that do not fit into memory are memory-mapped. These, and those
        of large folders, are decoded once and kept in the cache.

    Raises:
        ValueError: If there is no such source, split or image, it has no
            factors that are asked for, or if the decoded images fit neither
            into memory nor on the disk.
        OSError: If files cannot be read or written.
    """
    check_choice("resize", resize, RESIZE_MODES)
    archives = Path(archives_dir).expanduser() if archives_dir else None
    opened = _open(source, Places(data_root(data_dir), archives))
    if factors and not opened.factor_names:
        raise ValueError(
            "Expected images with factors of variation, such as those of "
            "dsprites, rendered_dsprites or an .npz file with an array "
            f"`factors`. Received: {opened.name}, which has none."
        )
    shape = _target_shape(opened, image_size, channels)
    # Once for both splits.
    if shape[2] < opened.image_shape[2] and not split.startswith("test"):
        _logger.warning(
            "%s is in color, and is read in gray: channels=3 keeps the color.",
            opened.name,
        )
    fit = Fit(shape, resize if image_size else None)
    images, labels = _read(opened, split, fit, cache_directory(data_dir))
    class_names = () if labels is None else opened.class_names
    return ImageData(
        images,
        labels,
        opened.name,
        class_names,
        opened.file_names(split),
        opened.factors(split) if factors else None,
        opened.factor_names if factors else (),
    )


def _open(source: Any, places: Places) -> Source:
    for kind in SOURCES:
        if (opened := kind.open(source, places)) is not None:
            return opened
    raise ValueError(
        "Expected the name or builder of a tfds data set, a folder, an .npy or "
        ".npz file, arrays of NumPy or a tf.data.Dataset. "
        f"Received: {type(source).__name__}."
    )


def _target_shape(
    source: Source,
    image_size: int | tuple[int, int] | None,
    channels: int | None,
) -> tuple[int, int, int]:
    """The shape of all images, or an error that says what to pass."""
    height, width, depth = source.image_shape
    if image_size is not None:
        sides = (image_size,) * 2 if isinstance(image_size, int) else image_size
        height, width = sides
    received = f"channels={channels}; those of {source.name} have {depth}"
    check_channels(channels or depth, received)
    if height is None or width is None:
        raise ValueError(
            "Images should have one size. Received: image_size=None, and those "
            f"of {source.name} have several. Pass image_size, such as 32."
        )
    if min(height, width) < 1:
        raise ValueError(
            "`image_size` should be at least 1. "
            f"Received: image_size={image_size}."
        )
    return height, width, channels or depth


def _read(
    source: Source, split: str, fit: Fit, folder: Path
) -> tuple[np.ndarray, np.ndarray | None]:
    """The images and labels of a split, from the cache if that is faster."""
    shape = (source.num_images(split), *fit.shape)
    # Two copies: the array, and the tensor that the streams gather from.
    fits = 2 * math.prod(shape) <= free_memory()
    is_quick = not source.is_slow or shape[0] < _MIN_CACHED
    if source.identity and not (fits and is_quick):
        images, labels = _map_images(source, split, fit, folder)
        return np.array(images) if fits else images, labels
    images = np.empty(shape, np.uint8)
    return images, _decode_into(images, source, split, fit)


def _map_images(
    source: Source, split: str, fit: Fit, folder: Path
) -> tuple[np.ndarray, np.ndarray | None]:
    """Decodes a split into a file unless it exists, and memory-maps it.

    A file that is damaged is replaced.
    """
    shape = (source.num_images(split), *fit.shape)
    size = "x".join(str(side) for side in fit.shape)
    name = re.sub(r"[^\w.+-]+", "_", f"{source.name}-{split}-{size}")
    identity = f"{_CACHE_VERSION} {source.identity} {fit.resize} {shape}"
    key = hashlib.sha256(identity.encode()).hexdigest()[:16]
    path = folder / f"{name}-{key}.npy"
    labels_path = path.with_suffix(".labels.npy")
    num_classes = len(source.class_names)
    if path.exists():
        try:
            return _load_map(path, labels_path, shape, num_classes)
        # NumPy raises errors of all types for damaged files.
        except Exception as error:
            _logger.warning(
                "The images of %s are decoded again, as their cache cannot be "
                "used: %s",
                source.name,
                _reason(error),
            )
            checksums.remove(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        needed, free = math.prod(shape), shutil.disk_usage(path.parent).free
        if needed > free:
            raise ValueError(
                f"The images of {source.name}, of shape {shape}, fit neither "
                f"into memory nor on the disk: they need {needed / 2**30:.1f} "
                f"GiB. Received: {free / 2**30:.1f} GiB in {path.parent}. "
                "Choose a smaller image_size, channels=1 or a slice such as "
                "split='train[:10%]'."
            )
        with checksums.recorded_path(path) as partial:
            images = np.lib.format.open_memmap(
                partial, mode="w+", dtype=np.uint8, shape=shape
            )
            labels = _decode_into(images, source, split, fit)
            images.flush()
            # Labels first: where there are images, there are labels.
            with checksums.recorded_path(labels_path) as labels_partial:
                np.save(labels_partial, -1 if labels is None else labels)
    return _load_map(path, labels_path, shape, num_classes)


def _reason(error: Exception) -> str:
    # NumPy's advice is to load objects, which run code.
    text = one_line(error)
    return "It is no array of numbers." if "pickle" in text else text


def _load_map(
    path: Path,
    labels_path: Path,
    shape: tuple[int, ...],
    num_classes: int,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Maps the images of the cache; an error unless they are those expected."""
    for file in (path, labels_path):
        checksums.check(file, "It is replaced.")
    labels = np.load(labels_path, allow_pickle=False)
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    if images.shape != shape or images.dtype != np.uint8:
        raise ValueError(
            f"{path} should have bytes of shape {shape}. "
            f"Received: {images.dtype} of shape {images.shape}."
        )
    if not labels.ndim:
        return images, None
    if (
        labels.shape != shape[:1]
        or labels.dtype.kind not in "iu"
        or labels.min() < 0
        or labels.max() >= num_classes
    ):
        raise ValueError(
            f"{labels_path} should have {shape[0]} whole numbers from 0 to "
            f"{num_classes - 1}. Received: {labels.dtype} of shape "
            f"{labels.shape}."
        )
    return images, labels


def _decode_into(
    images: np.ndarray, source: Source, split: str, fit: Fit
) -> np.ndarray | None:
    """Decodes a split into `images`, and returns its labels, if any."""
    labels: list[np.ndarray | None] = []
    end, message_time = 0, time.monotonic()
    for pixels, values in source.read(split, fit):
        begin, end = end, end + len(pixels)
        if end > len(images):
            break
        images[begin:end] = pixels
        labels.append(values)
        if time.monotonic() - message_time > _SECONDS_BETWEEN_MESSAGES:
            message_time = time.monotonic()
            _logger.info("Decoded %d of %d images ...", end, len(images))
    if end != len(images):
        raise ValueError(
            f"{source.name} should have {len(images)} images in {split}. "
            f"Received: {'more' if end > len(images) else end}. If it was "
            "prepared before, its files are damaged: remove them and start "
            "again."
        )
    known = [part for part in labels if part is not None]
    return np.concatenate(known) if len(known) == len(labels) else None
