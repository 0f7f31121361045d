"""InfoGAN on street view house numbers.

    keras-infogan train --preset svhn

Codes and noise as in Section 7.2 and Appendix C of Chen et al., 2016
(https://arxiv.org/abs/1606.03657), with the networks of its MNIST experiment.
SVHN has to be downloaded. Not trained on it here: 10 steps on synthetic
images of its shape (`scripts/results/presets.json`).
"""

from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

_CATEGORY = {"type": "categorical", "num_categories": 10}

SVHN = TrainingConfig(
    preset="svhn",
    epochs=20,
    data=sections.DataConfig(dataset="svhn_cropped", image_size=32, channels=3),
    latents=sections.LatentConfig(
        noise_dim=124,
        codes={
            **{f"category_{number}": _CATEGORY for number in range(1, 5)},
            "continuous": {"type": "uniform", "dim": 4},
        },
    ),
    networks=sections.NetworkConfig(architecture="paper"),
)
