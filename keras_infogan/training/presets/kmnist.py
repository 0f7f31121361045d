"""InfoGAN on Kuzushiji-MNIST, with the recipe of the preset `mnist`.

    keras-infogan train --preset kmnist

Kuzushiji-MNIST is by Clanuwat et al., 2018 (https://arxiv.org/abs/1812.01718):
cursive characters of ten classes, which have to be downloaded. This preset was
never trained here.
"""

import dataclasses

from keras_infogan.training.presets.mnist import MNIST

KMNIST = dataclasses.replace(
    MNIST,
    preset="kmnist",
    data=dataclasses.replace(MNIST.data, dataset="kmnist"),
)
