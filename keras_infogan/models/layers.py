"""Convolutions that Keras has not, or that XLA has slower on a CPU."""

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


def _check_arguments(layer: layers.Conv2D, strides: int) -> None:
    """Raises a `ValueError` for what the layer would not do."""
    for name, expected in (
        ("strides", (strides, strides)),
        ("padding", "same"),
        ("dilation_rate", (1, 1)),
        ("groups", 1),
        ("data_format", "channels_last"),
    ):
        received = getattr(layer, name)
        if received != expected:
            raise ValueError(
                f"`{name}` of `{type(layer).__name__}` should be {expected}. "
                f"Received: {received}."
            )


@keras.saving.register_keras_serializable(package="keras_infogan")
class UpsampledConv2D(layers.Conv2D):
    """`UpSampling2D(2)` and a 3x3 `Conv2D` with padding, in one.

    The same values and weights with four ninths of the products; see
    `upsampled_conv2d`. For static heights and widths.

    Args:
        filters: The number of channels of the result.
        **kwargs: Arguments of `keras.layers.Conv2D` for its bias, activation,
            initializers, regularizers and constraints, name and dtype.

    Raises:
        ValueError: If the kernel's size, strides, padding, dilation, groups or
            the order of the axes are others than those.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(
            filters, **{"kernel_size": 3, "padding": "same", **kwargs}
        )
        _check_arguments(self, strides=1)
        if self.kernel_size != (3, 3):
            raise ValueError(
                f"`kernel_size` should be 3. Received: {self.kernel_size}."
            )

    def convolution_op(self, inputs, kernel):
        return upsampled_conv2d(inputs, tf.convert_to_tensor(kernel))

    def compute_output_shape(self, input_shape):
        batch_size, height, width, _ = input_shape
        return batch_size, 2 * height, 2 * width, self.filters


def _in_blocks(kernel: tf.Tensor) -> tf.Tensor:
    """The `(2, 2)` kernel by which blocks of 2x2 pixels hear of the results.

    Args:
        kernel: Float tensor of shape `(4, 4, channels, filters)`, or
            `(3, 3, channels, filters)`: for an even size that is one of 4x4
            with a first row and column of zeros.

    Returns:
        Float tensor of shape `(2, 2, filters, 4 * channels)`.
    """
    size, _, channels, filters = kernel.shape
    kernel = tf.pad(kernel, [[4 - size, 0], [4 - size, 0], [0, 0], [0, 0]])
    blocks = tf.reshape(kernel, (2, 2, 2, 2, channels, filters))
    # What a result takes from a block, a block gets from the result: the other
    # way round.
    blocks = tf.transpose(tf.reverse(blocks, [0, 2]), (0, 2, 5, 1, 3, 4))
    return tf.reshape(blocks, (2, 2, filters, 4 * channels))


@tf.custom_gradient
def halving_conv2d(images: tf.Tensor, kernel: tf.Tensor) -> Any:
    """A 4x4 or 3x3 convolution in steps of 2 with zeros around.

    `tf.nn.conv2d(images, kernel, 2, "SAME")`, with the gradient of the images
    by another way: with a border of one pixel, each result is of 2x2 blocks of
    2x2 pixels, and each block is in 2x2 results. So the gradient of the blocks
    is a 2x2 convolution in steps of 1, where XLA would convolve an image that
    is zero at three of four pixels.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`, of
            even height and width.
        kernel: Float tensor of shape `(4, 4, channels, filters)` or
            `(3, 3, channels, filters)`.

    Returns:
        Float tensor of shape `(batch, height / 2, width / 2, filters)`.
    """
    _, height, width, channels = images.shape
    rows, columns = height // 2 + 1, width // 2 + 1

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        padded = tf.pad(upstream, [[0, 0], [1, 1], [1, 1], [0, 0]])
        blocks = tf.reshape(
            tf.nn.conv2d(padded, _in_blocks(kernel), 1, "VALID"),
            (-1, rows, columns, 2, 2, channels),
        )
        of_padded = tf.reshape(
            tf.transpose(blocks, (0, 1, 3, 2, 4, 5)),
            (-1, 2 * rows, 2 * columns, channels),
        )
        of_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=images,
            filter_sizes=kernel.shape,
            out_backprop=upstream,
            strides=(1, 2, 2, 1),
            padding="SAME",
        )
        return of_padded[:, 1:-1, 1:-1], of_kernel

    return tf.nn.conv2d(images, kernel, 2, "SAME"), gradients


@keras.saving.register_keras_serializable(package="keras_infogan")
class HalvingConv2D(layers.Conv2D):
    """`Conv2D(filters, kernel_size, 2, padding="same")`, trained in less time.

    The same values and weights; see `halving_conv2d`. For static, even heights
    and widths, and pays for many channels.

    Args:
        filters: The number of channels of the result.
        kernel_size: 4, or 3.
        **kwargs: Arguments of `keras.layers.Conv2D` for its bias, activation,
            initializers, regularizers and constraints, name and dtype.

    Raises:
        ValueError: If the kernel has another size, or strides, padding,
            dilation, groups or the order of the axes are others than those;
            when it is built, if the height or the width is not even.
    """

    def __init__(
        self, filters: int, kernel_size: Any = 4, **kwargs: Any
    ) -> None:
        super().__init__(
            filters, kernel_size, **{"strides": 2, "padding": "same", **kwargs}
        )
        _check_arguments(self, strides=2)
        if self.kernel_size not in ((3, 3), (4, 4)):
            raise ValueError(
                f"`kernel_size` should be 3 or 4. Received: {self.kernel_size}."
            )

    def build(self, input_shape):
        _, height, width, _ = input_shape
        if not height or not width or height % 2 or width % 2:
            raise ValueError(
                "`HalvingConv2D` needs images of a known, even height and "
                f"width. Received: {tuple(input_shape)}."
            )
        super().build(input_shape)

    def convolution_op(self, inputs, kernel):
        return halving_conv2d(inputs, tf.convert_to_tensor(kernel))


def narrow_conv2d(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """A convolution to few channels with zeros around.

    `tf.nn.conv2d(images, kernel, 1, "SAME")`. First each pixel is multiplied by
    all weights that will ever meet it, one product of two matrices for the
    whole batch; then the results are shifted and added. As patches, which is
    what Eigen and XLA make, each pixel would be copied `rows * columns` times,
    to be multiplied by a matrix of `filters` columns.

    Half precision rounds the products once more than a convolution does: they
    are added up in float32.

    Args:
        images: Float tensor of shape `(batch, height, width, channels)`.
        kernel: Float tensor of shape `(rows, columns, channels, filters)`; rows
            and columns are odd numbers.

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

    The same values and weights; see `narrow_conv2d`. For static heights and
    widths.

    Args:
        filters: The number of channels of the result.
        kernel_size: As of `keras.layers.Conv2D`.
        **kwargs: Arguments of `keras.layers.Conv2D` for its bias, activation,
            initializers, regularizers and constraints, name and dtype.

    Raises:
        ValueError: If a side of the kernel is even, or strides, padding,
            dilation, groups or the order of the axes are others than those.
    """

    def __init__(self, filters: int, kernel_size: Any, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **{"padding": "same", **kwargs})
        _check_arguments(self, strides=1)
        if not all(side % 2 for side in self.kernel_size):
            raise ValueError(
                f"`kernel_size` should be odd. Received: {self.kernel_size}."
            )

    def convolution_op(self, inputs, kernel):
        return narrow_conv2d(inputs, tf.convert_to_tensor(kernel))
