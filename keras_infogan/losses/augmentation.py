"""Random affine copies of images: what a hand varies and a digit keeps."""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields

import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.latents.random import open_unit_uniform
from keras_infogan.latents.random import random_bits


def _resample_rows(images: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Linear interpolation along the width, the border repeated.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.
        positions: Float tensor of shape `(batch, height, new_width)`, in
            pixels.

    Returns:
        Float tensor of shape `(batch, height, new_width, channels)`.
    """
    width = images.shape[2]
    positions = tf.clip_by_value(positions, 0.0, width - 1.0)
    distances = positions[..., None] - tf.range(width, dtype=tf.float32)
    weights = tf.cast(tf.nn.relu(1.0 - tf.abs(distances)), images.dtype)
    # Not a matrix product: XLA makes one loop of this, without the weights in
    # memory, in a quarter of the time.
    rows = [
        tf.reduce_sum(weights * channel[:, :, None], axis=-1)
        for channel in tf.unstack(images, axis=-1)
    ]
    return tf.stack(rows, axis=-1)


def affine(images: tf.Tensor, matrix: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """The images under an affine map around their centers.

    The pixel at `p` of the result is the pixel at `matrix @ p + shift` of the
    image. Resampled along rows, then along columns
    ([Catmull and Smith, 1980](https://doi.org/10.1145/965105.807505)): two
    weighted sums, which have gradients and compile under XLA, where
    `ImageProjectiveTransformV3` does not. `matrix[1, 1]` must not be near 0.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.
        matrix: Float tensor of shape `(batch, 2, 2)`, on `(x, y)`.
        shift: Float tensor of shape `(batch, 2)`, in pixels.

    Returns:
        Float tensor of the shape of `images`.
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


def _draw_maps(batch_size: int | tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Six draws for each image, uniform on [-1, 1]: signed 32-bit integers."""
    bits = tf.bitcast(random_bits((batch_size, 6), key), tf.int32)
    return tf.cast(bits, tf.float32) * 2.0**-31


def _neighborhood(images: tf.Tensor) -> list[tf.Tensor]:
    """Each pixel and the four beside it, the border repeated.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.

    Returns:
        Five tensors of this shape.
    """
    up = tf.concat([images[:, :1], images[:, :-1]], axis=1)
    down = tf.concat([images[:, 1:], images[:, -1:]], axis=1)
    left = tf.concat([images[:, :, :1], images[:, :, :-1]], axis=2)
    right = tf.concat([images[:, :, 1:], images[:, :, -1:]], axis=2)
    return [images, up, down, left, right]


def thicken(images: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
    """Makes bright strokes thicker, or thinner, by a part of a pixel.

    Between the image and its dilation by a cross of five pixels, or its
    erosion, in proportion (gray morphology: Serra, 1982, Image Analysis and
    Mathematical Morphology). An upright or level edge moves by one pixel in a
    dilation, a diagonal one by 0.7: a stroke gets thicker by 2 or 1.4.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.
        pixels: Float tensor of shape `(batch,)`, in [-2, 2]: how much thicker
            an upright or level stroke gets.
    """
    pixels = tf.cast(pixels[:, None, None, None], images.dtype)
    cross = _neighborhood(images)
    dilated = functools.reduce(tf.maximum, cross)
    eroded = functools.reduce(tf.minimum, cross)
    goal = tf.where(pixels > 0.0, dilated, eroded)
    return images + 0.5 * tf.abs(pixels) * (goal - images)


def brighten(images: tf.Tensor, log_factors: tf.Tensor) -> tf.Tensor:
    """The images in another shade; black stays black, and white white.

    Where brightness `u` goes from 0 at black to 1 at white, its odds
    `u / (1 - u)` are multiplied: the bias of Schlick, 1994, Fast alternatives
    to Perlin's bias and gain functions. Unlike a power of `u`, which it is
    close to, it has a finite gradient at black.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`, in
            [-1, 1].
        log_factors: Float tensor of shape `(batch,)`, the logarithms of the
            factors.
    """
    factors = tf.exp(tf.cast(log_factors, images.dtype))[:, None, None, None]
    brightness = 0.5 * (images + 1.0)
    brightness *= factors / (1.0 + (factors - 1.0) * brightness)
    return 2.0 * brightness - 1.0


@dataclass(frozen=True)
class Warp:
    """A random rotation, shear, scaling and shift, each uniform about none.

    Before it, strokes get thicker or thinner, and what is gray gets another
    shade, and after it a rectangle becomes black or white, of random place and
    shape: random erasing,
    [Zhong et al., 2020](https://arxiv.org/abs/1708.04896). So a seven with a
    bar is a seven: one without a bar may get one.

    Args:
        rotation: The largest angle, in radians.
        shear: The largest horizontal shear, in pixels a pixel.
        log_scale: The largest logarithm of the scale, height and width apart.
        shift: The largest shift, as a share of the image's size.
        erase: The root of the area of the rectangle, as a share of the image's
            side; it is up to 7.4 times as long as wide, its center is uniform
            on the image, and 0 is none.
        thickness: How much thicker or thinner bright strokes get at most, in
            pixels.
        log_brightness: The largest logarithm of the factor of the odds of
            brightness (`brighten`). So a category is no shade.

    Raises:
        ValueError: If one is negative, NaN, or so large (45 degrees, 2 pixels,
            3 for the brightness, or 1) that the images would be lost.
    """

    rotation: float = 0.35
    shear: float = 0.3
    log_scale: float = 0.2
    shift: float = 0.09
    erase: float = 0.0
    thickness: float = 0.0
    log_brightness: float = 0.0

    def __post_init__(self):
        for name, most in (
            # Resampling in two passes needs rows that stay near to rows.
            ("rotation", math.pi / 4),
            ("shear", 1.0),
            ("log_scale", 1.0),
            ("shift", 1.0),
            ("erase", 1.0),
            ("thickness", 2.0),
            ("log_brightness", 3.0),
        ):
            value = getattr(self, name)
            number = isinstance(value, int | float)
            if not number or not 0.0 <= value <= most:
                raise ValueError(
                    f"`{name}` of a warp should be a number from 0 to "
                    f"{most:.4g}. Received: {value!r}."
                )

    @classmethod
    def from_config(cls, config: Mapping[str, float]) -> "Warp":
        """A warp from its arguments as plain data."""
        known = [argument.name for argument in fields(cls)]
        if not set(config) <= set(known):
            raise ValueError(
                f"A warp takes {', '.join(known)}. Received: {dict(config)}."
            )
        return cls(**config)

    def __call__(self, images: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Warps each image by a map of its own.

        Args:
            images: Float tensor of shape `(batch, height, width, channels)`.
            key: Integer tensor of shape `(2,)`, the seed.
        """
        height, width = images.shape[1:3]
        batch_size = images.shape[0] or tf.shape(images)[0]
        draws = _draw_maps(batch_size, key)
        matrix = self._matrix(draws)
        shift = self.shift * draws[:, 4:] * (float(width), float(height))
        if self.thickness:
            images = thicken(images, self.thickenings(batch_size, key))
        if self.log_brightness:
            draws_of_shades = open_unit_uniform((batch_size,), fold_in(key, 3))
            images = brighten(
                images, self.log_brightness * (2.0 * draws_of_shades - 1.0)
            )
        images = affine(images, matrix, shift)
        return self._erase(images, fold_in(key, 1)) if self.erase else images

    def slants(self, batch_size: int | tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """How far the maps of this key slant an upright stroke, to the right.

        A pixel `p` shows the pixel at `matrix @ p`, so an upright stroke comes
        to lie along the second column of the inverse of the matrix, which is
        `(-b, a)` to a factor. Rows count downward: its upper end is to the
        right if `b` is positive.

        Args:
            batch_size: The number of images.
            key: Integer tensor of shape `(2,)`, the seed of the warp.

        Returns:
            Float tensor of shape `(batch_size,)`: the tangent of the angle to
            the vertical.
        """
        matrix = self._matrix(_draw_maps(batch_size, key))
        return matrix[:, 0, 1] / matrix[:, 0, 0]

    def thickenings(
        self, batch_size: int | tf.Tensor, key: tf.Tensor
    ) -> tf.Tensor:
        """How much thicker strokes get with this key, before they are scaled.

        Those that are upright or level; `thicken` says more.

        Args:
            batch_size: The number of images.
            key: Integer tensor of shape `(2,)`, the seed of the warp.

        Returns:
            Float tensor of shape `(batch_size,)`, in pixels.
        """
        draws = open_unit_uniform((batch_size,), fold_in(key, 2))
        return self.thickness * (2.0 * draws - 1.0)

    def _matrix(self, draws: tf.Tensor) -> tf.Tensor:
        """Rotation times shear times scale, of shape `(batch_size, 2, 2)`."""
        angle = self.rotation * draws[:, 0]
        shear = self.shear * draws[:, 1]
        scale_x = tf.exp(self.log_scale * draws[:, 2])
        scale_y = tf.exp(self.log_scale * draws[:, 3])
        cosine, sine = tf.cos(angle), tf.sin(angle)
        return tf.stack(
            [
                tf.stack(
                    [cosine * scale_x, (cosine * shear - sine) * scale_y], 1
                ),
                tf.stack(
                    [sine * scale_x, (sine * shear + cosine) * scale_y], 1
                ),
            ],
            axis=1,
        )

    def _erase(self, images: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        batch_size = images.shape[0] or tf.shape(images)[0]
        draws = open_unit_uniform((batch_size, 4), key)
        # Up to e^2 = 7.4 times as long as it is wide: a bar, or a square.
        stretch = tf.exp(2.0 * draws[:, 2] - 1.0)

        def inside(size: int, places: tf.Tensor, sides: tf.Tensor) -> tf.Tensor:
            pixels = (tf.range(size, dtype=tf.float32) + 0.5) / size
            distances = tf.abs(pixels - places[:, None])
            return distances < self.erase * sides[:, None] / 2.0

        height, width = images.shape[1:3]
        rows = inside(height, draws[:, 0], stretch)
        columns = inside(width, draws[:, 1], 1.0 / stretch)
        rectangle = rows[:, :, None, None] & columns[:, None, :, None]
        value = tf.where(draws[:, 3] < 0.5, -1.0, 1.0)
        value = tf.cast(value[:, None, None, None], images.dtype)
        return tf.where(rectangle, value, images)
