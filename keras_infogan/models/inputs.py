"""What `fit`, `evaluate` and `predict` take, and the form a step gets it in."""

import itertools
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.images import check_input
from keras_infogan.latents.spec import LatentSpec

# The images of a batch; the last are those that come with `labels`.
_IMAGE_KEYS = ("images", "positives", "labeled_images")
_OTHER_KEYS = ("labels",)


def check_inputs(
    x: Any,
    image_shape: tuple[int, ...],
    *,
    num_categories: int | None = None,
    strict: bool = True,
) -> tuple[Any, dict[str, np.ndarray] | None]:
    """Raises a `ValueError` unless these are images as the networks take them.

    Reads the first batch of a `tf.data.Dataset`, a `keras.utils.PyDataset` or a
    generator, and the whole of an array or tensor. Images are uint8, which is
    scaled, or floats in [-1, 1]. Floats of which none is negative are taken for
    images in [0, 1].

    Args:
        x: The argument of `fit`, `evaluate` or `predict`.
        image_shape: The expected height, width and channels.
        num_categories: Of the code that `labels` train; any if `None`.
        strict: Whether to refuse images in [0, 1]; else, warns of them.

    Returns:
        `x`, or what continues it if it can be read only once; and its first
        batch, with `images`, but for a distributed data set.
    """
    # Its batches are spread over replicas, and perhaps over machines.
    if isinstance(x, tf.distribute.DistributedDataset):
        return x, None
    batch: Any
    if isinstance(x, tf.data.Dataset):
        _check_spec(x, image_shape)
        batch = next(iter(x.take(1)), None)
    elif isinstance(x, keras.utils.PyDataset):
        batch = x[0]
    elif isinstance(x, Iterator):
        batch = next(x, None)
        x = x if batch is None else _resume(batch, x)
    elif _is_loader(x):
        batch = next(iter(x), None)
    else:
        batch = (x,)
    if batch is None:
        raise ValueError(
            "Expected batches of images. Received: a data set without any. If "
            "its files or splits are right, `drop_remainder=True` with fewer "
            "images than a batch leaves none."
        )
    arrays = {
        name: keras.ops.convert_to_numpy(value)
        for name, value in _arrays_of(batch).items()
    }
    for name in _IMAGE_KEYS:
        if name in arrays:
            check_input(arrays[name], image_shape, strict=strict)
    _check_rows(arrays, num_categories)
    return x, arrays


def refuse_weights(*weights: Any) -> None:
    """Raises a `ValueError` unless all weights of samples are `None`."""
    if any(one is not None for one in weights):
        raise ValueError(
            "InfoGAN weights all images alike. Received: sample_weight or "
            "class_weight, or batches with a third part. Leave them out; to "
            "see some images more often, repeat them."
        )


def unpack_batch(data: Any, spec: LatentSpec) -> dict[str, tf.Tensor]:
    """The argument of `train_step` as a mapping, without targets.

    Images are floats in [-1, 1]. Raises a `ValueError` if there are labels and
    no categorical code.
    """
    x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    batch = dict(x) if isinstance(x, Mapping) else {"images": x}
    if "labels" in batch:
        spec.first_categorical("labels")
    return {
        name: scale_bytes(value) if name in _IMAGE_KEYS else value
        for name, value in batch.items()
    }


def scale_bytes(images: Any) -> Any:
    """Maps uint8 to floats, 0 to -1 and 255 to 1; others stay as they are."""
    if keras.backend.standardize_dtype(images.dtype) != "uint8":
        return images
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def _is_loader(x: Any) -> bool:
    """Whether this yields batches, such as a `DataLoader` of PyTorch."""
    holds_images = hasattr(x, "shape") or isinstance(x, (Mapping, Sequence))
    return hasattr(x, "__iter__") and not holds_images


def _resume(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    """A generator of tuples, as Keras takes no other iterator."""
    for batch in itertools.chain([first], rest):
        yield batch if isinstance(batch, tuple) else (batch,)


def _arrays_of(batch: Any) -> dict[str, Any]:
    """The images of a batch, by what they are for, and their labels."""
    x, _, weights = keras.utils.unpack_x_y_sample_weight(batch)
    refuse_weights(weights)
    arrays = dict(x) if isinstance(x, Mapping) else {"images": x}
    unknown = set(arrays) - {*_IMAGE_KEYS, *_OTHER_KEYS}
    if unknown or "images" not in arrays:
        raise ValueError(
            "A mapping should have `images`, and may have "
            f"{', '.join((*_IMAGE_KEYS[1:], *_OTHER_KEYS))}. Received: "
            f"{', '.join(map(str, arrays)) or 'nothing'}. Map the data set to "
            'its images, as in `data.map(lambda row: row["image"])`, or load '
            "it with `as_supervised=True`."
        )
    if ("labels" in arrays) != ("labeled_images" in arrays):
        raise ValueError(
            "`labels` should come with their `labeled_images`. Received: "
            f"{', '.join(arrays)}. Pass both or neither."
        )
    for value in arrays.values():
        is_array = hasattr(value, "shape") and hasattr(value, "dtype")
        if not is_array or isinstance(value, tf.RaggedTensor | tf.SparseTensor):
            raise ValueError(
                "Expected images: an array or tensor, a `tf.data.Dataset`, a "
                "`keras.utils.PyDataset`, or a mapping with `images`. "
                f"Received: {type(value).__name__}. Pass the array itself, or "
                "`np.stack(images)`."
            )
    return arrays


def _check_rows(
    arrays: Mapping[str, np.ndarray], num_categories: int | None
) -> None:
    """Raises a `ValueError` if what belongs together does not fit."""
    for name, other in (("positives", "images"), ("labels", "labeled_images")):
        if name in arrays and len(arrays[name]) != len(arrays[other]):
            raise ValueError(
                f"There should be as many `{name}` as `{other}`. Received: "
                f"{len(arrays[name])} and {len(arrays[other])}."
            )
    if "labels" not in arrays:
        return
    labels = arrays["labels"]
    is_whole = labels.ndim == 1 and labels.dtype.kind in "iu"
    end = np.inf if num_categories is None else num_categories
    if not is_whole or labels.min() < 0 or labels.max() >= end:
        values = f", {labels.min()} to {labels.max()}" if is_whole else ""
        raise ValueError(
            "`labels` should be of shape (num_images,): whole numbers from 0, "
            f"less than {end}, the number of categories. Received: "
            f"{labels.dtype} of shape {labels.shape}{values}."
        )


def _check_spec(x: tf.data.Dataset, image_shape: tuple[int, ...]) -> None:
    """Refuses what no graph can be made of, before any batch is read."""
    for name, spec in _arrays_of(x.element_spec).items():
        if name not in _IMAGE_KEYS:
            continue
        if spec.shape.rank == len(image_shape):
            raise ValueError(
                "A data set should yield batches of images. Received: single "
                f"images of shape {spec.shape}. Add `.batch(128)`."
            )
        if spec.shape.rank is None or None in spec.shape[1:]:
            raise ValueError(
                "The images of a data set should have a known shape, (batch, "
                f"{', '.join(map(str, image_shape))}). Received: {spec.shape}. "
                "Set it with `tf.ensure_shape(images, "
                f"{(None, *image_shape)})` in its `map`."
            )
