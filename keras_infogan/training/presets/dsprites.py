"""InfoGAN-CR on dSprites, for comparisons of disentanglement.

    keras-infogan train --preset dsprites

That of Lin et al., 2020 (https://arxiv.org/abs/1906.06034) at a tenth of its
images: networks, codes and learning rates are those of the authors' code, at
32 x 32 pixels; the noise is normal. The contrastive regularizer applies to the
last tenth of the steps, as there. The information weight is not theirs, 0.05,
with which the codes learned nothing in 2,304 steps; with 0.5 they mixed the
factors (`scripts/results/disentanglement.md`). Each step of the discriminator
has one of the generator, not two.

dSprites has to be downloaded; `--dataset rendered_dsprites` has its factors, on
images that are rendered here. `keras-infogan evaluate --factors` measures a
run, and `scripts/benchmarks/disentanglement.py` compares several.
"""

from keras_infogan.losses.objective import Objective
from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

DSPRITES = TrainingConfig(
    preset="dsprites",
    # 31,104 steps.
    epochs=3,
    # The data set has a single split.
    data=sections.DataConfig(
        dataset="dsprites",
        train_split="train[:90%]",
        test_split="train[90%:]",
        image_size=32,
        batch_size=64,
    ),
    # The mean squared error of the authors' code is a fixed deviation of 1.
    latents=sections.LatentConfig(
        noise_dim=5,
        codes={"continuous": {"type": "uniform", "dim": 5, "stddev": 1.0}},
    ),
    networks=sections.NetworkConfig(
        architecture="sprites", normalization="spectral"
    ),
    objective=Objective(
        information_weights={"continuous": 0.15},
        contrastive_weight=2.0,
        contrastive_start=28_000,
    ),
    optimizers=sections.OptimizerConfig(discriminator_learning_rate=2e-3),
)
