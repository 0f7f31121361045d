"""InfoGAN on faces of celebrities.

    keras-infogan train --preset celeba

Codes and noise as in Section 7.2 and Appendix C of Chen et al., 2016
(https://arxiv.org/abs/1606.03657), with the networks of its MNIST experiment.
CelebA has to be downloaded. Not trained on it here: 10 steps on synthetic
images of its shape (`scripts/results/presets.json`).
"""

from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

CELEBA = TrainingConfig(
    preset="celeba",
    epochs=20,
    data=sections.DataConfig(dataset="celeb_a", image_size=32, channels=3),
    latents=sections.LatentConfig(
        noise_dim=128,
        codes={
            f"category_{number}": {"type": "categorical", "num_categories": 10}
            for number in range(1, 11)
        },
    ),
    networks=sections.NetworkConfig(architecture="paper"),
)
