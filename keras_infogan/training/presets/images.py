"""InfoGAN on images of any kind, with the method of the preset `mnist`.

    keras-infogan train --preset images

The augmentation moves, scales and brightens a view a little, which changes no
class of most images; nothing in it is about strokes. So the category must be
the same for an image and a view of it or of its nearest neighbor (invariant
information clustering: Ji et al., 2019, https://arxiv.org/abs/1807.06653), and
recoverable from a view of each generated image. Give the size, the channels and
the number of categories (`--codes`) of your images.

The discriminator learns as fast as the generator. An epoch has at least 100
steps, so that a few hundred images are enough.

800 steps take two to three minutes on one CPU core. Accuracy after them is
57.2 % +/- 4.0 % on COIL-20, 58.3 % +/- 3.1 % on letters of fonts, 58.7 % +/-
3.1 % on 6,400 images of Fashion-MNIST (plain InfoGAN: 31, 18 and 30 %), three
seeds each; on colored shapes it fails. `scripts/results/images.md` says what to
choose, what to look at and what goes wrong.
"""

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

IMAGES = TrainingConfig(
    preset="images",
    epochs=8,
    data=sections.DataConfig(
        batch_size=64, min_epoch_steps=100, neighbor_share=0.25
    ),
    objective=Objective(
        information_weights={"category": 1.0, "continuous": 0.1},
        augmentation=Augmentation(
            rotation=0.1,
            shear=0.15,
            log_scale=0.2,
            shift=0.09,
            log_brightness=0.7,
        ),
        invariant_codes=["category"],
        invariance_weight=2.0,
    ),
    step=sections.StepConfig(information_gradient="head"),
    optimizers=sections.OptimizerConfig(
        discriminator_learning_rate=1e-3, decay_share=0.5
    ),
)
