"""The networks: their tables, their ends, and what reaches what."""

import re
from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_infogan.latents.code import RESERVED_NAMES
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Code
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.codes._gaussian import LOG_STDDEV_RANGE
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.information import mutual_information
from keras_infogan.models import NORMALIZATIONS
from keras_infogan.models.architectures import ARCHITECTURES
from keras_infogan.models.blocks import discriminator_outputs
from keras_infogan.models.layers import SpectralNormalization
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator
from keras_infogan.models.networks import build_pair_discriminator
from keras_infogan.models.optimizers import partition_variables
from keras_infogan.models.validation import check_networks
from keras_infogan.models.validation import has_batch_normalization

KEY = tf.constant([3, 5], tf.int64)
# That of the paper and of the write-up: 62 + 10 + 2 = 74 inputs, and outputs of
# 10 logits, 2 means and 2 deviations.
SPEC = LatentSpec(62, {"category": Categorical(10), "continuous": Uniform(2)})
# SVHN in the paper has four categories and four continuous codes; and one of
# each kind here.
MANY_CODES = LatentSpec(
    124,
    {
        **{f"category_{number}": Categorical(10) for number in range(4)},
        "continuous": Uniform(4),
        "style": Normal(2, stddev=0.5),
        "bits": Bernoulli(3),
    },
)
SMALL = LatentSpec(3, {"category": Categorical(4), "continuous": Uniform(2)})
# The smallest images that each can do.
SMALLEST = {"compact": 4, "paper": 4, "writeup": 16, "sprites": 4}
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def test_every_architecture_is_tested():
    assert SMALLEST.keys() == ARCHITECTURES.keys()


def random_images(count: int, shape: tuple[int, ...]) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.uniform(-1, 1, (count, *shape)).astype(np.float32)


def dense(inputs: int, units: int, *, bias: bool = True) -> int:
    return inputs * units + bias * units


def conv(size: int, inputs: int, filters: int, *, bias: bool = True) -> int:
    return size**2 * inputs * filters + bias * filters


def norm(units: int, normalization: str = "batch") -> int:
    """Scale and shift, and the two moving moments of batch norm.

    Spectral normalization keeps a singular vector of the layer before.
    """
    sizes = {"batch": 4, "layer": 2, "spectral": 1, "none": 0}
    return sizes[normalization] * units


@pytest.mark.parametrize(
    ("architecture", "units", "filters"),
    [("paper", 1024, 64), ("compact", 256, 32)],
)
def test_size_of_the_paper_generator(architecture, units, filters):
    """Table 1 of the paper for 28x28x1, and half and a quarter of it.

    FC 1024 BN ReLU; FC 7x7x128 BN ReLU; transposed conv 4x4, stride 2, 64 BN
    ReLU; the same to 1 channel. No bias where batch norm has a shift.
    """
    wide = 7 * 7 * 2 * filters
    expected = (
        dense(74, units, bias=False)
        + norm(units)
        + dense(units, wide, bias=False)
        + norm(wide)
        + conv(4, 2 * filters, filters, bias=False)
        + norm(filters)
        + conv(4, filters, 1)
    )
    generator = build_generator(SPEC, architecture=architecture)
    assert generator.count_params() == expected


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize(
    ("architecture", "units", "filters"),
    [("paper", 1024, 64), ("compact", 256, 32)],
)
def test_size_of_the_paper_discriminator(
    architecture, units, filters, normalization
):
    """Table 1 of the paper for 28x28x1, and half and a quarter of it.

    Conv 4x4, stride 2, 64; conv 4x4, stride 2, 128 BN; FC 1024 BN; from there
    D, and Q by FC 128 BN to 10 logits, 2 means and 2 deviations.
    """
    expected = (
        conv(4, 1, filters)
        + (normalization == "spectral") * filters
        + conv(4, filters, 2 * filters)
        + norm(2 * filters, normalization)
        + dense(7 * 7 * 2 * filters, units)
        + norm(units, normalization)
        + dense(units, 1)
        + dense(units, 128)
        + norm(128, normalization)
        + dense(128, 10 + 2 + 2)
    )
    discriminator = build_discriminator(
        SPEC, architecture=architecture, normalization=normalization
    )
    assert discriminator.count_params() == expected


def test_size_of_the_sprites_networks():
    """Those of InfoGAN-CR for 64x64x1: maps from 4x4x64 up, and down to it.

    FC 128; FC 4x4x64; three transposed convs to 64, 32 and 32 filters, all with
    batch norm, and one to the image. Convs to 32, 32, 64 and 64; FC 128; from
    there D, and Q by FC 128.
    """
    spec = LatentSpec(5, {"c": Uniform(5, stddev=1.0)})
    generator = (
        *(dense(10, 128), norm(128), dense(128, 1024), norm(1024)),
        *(conv(4, 64, 64), norm(64), conv(4, 64, 32), norm(32)),
        *(conv(4, 32, 32), norm(32), conv(4, 32, 1)),
    )
    shape = (64, 64, 1)
    network = build_generator(spec, shape, architecture="sprites")
    assert network.count_params() == sum(generator)
    trunk = (
        *(conv(4, 1, 32), conv(4, 32, 32), conv(4, 32, 64), conv(4, 64, 64)),
        dense(1024, 128),
    )
    heads = dense(128, 1) + dense(128, 128) + dense(128, 5)
    network = build_discriminator(
        spec, shape, architecture="sprites", normalization="none"
    )
    assert network.count_params() == sum(trunk) + heads
    # Of two images, with a logit for each dimension and spectral norm.
    pairs = build_pair_discriminator(spec, shape)
    vectors = 32 + 32 + 64 + 64 + 128
    expected = sum(trunk) + 16 * 32 + dense(128, 5) + vectors
    assert pairs.count_params() == expected


def test_spectral_normalization_bounds_the_layers():
    """After training steps, the kernel that is used has a spectral norm of 1.

    Power iterations converge at the rate of the ratio of the second value to
    the first: to 2 % after 50. The kernel that is trained stays as it is, and
    the bias is not divided.
    """
    network = build_discriminator(
        SMALL, (8, 8, 1), architecture="compact", normalization="spectral"
    )
    wrappers = [
        layer
        for layer in network.layers
        if isinstance(layer, SpectralNormalization)
    ]
    assert len(wrappers) == 4
    kernels = [np.copy(wrapper.kernel) for wrapper in wrappers]
    images = tf.constant(random_images(2, (8, 8, 1)))
    for _ in range(50):
        network(images, training=True)
    for wrapper, kernel in zip(wrappers, kernels, strict=True):
        np.testing.assert_array_equal(wrapper.kernel, kernel)
        wrapper.layer.bias.assign(np.full(wrapper.layer.bias.shape, 3.0))
        norm = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)
        shape = (2, *wrapper.input.shape[1:])
        inputs = np.random.default_rng(0).normal(size=shape)
        inputs = tf.constant(inputs, tf.float32)
        found = wrapper(inputs) - 3.0
        expected = (wrapper.layer(inputs) - 3.0) / norm
        np.testing.assert_allclose(found, expected, rtol=0.02, atol=1e-3)


def test_gradient_of_spectral_normalization():
    """It is orthogonal to the kernel, as its length changes nothing."""
    layer = SpectralNormalization(layers.Dense(3), power_iterations=50)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(5, 4)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(inputs, training=True) ** 2)
    gradient = tape.gradient(loss, layer.kernel.value).numpy()
    kernel = np.asarray(layer.kernel)
    assert np.linalg.norm(gradient) > 0.1
    cosine = np.sum(gradient * kernel) / (
        np.linalg.norm(gradient) * np.linalg.norm(kernel)
    )
    assert cosine == pytest.approx(0.0, abs=1e-4)


def test_size_of_the_writeup_generator():
    """Dense to 8x8x128 for 32x32x1, and three convs 3x3: 128, 64, 1."""
    expected = (
        dense(74, 8 * 8 * 128)
        + norm(128)
        + conv(3, 128, 128)
        + norm(128)
        + conv(3, 128, 64)
        + norm(64)
        + conv(3, 64, 1)
    )
    generator = build_generator(SPEC, (32, 32, 1), architecture="writeup")
    assert generator.count_params() == expected


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_size_of_the_writeup_discriminator(normalization):
    """Four convs 3x3 of stride 2 leave 2x2x128, which the heads read."""
    expected = (
        conv(3, 1, 16)
        + (normalization == "spectral") * 16
        + conv(3, 16, 32)
        + norm(32, normalization)
        + conv(3, 32, 64)
        + norm(64, normalization)
        + conv(3, 64, 128)
        + norm(128, normalization)
        + dense(2 * 2 * 128, 1 + 10 + 2 + 2)
    )
    discriminator = build_discriminator(
        SPEC,
        (32, 32, 1),
        architecture="writeup",
        normalization=normalization,
    )
    assert discriminator.count_params() == expected


def kinds_of(network: keras.Model) -> list[str]:
    return [
        type(layer).__name__
        for layer in network.layers
        if not isinstance(layer, layers.InputLayer)
    ]


def test_layers_of_the_writeup_generator():
    """Batch norm after the dense layer, and no ReLU there."""
    generator = build_generator(SPEC, (32, 32, 1), architecture="writeup")
    block = ["UpsampledConv2D", "BatchNormalization", "LeakyReLU"]
    assert kinds_of(generator) == [
        "Concatenate",
        "Dense",
        "Reshape",
        "BatchNormalization",
        *block,
        *block,
        "NarrowConv2D",
        "Activation",
    ]
    (reshape,) = (
        layer for layer in generator.layers if isinstance(layer, layers.Reshape)
    )
    assert reshape.output.shape == (None, 8, 8, 128)


def test_layers_of_the_writeup_discriminator():
    """No batch norm in the first block; then the heads, two for a deviation."""
    discriminator = build_discriminator(
        SPEC, (32, 32, 1), architecture="writeup"
    )
    block = ["HalvingConv2D", "LeakyReLU", "SpatialDropout2D"]
    kinds = kinds_of(discriminator)
    assert kinds[: 3 + 3 * 4 + 1] == [
        *block,
        *(3 * [*block, "BatchNormalization"]),
        "Flatten",
    ]
    assert kinds[16:] == 4 * ["Dense"]


def test_settings_of_the_writeup():
    """0.8 is the momentum of its batch norm and not the epsilon."""
    networks = [
        build(SPEC, (32, 32, 1), architecture="writeup")
        for build in (build_generator, build_discriminator)
    ]
    for layer in networks[0].layers + networks[1].layers:
        if isinstance(layer, layers.BatchNormalization):
            assert (layer.momentum, layer.epsilon) == (0.8, 1e-5)
        if isinstance(layer, layers.SpatialDropout2D):
            assert layer.rate == 0.25
        if isinstance(layer, layers.LeakyReLU):
            assert layer.negative_slope == 0.2
        if isinstance(layer, layers.Conv2D):
            assert layer.kernel_size == (3, 3)
            kernel = layer.kernel.numpy()
            # A deviation has a standard error of `sigma / sqrt(2 n)`; five, as
            # the smallest kernel has 144 values and the seed is open.
            error = 0.02 / np.sqrt(2.0 * kernel.size)
            assert kernel.std() == pytest.approx(0.02, abs=5 * error)


def test_momentum_of_the_writeup():
    """One batch moves the mean from 0 by `1 - 0.8` of the batch's mean.

    Float32 means of some hundred values: 1e-4.
    """
    discriminator = build_discriminator(
        SMALL, (16, 16, 1), architecture="writeup"
    )
    layer = discriminator.get_layer("conv-2-norm")
    images = random_images(8, (16, 16, 1))
    # A graph that draws its dropout once gives what the layer took.
    view = keras.Model(discriminator.input, [layer.input, layer.output])
    taken, _ = view(images, training=True)
    np.testing.assert_allclose(
        layer.moving_mean.numpy(),
        0.2 * taken.numpy().mean(axis=(0, 1, 2)),
        atol=1e-5,
        rtol=1e-4,
    )


def test_dropout_of_the_writeup_is_of_whole_maps():
    """A quarter of the 64 x 16 maps is 0 in training, none of it in use.

    The count is binomial: `sqrt(0.25 * 0.75 / 1024) = 0.0135`; five of it.
    """
    discriminator = build_discriminator(
        SMALL, (16, 16, 1), architecture="writeup"
    )
    layer = discriminator.get_layer("conv-1-dropout")
    view = keras.Model(discriminator.input, layer.output)
    images = random_images(64, (16, 16, 1))
    for training, share, allowed in ((True, 0.25, 5 * 0.0135), (False, 0, 0)):
        maps = view(images, training=training).numpy()
        empty = (maps == 0.0).all(axis=(1, 2))
        assert empty.mean() == pytest.approx(share, abs=allowed)


def test_slopes_of_the_paper():
    """Leaky ReLU of 0.1 in D, ReLU in G."""
    discriminator = build_discriminator(SPEC, architecture="paper")
    slopes = [
        layer.negative_slope
        for layer in discriminator.layers
        if isinstance(layer, layers.LeakyReLU)
    ]
    assert slopes == pytest.approx([0.1] * 4)
    kinds = kinds_of(build_generator(SPEC, architecture="paper"))
    assert kinds.count("ReLU") == 3
    assert "LeakyReLU" not in kinds


@pytest.fixture(params=["float32", "mixed_float16", "mixed_bfloat16"])
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    """The global policy under which networks are built."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("spec", [SPEC, MANY_CODES], ids=["paper", "many"])
@each_architecture
def test_ends(architecture, spec):
    """Names, widths and order, of RGB images that are not square.

    Images in [-1, 1] and deviations in their range, whatever comes in.
    """
    shape = (32, 48, 3)
    generator = build_generator(spec, shape, architecture=architecture)
    discriminator = build_discriminator(spec, shape, architecture=architecture)
    check_networks(generator, discriminator, spec)
    assert list(generator.input) == list(spec.input_dims)
    assert list(discriminator.output) == ["logits", *spec.posterior_dims]

    latents = {
        name: 100.0 * values for name, values in spec.sample(3, KEY).items()
    }
    images = generator(latents)
    assert images.shape == (3, *shape)
    assert images.dtype == tf.float32
    assert -1.0 <= np.min(images) < 0.0 < np.max(images) <= 1.0
    outputs = discriminator(images)
    for name, dim in {"logits": 1, **spec.posterior_dims}.items():
        assert outputs[name].shape == (3, dim)
        assert outputs[name].dtype == tf.float32


@each_architecture
def test_ends_are_float32_under_every_policy(architecture, policy):
    """What is computed in half precision is not given in half precision."""
    size = SMALLEST[architecture]
    shape = (size, size, 1)
    generator = build_generator(SMALL, shape, architecture=architecture)
    discriminator = build_discriminator(SMALL, shape, architecture=architecture)
    images = generator(SMALL.sample(2, KEY))
    outputs = discriminator(images)
    assert images.dtype == tf.float32
    assert {value.dtype for value in outputs.values()} == {tf.float32}
    assert all(np.isfinite(value).all() for value in outputs.values())
    # The policy was in force where it may be.
    computed_in = discriminator.get_layer("conv-1").compute_dtype
    assert computed_in == policy.removeprefix("mixed_")


@each_architecture
def test_gray_images_of_the_default_size(architecture):
    generator = build_generator(SPEC, architecture=architecture)
    discriminator = build_discriminator(SPEC, architecture=architecture)
    assert generator.output_shape == (None, 28, 28, 1)
    assert discriminator.input_shape == (None, 28, 28, 1)


@each_architecture
@pytest.mark.parametrize("shape", [(16, 17, 1), (18, 19, 3), (50, 75, 1)])
def test_every_size(architecture, shape):
    """All remainders of 4 and 16; a pixel changes only if it is in the image.

    What is cropped or padded is not seen: gradients reach every pixel.
    """
    generator = build_generator(SMALL, shape, architecture=architecture)
    discriminator = build_discriminator(SMALL, shape, architecture=architecture)
    images = generator(SMALL.sample(2, KEY))
    assert images.shape == (2, *shape)
    assert np.ptp(images, axis=(1, 2)).min() > 0
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminator(images)["logits"]
    gradients = np.abs(tape.gradient(logits, images)).sum(axis=(0, 3))
    assert (gradients > 0).all()


@each_architecture
def test_sizes_that_fit_have_no_layers_for_others(architecture):
    for build in build_generator, build_discriminator:
        network = build(SMALL, (32, 48, 1), architecture=architecture)
        names = [layer.name for layer in network.layers]
        assert not any("pad" in name or "crop" in name for name in names)


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
@each_architecture
def test_impossible_sizes(build, architecture):
    for shape in ((0, 16, 1), (16, -1, 1)):
        with pytest.raises(
            ValueError,
            match="height and a width of at least 1. Received: image_shape="
            + re.escape(str(shape)),
        ):
            build(SMALL, shape, architecture=architecture)


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
@each_architecture
@pytest.mark.parametrize("channels", [0, 2, 4])
def test_impossible_channels(build, architecture, channels):
    with pytest.raises(
        ValueError,
        match=r"1 channel \(gray\) or 3 \(RGB\). Received: image_shape="
        rf"\(32, 32, {channels}\).",
    ):
        build(SMALL, (32, 32, channels), architecture=architecture)


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_unknown_architecture(build):
    with pytest.raises(
        ValueError,
        match="architecture should be one of compact, paper, writeup, "
        "sprites. Received: 'resnet'.",
    ):
        build(SPEC, architecture="resnet")


@each_architecture
def test_unknown_normalization(architecture):
    with pytest.raises(
        ValueError,
        match="normalization should be one of batch, layer, spectral, none. "
        "Received: 'group'.",
    ):
        build_discriminator(
            SPEC,
            (32, 32, 1),
            architecture=architecture,
            normalization="group",
        )


@each_architecture
def test_any_name_of_a_code_can_be_built(architecture):
    """A code may have the name of what happens to be a layer of a network."""
    shape = (32, 32, 1)

    def build_both(spec: LatentSpec) -> tuple[keras.Model, keras.Model]:
        return (
            build_generator(spec, shape, architecture=architecture),
            build_discriminator(spec, shape, architecture=architecture),
        )

    names = {
        layer.name for network in build_both(SMALL) for layer in network.layers
    }
    codes: dict[str, Code] = {}
    for name in sorted(names - RESERVED_NAMES):
        if re.fullmatch("[a-z][a-z0-9_]*", name):
            codes[name] = Uniform()
    spec = LatentSpec(3, codes)
    check_networks(*build_both(spec), spec)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@each_architecture
def test_normalization_and_the_rest_of_the_batch(architecture, normalization):
    """In training, only batch norm makes an image depend on the others.

    Dropout is switched off for it. Float32 sums of some hundred: 1e-5. A call
    changes spectral norms, so both start with the same weights.
    """
    shape = (16, 16, 1)
    discriminator = build_discriminator(
        SMALL, shape, architecture=architecture, normalization=normalization
    )
    for layer in discriminator.layers:
        if isinstance(layer, layers.SpatialDropout2D):
            layer.rate = 0.0
    images = random_images(4, shape)
    images[2:] *= 0.1
    weights = discriminator.get_weights()
    found = []
    for rows in ([0, 1], [0, 2]):
        discriminator.set_weights(weights)
        outputs = discriminator(images[rows], training=True)
        found.append(outputs["category_logits"][0])
    one, other = found
    assert has_batch_normalization(discriminator) == (normalization == "batch")
    alone = normalization != "batch"
    assert np.allclose(one, other, atol=1e-5, rtol=1e-4) == alone


def test_deviations_are_bounded():
    """A bias of 1000 gives the ends of the range, to rounding.

    Inside, `high - softplus(high - x)` is less than `x` by
    `log(1 + e^(x - high))`, and the other end adds `log(1 + e^(low - x'))`.
    """
    discriminator = build_discriminator(SMALL, (4, 4, 1))
    head = discriminator.get_layer("continuous_log_stddev")
    images = random_images(2, (4, 4, 1))
    head.bias.assign([1e3, -1e3])
    low, high = LOG_STDDEV_RANGE
    values = discriminator(images)["continuous_log_stddev"]
    # The upper end passes through the other bound, which adds
    # log(1 + e^(low - high)).
    top = low + np.logaddexp(0.0, high - low)
    np.testing.assert_allclose(values, [[top, low]] * 2, rtol=1e-6)
    assert np.exp(low) == pytest.approx(2.0 / 20.0)
    assert np.exp(high) == pytest.approx(2.0 * 2.0)
    head.kernel.assign(tf.zeros_like(head.kernel))
    head.bias.assign([0.5, -0.5])
    raw = np.array([0.5, -0.5])
    below = high - np.logaddexp(0.0, high - raw)
    expected = low + np.logaddexp(0.0, below - low)
    np.testing.assert_allclose(
        discriminator(images)["continuous_log_stddev"],
        [expected] * 2,
        rtol=1e-5,
    )


def test_a_deviation_that_is_too_small_finds_its_way_back():
    """Its gradient is never 0, which that of a clip is outside of the range.

    The derivative of `softplus` is the sigmoid, once for each end of the range;
    three below the least, 1 / (1 + e^3) is left. Float32 rounds by 1e-7.
    """
    discriminator = build_discriminator(SMALL, (4, 4, 1))
    low, high = LOG_STDDEV_RANGE
    raw = low - 3.0
    head = discriminator.get_layer("continuous_log_stddev")
    head.kernel.assign(tf.zeros_like(head.kernel))
    head.bias.assign([raw] * 2)
    with tf.GradientTape() as tape:
        outputs = discriminator(random_images(1, (4, 4, 1)))
        total = tf.reduce_sum(outputs["continuous_log_stddev"])
    below = high - np.logaddexp(0.0, high - raw)
    expected = 1.0 / (1.0 + np.exp(raw - high)) / (1.0 + np.exp(low - below))
    assert expected == pytest.approx(1.0 / (1.0 + np.exp(3.0)), rel=1e-2)
    np.testing.assert_allclose(
        tape.gradient(total, head.bias), [expected] * 2, rtol=1e-5
    )


@each_architecture
def test_heads_are_linear(architecture):
    """A hundred times the weights give a hundred times the logits and means.

    So there is no softmax and no tanh that the losses would apply again.
    """
    shape = (16, 16, 1)
    discriminator = build_discriminator(SMALL, shape, architecture=architecture)
    images = random_images(3, shape)
    before = discriminator(images)
    names = "logits", "category_logits", "continuous_mean"
    for name in names:
        head = discriminator.get_layer(name)
        head.kernel.assign(100.0 * head.kernel)
        head.bias.assign(100.0 * head.bias)
    after = discriminator(images)
    for name in names:
        np.testing.assert_allclose(
            after[name], 100.0 * before[name], rtol=1e-4, atol=1e-4
        )


def test_posterior_features():
    """`Q` reads features of its own, `D` does not."""
    features = keras.Input((5,), name="features")
    own = keras.Input((7,), name="own")
    model = keras.Model(
        [features, own], discriminator_outputs(SMALL, features, own)
    )
    assert model.get_layer("logits").kernel.shape == (5, 1)
    for name, dim in SMALL.posterior_dims.items():
        assert model.get_layer(name).kernel.shape == (7, dim)


@each_architecture
def test_information_reaches_all_but_the_logits(architecture):
    """Weights of the generator, the trunk and the heads of `Q`: not 0.

    In the mode of use: in training, batch norm takes back what a bias before
    it adds. And the `logits` have no part in it.
    """
    keras.utils.set_random_seed(0)
    shape = (16, 16, 1)
    generator = build_generator(SMALL, shape, architecture=architecture)
    discriminator = build_discriminator(SMALL, shape, architecture=architecture)
    latents = SMALL.sample(8, KEY)
    with tf.GradientTape(persistent=True) as tape:
        posterior = discriminator(generator(latents))
        bound = mutual_information(SMALL, latents, posterior)
        loss = -tf.add_n(list(bound.values()))
    heads, others = partition_variables(discriminator)
    logits = discriminator.get_layer("logits").trainable_variables
    known = {id(variable) for variable in logits}
    trunk = [variable for variable in others if id(variable) not in known]
    for variables in (generator.trainable_variables, trunk, heads):
        assert variables
        for variable, gradient in zip(
            variables, tape.gradient(loss, variables), strict=True
        ):
            assert gradient is not None, variable.path
            assert np.abs(gradient).max() > 0.0, variable.path
    assert tape.gradient(loss, logits) == [None, None]


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
@each_architecture
def test_save_and_load(build, architecture, tmp_path):
    """The same results bit for bit, at another batch size, under all names."""
    shape = (16, 16, 3)
    network = build(SMALL, shape, architecture=architecture)
    # A batch of training gives batch norm moments that are not the first ones.
    taken = (
        SMALL.sample(5, KEY)
        if build is build_generator
        else tf.constant(random_images(5, shape))
    )
    network(taken, training=True)
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    assert [layer.name for layer in loaded.layers] == [
        layer.name for layer in network.layers
    ]
    fewer = tf.nest.map_structure(lambda values: values[:2], taken)
    tf.nest.map_structure(
        np.testing.assert_array_equal, loaded(fewer), network(fewer)
    )
