"""The training objective as plain data; `total` computes with it."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_infogan.losses import ADVERSARIAL_LOSSES
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.options import check_options
from keras_infogan.options import option

if TYPE_CHECKING:
    # It imports TensorFlow, which the command line reads the options without.
    from keras_infogan.latents.spec import LatentSpec


@dataclass(frozen=True)
class Objective:
    """The losses of an InfoGAN and their weights.

    The default is `min_{G,Q} max_D V(D, G) - lambda L_I(G, Q)`, Eq. 6 of
    [Chen et al., 2016](https://arxiv.org/abs/1606.03657); all other terms are
    off.

    Args:
        adversarial_loss: A name in `ADVERSARIAL_LOSSES`.
        label_smoothing: In [0, 1); for losses with a target, which is 1 minus
            this for real images.
        r1_weight: Weight of `adversarial.r1_penalty`.
        gradient_penalty_weight: Weight of `adversarial.gradient_penalty`.
        information_weights: `lambda` by the name of the code; 1 by default.
        augmentation: Makes views of images for the next three options and of
            labeled images.
        invariant_codes: Names of the codes that must be recoverable from a view
            of each generated image, too. Such a code can hide neither in an
            invisible signal nor in what the augmentation changes.
        equivariant_codes: For each effect of the augmentation (`"slant"` in
            pixels per pixel, `"rotation"` in radians, `"thickness"` in pixels),
            the gains of the continuous one-dimensional codes that must follow
            it: if a view has `s` more of the effect than its image, the mean of
            `Q` must be larger by `gain * s`. An image whose code is larger by 1
            then has about `1 / gain` more of the effect. With a gain of 1, a
            `Circular` code turns with the image.
        invariance_weight: Weight of `consistency.invariant_information` of the
            categorical codes between real images and views of their positive
            pairs (of the images themselves if a batch has no `positives`).
        label_weight: Weight of `information.label_loss`, for batches with
            labels.
        prior_rate: For images of which some kinds are rarer than others: how
            fast the priors of the categorical codes follow the shares of the
            real images that `Q` assigns to the categories. After each step,
            `prior += prior_rate * (shares of the batch - prior)`. 0, the
            default, leaves the priors as they are; 0.005 averages over about
            200 steps.
        prior_start: Training steps before priors are learned. Until `Q` has
            found categories, its shares mean little.
        contrastive_weight: Weight of `contrastive.contrastive_loss`, the
            contrastive regularizer of
            [Lin et al., 2020](https://arxiv.org/abs/1906.06034) (InfoGAN-CR):
            it must be visible in two images which dimension of their codes is
            the same.
        contrastive_start: Training steps before that weight applies. The paper
            trains a plain InfoGAN for nine tenths of the steps.

    Options that would have no effect raise a `ValueError`.
    """

    adversarial_loss: str = option(
        "non_saturating", "the adversarial loss", choices=ADVERSARIAL_LOSSES
    )
    label_smoothing: float = option(
        0.0,
        "label smoothing: the target of real images is 1 minus this",
        minimum=0.0,
        below=1.0,
    )
    r1_weight: float = option(
        0.0, "weight of the R1 gradient penalty", minimum=0.0
    )
    gradient_penalty_weight: float = option(
        0.0,
        "weight of the Wasserstein gradient penalty; 10 is usual",
        minimum=0.0,
    )
    information_weights: Mapping[str, float] = option(
        {}, "lambda by the name of the code; 1 by default", minimum=0.0
    )
    augmentation: Augmentation | None = option(
        None, "how views of images are made", flag="--warp"
    )
    invariant_codes: Sequence[str] = option(
        [],
        "names of the codes that must be recoverable from augmented views, too",
        flag="--warped-codes",
    )
    equivariant_codes: Mapping[str, Mapping[str, float]] = option(
        {},
        "continuous codes that are equivariant to an effect of the "
        "augmentation: by name, how much one pixel (or radian) of the effect "
        "adds to the code",
        above=0.0,
        flag={
            "slant": "--slant-gains",
            "rotation": "--rotation-gains",
            "thickness": "--thickness-gains",
        },
    )
    invariance_weight: float = option(
        0.0,
        "weight of the mutual information between the categories of a real "
        "image and of an augmented view",
        minimum=0.0,
    )
    label_weight: float = option(1.0, "weight of the label loss", minimum=0.0)
    prior_rate: float = option(
        0.0,
        "how fast the prior of the categories follows their shares of the real "
        "images, for kinds of images that are not equally frequent; 0.005 was "
        "tried",
        minimum=0.0,
        below=1.0,
    )
    prior_start: int = option(
        0,
        "training steps before the prior of the categories is learned",
        minimum=0,
    )
    contrastive_weight: float = option(
        0.0,
        "weight of the contrastive regularizer (InfoGAN-CR)",
        minimum=0.0,
    )
    contrastive_start: int = option(
        0,
        "training steps before the contrastive regularizer applies",
        minimum=0,
    )

    def __post_init__(self):
        check_options(self)
        has_target = [k for k, v in ADVERSARIAL_LOSSES.items() if v.has_target]
        if self.label_smoothing and self.adversarial_loss not in has_target:
            raise ValueError(
                f"label_smoothing is for {' and '.join(has_target)} only. "
                f"Received: adversarial_loss={self.adversarial_loss!r}. Remove "
                "label_smoothing."
            )
        gains = {
            effect: codes
            for effect, codes in self.equivariant_codes.items()
            if codes
        }
        object.__setattr__(self, "equivariant_codes", gains)
        for name, times in Counter(self.consistent_codes).items():
            if times > 1:
                raise ValueError(
                    "A code should be invariant, or equivariant to one effect. "
                    f"Received: {name} twice. Remove it from invariant_codes "
                    "or from equivariant_codes."
                )
        for start, of in (
            ("contrastive_start", "contrastive_weight"),
            ("prior_start", "prior_rate"),
        ):
            if getattr(self, start) and not getattr(self, of):
                raise ValueError(
                    f"{start} should be 0 if {of} is 0, as it has no effect "
                    f"then. Received: {getattr(self, start)}."
                )
        is_used = bool(self.consistent_codes or self.invariance_weight)
        if is_used != (self.augmentation is not None):
            raise ValueError(
                "augmentation goes together with invariant_codes, "
                "equivariant_codes or invariance_weight. "
                f"Received: augmentation={self.augmentation}, "
                f"invariant_codes={list(self.invariant_codes)}, "
                f"equivariant_codes={self.equivariant_codes}, "
                f"invariance_weight={self.invariance_weight}."
            )
        effects = self.augmentation.effects if self.augmentation else ()
        for effect in self.equivariant_codes:
            if effect not in effects:
                raise ValueError(
                    "equivariant_codes should be of effects of the "
                    f"augmentation: {', '.join(effects) or 'it has none'}. "
                    f"Received: {effect!r}. Change the augmentation (rotation "
                    "or shear for slant), or remove these codes."
                )

    @property
    def consistent_codes(self) -> list[str]:
        """The invariant codes, then the equivariant ones."""
        equivariant = self.equivariant_codes.values()
        return [
            *self.invariant_codes,
            *(name for gains in equivariant for name in gains),
        ]

    def check_codes(self, spec: "LatentSpec") -> None:
        """Raises a `ValueError` if the options do not fit the codes."""
        for option_, names in (
            ("information_weights", self.information_weights),
            ("invariant_codes", self.invariant_codes),
            *(
                (f"equivariant_codes[{effect!r}]", gains)
                for effect, gains in self.equivariant_codes.items()
            ),
        ):
            unknown = sorted(set(names) - set(spec.codes))
            if unknown:
                raise ValueError(
                    f"{option_} should name codes of {', '.join(spec.codes)}. "
                    f"Received: {', '.join(unknown)}. Give the option again, "
                    "for these codes or for none."
                )
        for gains in self.equivariant_codes.values():
            for name in gains:
                code = spec.codes[name]
                if code.is_discrete or code.num_dimensions != 1:
                    raise ValueError(
                        "equivariant_codes should be continuous codes of one "
                        f"dimension. Received: {name}={code!r}."
                    )
        if self.contrastive_weight and len(spec.dimensions) < 2:
            raise ValueError(
                "contrastive_weight is for codes of at least two dimensions. "
                f"Received: {', '.join(spec.codes)}. Remove it."
            )
        for name in ("invariance_weight", "prior_rate"):
            if getattr(self, name):
                spec.first_categorical(name)
