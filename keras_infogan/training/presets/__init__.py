"""Presets: complete configurations, one file each.

To add one, write a file beside these that defines a `TrainingConfig`, and
register it in `PRESETS`. The command line and the tests take it from there.
"""

from keras_infogan.options import check_choice
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets.celeba import CELEBA
from keras_infogan.training.presets.dsprites import DSPRITES
from keras_infogan.training.presets.emnist import EMNIST
from keras_infogan.training.presets.fashion_mnist import FASHION_MNIST
from keras_infogan.training.presets.images import IMAGES
from keras_infogan.training.presets.kmnist import KMNIST
from keras_infogan.training.presets.mnist import MNIST
from keras_infogan.training.presets.paper import PAPER
from keras_infogan.training.presets.svhn import SVHN
from keras_infogan.training.presets.writeup import WRITEUP

# In the order of the help.
PRESETS = {
    config.preset: config
    for config in (
        MNIST,
        IMAGES,
        PAPER,
        WRITEUP,
        FASHION_MNIST,
        KMNIST,
        EMNIST,
        SVHN,
        CELEBA,
        DSPRITES,
    )
}


def preset(name: str) -> TrainingConfig:
    """Returns a preset by name.

    Raises:
        ValueError: If there is no such preset.
    """
    check_choice("preset", name, PRESETS)
    return PRESETS[name]
