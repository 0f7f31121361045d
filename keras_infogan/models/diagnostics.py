"""Diagnostics during training: measurements and the problems they show."""

import logging
import math
from collections.abc import Mapping

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_infogan.images import check_images
from keras_infogan.images import check_input
from keras_infogan.images import to_array
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
from keras_infogan.models.inference import GeneratorEncoder
from keras_infogan.models.inputs import scale_bytes

# `diagnose` takes about 0.1 s then.
NUM_IMAGES = 500
# Of fewer, all measures may be extreme by chance.
MIN_IMAGES = 20
# Too early before that.
MIN_STEPS = 100
# Too little for a person to notice: 3 degrees, half a pixel.
_SLIGHT_AUGMENTATION = Augmentation(
    rotation=0.05, shear=0.05, log_scale=0.05, shift=0.02
)
_KEY = (0, 0)
# Of [Naeem et al., 2020](https://arxiv.org/abs/2002.09797).
_NUM_NEIGHBORS = 5

_logger = logging.getLogger(__name__)


def diagnose(model: GeneratorEncoder, images: np.ndarray) -> dict[str, float]:
    """Compares a few real and generated images.

    Args:
        model: The model.
        images: Real images, float array in [-1, 1].

    Returns:
        `diagnostics_separation`: the probability that the discriminator gives
        a real image a higher logit than a generated one: 0.5 if it cannot tell
        them apart, 1 if it has won; NaN, and nothing else, if the generated
        images are not finite. `diagnostics_density` and `diagnostics_coverage`
        of the pixels (`density_coverage`). Nothing for fewer than 20 images.
        For the first categorical code, if there is one, and if there are at
        least two images for each category:
        `diagnostics_usage_entropy` of its categories on the real images, in
        nats; `diagnostics_category_accuracy`, the share of generated images
        whose category `Q` recovers; and
        `diagnostics_augmented_category_accuracy`, the same after a slight
        augmentation.
    """
    latents = model.sample_latents(len(images))
    generated = model.generate_from(latents)
    if not np.isfinite(generated).all():
        return {"diagnostics_separation": math.nan}
    if len(images) < MIN_IMAGES:
        return {}
    # Here, as who generates and encodes needs no scikit-learn.
    from keras_infogan.distances import density_coverage

    real_logits, fake_logits = (
        model.discriminator(tf.constant(x), training=False)["logits"].numpy()
        for x in (images, generated)
    )
    higher = np.sign(real_logits - fake_logits.T).mean()
    density, coverage = density_coverage(
        images.reshape(len(images), -1),
        generated.reshape(len(generated), -1),
        num_neighbors=_NUM_NEIGHBORS,
    )
    measures = {
        "separation": round(0.5 + 0.5 * float(higher), 3),
        "density": density,
        "coverage": coverage,
    }
    spec = model.latent_spec
    for name in spec.categorical_names[:1]:
        if len(images) < 2 * spec.code(name).dim:
            continue
        category = latents[name].numpy().argmax(axis=1)
        measures |= _measure_category(model, name, images, generated, category)
    return {
        f"diagnostics_{name}": round(float(value), 4)
        for name, value in measures.items()
    }


def _measure_category(
    model: GeneratorEncoder,
    name: str,
    images: np.ndarray,
    generated: np.ndarray,
    category: np.ndarray,
) -> dict[str, float]:
    """What `Q` says of real images, and of those generated with a category."""
    spec = model.latent_spec
    views = augment(
        _SLIGHT_AUGMENTATION,
        tf.constant(generated),
        tf.constant(_KEY, tf.int64),
    )
    augmented = tf.clip_by_value(views.images, -1.0, 1.0)
    of_real, of_generated, of_augmented = (
        spec.category_logits(name, model.discriminator(x, training=False))
        .numpy()
        .argmax(axis=1)
        for x in map(tf.constant, (images, generated, augmented))
    )
    usage = np.bincount(of_real, minlength=spec.code(name).dim)
    return {
        "usage_entropy": _entropy(usage),
        "category_accuracy": float((of_generated == category).mean()),
        "augmented_category_accuracy": float((of_augmented == category).mean()),
    }


def _entropy(counts: np.ndarray) -> float:
    """In nats, of the shares of some counts."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def find_problems(
    measures: Mapping[str, float],
    num_categories: int | None,
    *,
    is_first_epoch: bool = False,
) -> list[str]:
    """The problems of a training run, in sentences with advice.

    Args:
        measures: The losses and the result of `diagnose`.
        num_categories: Of the first categorical code, if there is one.
        is_first_epoch: Whether it is too early to call categories collapsed.

    Returns:
        The problems; none for a good run.
    """
    broken = [
        name for name, value in measures.items() if not math.isfinite(value)
    ]
    if broken:
        return [
            "The training has diverged: NaN or infinity in "
            f"{', '.join(sorted(broken))}. Restart with lower learning "
            "rates, or without mixed_float16."
        ]
    problems = []
    # Rounded to three digits: D ranks at least 99.95 % of the pairs of a real
    # and a generated image correctly.
    if measures.get("diagnostics_separation", 0.0) >= 1.0:
        problems.append(
            "The discriminator has won: it tells every generated image from "
            "every real one. Lower its learning rate, or set an r1_weight with "
            "layer normalization."
        )
    # The ball around a real image out to its 5th neighbor contains no image of
    # a generator with the same distribution with probability 2^-5 (Naeem et
    # al., 2020), and of one that is q times as dense with (1 + q)^-5. That
    # probability is near 1 while nothing looks real yet, so an early generator
    # is not called collapsed.
    density = measures.get("diagnostics_density", 0.0)
    expected = 1.0 - (1.0 + density) ** -_NUM_NEIGHBORS
    if measures.get("diagnostics_coverage", 1.0) < expected / 2:
        problems.append(
            "The generator collapses: its images cover "
            f"{measures['diagnostics_coverage']:.0%} of the real ones, where "
            f"{expected:.0%} are expected. Lower its learning rate, or try "
            "another seed."
        )
    if num_categories and "diagnostics_usage_entropy" in measures:
        problems += _find_category_problems(
            measures, num_categories, is_first_epoch=is_first_epoch
        )
    return problems


def _find_category_problems(
    measures: Mapping[str, float], num_categories: int, *, is_first_epoch: bool
) -> list[str]:
    problems = []
    used = math.exp(measures["diagnostics_usage_entropy"])
    # One of ten runs on MNIST used 4.6 of 10 after its first epoch, and 9.9
    # from the second on.
    if used < num_categories / 2 and not is_first_epoch:
        problems.append(
            f"The categories collapse: real images use {used:.1f} of "
            f"{num_categories} (perplexity). Raise the information weight of "
            "the category or the invariance_weight, or try another seed."
        )
    plain = measures["diagnostics_category_accuracy"]
    augmented = measures["diagnostics_augmented_category_accuracy"]
    chance = 1.0 / num_categories
    # How far above chance, as a share of what is possible.
    plain_skill, augmented_skill = (
        (accuracy - chance) / (1.0 - chance) for accuracy in (plain, augmented)
    )
    density = measures.get("diagnostics_density", 1.0)
    if plain_skill > 0.8 and density < 0.01 and not is_first_epoch:
        problems.append(
            "The generator draws codes instead of images: Q recovers the "
            f"category from {plain:.0%} of them, and none looks like a real "
            f"image (density {density:.3f}, where 1 is expected). Lower the "
            "information weights to 0.1, or make the discriminator faster."
        )
    if plain_skill > 0.8 and augmented_skill < plain_skill / 2:
        problems.append(
            "Q recovers the category from an invisible signal: of "
            f"{plain:.0%} of generated images, and of {augmented:.0%} after a "
            "slight augmentation. Make the category invariant: --warp with "
            "--warped-codes, or Objective(augmentation=..., "
            "invariant_codes=...)."
        )
    return problems


def find_model_problems(
    model: GeneratorEncoder, images: np.ndarray, **measures: float
) -> list[str]:
    """The problems of a trained model: `diagnose`, then `find_problems`.

    Args:
        model: The model.
        images: Real images, float array in [-1, 1]; `NUM_IMAGES` are enough.
        **measures: Further measures of it, such as its losses.
    """
    return find_problems(
        {**measures, **diagnose(model, images)}, num_categories(model)
    )


def num_categories(model: GeneratorEncoder) -> int | None:
    """How many the first categorical code has, if there is one."""
    spec = model.latent_spec
    return next((spec.code(x).dim for x in spec.categorical_names), None)


class Diagnostics(keras.callbacks.Callback):
    """Measures the model after each epoch and warns of problems.

    `InfoGAN.fit` adds one automatically. From step 100 on, it warns of
    problems by `logging`; it ends a training that has diverged. Its
    `problems` are all that it has found; its `measures` are the last result of
    `diagnose`.

    Args:
        images: A few hundred real images: floats in [-1, 1], or uint8.
        stop: Whether to end the training at any problem.

    Raises:
        ValueError: If these are no images; in `fit`, before the first step, if
            they are none that the model takes.

    Example:
    ```python
    diagnostics = keras_infogan.callbacks.Diagnostics(images[:500], stop=True)
    model.fit(images, epochs=10, callbacks=[diagnostics])
    print(diagnostics.problems)
    ```
    """

    def __init__(self, images: npt.ArrayLike, *, stop: bool = False) -> None:
        super().__init__()
        images = to_array(images)
        check_input(images)
        self.images = np.asarray(scale_bytes(images))
        self.stop = stop
        self.problems: list[str] = []
        self.measures: dict[str, float] = {}
        self.has_ended = False

    def on_train_begin(self, logs=None):
        check_images(self.images, self.model.image_shape)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.model.num_steps >= MIN_STEPS:
            self.measures = diagnose(self.model, self.images)
        elif all(map(math.isfinite, logs.values())):
            return
        self.check(
            {**logs, **self.measures},
            f"epoch {epoch + 1}",
            is_first_epoch=epoch == 0,
        )

    def check(
        self,
        measures: Mapping[str, float],
        moment: str,
        *,
        is_first_epoch: bool = False,
    ) -> list[str]:
        """Finds problems, warns of new ones and may end the training."""
        problems = find_problems(
            measures,
            num_categories(self.model),
            is_first_epoch=is_first_epoch,
        )
        for problem in problems:
            # One of each kind: figures change from epoch to epoch.
            kind = problem.partition(":")[0]
            if not any(known.startswith(kind) for known in self.problems):
                self.problems.append(problem)
                _logger.warning("Warning, after %s: %s", moment, problem)
        is_broken = not all(map(math.isfinite, measures.values()))
        if is_broken or (problems and self.stop):
            self.has_ended = self.model.stop_training = True
        return problems
