"""InfoGAN on Fashion-MNIST, with the method of the preset `mnist`.

    keras-infogan train --preset fashion_mnist

Fashion-MNIST is by Xiao et al., 2017 (https://arxiv.org/abs/1708.07747). No
code is equivariant: clothes have no slant or stroke thickness.

Takes 12 minutes on one CPU core. Accuracy on the test split is 69.4 % +/- 1.4 %
(three seeds; `scripts/results/fashion_mnist_summary.json`).
"""

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

FASHION_MNIST = TrainingConfig(
    preset="fashion_mnist",
    epochs=7,
    data=sections.DataConfig(dataset="fashion_mnist", neighbor_share=0.25),
    objective=Objective(
        information_weights={"category": 1.0, "continuous": 0.1},
        # Thickness, scale and brightness hide the handles of bags, the heels of
        # sandals and shades, so that they do not define categories: in two
        # seeds of three.
        augmentation=Augmentation(
            rotation=0.1,
            shear=0.15,
            log_scale=0.3,
            shift=0.07,
            erase=0.2,
            thickness=1.5,
            log_brightness=1.5,
        ),
        invariant_codes=["category"],
        invariance_weight=1.0,
    ),
    optimizers=sections.OptimizerConfig(
        discriminator_learning_rate=5e-4, decay_share=0.5
    ),
)
