"""InfoGAN on dSprites, for comparisons of disentanglement.

    keras-infogan train --preset dsprites

Noise and codes as in Lin et al., 2020 (InfoGAN-CR,
https://arxiv.org/abs/1906.06034), with the networks of the preset `paper`.
dSprites has to be downloaded. This preset was never trained here; synthetic
images of its shape are only read, by a test.
"""

from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

DSPRITES = TrainingConfig(
    preset="dsprites",
    epochs=5,
    # The data set has a single split.
    data=sections.DataConfig(
        dataset="dsprites",
        train_split="train[:90%]",
        test_split="train[90%:]",
        image_size=64,
    ),
    latents=sections.LatentConfig(
        noise_dim=5, codes={"continuous": {"type": "uniform", "dim": 5}}
    ),
    networks=sections.NetworkConfig(architecture="paper"),
)
