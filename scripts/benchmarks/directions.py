"""Compares InfoGAN's codes with directions found by hand in a plain GAN.

python scripts/benchmarks/directions.py
"""

from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset


def configure(seed: int, epochs: int) -> TrainingConfig:
    """The networks and optimizers of preset `mnist`, trained as a plain GAN.

    With information weights of 0, the codes are three further random inputs.
    """
    return preset("mnist").replace(
        seed=seed,
        epochs=epochs,
        information_weights={"category": 0.0, "pose": 0.0, "style": 0.0},
        warp={},
        warped_codes=[],
        slant_gains={},
        thickness_gains={},
        invariance_weight=0.0,
        neighbor_share=0.0,
    )
