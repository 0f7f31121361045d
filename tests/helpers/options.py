"""Another valid value for each option of a run."""

from typing import Any

_UNIFORM = {"type": "uniform", "dim": 1}

# By the names of the flags, for the preset `mnist`.
OTHER_VALUES: dict[str, Any] = {
    "preset": "paper",
    "epochs": 3,
    "distillation_epochs": 2,
    "resplit_share": 0.2,
    "seed": 5,
    "dataset": "other",
    "train_split": "train[:50%]",
    "test_split": "test[:50%]",
    "image_size": 32,
    "resize": "pad",
    "channels": 3,
    "batch_size": 16,
    "min_epoch_steps": 30,
    "neighbor_share": 0.5,
    "num_labels": 20,
    "noise_dim": 7,
    "codes": {
        "category": {"type": "categorical", "num_categories": 12},
        "pose": _UNIFORM,
        "style": _UNIFORM,
    },
    "architecture": "paper",
    "normalization": "layer",
    "dtype_policy": "mixed_float16",
    "update": "three_phase",
    "information_gradient": "trunk",
    "adversarial_loss": "hinge",
    "label_smoothing": 0.1,
    "r1_weight": 0.5,
    "gradient_penalty_weight": 10.0,
    "information_weights": {"category": 0.7},
    "warp": {
        "rotation": 0.2,
        "shear": 0.1,
        "log_scale": 0.3,
        "shift": 0.05,
        "erase": 0.4,
        "thickness": 0.6,
        "log_brightness": 0.5,
    },
    "warped_codes": ["category", "style"],
    "slant_gains": {"pose": 1.1},
    "rotation_gains": {"pose": 0.9},
    "thickness_gains": {"style": 0.4},
    "invariance_weight": 0.3,
    "label_weight": 0.2,
    "prior_rate": 0.01,
    "prior_start": 30,
    "contrastive_weight": 0.5,
    "contrastive_start": 40,
    "generator_learning_rate": 3e-3,
    "discriminator_learning_rate": 7e-4,
    "beta_1": 0.3,
    "decay_share": 0.25,
    "jit_compile": False,
    "steps_per_execution": 2,
    "log_interval": 9,
    "sample_interval": 11,
    "checkpoint_interval": 13,
    "stop_when_unhealthy": True,
}
# What has to change with them.
_NEEDED: dict[str, dict[str, Any]] = {
    "r1_weight": {"normalization": "layer"},
    "gradient_penalty_weight": {"normalization": "layer"},
    "warped_codes": {"thickness_gains": {}},
    "prior_start": {"prior_rate": 0.02},
    "contrastive_start": {"contrastive_weight": 2.0},
    "rotation_gains": {"slant_gains": {}},
}


def other_options(name: str) -> dict[str, Any]:
    """Options of the preset `mnist` that change this one."""
    return {**_NEEDED.get(name, {}), name: OTHER_VALUES[name]}
