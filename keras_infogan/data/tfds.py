"""Images of TensorFlow Datasets (tfds), by name or builder."""

import contextlib
import difflib
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_infogan import checksums
from keras_infogan.data.bundled import BUNDLED_ARCHIVES
from keras_infogan.data.pixels import find_range
from keras_infogan.data.pixels import to_bytes
from keras_infogan.data.preparation import prepare
from keras_infogan.data.source import Places
from keras_infogan.data.source import Source
from keras_infogan.data.source import split_error
from keras_infogan.files import check_regular
from keras_infogan.files import explain
from keras_infogan.files import one_line
from keras_infogan.json_text import MAX_BYTES

# A label with more values than that is a number, not a class.
_MAX_CLASSES = 1000
_BATCH_SIZE = 256
# Of the keys of factors, such as `label_orientation`.
_FACTOR = "label_"

_logger = logging.getLogger(__name__)


class TensorFlowDatasets(Source):
    """A data set of tfds, which is prepared on first use.

    The archives of MNIST are bundled, so it needs no network. Labels are the
    supervised key, or the feature `label`: a `ClassLabel`, a whole number or a
    text.

    Raises:
        ValueError: If there is no such data set, or it has no 8-bit images.
        OSError: If it cannot be prepared or read, as by `prepare()`.
    """

    def __init__(self, builder: tfds.core.DatasetBuilder) -> None:
        self._builder = builder
        self.name, self.identity = builder.name, builder.info.full_name
        self._image_key, self._label_key = _find_features(builder)
        self.image_shape = builder.info.features[self._image_key].shape
        # Labels that are not numbers from 0, in order.
        self._values: np.ndarray | None = None
        label = dict(builder.info.features.items()).get(self._label_key or "")
        if isinstance(label, tfds.features.ClassLabel):
            self.class_names = tuple(label.names)
        elif self._label_key:
            self._find_classes()
        keys = _find_factors(builder)
        self.factor_names = tuple(key.removeprefix(_FACTOR) for key in keys)

    @classmethod
    def open(cls, source: Any, places: Places) -> "TensorFlowDatasets | None":
        if not isinstance(source, str | tfds.core.DatasetBuilder):
            return None
        builder = _make_builder(source, places.data)
        if not builder.is_prepared():
            if Path(builder.data_dir).exists():
                raise _damaged(builder.data_dir, "no dataset_info.json")
            bundled = BUNDLED_ARCHIVES / builder.name
            prepare(
                builder,
                places.archives or (bundled if bundled.is_dir() else None),
            )
            # Another process may have prepared it first, so look again.
            if isinstance(source, str):
                builder = _make_builder(source, places.data)
            for path in _descriptions(builder):
                checksums.record(path)
        for path in _descriptions(builder):
            if not checksums.is_intact(path):
                raise _damaged(
                    builder.data_dir, f"{path.name} has another SHA-256"
                )
        return cls(builder)

    def num_images(self, split):
        splits = self._builder.info.splits
        try:
            num_images = splits[split].num_examples
            reason = "It is empty: a slice should end after it begins."
        except (KeyError, ValueError, AssertionError) as error:
            num_images, reason = 0, one_line(error)
        if not num_images:
            name = self._builder.info.full_name
            raise split_error(name, splits, split, reason)
        return num_images

    def read(self, split, fit):
        key, cores = self._image_key, os.cpu_count()
        with _damage_in_one_line(self._builder):
            rows = self._rows(split, num_parallel_calls_for_decode=cores)
            first = rows.take(_BATCH_SIZE).map(lambda row: row[key])
            pixels = [x.ravel() for x in first.as_numpy_iterator()]
        if not pixels:
            raise _damaged(self._builder.data_dir, "there are no records")
        limits = find_range(np.concatenate(pixels))
        with _damage_in_one_line(self._builder):
            is_ready = self.image_shape == fit.shape and limits == (0.0, 255.0)

            def decode(row: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
                image = row[key]
                if not is_ready:
                    image = tf.numpy_function(
                        lambda image: fit(to_bytes(image, limits)),
                        [image],
                        tf.uint8,
                        stateful=False,
                    )
                return image, row.get(self._label_key or "", -1)

            batches = rows.map(decode, num_parallel_calls=cores)
            batches = batches.batch(_BATCH_SIZE)
            for pixels, labels in batches.as_numpy_iterator():
                if self._values is not None:
                    labels = np.searchsorted(self._values, labels)
                # In tfds, -1 stands for an unknown label.
                yield pixels, labels if labels.min() >= 0 else None

    def factors(self, split):
        keys = _find_factors(self._builder)
        skipped = {self._image_key: tfds.decode.SkipDecoding()}
        with _damage_in_one_line(self._builder):
            # In the order of `read`.
            rows = self._rows(split, decoders=skipped)
            columns = rows.map(lambda row: tf.stack([row[key] for key in keys]))
            batches = columns.batch(_BATCH_SIZE).as_numpy_iterator()
            return np.concatenate([*batches])

    def _find_classes(self) -> None:
        """Numbers the labels of all splits in their order."""
        key = self._label_key
        skipped = {self._image_key: tfds.decode.SkipDecoding()}
        with _damage_in_one_line(self._builder):
            rows = self._rows("all", decoders=skipped)
            labels = rows.map(lambda row: row[key]).batch(_BATCH_SIZE)
            values = np.unique(np.concatenate([*labels.as_numpy_iterator()]))
        if len(values) > _MAX_CLASSES:
            _logger.info(
                "The %d values of %r of %s are not used as classes.",
                len(values),
                key,
                self.name,
            )
            self._label_key = None
            return
        self._values = values
        self.class_names = tuple(
            value.decode("utf-8", "replace")
            if isinstance(value, bytes)
            else str(value)
            for value in values
        )

    def _rows(
        self, split: str, *, decoders: Any = None, **config: Any
    ) -> tf.data.Dataset:
        rows = self._builder.as_dataset(
            split=split,
            decoders=decoders,
            read_config=tfds.ReadConfig(try_autocache=False, **config),
        )
        options = tf.data.Options()
        # All cores work from the first image on.
        options.autotune.enabled = False
        return rows.with_options(options)


def data_root(data_dir: str | os.PathLike[str] | None) -> Path:
    """Returns the folder where tfds keeps prepared data sets.

    By default, that of the environment variable `TFDS_DATA_DIR` when tfds was
    imported, or `~/tensorflow_datasets`.
    """
    return Path(data_dir or tfds.core.constants.DATA_DIR).expanduser()


def cache_directory(data_dir: str | os.PathLike[str] | None) -> Path:
    """Returns the folder for what is computed from data sets."""
    return data_root(data_dir) / "keras_infogan"


def _make_builder(
    source: str | tfds.core.DatasetBuilder, root: Path
) -> tfds.core.DatasetBuilder:
    if not isinstance(source, str):
        return source
    _check_files(root / source.partition(":")[0])
    try:
        return tfds.builder(source, data_dir=root)
    except tfds.core.DatasetNotFoundError:
        known = tfds.list_builders(with_community_datasets=False)
        close = difflib.get_close_matches(source.split("/")[0], known)
        raise ValueError(
            "Expected the name of a TensorFlow Datasets data set, or the path "
            "of a folder of images or of an .npy or .npz file. "
            f"Received: {source!r}. Try: {', '.join(close or ['mnist'])}."
        ) from None
    # The errors of damaged files are of all kinds.
    except Exception as error:
        folder = root / source.partition(":")[0]
        info = [*folder.rglob("dataset_info.json")]
        if not isinstance(error, ImportError) and len(info) == 1:
            raise _damaged(info[0].parent, _reason(error)) from error
        raise ValueError(
            "Expected the name of a TensorFlow Datasets data set, such as "
            f"'mnist' or 'cifar10_corrupted/fog_1'. Received: {source!r}; tfds "
            f"says: {one_line(error)}"
        ) from error


def _check_files(folder: Path) -> None:
    """Raises an `OSError` if tfds would wait for, or read, without end."""
    for path in folder.rglob("*"):
        if path.is_dir():
            continue
        try:
            check_regular(path)
        except OSError as error:
            raise _damaged(path.parent, explain(error).rstrip(".")) from error
        size = path.stat().st_size
        if "record" not in path.name and size > MAX_BYTES:
            raise _damaged(path.parent, f"{path.name} has {size / 1e6:.0f} MB")


def _find_features(
    builder: tfds.core.DatasetBuilder,
) -> tuple[str, str | None]:
    """Returns the keys of the 8-bit image and of its label, if any."""
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
    labels = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.ClassLabel)
        or (
            not isinstance(feature, tfds.features.FeaturesDict)
            and feature.shape == ()
            and (feature.tf_dtype.is_integer or feature.tf_dtype == tf.string)
        )
    ]
    # The supervised keys of tfds take precedence over the usual names.
    supervised = builder.info.supervised_keys or (None, None)
    return (
        next(k for k in (supervised[0], "image", *images) if k in images),
        next((k for k in (supervised[1], "label") if k in labels), None),
    )


def _find_factors(builder: tfds.core.DatasetBuilder) -> list[str]:
    """The keys of the factors of variation: several classes of one image."""
    keys = [
        key
        for key, feature in builder.info.features.items()
        if key.startswith(_FACTOR)
        and isinstance(feature, tfds.features.ClassLabel)
    ]
    return keys if len(keys) > 1 else []


def _descriptions(builder: tfds.core.DatasetBuilder) -> list[Path]:
    """The files that say what is in the records, which have checksums."""
    return [
        path
        for path in Path(builder.data_dir).glob("[!.]*")
        if path.is_file() and "record" not in path.name
    ]


@contextlib.contextmanager
def _damage_in_one_line(builder: tfds.core.DatasetBuilder) -> Iterator[None]:
    try:
        yield
    # tfds raises errors of all types for damaged files.
    except Exception as error:
        raise _damaged(builder.data_dir, _reason(error)) from error


def _reason(error: BaseException) -> str:
    """What happened, without the operations and arguments before and after."""
    text = re.sub(
        r"\{\{.*?\}\}|\[Op:.*|.*builder_kwargs \".*?\":", "", str(error)
    )
    return one_line(ValueError(text)).rstrip(".")


def _damaged(folder: str | os.PathLike[str], reason: str) -> OSError:
    return OSError(
        f"The prepared data set in {folder} is damaged: {reason}. Remove that "
        "folder and start again."
    )
