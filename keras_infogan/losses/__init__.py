"""The losses, and the registry of the adversarial ones.

To add one, write its two sides into `adversarial.py` and register them in
`ADVERSARIAL_LOSSES`; its name there is the `adversarial_loss` of an
`Objective`. Imports no TensorFlow, so that the command line can list them.
"""

import pkgutil
from collections.abc import Callable
from typing import Any
from typing import NamedTuple


class AdversarialLoss(NamedTuple):
    """The two sides of an adversarial game, both to be minimized.

    Args:
        of_discriminator: Where its function is, `module:name`: of the logits of
            real and of generated images.
        of_generator: The same; of the logits of generated images.
        has_target: Whether real images have a target, which can be smoothed:
            the discriminator's function then takes `label_smoothing`, too.
    """

    of_discriminator: str
    of_generator: str
    has_target: bool = False

    @property
    def discriminator(self) -> Callable[..., Any]:
        """The function of the discriminator's side."""
        return pkgutil.resolve_name(self.of_discriminator)

    @property
    def generator(self) -> Callable[..., Any]:
        """The function of the generator's side."""
        return pkgutil.resolve_name(self.of_generator)


ADVERSARIAL_LOSSES = {
    "non_saturating": AdversarialLoss(
        f"{__name__}.adversarial:non_saturating_discriminator_loss",
        f"{__name__}.adversarial:non_saturating_generator_loss",
        has_target=True,
    ),
    "least_squares": AdversarialLoss(
        f"{__name__}.adversarial:least_squares_discriminator_loss",
        f"{__name__}.adversarial:least_squares_generator_loss",
        has_target=True,
    ),
    "hinge": AdversarialLoss(
        f"{__name__}.adversarial:hinge_discriminator_loss",
        f"{__name__}.adversarial:linear_generator_loss",
    ),
    "wasserstein": AdversarialLoss(
        f"{__name__}.adversarial:wasserstein_discriminator_loss",
        f"{__name__}.adversarial:linear_generator_loss",
    ),
}
