"""Float32 copies of networks that were trained in mixed precision."""

import keras

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
