"""Is a training going wrong? What to look at, and what to say then."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_infogan.evaluation import clustering as metrics
from keras_infogan.evaluation.distances import density_coverage
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.training.callbacks import RunPosition
from keras_infogan.training.callbacks import StepCallback

# So few that a check takes a tenth of a second.
NUM_IMAGES = 500
# What a person would not call another shape: 3 degrees, a pixel.
_SLIGHT_WARP = Augmentation(
    rotation=0.05, shear=0.05, log_scale=0.05, shift=0.02
)
_WARP_KEY = (0, 0)
# Of `density_coverage`, as its paper has it.
_NUM_NEIGHBORS = 5


class Unhealthy(ValueError):
    """A run was stopped because it does not learn what it should."""


def measure_health(model: InfoGAN, images: np.ndarray) -> dict[str, float]:
    """Looks at real and at generated images, as a user would.

    Args:
        model: The model.
        images: Real images, float array in [-1, 1]; always the same.

    Returns:
        `health_separation`: how often the discriminator gives a real image the
        higher logit of a pair of a real and a generated one; 0.5 if it cannot
        tell them apart, 1 if it has won; NaN, and nothing else, if what is
        generated is not finite. `health_density` and
        `health_coverage` of `distances.density_coverage`, of the pixels; left
        out for five images or fewer. With a categorical code, the first:
        `health_usage_entropy` of its categories on the real images, in nats;
        `health_reading`, the share of generated images whose category is read;
        `health_warped_reading`, the same of slightly warped copies.
    """
    latents = model.sample_latents(len(images))
    generated = model.generate_from(latents)
    if not np.isfinite(generated).all():
        return {"health_separation": math.nan}
    real_logits, fake_logits = (
        model.discriminator(tf.constant(x), training=False)["logits"].numpy()
        for x in (images, generated)
    )
    higher = np.sign(real_logits - fake_logits.T).mean()
    measures = {"health_separation": round(0.5 + 0.5 * float(higher), 3)}
    if len(images) > _NUM_NEIGHBORS:
        density, coverage = density_coverage(
            images.reshape(len(images), -1),
            generated.reshape(len(generated), -1),
            num_neighbors=_NUM_NEIGHBORS,
        )
        measures |= {
            "health_density": round(density, 4),
            "health_coverage": round(coverage, 4),
        }
    for name in model.latent_spec.categorical_names[:1]:
        category = latents[name].numpy().argmax(axis=1)
        views = augment(
            _SLIGHT_WARP,
            tf.constant(generated),
            tf.constant(_WARP_KEY, tf.int64),
        )
        warped = np.clip(views.images.numpy(), -1.0, 1.0)
        found, read, warped_read = (
            model.encode(x)[f"{name}_logits"].argmax(axis=1)
            for x in (images, generated, warped)
        )
        usage = np.bincount(found, minlength=model.latent_spec.code(name).dim)
        measures |= {
            "health_usage_entropy": round(metrics.usage_entropy(usage), 4),
            "health_reading": round(float((read == category).mean()), 4),
            "health_warped_reading": round(
                float((warped_read == category).mean()), 4
            ),
        }
    return measures


def find_problems(
    measures: Mapping[str, float],
    num_categories: int | None,
    *,
    is_first_epoch: bool = False,
) -> list[str]:
    """What is wrong, in sentences with advice; nothing for a healthy run.

    Args:
        measures: The losses and what `measure_health` gives.
        num_categories: Of the first categorical code, if there is one.
        is_first_epoch: Whether it is early: categories that few images use may
            still get theirs.
    """
    broken = [
        name for name, value in measures.items() if not math.isfinite(value)
    ]
    if broken:
        return [
            "The training has diverged: NaN or infinity in "
            f"{', '.join(sorted(broken))}. Start again with lower learning "
            "rates, or without mixed_float16."
        ]
    problems = []
    # Of 250,000 pairs, all but 125 (it is rounded): no gradient is left for the
    # generator.
    if measures.get("health_separation", 0.0) >= 1.0:
        problems.append(
            "The discriminator has won: it tells every generated image from "
            "every real one. Lower its learning rate, or set an r1_weight with "
            "normalization layer."
        )
    # A ball around a real image, out to its 5th neighbor, has no generated one
    # of the same distribution with odds of 2^-5 (Naeem et al., 2020), and of
    # one q times as dense with (1 + q)^-5. That is next to certain where
    # nothing looks real yet, so that an early image is not called collapsed.
    density = measures.get("health_density", 0.0)
    expected = 1.0 - (1.0 + density) ** -_NUM_NEIGHBORS
    if measures.get("health_coverage", 1.0) < expected / 2:
        problems.append(
            "The generator collapses: what it draws is like "
            f"{measures['health_coverage']:.0%} of real images, where "
            f"{expected:.0%} are expected. Lower its learning rate, or try "
            "another seed."
        )
    entropy = measures.get("health_usage_entropy")
    if entropy is not None and num_categories:
        used = math.exp(entropy)
        # One of ten runs on MNIST had 4.6 of 10 after its first epoch, and 9.9
        # from the second to the last.
        if used < num_categories / 2 and not is_first_epoch:
            problems.append(
                f"The categories collapse: of {num_categories}, real images "
                f"use {used:.1f} in effect. Raise the information weight of "
                "the category or the invariance_weight, or try another seed."
            )
        chance = 1.0 / num_categories
        reading, warped = (
            (measures[name] - chance) / (1.0 - chance)
            for name in ("health_reading", "health_warped_reading")
        )
        if reading > 0.8 and warped < reading / 2:
            problems.append(
                "Q reads the category from a signal that nobody sees: it knows "
                f"{measures['health_reading']:.0%} of generated images, and "
                f"{measures['health_warped_reading']:.0%} when they are "
                "slightly moved. Use warp with warped_codes."
            )
    return problems


class Health(StepCallback):
    """Looks for problems after each epoch, and for NaN at each line of the log.

    NaN ends the run, as no step can mend it.

    Adds what it measures to the line of the log, and its warnings as
    `warnings`; so it must come before `RunLog`.

    Args:
        images: Real images, float array in [-1, 1].
        position: Where the process begins.
        interval: Steps between lines of the log.
        stop: Whether to end the run at the first problem.
    """

    def __init__(
        self,
        images: np.ndarray,
        position: RunPosition,
        *,
        interval: int,
        stop: bool = False,
    ) -> None:
        super().__init__(position, interval)
        self.images = images
        self.stop = stop
        self.problems: list[str] = []
        self.is_broken = False
        self._epochs = position.first_step // position.steps_per_epoch

    def on_interval(self, logs: dict[str, Any]) -> None:
        # An epoch may end within an execution of several steps.
        epochs = self.run_step // self.position.steps_per_epoch
        if epochs > self._epochs:
            self._epochs = epochs
            logs |= measure_health(self.model, self.images)
        spec = self.model.latent_spec
        sizes = [spec.code(name).dim for name in spec.categorical_names[:1]]
        problems = find_problems(
            logs, sizes[0] if sizes else None, is_first_epoch=epochs < 2
        )
        if problems:
            logs["warnings"] = problems
        for problem in problems:
            if problem not in self.problems:
                tqdm.write(
                    f"Warning, after step {self.run_step}: {problem}",
                    file=sys.stderr,
                )
        self.problems += [x for x in problems if x not in self.problems]
        self.is_broken = any(
            isinstance(value, float) and not math.isfinite(value)
            for value in logs.values()
        )
        if self.is_broken or (problems and self.stop):
            self.model.stop_training = True
