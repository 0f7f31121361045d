"""InfoGAN on Kuzushiji-MNIST, with the recipe of the preset `mnist`.

    keras-infogan train --preset kmnist

Kuzushiji-MNIST is by Clanuwat et al., 2018 (https://arxiv.org/abs/1812.01718):
cursive characters of ten classes, which have to be downloaded. Not trained on
them here: 40 steps on synthetic images of their shape
(`scripts/results/presets.json`).
"""

import dataclasses

from keras_infogan.training.presets.mnist import MNIST

KMNIST = dataclasses.replace(
    MNIST,
    preset="kmnist",
    data=dataclasses.replace(MNIST.data, dataset="kmnist"),
)
