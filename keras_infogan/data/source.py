"""A source of images: what a new kind must define, and what kinds share."""

import abc
import dataclasses
import os
import re
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from keras_infogan.data.image_file import fit_image
from keras_infogan.data.sampling import Consumer
from keras_infogan.data.sampling import permutation
from keras_infogan.files import one_line
from keras_infogan.files import resolve

ARRAY_SUFFIXES = (".npy", ".npz")
# One image in five, of each class, is a test image where there is no split.
_TEST_SHARE = 5

# uint8 images of shape `(rows, height, width, channels)`, and their labels.
Batch = tuple[np.ndarray, np.ndarray | None]


class Places(NamedTuple):
    """Folders that a source may need.

    Args:
        data: Where tfds keeps prepared data sets.
        archives: The original archives of a tfds data set, if they are there.
    """

    data: Path
    archives: Path | None


@dataclasses.dataclass(frozen=True)
class Fit:
    """Fits images to one shape.

    Args:
        shape: `(height, width, channels)`.
        resize: See `fit_image`; `None` if all images should have that size.
    """

    shape: tuple[int, int, int]
    resize: str | None

    def __call__(self, image: Any) -> np.ndarray:
        """Fits a Pillow image, or a uint8 array of 1 or 3 channels.

        Raises:
            ValueError: If it has another size, and `resize` is `None`.
        """
        if isinstance(image, np.ndarray):
            if image.shape == self.shape:
                return image
            gray = image.shape[-1] == 1
            image = Image.fromarray(image[..., 0] if gray else image)
        height, width, _ = self.shape
        if self.resize is None and image.size != (width, height):
            raise ValueError(
                f"Images should have one size. Received: {width} x {height} "
                f"and {image.width} x {image.height}. Pass image_size."
            )
        return fit_image(image, self.shape, self.resize or "crop")


class Source(abc.ABC):
    """An open source, whose images are not decoded yet.

    To add a kind, derive from this in a file beside this one, define the
    abstract members, and register it in `SOURCES` of `sources.py`.

    Attributes:
        name: Of the data set, for reports.
        class_names: Names of the labels `0, 1, ...`; empty without labels.
        image_shape: Height and width, each `None` if they vary or are not
            known, and the number of channels.
        identity: The key of the cache, which changes with the images; `None` if
            none is known, so that the images are read each time.
        is_slow: Whether decoding takes longer than reading the cache.
        factor_names: Names of the factors of variation; empty without any.
    """

    name: str
    class_names: tuple[str, ...] = ()
    image_shape: tuple[int | None, int | None, int]
    identity: str | None = None
    is_slow: bool = False
    factor_names: tuple[str, ...] = ()

    @classmethod
    @abc.abstractmethod
    def open(cls, source: Any, places: Places) -> "Source | None":
        """Opens what the user gave, or returns `None` if it is another kind.

        Raises:
            ValueError: If it is of this kind, but has no images.
        """

    @abc.abstractmethod
    def num_images(self, split: str) -> int:
        """Number of images in a split, or slice of one, such as `train[:9]`.

        Raises:
            ValueError: If there is no such split, or it is empty.
        """

    @abc.abstractmethod
    def read(self, split: str, fit: Fit) -> Iterator[Batch]:
        """Decodes the images of a split, in the same order each time."""

    def file_names(self, split: str) -> tuple[str, ...]:
        """The file of each image of a split; empty without files."""
        del split
        return ()

    def factors(self, split: str) -> np.ndarray:
        """The factors of variation of each image of a split.

        Returns:
            Numbers of shape `(num_images, len(factor_names))`.
        """
        return np.empty((self.num_images(split), 0), np.int64)


class RowSource(Source):
    """A source whose images have numbers, with or without splits of its own.

    Args:
        splits: The rows of each split; without any, `split_rows` makes them.
        labels: int64 array, the class of each row; `None` without labels.
    """

    def __init__(
        self, splits: Mapping[str, np.ndarray], labels: np.ndarray | None
    ) -> None:
        self._splits = dict(splits)
        self.labels = labels

    def rows(self, split: str) -> np.ndarray:
        """The rows of a split, or slice of one, such as `train[:10%]`.

        `all` are all rows in their own order.
        """
        infos = tfds.core.splits.SplitDict(
            [
                tfds.core.SplitInfo(
                    name=name, shard_lengths=[len(rows)], num_bytes=0
                )
                for name, rows in self._splits.items()
            ]
        )
        rows = np.empty(0, np.int64)
        if split == "all":
            return np.sort(np.concatenate([*self._splits.values()]))
        try:
            parts = tfds.core.ReadInstruction.from_spec(split)
            for part in parts.to_absolute(infos):
                part_rows = self._splits[part.splitname][part.from_ : part.to]
                rows = np.concatenate([rows, part_rows])
            reason = "It is empty: a slice should end after it begins."
        except (KeyError, ValueError, AssertionError) as error:
            reason = one_line(error)
        if not len(rows):
            raise split_error(self.name, self._splits, split, reason)
        return rows

    def num_images(self, split):
        return len(self.rows(split))


def find_path(source: str | os.PathLike[str]) -> Path | None:
    """The absolute path that a source is, or `None` for a name of tfds.

    A text is a path if it begins or ends as one, or there is such a folder and
    no data set of that name.
    """
    text = os.fspath(source)
    path = resolve(Path(text).expanduser())
    if (
        isinstance(source, os.PathLike)
        or text.startswith(("/", ".", "~"))
        or text.endswith(("/", *ARRAY_SUFFIXES))
    ):
        return path
    if not text or not path.is_dir():
        return None
    known = tfds.list_builders(with_community_datasets=False)
    return None if re.split("[/:]", text)[0] in known else path


def split_error(name: str, splits: Any, split: str, reason: str) -> ValueError:
    """The error for a split that does not exist."""
    # tfds says it twice.
    reason = reason.partition(" See format at")[0]
    return ValueError(
        f"Expected a split of {name}: {', '.join(splits)}, or a slice such as "
        f"'train[:10%]'. Received: split={split!r}. {reason}"
    )


def split_rows(
    num_images: int, labels: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Splits images at random: one in five of each class is a test image.

    The rows of both splits are in a random order, so that a slice of one is a
    random subset. The same images, in the same order, always give the same
    splits.

    Args:
        num_images: Number of images.
        labels: The class of each, to balance by; `None` without labels.

    Raises:
        ValueError: If there are fewer than five images.
    """
    if num_images < _TEST_SHARE:
        raise ValueError(
            f"Expected at least {_TEST_SHARE} images, to make a training and "
            f"a test split of them. Received: {num_images}."
        )
    order = permutation(num_images, Consumer.SPLIT.key(0)).numpy()
    by_class = order
    if labels is not None:
        by_class = order[np.argsort(labels[order], kind="stable")]
    is_test = np.zeros(num_images, bool)
    # Not the first of a class, which may be the only one.
    is_test[by_class[_TEST_SHARE // 2 :: _TEST_SHARE]] = True
    return {
        "train": order[~is_test[order]],
        "test": order[is_test[order]],
    }


def number_classes(
    values: np.ndarray, names: tuple[str, ...] = ()
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers labels of any form.

    Args:
        values: Whole numbers or texts, of shape `(rows,)`, or one-hot vectors
            of shape `(rows, num_classes)`.
        names: The names of the whole numbers from 0; without them, classes are
            named after the values, and numbered in their order.

    Returns:
        The labels, an int64 array of shape `(rows,)`, and the class names.

    Raises:
        ValueError: If the labels have another form.
    """
    values = np.asarray(values)
    if values.ndim == 2:
        is_one_hot = np.isin(values, (0, 1)).all()
        if is_one_hot and (values.sum(axis=1) == 1).all():
            # A class of which there is no image has a place, too.
            names = names or tuple(map(str, range(values.shape[1])))
            values = values.argmax(axis=1)
    if np.issubdtype(values.dtype, np.floating):
        whole = values.astype(np.int64)
        values = whole if (whole == values).all() else values
    if values.ndim != 1 or values.dtype.kind not in "biuUS":
        raise ValueError(
            "Labels should be whole numbers or texts, one for each image. "
            f"Received: shape={values.shape}, dtype={values.dtype}."
        )
    if names and 0 <= values.min() and values.max() < len(names):
        return values.astype(np.int64), names
    if values.dtype.kind == "S":
        texts = [text.decode("utf-8", "replace") for text in values.tolist()]
        values = np.array(texts)
    found, labels = np.unique(values, return_inverse=True)
    return labels.astype(np.int64), tuple(str(name) for name in found)
