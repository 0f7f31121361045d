"""What the layers of this folder have in common."""

from keras import layers


def check_arguments(layer: layers.Conv2D, strides: int) -> None:
    """Raises a `ValueError` for arguments that the layer does not support."""
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
