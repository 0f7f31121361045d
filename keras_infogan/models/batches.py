"""What `fit` takes: checks, and one form of a batch."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.images import check_images
from keras_infogan.latents.spec import LatentSpec


def check_training_data(x: Any, image_shape: tuple[int, ...]) -> None:
    """Checks what is known of the images before training starts.

    Args:
        x: What `fit` was given: an array, or a `tf.data.Dataset` of images or
            of mappings of `images` and `positives`.
        image_shape: Height, width and channels of the images.

    Raises:
        ValueError: If the images have another shape, type or range.
    """
    if isinstance(x, np.ndarray):
        check_images(x, image_shape)
    elif isinstance(x, tf.data.Dataset):
        spec, _, _ = keras.utils.unpack_x_y_sample_weight(x.element_spec)
        specs = spec if isinstance(spec, Mapping) else {"images": spec}
        for name in {"images", "positives"} & set(specs):
            shape = tuple(specs[name].shape[1:])
            if shape != image_shape or not specs[name].dtype.is_floating:
                raise ValueError(
                    "The data set should yield batches of float images in "
                    f"[-1, 1] of shape {image_shape}. Received: "
                    f"shape={shape}, dtype={specs[name].dtype.name}."
                )


def unpack_batch(data: Any, spec: LatentSpec) -> dict[str, tf.Tensor]:
    """Brings the argument of `train_step` into one form.

    Args:
        data: Images, or a mapping of `images` and optionally `positives`,
            `labeled_images` and `labels`; perhaps with targets and sample
            weights, which are ignored.
        spec: The noise and the codes.

    Returns:
        The mapping.

    Raises:
        ValueError: If there are labels and no categorical code.
    """
    x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    batch = dict(x) if isinstance(x, Mapping) else {"images": x}
    if "labels" in batch and not spec.categorical_names:
        raise ValueError(
            "Labels need a categorical code that learns them. "
            f"Received: {', '.join(spec.codes)}, none of them categorical."
        )
    return batch
