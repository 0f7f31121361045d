"""The architectures, a file for each family, and their register."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import keras

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.architectures import convolutional
from keras_infogan.models.architectures import writeup
from keras_infogan.models.blocks import ImageShape


class Architecture(NamedTuple):
    """A generator and the discriminator that goes with it.

    To add one, write both functions into a file of this folder and register
    them in `ARCHITECTURES`; `blocks.py` has what they share.

    Attributes:
        generator: Function of the `LatentSpec` and the shape of an image. It
            returns a functional model from `latent_inputs` to float32 images in
            [-1, 1].
        discriminator: Function of the `LatentSpec`, the shape of an image and
            one of `NORMALIZATIONS`. It returns a functional model from images
            to `discriminator_outputs`.
    """

    generator: Callable[[LatentSpec, ImageShape], keras.Model]
    discriminator: Callable[[LatentSpec, ImageShape, str], keras.Model]


def _convolutional(dense_units: int, filters: int) -> Architecture:
    return Architecture(
        functools.partial(
            convolutional.build_generator,
            dense_units=dense_units,
            filters=filters,
        ),
        functools.partial(
            convolutional.build_discriminator,
            dense_units=dense_units,
            filters=filters,
        ),
    )


ARCHITECTURES = {
    # That of the paper with half the filters and a quarter of the units.
    "compact": _convolutional(dense_units=256, filters=32),
    "paper": _convolutional(dense_units=1024, filters=64),
    "writeup": Architecture(
        writeup.build_generator, writeup.build_discriminator
    ),
}
