"""From the records of a prepared tfds data set to one array of images."""

import functools
import os

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_infogan.files import one_line


def find_features(
    builder: tfds.core.DatasetBuilder,
) -> tuple[str, str | None]:
    """Returns the keys of the image and of its class label, if it has one.

    Raises:
        ValueError: If the data set has no 8-bit images.
    """
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
    # The supervised keys of tfds take precedence over the usual names.
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


def decode_into(
    images: np.ndarray, builder: tfds.core.DatasetBuilder, split: str
) -> np.ndarray | None:
    """Decodes a split into `images` and returns its labels.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`,
            to be filled. Each image is fitted to that shape.
        builder: A prepared data set.
        split: A split of `num_images` examples.

    Returns:
        int64 array of shape `(num_images,)`, or `None` if the data set has no
        class label or its labels are unknown.

    Raises:
        OSError: If the prepared data set is damaged.
    """
    image_key, label_key = find_features(builder)
    cores = os.cpu_count()
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        read_config=tfds.ReadConfig(
            try_autocache=False, num_parallel_calls_for_decode=cores
        ),
    )
    labels = np.empty(len(images), np.int64)
    try:
        fit = functools.partial(
            _fit_image,
            shape=images.shape[1:],
            factor=_brightness(dataset.map(lambda row: row[image_key])),
        )
        batches = dataset.map(
            lambda row: (fit(row[image_key]), row.get(label_key, -1)),
            num_parallel_calls=cores,
        ).batch(256)
        options = tf.data.Options()
        # All cores work from the first image on.
        options.autotune.enabled = False
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
    # As tfds does, -1 stands for an unknown label.
    return labels if labels.min() >= 0 else None


def _brightness(images: tf.data.Dataset) -> int:
    """Returns 255 for images of 0 and 1, such as dSprites; 1 for others."""
    brightest = images.take(256).map(tf.reduce_max).as_numpy_iterator()
    return 255 if max(brightest) <= 1 else 1


def _fit_image(
    image: tf.Tensor, *, shape: tuple[int, int, int], factor: int
) -> tf.Tensor:
    """Fits a uint8 image to `shape`: channels, center crop, resizing.

    Args:
        image: Tensor of shape `(height, width, channels)`.
        shape: Shape of the result.
        factor: Multiplies all values.
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
