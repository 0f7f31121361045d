"""InfoGAN on the digits and letters of EMNIST, with the method of `mnist`.

    keras-infogan train --preset emnist

EMNIST is by Cohen et al., 2017 (https://arxiv.org/abs/1702.05373); here in its
balanced split of 47 classes. It has to be downloaded. tfds gives its images
transposed, in which slanted strokes are not sheared along rows, so no code is
equivariant. Not trained on EMNIST here: 10 steps on synthetic images of its
shape (`scripts/results/presets.json`).
"""

import dataclasses

from keras_infogan.training import sections
from keras_infogan.training.presets.mnist import MNIST

EMNIST = dataclasses.replace(
    MNIST,
    preset="emnist",
    data=dataclasses.replace(MNIST.data, dataset="emnist/balanced"),
    latents=sections.LatentConfig(
        codes={
            "category": {"type": "categorical", "num_categories": 47},
            "continuous": {"type": "uniform", "dim": 2},
        }
    ),
    objective=dataclasses.replace(
        MNIST.objective,
        information_weights={"category": 1.0, "continuous": 0.1},
        equivariant_codes={},
    ),
)
