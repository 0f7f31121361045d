"""The options of a training run, as plain data, and the presets.

Imports no TensorFlow, so that the command line answers at once.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from keras_infogan.latents import CODE_TYPES


def _option(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


def _collection(default: Any, text: str) -> Any:
    return field(default_factory=lambda: default, metadata={"help": text})


def _most(high: float) -> str:
    return "at most 1" if high == 1.0 else "below 1"


def _check_type(option: dataclasses.Field[Any], value: Any) -> None:
    """Raises a `ValueError` if the value is of another type than the option.

    A configuration may come from a file that somebody edited.
    """
    kinds: dict[Any, tuple[str, Any]] = {
        int: ("a whole number", int),
        float: ("a number", int | float),
        bool: ("true or false", bool),
        str: ("a text", str),
    }
    what, kind = kinds.get(option.type, ("a JSON object", Mapping))
    if option.type == Sequence[str]:
        what, kind = "a JSON list", list
    optional = value is None and option.default is None
    if not optional and (
        not isinstance(value, kind)
        or (isinstance(value, bool) and option.type is not bool)
    ):
        raise ValueError(
            f"{option.name} should be {what}. Received: {value!r}."
        )


CATEGORY = {"type": "categorical", "num_categories": 10}
MNIST_CODES = {
    "category": CATEGORY,
    "continuous": {"type": "uniform", "dim": 2},
}


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """All that a run depends on, but for the machine it runs on.

    The same configuration on the same machine gives the same weights. Each
    field explains itself in `keras-infogan train --help`.
    """

    preset: str = _option("mnist", "the preset that the rest started from")
    dataset: str = _option("mnist", "name of a tfds image data set")
    train_split: str = _option("train", "split, or slice of one, to train on")
    test_split: str = _option("test", "split, or slice of one, to evaluate on")
    image_size: int = _option(28, "height and width of the images, in pixels")
    channels: int = _option(1, "1 for gray images, 3 for RGB")
    noise_dim: int = _option(62, "width of the incompressible noise")
    codes: Mapping[str, Mapping[str, Any]] = _collection(
        MNIST_CODES,
        f"the latent codes by name: their type ({', '.join(CODE_TYPES)}) and "
        "its arguments",
    )
    architecture: str = _option("compact", "compact, paper or writeup")
    normalization: str = _option(
        "batch", "of the discriminator: batch, layer or none"
    )
    adversarial_loss: str = _option(
        "non_saturating",
        "non_saturating, least_squares, hinge or wasserstein",
    )
    label_smoothing: float = _option(
        0.0, "how much less than 1 the target for real images is"
    )
    r1_weight: float = _option(0.0, "weight of the R1 gradient penalty")
    gradient_penalty_weight: float = _option(
        0.0, "weight of the Wasserstein gradient penalty; 10 is usual"
    )
    information_weights: Mapping[str, float] = _collection(
        {}, "lambda by the name of the code, 1 where none is given"
    )
    information_gradient: str = _option(
        "trunk", "where the discriminator learns information: trunk or head"
    )
    warp: Mapping[str, float] | None = _option(
        None,
        "largest rotation (rad), shear, log_scale and shift (share of the "
        "size) of the warped copies, and erase, the size of a random rectangle "
        "of black or white in them (root of its share of the area), and "
        "thickness, the most by which strokes get thicker or thinner (pixels), "
        "and log_brightness, the most by which the logarithm of the odds of "
        "brightness changes",
    )
    warped_codes: Sequence[str] = _collection(
        [], "names of the codes that must be read from warped copies, too"
    )
    slant_gains: Mapping[str, float] = _collection(
        {},
        "continuous codes that must say how far a digit, or its warped copy, "
        "is slanted: by the name, how much a slant of 1 pixel a pixel adds",
    )
    thickness_gains: Mapping[str, float] = _collection(
        {},
        "continuous codes that must say how thick the strokes are: by the "
        "name, how much a pixel of thickness adds",
    )
    invariance_weight: float = _option(
        0.0,
        "weight of the information between the categories of a real image and "
        "of its warped copy",
    )
    neighbor_share: float = _option(
        0.0,
        "share of the real images that are compared with a warped copy of a "
        "near image instead, the nearest in pixels of a random part",
    )
    num_labels: int = _option(
        0, "how many real images may show their label, balanced by class"
    )
    label_weight: float = _option(1.0, "weight of these labels")
    update: str = _option("fused", "fused or three_phase")
    epochs: int = _option(10, "passes through the training images")
    batch_size: int = _option(128, "images in a step")
    generator_learning_rate: float = _option(1e-3, "of Adam")
    discriminator_learning_rate: float = _option(
        2e-4, "of Adam, and of the information in update three_phase"
    )
    beta_1: float = _option(0.5, "of Adam, for all optimizers")
    decay_share: float = _option(
        0.0,
        "share of the run, at its end, in which the learning rates fall "
        "linearly to 0",
    )
    seed: int = _option(0, "of weights, latents, order and labels")
    log_interval: int = _option(50, "steps between lines of the log")
    sample_interval: int = _option(
        0, "steps between pictures, beside those after each epoch; 0 for none"
    )
    checkpoint_interval: int = _option(
        200, "steps between checkpoints, beside those after each epoch"
    )
    stop_when_unhealthy: bool = _option(
        default=False,
        text="end the run when the categories or the images collapse, the "
        "discriminator has won, or Q reads what nobody sees (a loss that is no "
        "number always ends it)",
    )
    jit_compile: bool = _option(
        default=True,
        text="compile the step with XLA; without it, runs repeat, and resume, "
        "to rounding only",
    )
    steps_per_execution: int = _option(
        1,
        "steps in a call of TensorFlow; lines of the log, pictures, "
        "checkpoints and a stop wait for its end",
    )
    dtype_policy: str = _option(
        "float32", "float32, mixed_bfloat16 or mixed_float16"
    )

    def __post_init__(self):
        for option in dataclasses.fields(self):
            _check_type(option, getattr(self, option.name))
        for name, least in (
            ("image_size", 1),
            ("channels", 1),
            ("noise_dim", 1),
            ("num_labels", 0),
            ("epochs", 1),
            ("batch_size", 2),
            ("log_interval", 1),
            ("sample_interval", 0),
            ("checkpoint_interval", 1),
            ("steps_per_execution", 1),
        ):
            value = getattr(self, name)
            if value < least:
                raise ValueError(
                    f"{name} should be a whole number of at least {least}. "
                    f"Received: {value!r}."
                )
        for name, high in (
            ("generator_learning_rate", math.inf),
            ("discriminator_learning_rate", math.inf),
            # The average of Adam would keep its first value for ever.
            ("beta_1", math.nextafter(1.0, 0.0)),
            ("decay_share", 1.0),
            ("neighbor_share", 1.0),
        ):
            value = getattr(self, name)
            if not (0.0 <= value <= high and math.isfinite(value)):
                most = "" if high == math.inf else f" and {_most(high)}"
                raise ValueError(
                    f"{name} should be a number of at least 0{most}. "
                    f"Received: {value!r}."
                )
        if not 0 <= self.seed < 2**31:
            raise ValueError(
                "seed should be a whole number from 0 to 2147483647. "
                f"Received: {self.seed!r}."
            )
        if self.neighbor_share and not self.invariance_weight:
            raise ValueError(
                "neighbor_share should be 0 where invariance_weight is, as it "
                f"would do nothing. Received: {self.neighbor_share!r}. Give "
                "it as 0, too."
            )
        policies = ("float32", "mixed_bfloat16", "mixed_float16")
        if self.dtype_policy not in policies:
            raise ValueError(
                f"dtype_policy should be one of {', '.join(policies)}. "
                f"Received: {self.dtype_policy!r}."
            )

    def to_json(self) -> dict[str, Any]:
        """The configuration as plain data."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "TrainingConfig":
        """The inverse of `to_json`.

        Raises:
            ValueError: If an option is unknown or out of its range.
        """
        names = {option.name for option in dataclasses.fields(cls)}
        unknown = sorted(set(content) - names)
        if unknown:
            raise ValueError(
                "The configuration should have options of this version only. "
                f"Received: {', '.join(unknown)}."
            )
        return cls(**content)

    @classmethod
    def load(cls, path: Path) -> "TrainingConfig":
        """Reads a `config.json`.

        Raises:
            ValueError: If it is no configuration.
        """
        try:
            return cls.from_json(json.loads(path.read_text()))
        except (TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                f"{path} should be the configuration of a run. "
                f"Received: {error}"
            ) from None

    def differences(self, other: "TrainingConfig") -> list[str]:
        """What `other` has otherwise, as `name: mine -> theirs`."""
        mine, theirs = self.to_json(), other.to_json()
        return [
            f"{name}: {json.dumps(value)} -> {json.dumps(theirs[name])}"
            for name, value in mine.items()
            if value != theirs[name]
        ]


# Plain InfoGAN's Q reads the category from a signal that nobody sees. So the
# category is also read from warped copies, and shall be the same for a real
# image and its copy (`losses.invariant_information`). A quarter of the copies
# are of a near image: a third of what is near to a seven with a bar are sevens
# without, and so it does not end among the twos. The weight of the continuous
# codes is small, as their bound has no ceiling and would win. That the trunk
# learns no information saves an eighth of the products of a step, and four
# steps in a call spare Python's part of three.
VISIBLE_CATEGORIES: dict[str, Any] = {
    "warp": {
        "rotation": 0.35,
        "shear": 0.3,
        "log_scale": 0.2,
        "shift": 0.09,
        "thickness": 1.0,
    },
    "codes": {
        "category": CATEGORY,
        "pose": {"type": "uniform", "dim": 1},
        "style": {"type": "uniform", "dim": 1},
    },
    "warped_codes": ["category"],
    # A uniform code deviates by 0.58, which is 2.2 times what the slants of the
    # digits of MNIST do, 0.26 pixels a pixel, and about 0.8 times what the
    # thickness of their strokes does, 0.7 pixels.
    "slant_gains": {"pose": 2.2},
    "thickness_gains": {"style": 0.8},
    "invariance_weight": 1.0,
    "neighbor_share": 0.25,
    "information_weights": {"category": 1.0, "pose": 0.1, "style": 0.1},
    "information_gradient": "head",
    "discriminator_learning_rate": 5e-4,
    "decay_share": 0.5,
    "epochs": 7,
    "steps_per_execution": 4,
}

PRESETS = {
    config.preset: config
    for config in (
        TrainingConfig(preset="mnist", **VISIBLE_CATEGORIES),
        # Section 7.1 and Appendix C.1 of Chen et al., 2016, and its code: 5,000
        # updates of 128 images are 10.7 epochs.
        TrainingConfig(preset="paper", architecture="paper", epochs=11),
        # The squared error of the write-up is the mean over the two continuous
        # codes, weighted 0.1: 0.1 times the Gaussian log-likelihood with a
        # standard deviation of 1.
        TrainingConfig(
            preset="writeup",
            image_size=32,
            architecture="writeup",
            codes={
                "category": CATEGORY,
                "continuous": {"type": "uniform", "dim": 2, "stddev": 1.0},
            },
            adversarial_loss="least_squares",
            information_weights={"category": 1.0, "continuous": 0.1},
            update="three_phase",
            epochs=200,
            batch_size=64,
            generator_learning_rate=2e-4,
        ),
        # Thinner strokes lose the handles of bags, other heights the heels of
        # sandals, and shades are many in each kind: so that none of these is a
        # category, in two seeds of three. Told of no slant and no thickness:
        # clothes are not written.
        TrainingConfig(
            preset="fashion_mnist",
            dataset="fashion_mnist",
            **VISIBLE_CATEGORIES
            | {
                "codes": {
                    "category": CATEGORY,
                    "continuous": {"type": "uniform", "dim": 2},
                },
                "warp": {
                    "rotation": 0.1,
                    "shear": 0.15,
                    "log_scale": 0.3,
                    "shift": 0.07,
                    "erase": 0.2,
                    "thickness": 1.5,
                    "log_brightness": 1.5,
                },
                "slant_gains": {},
                "thickness_gains": {},
                "information_weights": {"category": 1.0, "continuous": 0.1},
                # As it was when the warps were chosen.
                "information_gradient": "trunk",
                "steps_per_execution": 1,
            },
        ),
        # Codes and noise as in Section 7.2 and Appendix C of Chen et al., 2016.
        TrainingConfig(
            preset="svhn",
            dataset="svhn_cropped",
            image_size=32,
            channels=3,
            noise_dim=124,
            codes={
                **{f"category_{number}": CATEGORY for number in range(1, 5)},
                "continuous": {"type": "uniform", "dim": 4},
            },
            architecture="paper",
            epochs=20,
        ),
        TrainingConfig(
            preset="celeba",
            dataset="celeb_a",
            image_size=32,
            channels=3,
            noise_dim=128,
            codes={f"category_{number}": CATEGORY for number in range(1, 11)},
            architecture="paper",
            epochs=20,
        ),
        # The code layout of Lin et al., 2020 (InfoGAN-CR) for dSprites.
        TrainingConfig(
            preset="dsprites",
            dataset="dsprites",
            # All of it is one split.
            train_split="train[:90%]",
            test_split="train[90%:]",
            image_size=64,
            noise_dim=5,
            codes={"continuous": {"type": "uniform", "dim": 5}},
            architecture="paper",
            epochs=5,
        ),
    )
}


def preset(name: str) -> TrainingConfig:
    """The preset of this name, or a `ValueError` that lists the names."""
    if name not in PRESETS:
        raise ValueError(
            f"The preset should be one of {', '.join(PRESETS)}. "
            f"Received: {name!r}."
        )
    return PRESETS[name]
