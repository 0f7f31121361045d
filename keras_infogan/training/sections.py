"""The sections of a configuration: options by the object they configure.

Each option carries its help text, bounds, choices and command-line flag (see
`keras_infogan.options`). Imports no TensorFlow.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_infogan.data import RESIZE_MODES
from keras_infogan.latents import CODE_TYPES
from keras_infogan.models import INFORMATION_GRADIENTS
from keras_infogan.models import NORMALIZATIONS
from keras_infogan.models import UPDATES
from keras_infogan.models.architectures import ARCHITECTURES
from keras_infogan.options import check_options
from keras_infogan.options import option


@dataclass(frozen=True, kw_only=True)
class Section:
    """Checks its options when it is made.

    Raises:
        ValueError: If an option has another type or is out of its bounds.
    """

    def __post_init__(self):
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class DataConfig(Section):
    """The images and the stream of batches."""

    dataset: str = option(
        "mnist",
        "source of the images: name of a tfds data set, folder of images, or "
        ".npz or .npy file; see `open_images`",
    )
    train_split: str = option("train", "split, or slice of one, to train on")
    test_split: str = option("test", "split, or slice of one, to evaluate on")
    image_size: int | Sequence[int] = option(
        28,
        "height and width of the images, in pixels: one number, or HxW",
        # Both networks work at a quarter of it.
        minimum=4,
    )
    resize: str = option(
        "crop",
        "what to do with images of another aspect ratio: crop around the "
        "center, pad with black, or stretch",
        choices=RESIZE_MODES,
    )
    channels: int = option(1, "1 for gray images, 3 for RGB", minimum=1)
    batch_size: int = option(128, "images in a batch", minimum=2)
    min_epoch_steps: int = option(
        0,
        "minimum number of steps in an epoch: images that fill fewer batches "
        "are used more than once",
        minimum=0,
    )
    neighbor_share: float = option(
        0.0,
        "fraction of the images whose positive is their nearest neighbor in "
        "pixels, among a random subset, instead of the image itself",
        minimum=0.0,
        maximum=1.0,
    )
    num_labels: int = option(
        0,
        "number of training images, balanced by class, whose labels supervise "
        "the first categorical code",
        minimum=0,
    )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        sides = self.image_size
        height, width = (sides,) * 2 if isinstance(sides, int) else sides
        return (height, width, self.channels)

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.image_size, int) and len(self.image_size) != 2:
            raise ValueError(
                "image_size should be one number, or a height and a width. "
                f"Received: {list(self.image_size)}."
            )


@dataclass(frozen=True, kw_only=True)
class LatentConfig(Section):
    """The noise and the codes, as in `LatentSpec.get_config()`."""

    noise_dim: int = option(
        62, "dimensions of the incompressible noise", minimum=1
    )
    codes: Mapping[str, Mapping[str, Any]] = option(
        {
            "category": {"type": "categorical", "num_categories": 10},
            "continuous": {"type": "uniform", "dim": 2},
        },
        f"the latent codes by name: the type of each ({', '.join(CODE_TYPES)}) "
        "and its arguments",
    )


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(Section):
    """Generator and discriminator."""

    architecture: str = option(
        "compact", "architecture of both networks", choices=ARCHITECTURES
    )
    normalization: str = option(
        "batch",
        "normalization layers of the discriminator",
        choices=NORMALIZATIONS,
    )
    dtype_policy: str = option(
        "float32",
        "precision of the layers",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )


@dataclass(frozen=True, kw_only=True)
class StepConfig(Section):
    """How one training step updates the networks."""

    update: str = option(
        "fused",
        "fused: both networks from one forward pass; three_phase: generator, "
        "discriminator and information in turn, each with its own optimizer",
        choices=UPDATES,
    )
    information_gradient: str = option(
        "trunk",
        "layers of the discriminator that the information loss trains: all of "
        "them (trunk), or the heads of Q alone",
        choices=INFORMATION_GRADIENTS,
    )


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig(Section):
    """The Adam optimizers and their learning rates."""

    generator_learning_rate: float = option(
        1e-3, "learning rate of the generator", minimum=0.0
    )
    discriminator_learning_rate: float = option(
        2e-4,
        "learning rate of the discriminator, and of the information phase of a "
        "three_phase update",
        minimum=0.0,
    )
    # With 1, Adam's moving average would keep its first value.
    beta_1: float = option(
        0.5, "decay of Adam's first moment", minimum=0.0, below=1.0
    )
    decay_share: float = option(
        0.0,
        "share of the run, at its end, over which the learning rates decay "
        "linearly to 0",
        minimum=0.0,
        maximum=1.0,
    )


@dataclass(frozen=True, kw_only=True)
class ExecutionConfig(Section):
    """How Keras executes the training step."""

    jit_compile: bool = option(
        default=True,
        help="compile the training step with XLA; without it, runs repeat and "
        "resume up to rounding only",
    )
    steps_per_execution: int = option(
        1,
        "training steps in one call of TensorFlow; log, images, checkpoints "
        "and stops wait for its end",
        minimum=1,
    )


@dataclass(frozen=True, kw_only=True)
class CallbackConfig(Section):
    """The work between training steps."""

    log_interval: int = option(50, "steps between lines of the log", minimum=1)
    sample_interval: int = option(
        0,
        "steps between sample images, in addition to those after each epoch; 0 "
        "for none",
        minimum=0,
    )
    checkpoint_interval: int = option(
        200,
        "steps between checkpoints, in addition to those after each epoch",
        minimum=1,
    )
    stop_when_unhealthy: bool = option(
        default=False,
        help="end the run when the diagnostics find a problem: the categories "
        "or the images collapse, the discriminator wins, or Q uses an "
        "invisible signal (NaN always ends the run)",
    )
