"""The options of an augmentation, as plain data."""

import math
from dataclasses import dataclass

from keras_infogan.options import check_options
from keras_infogan.options import option


@dataclass(frozen=True)
class Augmentation:
    """Random views of images; `views.augment` makes them.

    Each view is the image under a random rotation, shear, scaling and shift,
    thickened, brightened and partly erased
    ([Zhong et al., 2017](https://arxiv.org/abs/1708.04896)). Each amount is
    drawn uniformly from [-option, option]; `erase` is the fixed size of a
    rectangle at a random place.

    Raises:
        ValueError: If an option is out of its bounds.
    """

    # Resampling in two passes breaks down beyond 45 degrees.
    rotation: float = option(
        0.35, "largest rotation, in radians", minimum=0.0, maximum=math.pi / 4
    )
    shear: float = option(
        0.3, "largest shear, in pixels per pixel", minimum=0.0, maximum=1.0
    )
    log_scale: float = option(
        0.2,
        "largest logarithm of the scale",
        minimum=0.0,
        maximum=1.0,
    )
    shift: float = option(
        0.09, "largest shift, as a share of the size", minimum=0.0, maximum=1.0
    )
    erase: float = option(
        0.0,
        "size of a random rectangle of black or white: the square root of its "
        "share of the area",
        minimum=0.0,
        maximum=1.0,
    )
    thickness: float = option(
        0.0,
        "largest change in the thickness of strokes, in pixels",
        minimum=0.0,
        maximum=2.0,
    )
    log_brightness: float = option(
        0.0,
        "largest change in the logarithm of the odds of brightness",
        minimum=0.0,
        maximum=3.0,
    )

    def __post_init__(self):
        check_options(self)

    def scaled(self, factor: float) -> "Augmentation":
        """The same with all amounts multiplied by a number of at most 1."""
        amounts = {name: factor * value for name, value in vars(self).items()}
        return Augmentation(**amounts)

    @property
    def effects(self) -> tuple[str, ...]:
        """What codes can be equivariant to: slant, rotation, thickness."""
        return (
            *(["slant"] if self.rotation or self.shear else []),
            *(["rotation"] if self.rotation else []),
            *(["thickness"] if self.thickness else []),
        )
