"""Upsampling and a convolution in one."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from keras_infogan.models.layers._arguments import check_arguments


def _sum_of_shifts(kernel: tf.Tensor) -> tf.Tensor:
    """The `(4, 4)` kernel that acts as a `(3, 3)` one after upsampling.

    Upsampling repeats each pixel in a block of 2x2, so each weight meets it
    four times, at offsets of up to one row and one column.
    """
    padded = tf.pad(kernel, [[1, 1], [1, 1], [0, 0], [0, 0]])
    return padded[:-1, :-1] + padded[:-1, 1:] + padded[1:, :-1] + padded[1:, 1:]


@tf.custom_gradient
def upsampled_conv2d(images: tf.Tensor, kernel: tf.Tensor) -> Any:
    """Nearest-neighbor 2x upsampling and a zero-padded 3x3 convolution.

    Nine weights meet each pixel of the upsampled image, but only four different
    pixels of the small image. Weights on the same pixel are added first, which
    leaves four products for each of the four positions in a 2x2 block, as in
    sub-pixel convolution
    ([Shi et al., 2016](https://arxiv.org/abs/1609.05158)). The gradients are
    those of an equal linear map, the transposed 4x4 convolution with stride 2,
    which need four products per pixel, too, and are faster.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.
        kernel: Float tensor of shape `(3, 3, channels, filters)`.

    Returns:
        Float tensor of shape `(batch, 2 * height, 2 * width, filters)`.
    """
    _, height, width, channels = images.shape
    filters = kernel.shape[-1]
    # Weights of the small image's rows, for even and odd rows of the result.
    even = tf.stack([kernel[0], kernel[1] + kernel[2]])
    odd = tf.stack([kernel[0] + kernel[1], kernel[2]])
    weights = [
        part
        for half in (even, odd)
        for part in (
            tf.stack([half[:, 0], half[:, 1] + half[:, 2]], axis=1),
            tf.stack([half[:, 0] + half[:, 1], half[:, 2]], axis=1),
        )
    ]
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
    maps = tf.reshape(
        tf.nn.conv2d(padded, tf.concat(weights, axis=-1), 1, "VALID"),
        (-1, height + 1, width + 1, 2, 2, filters),
    )
    rows = [
        tf.stack(
            [
                maps[
                    :, row : row + height, column : column + width, row, column
                ]
                for column in (0, 1)
            ],
            axis=3,
        )
        for row in (0, 1)
    ]
    result = tf.reshape(
        tf.stack(rows, axis=2), (-1, 2 * height, 2 * width, filters)
    )

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        transposed = tf.transpose(
            tf.reverse(_sum_of_shifts(kernel), [0, 1]), (0, 1, 3, 2)
        )
        of_images = tf.nn.conv2d(upstream, transposed, 2, "SAME")
        of_transposed = tf.raw_ops.Conv2DBackpropFilter(
            input=upstream,
            filter_sizes=(4, 4, filters, channels),
            out_backprop=images,
            strides=(1, 2, 2, 1),
            padding="SAME",
        )
        of_shifts = tf.reverse(
            tf.transpose(of_transposed, (0, 1, 3, 2)), [0, 1]
        )
        of_kernel = (
            of_shifts[:-1, :-1]
            + of_shifts[:-1, 1:]
            + of_shifts[1:, :-1]
            + of_shifts[1:, 1:]
        )
        return of_images, of_kernel

    return result, gradients


@keras.saving.register_keras_serializable(package="keras_infogan")
class UpsampledConv2D(layers.Conv2D):
    """`UpSampling2D(2)` and `Conv2D(filters, 3, padding="same")` in one.

    Equal in values and weights, with four ninths of the products; see
    `upsampled_conv2d`. Height and width must be static.

    Args:
        filters: The number of output channels.
        **kwargs: Arguments of `keras.layers.Conv2D` for bias, activation,
            initializers, regularizers, constraints, name and dtype.

    Raises:
        ValueError: If kernel size, strides, padding, dilation, groups or data
            format have other values.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(
            filters, **{"kernel_size": 3, "padding": "same", **kwargs}
        )
        check_arguments(self, strides=1)
        if self.kernel_size != (3, 3):
            raise ValueError(
                f"`kernel_size` should be 3. Received: {self.kernel_size}."
            )

    def convolution_op(self, inputs, kernel):
        return upsampled_conv2d(inputs, tf.convert_to_tensor(kernel))

    def compute_output_shape(self, input_shape):
        batch_size, height, width, _ = input_shape
        return batch_size, 2 * height, 2 * width, self.filters
