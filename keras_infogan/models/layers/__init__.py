"""Convolutions that Keras lacks, or that XLA runs slowly on a CPU.

Importing this package registers the layers, as loading a model needs them.
"""

from keras_infogan.models.layers.halving import HalvingConv2D as HalvingConv2D
from keras_infogan.models.layers.halving import halving_conv2d as halving_conv2d
from keras_infogan.models.layers.narrow import NarrowConv2D as NarrowConv2D
from keras_infogan.models.layers.narrow import narrow_conv2d as narrow_conv2d
from keras_infogan.models.layers.upsampled import (
    UpsampledConv2D as UpsampledConv2D,
)
from keras_infogan.models.layers.upsampled import (
    upsampled_conv2d as upsampled_conv2d,
)
