"""Image files as inputs of a served model: decoded and framed in the graph."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_infogan.models.infogan import InfoGAN

# Larger than a photograph of most phones; a file of a few kB can hold more.
MAX_PIXELS = 2**24
_PNG = b"\x89PNG\r\n\x1a\n"
# Red, green and blue in a gray value, as Pillow has it (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)


class Frame(NamedTuple):
    """Where images have their ink, in pixels.

    Attributes:
        extent: The larger side of the box around pixels that are half white.
        center: Row and column of the center of mass.
    """

    extent: tf.Tensor
    center: tf.Tensor


def measure_frame(ink: tf.Tensor) -> Frame:
    """Measures an image of shape `(height, width)` from 0, black, to 1."""
    size = tf.cast(tf.shape(ink), tf.float32)
    sides, centers = [], []
    for axis in (0, 1):
        places = tf.range(size[axis]) + 0.5
        inked = tf.boolean_mask(places, tf.reduce_any(ink > 0.5, 1 - axis))
        sides.append(tf.reduce_max(inked) - tf.reduce_min(inked) + 1.0)
        mass = tf.reduce_sum(ink, 1 - axis)
        centers.append(tf.reduce_sum(mass * places) / tf.reduce_sum(mass))
    return Frame(tf.reduce_max(sides), tf.stack(centers))


def find_frame(model: InfoGAN) -> Frame | None:
    """The frame of the model's images, or None if they have none in common.

    MNIST's digits have a larger side of 20 of 28 pixels, and their center of
    mass half a pixel right of and below the middle, to 0.3 pixels; generated
    ones to 0.4. The clothes of Fashion-MNIST fill the image, and their center
    of mass varies by 1.5 pixels. Only gray images can have a frame.
    """
    height, width, channels = model.image_shape
    if channels != 1:
        return None
    ink = tf.constant((model.generate(200) + 1.0) / 2.0)[..., 0]
    measure = tf.function(
        lambda images: tf.map_fn(
            measure_frame,
            images,
            fn_output_signature=Frame(tf.float32, tf.float32),
        )
    )
    extents, centers = (values.numpy() for values in measure(ink))
    extent = np.median(extents)
    side = min(height, width)
    # NaN, of a blank image, is not less.
    if extent < 0.9 * side and centers.std(axis=0).max() < 0.03 * side:
        return Frame(
            tf.constant(extent, tf.float32), tf.constant(centers.mean(axis=0))
        )
    return None


def make_reader(
    image_shape: tuple[int, ...], frame: Frame | None, resize: str = "crop"
) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Makes a function from contents of files to images, and which are valid.

    It takes a string tensor of shape `(batch,)` and returns float32 images of
    shape `(batch, *image_shape)` in [-1, 1], and bool `(batch,)`. A file is
    invalid, and a gray image, if it is no PNG or JPEG, is damaged, or has more
    than `MAX_PIXELS` pixels; with a `frame`, also if it is blank or mostly
    white. That has no effect on the others.

    Transparent parts become black. An image of another size is fitted to
    `image_shape` as by `fit_image`, with its `resize`; with a `frame`, its ink
    is moved there instead. The EXIF orientation is ignored.
    """

    def read(row: tf.Tensor, content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels = _decode(content, channels=image_shape[-1])
        return row, 2.0 * _fit(pixels, image_shape, frame, resize) - 1.0

    def read_all(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        count = tf.size(contents)
        # A data set can ignore the errors of single files. The last row, which
        # is dropped, is for batches without any that can be read.
        files = tf.data.Dataset.from_tensor_slices((tf.range(count), contents))
        last = tf.data.Dataset.from_tensors((count, tf.zeros(image_shape)))
        read_rows = files.map(read).ignore_errors().concatenate(last)
        rows, images = read_rows.batch(
            tf.cast(count, tf.int64) + 1
        ).get_single_element()
        rows = rows[:, None]
        valid = tf.scatter_nd(rows, tf.ones_like(rows[:, 0]), [count + 1]) > 0
        images = tf.scatter_nd(rows, images, [count + 1, *image_shape])
        return images[:count], valid[:count]

    return read_all


def encode_pngs(images: tf.Tensor) -> tf.Tensor:
    """Encodes `(batch, height, width, channels)` in [-1, 1] as PNG files."""
    return tf.map_fn(
        tf.io.encode_png,
        tf.saturate_cast(tf.round((images + 1) * 127.5), "uint8"),
        fn_output_signature=tf.string,
    )


def _decode(content: tf.Tensor, *, channels: int) -> tf.Tensor:
    """Decodes to float32 `(height, width, channels)` from 0, black, to 1."""

    def check_size(size: tf.Tensor) -> tf.Operation:
        pixels = tf.reduce_prod(tf.cast(size, tf.int64))
        return tf.debugging.assert_less_equal(
            pixels, tf.constant(MAX_PIXELS, tf.int64)
        )

    def decode_png() -> tf.Tensor:
        header = tf.strings.substr(content, 16, 8)
        size = tf.io.decode_raw(header, tf.int32, little_endian=False)
        with tf.control_dependencies([check_size(size)]):
            rgba = tf.cast(tf.io.decode_png(content, 4), tf.float32) / 255.0
        return rgba[..., :3] * rgba[..., 3:]

    def decode_jpeg() -> tf.Tensor:
        size = tf.io.extract_jpeg_shape(content)[:2]
        with tf.control_dependencies([check_size(size)]):
            rgb = tf.io.decode_jpeg(content, 3, dct_method="INTEGER_ACCURATE")
        return tf.cast(rgb, tf.float32) / 255.0

    is_png = tf.equal(tf.strings.substr(content, 0, len(_PNG)), _PNG)
    rgb = tf.cond(is_png, decode_png, decode_jpeg)
    if channels == 1:
        return tf.reduce_sum(rgb * tf.constant(_LUMA), -1, keepdims=True)
    return rgb


def _fit(
    pixels: tf.Tensor,
    image_shape: tuple[int, ...],
    frame: Frame | None,
    resize: str,
) -> tf.Tensor:
    """Scales and moves the pixels to an image, unless they have its size."""
    size = tf.cast(tf.shape(pixels)[:2], tf.float32)
    target = tf.constant(image_shape[:2], tf.float32)
    ratio = target / size
    # The sides of the whole image after scaling.
    fitted = {
        "crop": size * tf.reduce_max(ratio),
        "pad": tf.maximum(tf.round(size * tf.reduce_min(ratio)), 1.0),
        "stretch": target,
    }[resize]
    scale, source, center = fitted / size, size / 2.0, target / 2.0
    if resize == "pad":
        # Whole pixels, as of Pillow.
        center = tf.round(center - fitted / 2.0) + fitted / 2.0
    if frame is not None:
        measured = measure_frame(pixels[..., 0])
        scale = tf.repeat(frame.extent / measured.extent, 2)
        source, center = measured.center, frame.center
        # Without ink there is no box, and its extent is minus infinity.
        tf.debugging.assert_positive(measured.extent)
        # Ink on paper.
        tf.debugging.assert_less(tf.reduce_mean(pixels), 0.5)
    is_ready = tf.reduce_all(tf.equal(size, target))
    scale = tf.where(is_ready, 1.0, scale)
    offset = tf.where(is_ready, tf.zeros(2), center - scale * source)
    moved = tf.raw_ops.ScaleAndTranslate(
        images=pixels[None],
        size=image_shape[:2],
        scale=scale,
        translation=offset,
        kernel_type="lanczos3",
        antialias=True,
    )[0]
    return tf.clip_by_value(moved, 0.0, 1.0)
