"""Convolutions by other ways: the same map, gradients and weights."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_infogan.models.layers import HalvingConv2D
from keras_infogan.models.layers import NarrowConv2D
from keras_infogan.models.layers import UpsampledConv2D
from keras_infogan.models.layers import halving_conv2d
from keras_infogan.models.layers import narrow_conv2d
from keras_infogan.models.layers import upsampled_conv2d


def in_two_steps(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    upsampled = tf.repeat(tf.repeat(images, 2, axis=1), 2, axis=2)
    return tf.nn.conv2d(upsampled, kernel, 1, "SAME")


def random(seed: int, *shape: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(size=shape))


def in_steps_of_two(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(images, kernel, 2, "SAME")


def in_steps_of_one(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(images, kernel, 1, "SAME")


def assert_same(ours, theirs, images, kernel, jit_compile):
    """The same values and gradients, in float64: rounding is below 1e-12.

    The loss is a random weighting of the squares, so each element counts.
    """
    weights = random(2, *theirs(images, kernel).shape)

    def results(convolve):
        @tf.function(jit_compile=jit_compile)
        def run(images, kernel):
            with tf.GradientTape() as tape:
                tape.watch([images, kernel])
                result = convolve(images, kernel)
                loss = tf.reduce_sum(weights * tf.square(result))
            return result, *tape.gradient(loss, [images, kernel])

        return run(images, kernel)

    for one, other in zip(results(ours), results(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 1, 1, 1), (3, 8, 2, 4)])
def test_upsampled_values_and_gradients(shape, jit_compile):
    """All borders and both parities."""
    images = random(0, *shape)
    kernel = random(1, 3, 3, shape[-1], 6)
    assert_same(upsampled_conv2d, in_two_steps, images, kernel, jit_compile)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("shape", [(2, 6, 10, 3), (1, 2, 2, 1), (3, 8, 4, 2)])
def test_halving_values_and_gradients(shape, size, jit_compile):
    """Other numbers of rows, columns, channels and filters; one result, too."""
    images = random(0, *shape)
    kernel = random(1, size, size, shape[-1], 5)
    assert_same(halving_conv2d, in_steps_of_two, images, kernel, jit_compile)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("filters", [1, 3])
@pytest.mark.parametrize("sides", [(3, 3), (1, 5)])
def test_narrow_values_and_gradients(sides, filters, jit_compile):
    """An image of other sides, where an axis taken for another would show."""
    images = random(0, 2, 4, 7, 6)
    kernel = random(1, *sides, 6, filters)
    assert_same(narrow_conv2d, in_steps_of_one, images, kernel, jit_compile)


@pytest.mark.parametrize("size", [3, 4])
def test_halving_has_second_derivatives(size):
    """Gradient penalties are trained through the gradient of the images.

    `|dL/dx|^2` for a loss `L` that is a cubic in the results, so that its
    second derivatives are not constant; in float64.
    """
    images, kernel = random(0, 2, 4, 6, 3), random(1, size, size, 3, 5)

    def penalty_gradients(convolve):
        with tf.GradientTape() as outer:
            outer.watch([images, kernel])
            with tf.GradientTape() as inner:
                inner.watch(images)
                loss = tf.reduce_sum(convolve(images, kernel) ** 3)
            penalty = tf.reduce_sum(tf.square(inner.gradient(loss, images)))
        return outer.gradient(penalty, [images, kernel])

    for ours, theirs in zip(
        penalty_gradients(halving_conv2d),
        penalty_gradients(in_steps_of_two),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


LAYERS = [
    (HalvingConv2D, {}, {"kernel_size": 4, "strides": 2}),
    (HalvingConv2D, {"kernel_size": 3}, {"kernel_size": 3, "strides": 2}),
    (NarrowConv2D, {"kernel_size": 3}, {"kernel_size": 3}),
]


@pytest.mark.parametrize(("kind", "arguments", "of_convolution"), LAYERS)
def test_layer_is_a_convolution(kind, arguments, of_convolution, tmp_path):
    """The same weights, values and shapes, and in a file, too.

    Float32 sums of at most 48 products of order 1 round by some 1e-6.
    """
    image = keras.Input((6, 4, 3))
    ours = keras.Model(image, kind(5, activation="tanh", **arguments)(image))
    convolution = layers.Conv2D(
        5, padding="same", activation="tanh", **of_convolution
    )
    theirs = keras.Model(image, convolution(image))
    convolution.bias.assign([1.0, 2.0, 3.0, 4.0, 5.0])
    ours.set_weights(theirs.get_weights())
    assert ours.output_shape == theirs.output_shape
    images = random(3, 2, 6, 4, 3)
    np.testing.assert_allclose(ours(images), theirs(images), atol=1e-5)
    ours.save(tmp_path / "x.keras")
    loaded = keras.saving.load_model(tmp_path / "x.keras")
    np.testing.assert_array_equal(ours(images), loaded(images))


@pytest.mark.parametrize(("kind", "arguments", "of_convolution"), LAYERS)
def test_layer_in_half_precision(kind, arguments, of_convolution):
    """Values and gradients are about as good as those of a convolution.

    bfloat16 keeps 8 bits, so rounding is an error of at most 2^-8 of a number,
    and as it is uniform, its root mean square at most 2^-8 / sqrt(3). A
    convolution adds up in float32 and rounds once, where the processor has
    instructions for bfloat16; elsewhere TensorFlow rounds sums, too, so the
    error of its own convolution there is the measure. The nine products that
    make a value of `NarrowConv2D` are rounded before, which are independent
    errors, as large as those of a product of matrices.
    """
    images = tf.cast(random(3, 2, 8, 8, 64), tf.bfloat16)
    layer = kind(6, dtype="mixed_bfloat16", use_bias=False, **arguments)
    layer.build(images.shape)
    kernel = tf.cast(random(4, *layer.kernel.shape), tf.bfloat16)
    layer.kernel.assign(tf.cast(kernel, tf.float32))
    step = of_convolution.get("strides", 1)
    shape = layer(images).shape
    weights = tf.cast(random(5, *shape), tf.bfloat16)

    def values_and_gradients(call, images, kernel):
        """Of a layer, and of the sum of its weighted values."""
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            values = call(images, kernel)
            weighted = tf.cast(weights, values.dtype) * values
            wide = tf.float64 if values.dtype == tf.float64 else tf.float32
            loss = tf.reduce_sum(tf.cast(weighted, wide))
        return [values, *tape.gradient(loss, [images, kernel])]

    def convolve(images, kernel):
        return tf.nn.conv2d(images, kernel, step, "SAME")

    ours = values_and_gradients(
        lambda x, _: layer(x), images, layer.kernel.value
    )
    usual = values_and_gradients(convolve, images, kernel)
    exact = values_and_gradients(
        convolve, tf.cast(images, tf.float64), tf.cast(kernel, tf.float64)
    )
    assert ours[0].dtype == tf.bfloat16

    def error(one, other):
        difference = tf.cast(one, tf.float64) - other
        return float(tf.norm(difference) / tf.norm(other))

    bounds = [
        max(2**-8 / 3**0.5, 1.05 * error(one, other))
        for one, other in zip(usual, exact, strict=True)
    ]
    if kind is NarrowConv2D:
        product = error(
            images @ kernel[0, 0],
            tf.cast(images, tf.float64) @ tf.cast(kernel[0, 0], tf.float64),
        )
        bounds[0] = math.hypot(bounds[0], max(2**-8 / 3**0.5, 1.05 * product))
    for one, other, bound in zip(ours, exact, bounds, strict=True):
        assert error(one, other) < bound


@pytest.mark.parametrize(
    ("kind", "size", "expected"),
    [
        (UpsampledConv2D, 4, "be 3"),
        (HalvingConv2D, 5, "be 3 or 4"),
        (NarrowConv2D, (3, 4), "be odd"),
    ],
)
def test_layer_says_which_kernels_it_has(kind, size, expected):
    with pytest.raises(ValueError, match=f"{expected}. Received"):
        kind(2, kernel_size=size)


@pytest.mark.parametrize("kind", [UpsampledConv2D, HalvingConv2D, NarrowConv2D])
@pytest.mark.parametrize(
    "other",
    [
        {"strides": 3},
        {"padding": "valid"},
        {"dilation_rate": 2, "strides": 1},
        {"groups": 2},
        {"data_format": "channels_first"},
    ],
)
def test_layer_says_which_convolution_it_is(kind, other):
    """Rather than to take an argument and do nothing with it."""
    name = next(iter(other))
    if kind is HalvingConv2D:
        other = {**other, "strides": other.get("strides", 2)}
        # Keras has no dilation and steps at once.
        name = "strides" if "dilation_rate" in other else name
    with pytest.raises(ValueError, match=f"`{name}` of `{kind.__name__}`"):
        kind(2, kernel_size=3, **other)


@pytest.mark.parametrize("shape", [(7, 8, 3), (8, 7, 3), (None, 8, 3)])
def test_halving_layer_needs_even_sides(shape):
    with pytest.raises(ValueError, match="even height and width. Received"):
        HalvingConv2D(2)(keras.Input(shape))


def test_upsampled_layer_has_the_weights_of_a_convolution():
    """So a file of weights fits to both forms of the network."""
    image = keras.Input((6, 4, 3))
    ours = keras.Model(image, UpsampledConv2D(5, activation="tanh")(image))
    upsampled = layers.UpSampling2D(2)(image)
    theirs = keras.Model(
        image,
        layers.Conv2D(5, 3, padding="same", activation="tanh")(upsampled),
    )
    theirs.layers[-1].bias.assign([1.0, 2.0, 3.0, 4.0, 5.0])
    ours.set_weights(theirs.get_weights())
    assert ours.output_shape == theirs.output_shape == (None, 12, 8, 5)
    images = random(3, 2, 6, 4, 3)
    # Float32: sums of 27 products of order 1 round by some 1e-6.
    np.testing.assert_allclose(ours(images), theirs(images), atol=1e-5)


def test_upsampled_layer_in_a_file(tmp_path):
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, UpsampledConv2D(2, use_bias=False)(image))
    model.save(tmp_path / "x.keras")
    loaded = keras.saving.load_model(tmp_path / "x.keras")
    images = random(4, 1, 4, 4, 1)
    np.testing.assert_array_equal(model(images), loaded(images))


def test_upsampled_layer_in_half_precision():
    """Computed in the policy's type, with float32 weights."""
    layer = UpsampledConv2D(2, dtype="mixed_bfloat16")
    result = layer(random(5, 1, 4, 4, 1))
    assert result.dtype == tf.bfloat16
    assert layer.kernel.dtype == "float32"
