"""Random views of images: the TensorFlow side of `Augmentation`.

Images are float tensors of shape `(batch, height, width, channels)`, in and
out. All of it has gradients and compiles under XLA.
"""

import functools
from typing import NamedTuple

import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.latents.random import open_unit_uniform
from keras_infogan.latents.random import random_bits
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.replicas import draw_rows


class Views(NamedTuple):
    """Augmented images and what the augmentation did to each.

    `effects` are float tensors of shape `(batch,)` by the names in
    `Augmentation.effects`. `slant`: how much further to the right an upright
    stroke leans, as the tangent of its angle to the vertical (pixels per
    pixel). `rotation`: by how much it is turned counterclockwise, in radians,
    before shear and scaling. `thickness`: how much thicker an upright or level
    stroke gets, in pixels, before scaling.
    """

    images: tf.Tensor
    effects: dict[str, tf.Tensor]


def augment(
    augmentation: Augmentation, images: tf.Tensor, key: tf.Tensor
) -> Views:
    """Makes a random view of each image, which is in [-1, 1].

    `key`, an integer tensor of shape `(2,)`, is the seed.
    """
    height, width = images.shape[1:3]

    def uniform(number: int, *shape: int) -> tf.Tensor:
        key_ = fold_in(key, number)
        return draw_rows(
            lambda count: open_unit_uniform((count, *shape), key_), images
        )

    bits = draw_rows(lambda count: random_bits((count, 6), key), images)
    bits = tf.bitcast(bits, tf.int32)
    # Uniform on [-1, 1], from signed 32-bit integers.
    draws = tf.cast(bits, tf.float32) * 2.0**-31
    angle = augmentation.rotation * draws[:, 0]
    matrix = _draw_matrix(augmentation, angle, draws[:, 1:])
    shift = augmentation.shift * draws[:, 4:] * (float(width), float(height))
    effects = {}
    if "slant" in augmentation.effects:
        # A pixel `p` of the view shows the pixel `matrix @ p`, so an upright
        # stroke comes to lie along `(-b, a)`, up to a factor. Rows count
        # downward: its upper end is to the right if `b` is positive.
        effects["slant"] = matrix[:, 0, 1] / matrix[:, 0, 0]
    if augmentation.rotation:
        effects["rotation"] = angle
    if augmentation.thickness:
        draws = uniform(2)
        effects["thickness"] = augmentation.thickness * (2.0 * draws - 1.0)
        images = thicken(images, effects["thickness"])
    if augmentation.log_brightness:
        draws = uniform(3)
        images = brighten(
            images, augmentation.log_brightness * (2.0 * draws - 1.0)
        )
    images = affine(images, matrix, shift)
    if augmentation.erase:
        draws = uniform(1, 4)
        images = erase(images, augmentation.erase, draws)
    return Views(images, effects)


def _draw_matrix(
    augmentation: Augmentation, angle: tf.Tensor, draws: tf.Tensor
) -> tf.Tensor:
    """Rotation times shear times scale, of shape `(batch, 2, 2)`."""
    shear = augmentation.shear * draws[:, 0]
    scale_x = tf.exp(augmentation.log_scale * draws[:, 1])
    scale_y = tf.exp(augmentation.log_scale * draws[:, 2])
    cosine, sine = tf.cos(angle), tf.sin(angle)
    return tf.stack(
        [
            tf.stack([cosine * scale_x, (cosine * shear - sine) * scale_y], 1),
            tf.stack([sine * scale_x, (sine * shear + cosine) * scale_y], 1),
        ],
        axis=1,
    )


def _resample_rows(images: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Linear interpolation along the width; the border repeats.

    `positions` in pixels are of shape `(batch, height, new_width)`.
    """
    width = images.shape[2]
    positions = tf.clip_by_value(positions, 0.0, width - 1.0)
    distances = positions[..., None] - tf.range(width, dtype=tf.float32)
    weights = tf.cast(tf.nn.relu(1.0 - tf.abs(distances)), images.dtype)
    # Not a matrix product: XLA fuses this into one loop that keeps no weights
    # in memory and takes a quarter of the time.
    rows = [
        tf.reduce_sum(weights * channel[:, :, None], axis=-1)
        for channel in tf.unstack(images, axis=-1)
    ]
    return tf.stack(rows, axis=-1)


def affine(images: tf.Tensor, matrix: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """Applies an affine map around the center of each image.

    The result at `p` is the image at `matrix @ p + shift`. Resamples along
    rows, then along columns
    ([Catmull and Smith, 1980](https://doi.org/10.1145/965105.807505)): two
    weighted sums, which have gradients and, unlike
    `ImageProjectiveTransformV3`, compile under XLA. `matrix[1, 1]` must not be
    near 0.

    Args:
        images: The images.
        matrix: Float tensor of shape `(batch, 2, 2)`, on `(x, y)`.
        shift: Float tensor of shape `(batch, 2)`, in pixels.
    """
    height, width = images.shape[1:3]
    center_x, center_y = (width - 1) / 2.0, (height - 1) / 2.0
    x = (tf.range(width, dtype=tf.float32) - center_x)[None, None, :]
    y = (tf.range(height, dtype=tf.float32) - center_y)[None, :, None]
    a, b = matrix[:, 0, 0, None, None], matrix[:, 0, 1, None, None]
    c, d = matrix[:, 1, 0, None, None], matrix[:, 1, 1, None, None]
    shift_x, shift_y = shift[:, 0, None, None], shift[:, 1, None, None]
    # Column u of the first pass holds, in row y, what the result shows in
    # column u at the v with c u + d v + shift_y = y.
    v = (y - shift_y - c * x) / d
    images = _resample_rows(images, a * x + b * v + shift_x + center_x)
    images = tf.transpose(images, (0, 2, 1, 3))
    rows = c * tf.transpose(x, (0, 2, 1)) + d * tf.transpose(y, (0, 2, 1))
    images = _resample_rows(images, rows + shift_y + center_y)
    return tf.transpose(images, (0, 2, 1, 3))


def thicken(images: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
    """Makes bright strokes thicker or thinner by a fraction of a pixel.

    Interpolates between the image and its dilation (or erosion) by a cross of
    five pixels: gray-scale morphology (Serra, 1982, Image Analysis and
    Mathematical Morphology). A dilation moves an upright or level edge by one
    pixel and a diagonal one by 0.7, so it thickens a stroke by 2 or 1.4 pixels.

    Args:
        images: The images.
        pixels: Float tensor of shape `(batch,)` in [-2, 2]: how much thicker an
            upright or level stroke gets.
    """
    pixels = tf.cast(pixels[:, None, None, None], images.dtype)
    # The border repeats.
    up = tf.concat([images[:, :1], images[:, :-1]], axis=1)
    down = tf.concat([images[:, 1:], images[:, -1:]], axis=1)
    left = tf.concat([images[:, :, :1], images[:, :, :-1]], axis=2)
    right = tf.concat([images[:, :, 1:], images[:, :, -1:]], axis=2)
    cross = [images, up, down, left, right]
    dilated = functools.reduce(tf.maximum, cross)
    eroded = functools.reduce(tf.minimum, cross)
    goal = tf.where(pixels > 0.0, dilated, eroded)
    return images + 0.5 * tf.abs(pixels) * (goal - images)


def brighten(images: tf.Tensor, log_factors: tf.Tensor) -> tf.Tensor:
    """Changes the brightness; black stays black and white stays white.

    Multiplies the odds `u / (1 - u)` of the brightness `u`, which is 0 at black
    and 1 at white: the bias function of Schlick, 1994, Fast alternatives to
    Perlin's bias and gain functions. It is close to a power of `u`, but its
    gradient is finite at black.

    Args:
        images: Images in [-1, 1].
        log_factors: Float tensor of shape `(batch,)`, the logarithms of the
            factors.
    """
    factors = tf.exp(tf.cast(log_factors, images.dtype))[:, None, None, None]
    brightness = 0.5 * (images + 1.0)
    brightness *= factors / (1.0 + (factors - 1.0) * brightness)
    return 2.0 * brightness - 1.0


def erase(images: tf.Tensor, size: float, draws: tf.Tensor) -> tf.Tensor:
    """Fills a rectangle of each image with black or white.

    Random erasing of [Zhong et al., 2017](https://arxiv.org/abs/1708.04896).

    Args:
        images: The images.
        size: The square root of the rectangle's share of the area.
        draws: Float tensor of shape `(batch, 4)`, uniform on (0, 1): the center
            (row, column), the shape and the color.
    """
    # Up to e^2 = 7.4 times as long as wide: a bar or a square.
    stretch = tf.exp(2.0 * draws[:, 2] - 1.0)

    def inside(pixels: int, centers: tf.Tensor, sides: tf.Tensor) -> tf.Tensor:
        places = (tf.range(pixels, dtype=tf.float32) + 0.5) / pixels
        distances = tf.abs(places - centers[:, None])
        return distances < size * sides[:, None] / 2.0

    height, width = images.shape[1:3]
    rows = inside(height, draws[:, 0], stretch)
    columns = inside(width, draws[:, 1], 1.0 / stretch)
    rectangle = rows[:, :, None, None] & columns[:, None, :, None]
    value = tf.where(draws[:, 3] < 0.5, -1.0, 1.0)
    value = tf.cast(value[:, None, None, None], images.dtype)
    return tf.where(rectangle, value, images)
