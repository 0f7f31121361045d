"""A layer that Keras has not: upsampling and convolution in one."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers


def _sum_of_shifts(kernel: tf.Tensor) -> tf.Tensor:
    """The `(4, 4)` kernel of a `(3, 3)` one on images of twice the size.

    A pixel is four equal ones there, so each weight is met four times, at most
    one row and one column apart.
    """
    padded = tf.pad(kernel, [[1, 1], [1, 1], [0, 0], [0, 0]])
    return padded[:-1, :-1] + padded[:-1, 1:] + padded[1:, :-1] + padded[1:, 1:]


@tf.custom_gradient
def upsampled_conv2d(images: tf.Tensor, kernel: tf.Tensor) -> Any:
    """Nearest 2x upsampling and a 3x3 convolution with zeros around.

    Of the nine weights that meet a pixel of the upsampled image, those on the
    same pixel of the small one are added first: four products are left, for
    each of the four positions in a pixel other ones
    ([Shi et al., 2016](https://arxiv.org/abs/1609.05158) has the view). As a
    linear map it is also a transposed convolution by a 4x4 kernel in steps of
    2, whose gradients need four products a pixel, too, and are the faster ones.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.
        kernel: Float tensor of shape `(3, 3, channels, filters)`.

    Returns:
        Float tensor of shape `(batch, 2 * height, 2 * width, filters)`.
    """
    _, height, width, channels = images.shape
    filters = kernel.shape[-1]
    # Rows of the small image, for even rows of the result and for odd ones.
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
    """`UpSampling2D(2)` and a 3x3 `Conv2D` with padding, in one.

    The same values and weights with four ninths of the products; see
    `upsampled_conv2d`. For static heights and widths.

    Args:
        filters: The number of channels of the result.
        **kwargs: Arguments of `keras.layers.Conv2D`.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        fixed = {"kernel_size": (3, 3), "padding": "same"}
        super().__init__(filters, **{**kwargs, **fixed})

    def convolution_op(self, inputs, kernel):
        return upsampled_conv2d(inputs, tf.convert_to_tensor(kernel))

    def compute_output_shape(self, input_shape):
        batch_size, height, width, _ = input_shape
        return batch_size, 2 * height, 2 * width, self.filters
