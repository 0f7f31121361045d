"""A convolution to few channels."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from keras_infogan.models.layers._arguments import check_arguments


def narrow_conv2d(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """A zero-padded convolution to few channels.

    It equals `tf.nn.conv2d(images, kernel, 1, "SAME")`. One matrix product for
    the whole batch multiplies each pixel by all weights that meet it; then the
    products are shifted and added. Eigen and XLA extract patches instead, which
    copies each pixel `rows * columns` times, only to multiply it by a matrix of
    `filters` columns.

    In half precision, products are rounded once more than in a convolution, and
    added in float32.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.
        kernel: Float tensor of shape `(rows, columns, channels, filters)`, with
            odd numbers of rows and columns.

    Returns:
        Float tensor of shape `(batch, height, width, filters)`.
    """
    _, height, width, channels = images.shape
    rows, columns, _, filters = kernel.shape
    products = tf.reshape(
        tf.matmul(
            tf.reshape(images, (-1, channels)),
            tf.reshape(tf.transpose(kernel, (2, 0, 1, 3)), (channels, -1)),
        ),
        (-1, height, width, rows, columns, filters),
    )
    above, left = rows // 2, columns // 2
    sum_dtype = tf.float32 if images.dtype.size < 4 else images.dtype
    padded = tf.pad(
        tf.cast(products, sum_dtype),
        [[0, 0], [above, above], [left, left], [0, 0], [0, 0], [0, 0]],
    )
    result = tf.add_n(
        [
            padded[:, row : row + height, column : column + width, row, column]
            for row in range(rows)
            for column in range(columns)
        ]
    )
    return tf.cast(result, images.dtype)


@keras.saving.register_keras_serializable(package="keras_infogan")
class NarrowConv2D(layers.Conv2D):
    """`Conv2D(filters, kernel_size, padding="same")` for few filters.

    Equal in values and weights; see `narrow_conv2d`. Height and width must be
    static.

    Args:
        filters: The number of output channels.
        kernel_size: As in `keras.layers.Conv2D`, with odd sides.
        **kwargs: Arguments of `keras.layers.Conv2D` for bias, activation,
            initializers, regularizers, constraints, name and dtype.

    Raises:
        ValueError: If a side of the kernel is even, or strides, padding,
            dilation, groups or data format have other values.
    """

    def __init__(self, filters: int, kernel_size: Any, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **{"padding": "same", **kwargs})
        check_arguments(self, strides=1)
        if not all(side % 2 for side in self.kernel_size):
            raise ValueError(
                f"`kernel_size` should be odd. Received: {self.kernel_size}."
            )

    def convolution_op(self, inputs, kernel):
        return narrow_conv2d(inputs, tf.convert_to_tensor(kernel))
