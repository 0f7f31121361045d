"""The architectures: a file for each family, and their registry.

To add one, write a file like `writeup.py` and register it in `ARCHITECTURES`,
which imports it on use, so that the command line needs no TensorFlow.
`build_generator` returns a functional model from `latent_inputs` to float32
images in [-1, 1]; `build_discriminator`, which is given one of
`NORMALIZATIONS`, one from images to `discriminator_outputs`. What they share is
in `models/blocks.py`.
"""

from collections.abc import Mapping

# By name, the module and the sizes that its two functions take.
ARCHITECTURES: dict[str, tuple[str, Mapping[str, int]]] = {
    # That of the paper with half the filters and a quarter of the units.
    "compact": (
        f"{__name__}.paper",
        {"dense_units": 256, "filters": 32},
    ),
    "paper": (
        f"{__name__}.paper",
        {"dense_units": 1024, "filters": 64},
    ),
    "writeup": (f"{__name__}.writeup", {}),
    "sprites": (f"{__name__}.sprites", {}),
}
