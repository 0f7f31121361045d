"""Images in arrays: of NumPy, of its files, or of a `tf.data.Dataset`."""

import os
import zipfile
from collections.abc import Mapping
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan.data.pixels import find_range
from keras_infogan.data.pixels import to_bytes
from keras_infogan.data.source import ARRAY_SUFFIXES
from keras_infogan.data.source import Places
from keras_infogan.data.source import RowSource
from keras_infogan.data.source import find_path
from keras_infogan.data.source import number_classes
from keras_infogan.data.source import split_rows
from keras_infogan.files import check_regular
from keras_infogan.files import one_line
from keras_infogan.memory import check_memory

# Of one array, or one by one if their sizes differ.
_Images = np.ndarray | Sequence[np.ndarray]

_CHUNK = 256
# Parts of the names of arrays, such as `x_train` or `test_labels`.
_SPLITS = ("train", "test", "val")
_LABEL_NAMES = ("y", "label", "target")
_IMAGE_KEYS = ("image", "images", "x")
_LABEL_KEYS = ("label", "labels", "y")
# Of two axes; the second one is that of the original file of dSprites.
_FACTOR_KEYS = ("factors", "latents_classes")


class Arrays(RowSource):
    """Arrays of images, with or without labels.

    Args:
        name: The name of the data set.
        splits: Images and labels, or `None`, of each split, by its name; `""`
            for images that have no split.
        class_names: Names of the labels, if they are numbers from 0.
        identity: See `Source`.
        factors: Factors of variation of all images in order, of shape
            `(num_images, num_factors)`.

    Raises:
        ValueError: If the images are of another shape or range, or there are
            not as many labels or factors.
    """

    def __init__(
        self,
        name: str,
        splits: Mapping[str, tuple[_Images, np.ndarray | None]],
        class_names: tuple[str, ...] = (),
        identity: str | None = None,
        factors: np.ndarray | None = None,
    ) -> None:
        self.name, self.identity = name, identity
        parts = [images for images, _ in splits.values()]
        self._images: _Images = (
            parts[0] if len(parts) == 1 else np.concatenate(parts)
        )
        if isinstance(self._images, np.ndarray) and self._images.ndim == 3:
            self._images = self._images[..., None]
        labels, columns = None, []
        if any(part is not None for _, part in splits.values()):
            for images, part in splits.values():
                if part is None or len(images) != len(part):
                    raise ValueError(
                        f"{name} should have a label for each image. Received: "
                        f"{len(images)} images and "
                        f"{'no' if part is None else len(part)} labels."
                    )
                # A column is as good as a vector.
                is_column = part.shape[1:] == (1,)
                columns.append(part[:, 0] if is_column else part)
            labels, self.class_names = number_classes(
                np.concatenate(columns), class_names
            )
        self.image_shape = _common_shape(name, self._images)
        self._factors = factors
        if factors is not None:
            if len(factors) != len(self._images):
                raise ValueError(
                    f"{name} should have factors for each image. Received: "
                    f"{len(self._images)} images and {len(factors)} factors."
                )
            numbers = range(factors.shape[1])
            self.factor_names = tuple(f"factor_{i}" for i in numbers)
        # Of the first images, as the array may not fit into memory.
        self._limits = find_range(
            np.concatenate([image.ravel() for image in self._images[:_CHUNK]])
        )
        ends = np.cumsum([len(part) for part in parts])
        rows = np.split(np.arange(ends[-1]), ends[:-1])
        super().__init__(
            dict(zip(splits, rows, strict=True))
            if "" not in splits
            else split_rows(len(self._images), labels),
            labels,
        )

    @classmethod
    def open(cls, source: Any, places: Places) -> "Arrays | None":
        if isinstance(source, np.ndarray):
            return cls("arrays", _find_splits(source, "arrays"))
        if isinstance(source, Mapping):
            splits = _find_splits(source, "arrays")
            return cls("arrays", splits, factors=_find_factors(source))
        if isinstance(source, tuple | list) and len(source) == 2:
            if all(isinstance(part, tuple | list) for part in source):
                (x_train, y_train), (x_test, y_test) = source
                arrays = {"x_train": x_train, "y_train": y_train}
                arrays |= {"x_test": x_test, "y_test": y_test}
            else:
                arrays = dict(zip(("x", "y"), source, strict=True))
            return cls("arrays", _find_splits(arrays, "arrays"))
        if not isinstance(source, str | os.PathLike):
            return None
        path = find_path(source)
        if path is None or path.suffix not in ARRAY_SUFFIXES:
            return None
        status = path.stat()
        identity = f"{path} {status.st_size} {status.st_mtime_ns}"
        loaded = _load(path)
        splits = _find_splits(loaded, str(path))
        factors = _find_factors(loaded) if isinstance(loaded, Mapping) else None
        return cls(path.stem, splits, identity=identity, factors=factors)

    def factors(self, split):
        if self._factors is None:
            return super().factors(split)
        return self._factors[self.rows(split)]

    def read(self, split, fit):
        rows = self.rows(split)
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            images = (self._images[row] for row in chunk)
            pixels = [fit(to_bytes(image, self._limits)) for image in images]
            labels = None if self.labels is None else self.labels[chunk]
            yield np.stack(pixels), labels


class TensorFlowData(Arrays):
    """A finite `tf.data.Dataset` of images, or of images and labels.

    Batched or not; pairs, or mappings with `image` and `label`. It is read into
    memory. Its images are put into an order of their own, so that a data set
    that is shuffled in each iteration is still split in the same way.

    Raises:
        ValueError: If it is infinite, empty, or has other elements.
    """

    def __init__(self, source: tf.data.Dataset) -> None:
        if source.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise ValueError(
                "Expected a finite tf.data.Dataset. Received: an infinite one. "
                "Leave out `repeat()`, or limit it with `take()`."
            )
        images: list[np.ndarray] = []
        labels: list[Any] = []
        for element in source.as_numpy_iterator():
            image, label = _image_and_label(element)
            # Batches have one axis more.
            is_batch = np.ndim(image) == 4
            images.extend(image if is_batch else [image])
            if label is not None:
                labels.extend(label if is_batch else [label])
        if not images:
            raise ValueError("Expected images. Received: an empty data set.")
        order = sorted(
            range(len(images)),
            key=lambda row: sha256(images[row].tobytes()).digest(),
        )
        images = [images[row] for row in order]
        values = np.array([labels[row] for row in order]) if labels else None
        names = tuple(getattr(source, "class_names", ()))
        super().__init__("tf.data", {"": (images, values)}, names)

    @classmethod
    def open(cls, source: Any, places: Places) -> "TensorFlowData | None":
        return cls(source) if isinstance(source, tf.data.Dataset) else None


def _image_and_label(element: Any) -> tuple[np.ndarray, Any]:
    """The parts of an element of a `tf.data.Dataset`."""
    image, label = element, None
    if isinstance(element, Mapping):
        image, label = (
            next((element[key] for key in keys if key in element), None)
            for keys in (_IMAGE_KEYS, _LABEL_KEYS)
        )
    elif isinstance(element, tuple) and len(element) == 2:
        image, label = element
    if not isinstance(image, np.ndarray) or image.ndim not in (3, 4):
        received = getattr(image, "shape", type(image).__name__)
        if isinstance(element, Mapping):
            received = ", ".join(element)
        raise ValueError(
            "A tf.data.Dataset should have elements (image, label), image, or "
            "{'image': ..., 'label': ...}, with images of shape (height, width,"
            f" channels) or batches of them. Received: {received}."
        )
    return image, label


def _load(path: Path) -> Mapping[str, np.ndarray] | np.ndarray:
    """The arrays of an `.npz` file by name, or that of an `.npy` file."""
    check_regular(path)
    try:
        if path.suffix == ".npy":
            return np.load(path, mmap_mode="r", allow_pickle=False)
        _check_size(path)
        arrays = {}
        with np.load(path, allow_pickle=False) as file:
            for key in file.files:
                try:
                    arrays[key] = file[key]
                except ValueError as error:
                    # Such as the metadata of dSprites; but no labels.
                    if "pickle" not in str(error) or _is_label(key):
                        raise
        return arrays
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    # NumPy and zipfile raise errors of all types for damaged files.
    except Exception as error:
        reason = one_line(error)
        if "pickle" in reason:
            reason = "another file, or one that is damaged."
        raise ValueError(
            f"{path} should hold arrays of NumPy, without objects. Received: "
            f"{reason}"
        ) from error


def _find_split(key: str) -> str:
    """The split that the name of an array is of, or `""`."""
    return next((name for name in _SPLITS if name in key.lower()), "")


def _is_label(key: str) -> bool:
    """Whether the name of an array is one of labels."""
    words = key.lower().replace(_find_split(key), "").strip("_")
    return words.startswith(_LABEL_NAMES)


def _check_size(path: Path) -> None:
    """Raises a `MemoryError` if an archive does not fit into the memory."""
    with zipfile.ZipFile(path) as archive:
        needed = sum(entry.file_size for entry in archive.infolist())
    check_memory(needed, str(path))


def _find_splits(
    arrays: Mapping[str, Any] | np.ndarray, where: str
) -> dict[str, tuple[_Images, np.ndarray | None]]:
    """Finds the images and labels of each split by names and axes."""
    if isinstance(arrays, np.ndarray):
        arrays = {"x": arrays}
    images: dict[str, dict[str, np.ndarray]] = {}
    labels: dict[str, dict[str, np.ndarray]] = {}
    for key, array in arrays.items():
        array = np.asanyarray(array)
        split = _find_split(key)
        if array.ndim in (3, 4):
            images.setdefault(split, {})[key] = array
        elif _is_label(key) or array.ndim == 1:
            labels.setdefault(split, {})[key] = array
    for found in (*images.values(), *labels.values()):
        if len(found) > 1:
            raise ValueError(
                f"{where} should have one array of images and at most one of "
                f"labels for each split, such as x_train, y_train, x_test, "
                f"y_test. Received: {', '.join(found)}. Leave some out."
            )
    if not images or ("" in images and len(images) > 1):
        shapes = (f"{key} {np.shape(arrays[key])}" for key in arrays)
        raise ValueError(
            f"{where} should have images of shape (num_images, height, width) "
            "or (num_images, height, width, channels): x_train and x_test, or "
            f"one array. Received: {', '.join(shapes) or 'nothing'}."
        )
    return {
        split: (
            next(iter(found.values())),
            next(iter(labels.get(split, {}).values()), None),
        )
        for split, found in images.items()
    }


def _find_factors(arrays: Mapping[str, Any]) -> np.ndarray | None:
    """The factors of variation; those of one value, as colors, are left out."""
    found = [np.asarray(arrays[key]) for key in _FACTOR_KEYS if key in arrays]
    if not found or found[0].ndim != 2 or not len(found[0]):
        return None
    return found[0][:, (found[0] != found[0][0]).any(axis=0)]


def _common_shape(
    name: str, images: _Images
) -> tuple[int | None, int | None, int]:
    """Height and width, `None` if they vary, and channels less opacity."""
    shapes = {image.shape for image in images}
    channels = {shape[2] for shape in shapes}
    if len(channels) != 1 or not channels <= {1, 3, 4} or 0 in min(shapes):
        raise ValueError(
            f"{name} should have images of 1 channel (gray), 3 (RGB) or 4 "
            "(RGBA) in the last axis. Received: images of shape "
            f"{', '.join(map(str, sorted(shapes)[:3])) or '()'}. Move the axis "
            "with np.moveaxis."
        )
    (heights, widths) = ({shape[axis] for shape in shapes} for axis in (0, 1))
    return (
        heights.pop() if len(heights) == 1 else None,
        widths.pop() if len(widths) == 1 else None,
        3 if channels == {4} else channels.pop(),
    )
