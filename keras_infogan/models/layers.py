"""Layers that Keras lacks, or that XLA runs slowly on a CPU.

Importing this module registers the layers, as loading a model needs them. Each
has the weights of the `Conv2D` that it equals, and takes its arguments for
bias, activation, initializers, regularizers, constraints, name and dtype. Other
arguments raise a `ValueError`. Heights and widths must be static.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from keras_infogan.replicas import draw_rows
from keras_infogan.replicas import num_replicas

# Of a norm; no kernel has a smaller one.
_EPSILON = 1e-12


def _check_arguments(layer: layers.Conv2D, strides: int) -> None:
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


def _in_blocks(kernel: tf.Tensor) -> tf.Tensor:
    """The `(2, 2, filters, 4 * channels)` kernel of the gradient of blocks."""
    size, _, channels, filters = kernel.shape
    # On images of an even size, a 3x3 kernel is a 4x4 one that begins with 0.
    kernel = tf.pad(kernel, [[4 - size, 0], [4 - size, 0], [0, 0], [0, 0]])
    blocks = tf.reshape(kernel, (2, 2, 2, 2, channels, filters))
    # The gradient runs from results to blocks, so offsets change their sign.
    blocks = tf.transpose(tf.reverse(blocks, [0, 2]), (0, 2, 5, 1, 3, 4))
    return tf.reshape(blocks, (2, 2, filters, 4 * channels))


@tf.custom_gradient
def halving_conv2d(images: tf.Tensor, kernel: tf.Tensor) -> Any:
    """A zero-padded 4x4 or 3x3 convolution with stride 2.

    It equals `tf.nn.conv2d(images, kernel, 2, "SAME")`, but computes the
    gradient of the images differently. With a border of one pixel, each output
    depends on 2x2 blocks of 2x2 pixels, and each block enters 2x2 outputs. So
    the gradient of the blocks is a 2x2 convolution with stride 1, where XLA
    would convolve an image in which three of four pixels are zero.

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
    """`Conv2D(filters, kernel_size, 2, padding="same")`, faster to train.

    See `halving_conv2d`. Kernels are 4x4 or 3x3, heights and widths even. Worth
    its while with many channels.
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


def _sum_of_shifts(kernel: tf.Tensor) -> tf.Tensor:
    """A kernel added up over offsets of up to one row and one column."""
    return kernel[:-1, :-1] + kernel[:-1, 1:] + kernel[1:, :-1] + kernel[1:, 1:]


@tf.custom_gradient
def upsampled_conv2d(images: tf.Tensor, kernel: tf.Tensor) -> Any:
    """Nearest-neighbor 2x upsampling and a zero-padded 3x3 convolution.

    Weights on the same pixel of the small image are added first, which leaves
    four products, not nine, for each position in a 2x2 block: sub-pixel
    convolution ([Shi et al., 2016](https://arxiv.org/abs/1609.05158)). The
    gradients are those of an equal map, the transposed 4x4 convolution.

    `images` has the shape `(batch, height, width, channels)`, `kernel` `(3, 3,
    channels, filters)`, the result `(batch, 2 * height, 2 * width, filters)`.
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
    rows = []
    for row in (0, 1):
        below = maps[:, row : row + height]
        parts = [below[:, :, i : i + width, row, i] for i in (0, 1)]
        rows.append(tf.stack(parts, axis=3))
    result = tf.reshape(
        tf.stack(rows, axis=2), (-1, 2 * height, 2 * width, filters)
    )

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Upsampling repeats each pixel in a block of 2x2, so each weight meets
        # it four times.
        padded = tf.pad(kernel, [[1, 1], [1, 1], [0, 0], [0, 0]])
        shifts = tf.reverse(_sum_of_shifts(padded), [0, 1])
        transposed = tf.transpose(shifts, (0, 1, 3, 2))
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
        return of_images, _sum_of_shifts(of_shifts)

    return result, gradients


@keras.saving.register_keras_serializable(package="keras_infogan")
class UpsampledConv2D(layers.Conv2D):
    """`UpSampling2D(2)` and `Conv2D(filters, 3, padding="same")` in one.

    With four ninths of the products; see `upsampled_conv2d`.
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

    See `narrow_conv2d`. The sides of the kernel must be odd.
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


@keras.saving.register_keras_serializable(package="keras_infogan")
class SpectralNormalization(layers.SpectralNormalization):
    """Divides the kernel of a `Dense` or convolution by its spectral norm.

    [Miyato et al., 2018](https://arxiv.org/abs/1802.05957): the kernel that is
    trained is not the one that is used, so that it may grow, and its relative
    steps become smaller. That of Keras overwrites the kernel, of which each
    step of Adam changes the same share forever; and the gradient does not know
    of the division.

    Each call with `training` makes an iteration of the power method.
    """

    def call(self, inputs, training=False):  # noqa: FBT002
        # In float32 under any policy, as half precision can overflow.
        kernel = tf.cast(self.kernel, tf.float32)
        kernel = tf.reshape(kernel, (-1, kernel.shape[-1]))
        fixed = tf.stop_gradient(kernel)
        right = _unit(tf.cast(self.vector_u, tf.float32))
        left = _unit(tf.matmul(right, fixed, transpose_b=True))
        if training:
            for _ in range(self.power_iterations):
                right = _unit(tf.matmul(left, fixed))
                left = _unit(tf.matmul(right, fixed, transpose_b=True))
            self.vector_u.assign(tf.cast(right, self.vector_u.dtype))
        norm = tf.matmul(tf.matmul(left, kernel), right, transpose_b=True)
        # The layer is linear, and has a bias that is not divided.
        scale = tf.cast(1.0 / tf.maximum(norm[0, 0], _EPSILON), inputs.dtype)
        return self.layer(inputs * scale)


def _unit(vector: tf.Tensor) -> tf.Tensor:
    return vector / tf.maximum(tf.norm(vector), _EPSILON)


@keras.saving.register_keras_serializable(package="keras_infogan")
class SpatialDropout2D(layers.SpatialDropout2D):
    """`SpatialDropout2D` that drops what one device would on all replicas.

    Keras's own draws the same numbers on each replica of a strategy.
    """

    def get_config(self):
        # Keras saves the type of the weights, of which there are none.
        policy = keras.dtype_policies.serialize(self.dtype_policy)
        return {**super().get_config(), "dtype": policy}

    def call(self, inputs, training=False):  # noqa: FBT002
        if num_replicas() == 1 or not training or not self.rate:
            return super().call(inputs, training=training)
        channels = inputs.shape[-1]
        factors = draw_rows(
            lambda count: keras.random.dropout(
                tf.ones((count, 1, 1, channels), inputs.dtype),
                self.rate,
                seed=self.seed_generator,
            ),
            inputs,
        )
        return inputs * factors
