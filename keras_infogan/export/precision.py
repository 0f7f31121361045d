"""A network in float32, whatever policy it was trained with."""

import keras

_HALF_POLICIES = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16")


def float32_copy(network: keras.Model) -> keras.Model:
    """The same weights in a network that computes in float32."""
    config = keras.tree.map_structure(
        lambda leaf: "float32" if leaf in _HALF_POLICIES else leaf,
        network.get_config(),
    )
    single = type(network).from_config(config)
    single.set_weights(network.get_weights())
    return single
