"""What the two networks are trained for: the losses put together."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from typing import Any

import keras
import tensorflow as tf

from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import adversarial as losses
from keras_infogan.losses.augmentation import Warp

Tensors = dict[str, tf.Tensor]
# From images to the outputs of the discriminator.
Discriminate = Callable[[tf.Tensor], Mapping[str, tf.Tensor]]

# What the key of a step is folded with, for draws of different purposes.
_REAL_WARP, _FAKE_WARP, _LABEL_WARP, _MIXTURE = range(4)


@keras.saving.register_keras_serializable(package="keras_infogan")
@dataclass(frozen=True)
class Objective:
    """The losses of an InfoGAN and their weights.

    `min_{G,Q} max_D V(D, G) - lambda L_I(G, Q)`, Eq. 6 of
    [Chen et al., 2016](https://arxiv.org/abs/1606.03657), is all of it by
    default; the other terms have to be switched on.

    Args:
        adversarial_loss: `"non_saturating"`, `"least_squares"`, `"hinge"` or
            `"wasserstein"`.
        label_smoothing: In [0, 1): the target of real images is 1 less this;
            for the first two losses.
        r1_weight: Weight of `losses.r1_penalty`.
        gradient_penalty_weight: Weight of `losses.gradient_penalty`; 10 is that
            of [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028).
        information_weights: `lambda`, by the name of the code; 1 where none is
            given.
        warp: How images are varied for the next two; labeled images are, too.
        warped_codes: Names of the codes that must also be read from a warped
            copy of each generated image: the mean of both log-likelihoods. So
            they cannot hide in a signal that nobody sees, and not in what the
            warp changes either; that is left to the other codes.
        slant_gains: Names of continuous codes of one dimension that must also
            be read from the warped copies, as what its slant changes: the mean
            of `Q(c|x', s)` is that of `Q(c|x')` less this gain times the slant
            `s` that the warp adds to an upright stroke (`Warp.slants`). So an
            image with a code larger by 1 is slanted further to the right by
            about one over the gain, in pixels a pixel. Of these codes, of the
            next and of `warped_codes` that are not categorical, the generator
            hears from the copies alone: from the image itself anything but
            slant of a pose, and any slant of a style, would be welcome.
        thickness_gains: The same for how much thicker a stroke is, in pixels,
            about (`Warp.thickenings`).
        invariance_weight: Weight of `losses.invariant_information` of each
            categorical code, between real images and warped copies of their
            partners: of themselves, where a batch has no `partners`.
        label_weight: Weight of `losses.label_loss`, for batches with labels.

    Raises:
        ValueError: If an option is out of its range, or would do nothing.
    """

    adversarial_loss: str = "non_saturating"
    label_smoothing: float = 0.0
    r1_weight: float = 0.0
    gradient_penalty_weight: float = 0.0
    information_weights: Mapping[str, float] = field(default_factory=dict)
    warp: Warp | None = None
    warped_codes: Sequence[str] = ()
    slant_gains: Mapping[str, float] = field(default_factory=dict)
    thickness_gains: Mapping[str, float] = field(default_factory=dict)
    invariance_weight: float = 0.0
    label_weight: float = 1.0

    def __post_init__(self):
        if self.adversarial_loss not in losses.ADVERSARIAL_LOSSES:
            raise ValueError(
                "`adversarial_loss` should be one of "
                f"{', '.join(losses.ADVERSARIAL_LOSSES)}. "
                f"Received: {self.adversarial_loss!r}."
            )
        if not 0.0 <= self.label_smoothing < 1.0:
            raise ValueError(
                "`label_smoothing` should be in [0, 1). "
                f"Received: {self.label_smoothing}."
            )
        smoothable = losses.SMOOTHABLE_LOSSES
        if self.label_smoothing and self.adversarial_loss not in smoothable:
            raise ValueError(
                "`label_smoothing` has a meaning for "
                f"{' and '.join(smoothable)} only. "
                f"Received: adversarial_loss={self.adversarial_loss!r}."
            )
        weights = {
            name: getattr(self, name)
            for name in (
                "r1_weight",
                "gradient_penalty_weight",
                "invariance_weight",
                "label_weight",
            )
        }
        for name, weight in self.information_weights.items():
            weights[f"information_weights of {name}"] = weight
        for name, weight in weights.items():
            number = isinstance(weight, int | float) and weight is not True
            if not number or not 0.0 <= weight < float("inf"):
                raise ValueError(
                    f"`{name}` should be a number of at least 0. "
                    f"Received: {weight!r}."
                )
        # Not a list, so that equal objectives compare equal.
        object.__setattr__(self, "warped_codes", tuple(self.warped_codes))
        readings = list(set(self.warped_codes))
        for option in ("slant_gains", "thickness_gains"):
            for name, gain in getattr(self, option).items():
                number = isinstance(gain, int | float) and gain is not True
                if not number or not 0.0 < gain < float("inf"):
                    raise ValueError(
                        f"`{option}` of {name} should be a number above 0. "
                        f"Received: {gain!r}."
                    )
                readings.append(name)
        for name in readings:
            if readings.count(name) > 1:
                raise ValueError(
                    "A code should be in one of `warped_codes`, `slant_gains` "
                    f"and `thickness_gains`. Received: {name} in two. Leave it "
                    "out of one."
                )
        used = bool(readings or self.invariance_weight)
        if used != (self.warp is not None):
            raise ValueError(
                "`warp` goes together with `warped_codes`, `slant_gains`, "
                "`thickness_gains` or `invariance_weight`. "
                f"Received: warp={self.warp}, "
                f"warped_codes={list(self.warped_codes)}, "
                f"slant_gains={dict(self.slant_gains)}, "
                f"thickness_gains={dict(self.thickness_gains)}, "
                f"invariance_weight={self.invariance_weight}."
            )
        if self.warp is None:
            return
        if self.slant_gains and not (self.warp.rotation or self.warp.shear):
            raise ValueError(
                "`slant_gains` need a warp that slants. Received: rotation=0 "
                "and shear=0. Give the warp one, or no gains."
            )
        if self.thickness_gains and not self.warp.thickness:
            raise ValueError(
                "`thickness_gains` need a warp that thickens. "
                "Received: thickness=0. Give the warp one, or no gains."
            )

    def get_config(self) -> dict[str, Any]:
        """The objective as plain data, ready for JSON."""
        warp = asdict(self.warp) if self.warp else None
        return {
            **{
                option.name: getattr(self, option.name)
                for option in fields(self)
            },
            "information_weights": dict(self.information_weights),
            "warped_codes": list(self.warped_codes),
            "slant_gains": dict(self.slant_gains),
            "thickness_gains": dict(self.thickness_gains),
            "warp": warp,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Objective":
        """The inverse of `get_config`."""
        warp = config["warp"]
        return cls(
            **{**config, "warp": Warp.from_config(warp) if warp else None}
        )

    @property
    def has_gradient_penalty(self) -> bool:
        """Whether it takes the discriminator's gradient at each image."""
        return bool(self.r1_weight or self.gradient_penalty_weight)

    def check_codes(self, spec: LatentSpec) -> None:
        """Raises a `ValueError` if the codes do not go with the options."""
        for option in (
            "information_weights",
            "warped_codes",
            "slant_gains",
            "thickness_gains",
        ):
            unknown = sorted(set(getattr(self, option)) - set(spec.codes))
            if unknown:
                raise ValueError(
                    f"`{option}` should be of the codes "
                    f"{', '.join(spec.codes)}. Received: {', '.join(unknown)}. "
                    "Give it anew, for these codes or for none."
                )
        for option in ("slant_gains", "thickness_gains"):
            for name in getattr(self, option):
                if spec.posterior_dims.get(f"{name}_mean") != 1:
                    raise ValueError(
                        f"`{option}` are for continuous codes of one "
                        f"dimension. Received: {name}={spec.codes[name]!r}."
                    )
        if self.invariance_weight and not spec.categorical_names:
            raise ValueError(
                "`invariance_weight` is for categorical codes. "
                f"Received: {', '.join(spec.codes)}, none of them categorical."
            )

    def generator_loss(self, fake_logits: tf.Tensor) -> tf.Tensor:
        """The adversarial part of the generator's loss, a scalar."""
        game = losses.ADVERSARIAL_LOSSES[self.adversarial_loss]
        return game.generator(fake_logits)

    def information(
        self,
        spec: LatentSpec,
        latents: Mapping[str, tf.Tensor],
        fake_images: tf.Tensor,
        fake: Mapping[str, tf.Tensor],
        discriminate: Discriminate,
        key: tf.Tensor,
    ) -> Tensors:
        """The bound on the information, which both networks raise.

        Args:
            spec: The noise and the codes.
            latents: What the images were generated from.
            fake_images: The images.
            fake: What the discriminator says of them.
            discriminate: The discriminator.
            key: Integer tensor of shape `(2,)`, the seed.

        Returns:
            Scalars: `mutual_information` and `mutual_information_<code>` in
            nats, and the weighted losses, `information_loss` for `Q` to
            minimize and `generator_information_loss` for the generator: the
            same tensor, if there are no warped codes but categorical ones.
        """
        information = losses.mutual_information(spec, latents, fake)
        objective, heard = dict(information), dict(information)
        names = (
            *self.warped_codes,
            *self.slant_gains,
            *self.thickness_gains,
        )
        if self.warp is not None and names:
            warp_key = fold_in(key, _FAKE_WARP)
            posterior = dict(discriminate(self.warp(fake_images, warp_key)))
            batch_size = fake_images.shape[0] or tf.shape(fake_images)[0]
            for gains, changes_of in (
                (self.slant_gains, self.warp.slants),
                (self.thickness_gains, self.warp.thickenings),
            ):
                for name, gain in gains.items():
                    changes = changes_of(batch_size, warp_key)[:, None]
                    posterior[f"{name}_mean"] -= gain * changes
            warped = losses.mutual_information(spec, latents, posterior)
            for name in names:
                objective[name] = 0.5 * (information[name] + warped[name])
                heard[name] = (
                    objective[name]
                    if name in spec.categorical_names
                    else warped[name]
                )
        information_loss = self._weighted_loss(objective)
        is_same = all(heard[name] is objective[name] for name in heard)
        return {
            "information_loss": information_loss,
            "generator_information_loss": (
                information_loss if is_same else self._weighted_loss(heard)
            ),
            "mutual_information": tf.add_n(list(information.values())),
            **{
                f"mutual_information_{name}": nats
                for name, nats in information.items()
            },
        }

    def _weighted_loss(self, information: Mapping[str, tf.Tensor]) -> tf.Tensor:
        weighted = [
            self.information_weights.get(name, 1.0) * nats
            for name, nats in information.items()
        ]
        return -tf.add_n(weighted)

    def discrimination(
        self,
        spec: LatentSpec,
        batch: Mapping[str, tf.Tensor],
        fake_images: tf.Tensor,
        fake: Mapping[str, tf.Tensor],
        discriminate: Discriminate,
        key: tf.Tensor,
    ) -> Tensors:
        """All that the discriminator learns but the information.

        Args:
            spec: The noise and the codes.
            batch: `images`, and perhaps `partners`, as many images that are of
                the same category, by and large; `labeled_images` and `labels`.
            fake_images: As many generated images.
            fake: What the discriminator says of them.
            discriminate: The discriminator.
            key: Integer tensor of shape `(2,)`, the seed.

        Returns:
            Scalars: `discrimination_loss` to be minimized, and, if they are
            used, `invariant_information` in nats and `label_loss`.
        """
        images = batch["images"]
        real = discriminate(images)
        game = losses.ADVERSARIAL_LOSSES[self.adversarial_loss]
        smoothing = (self.label_smoothing,) if self.label_smoothing else ()
        loss = game.discriminator(real["logits"], fake["logits"], *smoothing)
        values = {}

        def logits_of(x: tf.Tensor) -> tf.Tensor:
            return discriminate(x)["logits"]

        if self.r1_weight:
            loss += self.r1_weight * losses.r1_penalty(logits_of, images)
        if self.gradient_penalty_weight:
            loss += self.gradient_penalty_weight * losses.gradient_penalty(
                logits_of, images, fake_images, fold_in(key, _MIXTURE)
            )
        if self.warp is not None and self.invariance_weight:
            partners = batch.get("partners", images)
            warped = discriminate(self.warp(partners, fold_in(key, _REAL_WARP)))
            information = tf.add_n(
                [
                    losses.invariant_information(
                        real[f"{name}_logits"], warped[f"{name}_logits"]
                    )
                    for name in spec.categorical_names
                ]
            )
            loss -= self.invariance_weight * information
            values["invariant_information"] = information
        if "labels" in batch:
            labeled_images = batch["labeled_images"]
            if self.warp is not None:
                labeled_images = self.warp(
                    labeled_images, fold_in(key, _LABEL_WARP)
                )
            posterior = discriminate(labeled_images)
            name = spec.categorical_names[0]
            label_loss = losses.label_loss(
                batch["labels"], posterior[f"{name}_logits"]
            )
            loss += self.label_weight * label_loss
            values["label_loss"] = label_loss
        return {**values, "discrimination_loss": loss}
