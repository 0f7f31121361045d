"""Floating-point operations: what a step needs, and what a machine can do."""

import math
import time
from collections.abc import Callable
from typing import Any


def layer_flops(layer: Any) -> int:
    """Operations of a layer for one image, forward.

    A multiplication and its addition are two operations. Normalization and
    activations are not counted, because they are few in comparison.
    """
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0
    products = 2 * math.prod(kernel.shape)
    kind = type(layer).__name__
    if kind == "Dense":
        return products
    if kind == "Conv2DTranspose":
        return products * math.prod(layer.input.shape[1:3])
    if kind == "UpsampledConv2D":
        # Four of the nine products of each pixel are necessary.
        return products * math.prod(layer.output.shape[1:3]) * 4 // 9
    return products * math.prod(layer.output.shape[1:3])


def network_flops(network: Any) -> tuple[int, int]:
    """Operations for one image, forward: of all layers, and of the first."""
    counts = [flops for x in network.layers if (flops := layer_flops(x))]
    return sum(counts), counts[0]


def step_flops(model: Any) -> int:
    """Operations that a training step needs for one image.

    A backward pass has one product for the inputs and one for the weights. The
    fused step passes generated images through the discriminator once forward,
    and backward twice for the inputs (the two networks have different losses
    on the logits) and once for the weights. The same holds for their augmented
    views, if the networks have different losses on the codes. Each other kind
    of images passes forward once, and backward once for both. Real images need
    no gradient of themselves. Three phases need the sum of their parts. Where
    information stops at the heads, it is propagated backward for the inputs
    alone, and the heads' own products are not counted.
    """
    generator, _ = network_flops(model.generator)
    discriminator, first = network_flops(model.discriminator)
    objective = model.objective
    views = bool(objective.consistent_codes)
    differ = any(
        model.latent_spec.codes[name].learns_from_views_alone
        for name in objective.consistent_codes
    )
    real = 2 if objective.invariance_weight else 1
    if model.information_gradient == "head":
        # Passes of images that information is learned from, and how often the
        # gradient of the first layer's inputs is skipped in them.
        informed, skipped = 2, 0
    else:
        informed, skipped = 3 + differ, differ
    if model.update == "fused":
        return (
            3 * generator
            + (4 + informed * views + 3 * real) * discriminator
            # Skipped in one of two backward passes, and for real images.
            - first * (1 + real + skipped * views)
        )
    # G against D: forward, inputs. D: real and generated. Both: all three.
    return (
        2 * 3 * generator
        + (2 + 3 * (1 + real) + informed * (1 + views)) * discriminator
        - first * (1 + real + skipped * (1 + views))
    )


def measure_peak() -> dict[str, float]:
    """Operations a second of large matrix products and convolutions."""
    import tensorflow as tf

    found = {}
    for size in (1024, 2048, 4096):
        x = tf.random.normal((size, size))
        found[f"matmul_{size}"] = _rate(
            lambda x=x: tf.matmul(x, x), 2 * size**3
        )
    for side, channels in ((56, 64), (28, 128), (14, 256)):
        x = tf.random.normal((32, side, side, channels))
        kernel = tf.random.normal((3, 3, channels, channels))
        found[f"convolution_{side}_{channels}"] = _rate(
            lambda x=x, kernel=kernel: tf.nn.conv2d(x, kernel, 1, "SAME"),
            2 * 32 * side**2 * 9 * channels**2,
        )
    return found


def _rate(compute: Callable[[], Any], flops: int) -> float:
    """The best of eight tries with and without XLA."""
    import tensorflow as tf

    best = 0.0
    for jit_compile in (True, False):
        function = tf.function(compute, jit_compile=jit_compile)
        function()
        for _ in range(8):
            begin = time.perf_counter()
            function().numpy()
            best = max(best, flops / (time.perf_counter() - begin))
    return best
