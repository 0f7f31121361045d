"""How exactly exports compute: in float32, and as Keras does."""

import keras

# Sums in another order: trained networks differed by 4e-6 at most, of the
# largest value of an output or of 1; see `onnx_graph.largest_difference`.
TOLERANCE = 1e-5
_HALF_POLICIES = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16")


def float32_copy(network: keras.Model) -> keras.Model:
    """Copies a network with its weights, to compute in float32."""
    config = keras.tree.map_structure(
        lambda leaf: "float32" if leaf in _HALF_POLICIES else leaf,
        network.get_config(),
    )
    single = type(network).from_config(config)
    single.set_weights(network.get_weights())
    return single
