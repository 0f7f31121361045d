"""MNIST from the archives of the package, as TensorFlow Datasets reads it.

Its preparation by tfds takes ten seconds, once, and reading that a second.
"""

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from keras_infogan.data.source import Places
from keras_infogan.data.source import RowSource
from keras_infogan.files import one_line

# The archives, one folder for each data set, under the names that tfds expects.
BUNDLED_ARCHIVES = Path(__file__).parent
_PREFIXES = {"train": "train", "test": "t10k"}
_SIDE = 28
_CHUNK = 512


class BundledMnist(RowSource):
    """`"mnist"` without a folder of archives: the images of tfds, in its order.

    In the data set of tfds, version 3.0.1, the images of a split are in the
    order of hashes of its name and of their number in the archive. `"all"` are
    those of the training split, then those of the test split.
    """

    name = "mnist"
    class_names = tuple(map(str, range(10)))
    image_shape = (_SIDE, _SIDE, 1)
    # Not that of tfds, as `all` has another order.
    identity = "bundled mnist/3.0.1"

    def __init__(self) -> None:
        labels = {
            # After the number of images.
            split: _read(f"{prefix}-labels-idx1-ubyte", 8)
            for split, prefix in _PREFIXES.items()
        }
        self._orders = {
            split: _tfds_order(split, len(values))
            for split, values in labels.items()
        }
        self._starts = {"train": 0, "test": len(labels["train"])}
        values = [labels[split][order] for split, order in self._orders.items()]
        self._labels = np.concatenate(values).astype(np.int64)
        super().__init__(
            {
                split: self._starts[split] + np.arange(len(order))
                for split, order in self._orders.items()
            },
            self._labels,
        )

    @classmethod
    def open(cls, source: Any, places: Places) -> "BundledMnist | None":
        if not isinstance(source, str) or source != cls.name or places.archives:
            return None
        return cls()

    def read(self, split, fit):
        rows = self.rows(split)
        pixels = np.empty((len(rows), *self.image_shape), np.uint8)
        for name, start in self._starts.items():
            numbers = rows - start
            order = self._orders[name]
            inside = (numbers >= 0) & (numbers < len(order))
            if inside.any():
                # After the number of images, and their height and width.
                content = _read(f"{_PREFIXES[name]}-images-idx3-ubyte", 16)
                images = content.reshape(-1, *self.image_shape)
                pixels[inside] = images[order[numbers[inside]]]
        for start in range(0, len(rows), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            images = pixels[chunk]
            if fit.shape != self.image_shape:
                images = np.stack([fit(image) for image in images])
            yield images, self._labels[rows[chunk]]


def _read(name: str, offset: int) -> np.ndarray:
    """The bytes of an archive behind its header."""
    path = BUNDLED_ARCHIVES / "mnist" / f"{name}.gz"
    try:
        # It has a checksum of its own.
        content = gzip.decompress(path.read_bytes())
        return np.frombuffer(content, np.uint8, offset=offset)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise OSError(
            f"The archive {path} is damaged: {one_line(error)}. Install the "
            "package again."
        ) from error


def _tfds_order(split: str, count: int) -> np.ndarray:
    """The number in the archive of each image of tfds."""
    digests = [
        hashlib.md5(f"{split}{number}".encode(), usedforsecurity=False).digest()
        for number in range(count)
    ]
    return np.argsort(np.array(digests, "S16"), kind="stable")
