"""A least-squares InfoGAN on MNIST with three updates a batch: the write-up.

    keras-infogan train --preset writeup

The InfoGAN of most tutorials (PyTorch-GAN's), "the write-up" throughout: images
of 32 x 32, least-squares losses (Mao et al., 2017,
https://arxiv.org/abs/1611.04076), and for each batch one update of the
generator, one of the discriminator and one of both for the information, each
with its own Adam. The networks are those of `architecture="writeup"`.

An epoch takes 14 minutes on one CPU core, all 200 of them two days. One epoch
reached an accuracy of 37.1 % on the test split
(`scripts/results/writeup_seed_0.json`); all of them were not run.
"""

from keras_infogan.losses.objective import Objective
from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

WRITEUP = TrainingConfig(
    preset="writeup",
    epochs=200,
    data=sections.DataConfig(image_size=32, batch_size=64),
    # Its squared error is the mean over the two continuous codes, weighted 0.1:
    # 0.1 times the Gaussian log-likelihood with a standard deviation of 1.
    latents=sections.LatentConfig(
        codes={
            "category": {"type": "categorical", "num_categories": 10},
            "continuous": {"type": "uniform", "dim": 2, "stddev": 1.0},
        }
    ),
    networks=sections.NetworkConfig(architecture="writeup"),
    objective=Objective(
        adversarial_loss="least_squares",
        information_weights={"category": 1.0, "continuous": 0.1},
    ),
    step=sections.StepConfig(update="three_phase"),
    optimizers=sections.OptimizerConfig(generator_learning_rate=2e-4),
)
