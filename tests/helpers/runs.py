"""Configurations of runs that take seconds, on 640 images of MNIST."""

from typing import Any

from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset

STEPS_PER_EPOCH = 20
# Options of the preset that name its codes.
NO_CODES: dict[str, Any] = {
    "information_weights": {},
    "warped_codes": [],
    "slant_gains": {},
    "thickness_gains": {},
}
# What it trains beside plain InfoGAN.
PLAIN: dict[str, Any] = {
    **NO_CODES,
    "warp": None,
    "invariance_weight": 0.0,
    "neighbor_share": 0.0,
    "resplit_share": 0.0,
}
# Where only the files of a run matter: the least to compile and to evaluate.
SMALLEST: dict[str, Any] = {
    **PLAIN,
    "codes": {"category": {"type": "categorical", "num_categories": 10}},
    "image_size": 8,
}


def few_digits(**options: Any) -> TrainingConfig:
    """The preset `mnist` for `few_digits_dir`, without XLA."""
    few: dict[str, Any] = {
        "dataset": "few_digits",
        "batch_size": 32,
        "epochs": 1,
    }
    fast = {"jit_compile": False, "steps_per_execution": 1}
    return preset("mnist").replace(**few, **{**fast, **options})
