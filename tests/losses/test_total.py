"""The terms of an objective, put together for each network."""

import dataclasses
import math
import operator
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from scipy import stats

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import ADVERSARIAL_LOSSES
from keras_infogan.losses import AdversarialLoss
from keras_infogan.losses import total
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.consistency import expected_log_prior
from keras_infogan.losses.consistency import invariant_information
from keras_infogan.losses.information import label_loss
from keras_infogan.losses.information import mutual_information
from keras_infogan.losses.objective import Objective
from keras_infogan.losses.total import InformationLosses
from keras_infogan.losses.views import augment

KEY = tf.constant([3, 5], tf.int64)
SHAPE = (6, 6, 1)
SPEC = LatentSpec(
    2, {"category": Categorical(3), "style": Uniform(2), "kind": Categorical(4)}
)
# One of a fixed deviation, one of a learned one.
LEANING = LatentSpec(2, {"lean": Uniform(1, stddev=0.5), "tilt": Uniform(1)})
NOTHING = Augmentation(0.0, 0.0, 0.0, 0.0)
INVARIANT = Objective(
    augmentation=Augmentation(),
    invariant_codes=["category", "kind"],
    invariance_weight=1.0,
)


class LinearDiscriminator:
    """Inner products with fixed weights. It remembers what it was given."""

    def __init__(self, spec: LatentSpec = SPEC, scale: float = 1.0) -> None:
        generator = np.random.default_rng(7)
        self.weights = {
            name: tf.constant(
                generator.normal(0, scale, (math.prod(SHAPE), dim)), tf.float32
            )
            for name, dim in {"logits": 1, **spec.posterior_dims}.items()
        }
        self.images: list[tf.Tensor] = []

    def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        self.images.append(images)
        flat = tf.reshape(images, (-1, math.prod(SHAPE)))
        return {name: flat @ w for name, w in self.weights.items()}


def images_of(seed: int, count: int = 12) -> tf.Tensor:
    generator = np.random.default_rng(seed)
    return tf.constant(generator.uniform(-1, 1, (count, *SHAPE)), tf.float32)


def information_of(
    objective: Objective,
    *,
    spec: LatentSpec = SPEC,
    discriminate: LinearDiscriminator | None = None,
    key: tf.Tensor = KEY,
) -> InformationLosses:
    """Of twelve images; the first that the discriminator is given."""
    discriminate = discriminate or LinearDiscriminator(spec)
    images = images_of(1)
    return total.information_losses(
        objective,
        spec,
        latents=spec.sample(12, KEY),
        images=images,
        posterior=discriminate(images),
        discriminate=discriminate,
        key=key,
    )


def numbers(metrics: Mapping[str, tf.Tensor]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items()}


def discriminator_loss_of(
    objective: Objective,
    batch: Mapping[str, tf.Tensor] | None = None,
    *,
    discriminate: LinearDiscriminator | None = None,
    key: tf.Tensor = KEY,
) -> tuple[float, dict[str, float]]:
    discriminate = discriminate or LinearDiscriminator()
    fake_images = images_of(1)
    loss, metrics = total.discriminator_loss(
        objective,
        SPEC,
        batch=batch or {"images": images_of(0)},
        fake_images=fake_images,
        fake_logits=discriminate(fake_images)["logits"],
        discriminate=discriminate,
        key=key,
    )
    return float(loss), numbers(metrics)


def categorical_information(one: tf.Tensor, other: tf.Tensor) -> float:
    """Summed over both categorical codes."""
    posterior, view_posterior = map(LinearDiscriminator(), (one, other))
    return sum(
        float(
            invariant_information(
                posterior[f"{name}_logits"], view_posterior[f"{name}_logits"]
            )
        )
        for name in ("category", "kind")
    )


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_adversarial_loss_by_name(name):
    """Both sides are those of the name, and nothing is added to them."""
    discriminate = LinearDiscriminator()
    real = discriminate(images_of(0))["logits"]
    fake = discriminate(images_of(1))["logits"]
    game = ADVERSARIAL_LOSSES[name]
    objective = Objective(name)
    expected = float(game.discriminator(real, fake))
    assert discriminator_loss_of(objective) == (expected, {})
    assert float(total.generator_loss(objective, fake)) == float(
        game.generator(fake)
    )


def test_a_registered_loss_is_found_by_its_name(monkeypatch):
    """An entry is all that an objective needs."""
    own = AdversarialLoss("operator:sub", "operator:neg")
    monkeypatch.setitem(ADVERSARIAL_LOSSES, "own", own)
    assert own.discriminator is operator.sub
    assert total.generator_loss(Objective("own"), 2.0) == -2.0


def test_label_smoothing_is_passed_on():
    """It adds `s E[D(x)]` to the first loss (see its comment); 1e-5 of ten."""
    smooth, _ = discriminator_loss_of(Objective(label_smoothing=0.2))
    plain, _ = discriminator_loss_of(Objective())
    real = LinearDiscriminator()(images_of(0))["logits"]
    assert smooth - plain == pytest.approx(0.2 * np.mean(real), abs=1e-5)


def test_penalties_enter_with_their_weights():
    """`|w|^2 / 2` and `(|w| - 1)^2` of the linear discriminator.

    The sum is some hundreds, in float32: 1e-5 of it.
    """
    norm = np.linalg.norm(LinearDiscriminator().weights["logits"])
    plain, _ = discriminator_loss_of(Objective())
    for r1_weight, gradient_penalty_weight in ((3, 0), (0, 7), (3, 7)):
        loss, metrics = discriminator_loss_of(
            Objective(
                r1_weight=r1_weight,
                gradient_penalty_weight=gradient_penalty_weight,
            )
        )
        assert metrics == {}
        assert loss == pytest.approx(
            plain
            + r1_weight * 0.5 * norm**2
            + gradient_penalty_weight * (norm - 1.0) ** 2,
            rel=1e-5,
        )


def test_invariance_enters_with_its_weight():
    """All categories count, and it is subtracted: it is maximized.

    Without any augmentation both views are the image, to rounding; 1e-5 of
    about ten.
    """
    weight = 0.3
    loss, metrics = discriminator_loss_of(
        Objective(augmentation=NOTHING, invariance_weight=weight)
    )
    information = categorical_information(images_of(0), images_of(0))
    plain, _ = discriminator_loss_of(Objective())
    assert information > 0.1
    assert metrics == pytest.approx(
        {"invariant_information": information}, abs=1e-5
    )
    assert loss == pytest.approx(plain - weight * information, abs=1e-5)


def test_invariance_is_that_of_positives():
    """Between the images and others, if a batch has others; 1e-5 of ten."""
    objective = Objective(augmentation=NOTHING, invariance_weight=1.0)
    batch = {"images": images_of(0), "positives": images_of(3)}
    information = categorical_information(*batch.values())
    _, metrics = discriminator_loss_of(objective, batch)
    assert metrics["invariant_information"] == pytest.approx(
        information, abs=1e-5
    )
    _, alone = discriminator_loss_of(objective)
    assert abs(alone["invariant_information"] - information) > 0.1


def test_labels_enter_with_their_weight():
    """Those of the first category, at images of their own; 1e-5 of ten."""
    weight = 0.3
    batch = {
        "images": images_of(0),
        "labeled_images": images_of(2, 5),
        "labels": tf.constant([0, 2, 1, 1, 0]),
    }
    loss, metrics = discriminator_loss_of(Objective(label_weight=weight), batch)
    logits = LinearDiscriminator()(batch["labeled_images"])["category_logits"]
    expected = float(label_loss(batch["labels"], logits))
    plain, _ = discriminator_loss_of(Objective())
    assert metrics == pytest.approx({"label_loss": expected}, abs=1e-5)
    assert loss == pytest.approx(plain + weight * expected, abs=1e-5)


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"category": 0.0, "style": 0.5},
        {"category": 2.0, "style": 0.0, "kind": 3.0},
    ],
    ids=str,
)
def test_information_is_weighted_code_by_code(weights):
    """`-sum(lambda I)`, and 1 where no weight is given, for both networks.

    What is reported of each code, and in total, is not weighted. Values of
    some hundreds, in float32: 1e-6 of them.
    """
    posterior = LinearDiscriminator()(images_of(1))
    bound = numbers(mutual_information(SPEC, SPEC.sample(12, KEY), posterior))
    expected = -sum(weights.get(name, 1.0) * bound[name] for name in bound)
    losses = information_of(Objective(information_weights=weights))
    assert float(losses.posterior) == pytest.approx(expected, rel=1e-6)
    assert float(losses.generator) == pytest.approx(expected, rel=1e-6)
    assert numbers(losses.metrics) == pytest.approx(
        {
            "mutual_information": sum(bound.values()),
            **{f"mutual_information_{name}": bound[name] for name in bound},
        },
        rel=1e-6,
    )


def test_without_consistent_codes_there_are_no_views():
    """The information costs no further pass through the discriminator."""
    for objective in (
        Objective(),
        Objective(augmentation=Augmentation(), invariance_weight=1.0),
    ):
        discriminate = LinearDiscriminator()
        information_of(objective, discriminate=discriminate)
        assert len(discriminate.images) == 1


def test_views_that_are_the_images_change_nothing():
    """The mean of twice the same; to the rounding of the identity."""
    weights = {"category": 2.0, "style": 0.5}
    plain = information_of(Objective(information_weights=weights))
    same = information_of(
        Objective(
            information_weights=weights,
            augmentation=NOTHING,
            invariant_codes=["category", "style"],
        )
    )
    for one, other in zip(plain[:2], same[:2], strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5)
    assert numbers(same.metrics) == numbers(plain.metrics)


@pytest.mark.parametrize(
    "invariant_codes", [["category", "kind"], ["category", "style"], ["style"]]
)
def test_who_maximizes_which_bound(invariant_codes):
    """`Q`: the mean of image and view. `G`: that of a category; else the view.

    A code that is not named has the bound of the image alone. The views are
    those that the discriminator was given.
    """
    discriminate = LinearDiscriminator()
    weights = {"category": 2.0, "style": 0.5, "kind": 1.0}
    losses = information_of(
        Objective(
            information_weights=weights,
            augmentation=Augmentation(),
            invariant_codes=invariant_codes,
        ),
        discriminate=discriminate,
    )
    images, views = discriminate.images
    assert not np.allclose(views, images, atol=0.1)
    latents = SPEC.sample(12, KEY)
    of_images, of_views = (
        numbers(mutual_information(SPEC, latents, LinearDiscriminator()(x)))
        for x in (images, views)
    )
    for_posterior = dict(of_images)
    for name in invariant_codes:
        for_posterior[name] = 0.5 * (of_images[name] + of_views[name])
    for_generator = dict(for_posterior)
    if "style" in invariant_codes:
        for_generator["style"] = of_views["style"]
        # By more than rounding.
        assert abs(of_images["style"] - of_views["style"]) > 1.0
    for loss, information in (
        (losses.posterior, for_posterior),
        (losses.generator, for_generator),
    ):
        expected = -sum(weights[name] * information[name] for name in weights)
        np.testing.assert_allclose(loss, expected, rtol=1e-6)
    # What is reported is the bound at the images themselves.
    assert numbers(losses.metrics) == pytest.approx(
        {
            "mutual_information": sum(of_images.values()),
            **{f"mutual_information_{k}": v for k, v in of_images.items()},
        },
        rel=1e-6,
    )


def test_a_kind_says_which_bound_the_generator_maximizes(monkeypatch):
    """Turned around: the bound on views for categories, the mean for numbers.

    Each only to the rounding of a sum in float32.
    """
    monkeypatch.setattr(Categorical, "learns_from_views_alone", True)
    monkeypatch.setattr(Uniform, "learns_from_views_alone", False)
    discriminate = LinearDiscriminator()
    objective = dataclasses.replace(INVARIANT, invariant_codes=list(SPEC.codes))
    losses = information_of(objective, discriminate=discriminate)
    latents = SPEC.sample(12, KEY)
    of_images, of_views = (
        numbers(mutual_information(SPEC, latents, LinearDiscriminator()(x)))
        for x in discriminate.images
    )
    mean = {name: (of_images[name] + of_views[name]) / 2 for name in of_views}
    np.testing.assert_allclose(losses.posterior, -sum(mean.values()), rtol=1e-6)
    expected = -sum((of_views | {"style": mean["style"]}).values())
    np.testing.assert_allclose(losses.generator, expected, rtol=1e-6)
    # By more than rounding.
    assert abs(expected + sum(mean.values())) > 0.1


def test_a_circular_code_turns_with_the_image():
    """The bound on views is that of a `Q` which is right: `log 2 pi + max`.

    Each image is a spot at the angle of its code, counterclockwise as people
    see it, and `Q` measures that angle with a concentration of 50: its
    likelihood there is `50 - log(2 pi I0(50))`. Resampling moves the spot by
    some hundredths of a pixel of 9, which costs `50 (1 - cos 0.01)`: 0.003
    nats. Without the turn, of up to 0.6 radians, it would be more than a nat.
    """
    spec = LatentSpec(2, {"angle": Circular()})
    latents = spec.sample(64, KEY)
    y, x = np.mgrid[16:-17:-1, -16:17].astype(np.float32)

    def spots(vectors):
        cosine, sine = tf.split(9.0 * vectors[..., None, None], 2, axis=1)
        squared = (x - cosine) ** 2 + (y - sine) ** 2
        return 2.0 * tf.exp(-tf.transpose(squared, [0, 2, 3, 1]) / 8.0) - 1.0

    def measure(images):
        light = images + 1.0
        center = [
            tf.reduce_sum(light * axis[..., None], axis=[1, 2])
            for axis in (x, y)
        ]
        vectors = tf.math.l2_normalize(tf.concat(center, axis=1), axis=1)
        return {"angle_direction": 50.0 * vectors}

    images = spots(latents["angle"])
    losses = total.information_losses(
        Objective(
            augmentation=Augmentation(
                rotation=0.6, shear=0.0, log_scale=0.0, shift=0.0
            ),
            equivariant_codes={"rotation": {"angle": 1.0}},
        ),
        spec,
        latents=latents,
        images=images,
        posterior=measure(images),
        discriminate=measure,
        key=KEY,
    )
    best = 50.0 - math.log(scipy.special.i0(50.0))
    assert float(losses.generator) == pytest.approx(-best, abs=5e-3)
    assert float(losses.posterior) == pytest.approx(-best, abs=5e-3)


@pytest.mark.parametrize("effect", ["slant", "thickness"])
def test_an_equivariant_code_follows_the_effect(effect):
    """`log N(c; mean(x') - gain s, deviation)` of SciPy, and its mean with x.

    One code of a fixed deviation and one of a learned one; the entropy of both
    is log 2. What is reported is the bound at the images themselves.
    """
    augmentation = Augmentation(thickness=1.0)
    gains = {"lean": 1.5, "tilt": 0.5}
    discriminate = LinearDiscriminator(LEANING, scale=0.1)
    losses = information_of(
        Objective(augmentation=augmentation, equivariant_codes={effect: gains}),
        spec=LEANING,
        discriminate=discriminate,
    )
    images, views = discriminate.images
    # The key of the views is an inner affair: it is the one that gives them.
    (changes,) = (
        found.effects[effect].numpy()[:, None]
        for found in (
            augment(augmentation, images, fold_in(KEY, purpose))
            for purpose in range(4)
        )
        if np.array_equal(found.images, views)
    )
    assert abs(changes).max() > 0.2
    latents = LEANING.sample(12, KEY)

    def bound(x, name, added):
        posterior = LinearDiscriminator(LEANING, scale=0.1)(x)
        stddev = (
            0.5
            if name == "lean"
            else np.exp(posterior["tilt_log_stddev"].numpy())
        )
        mean = posterior[f"{name}_mean"].numpy() - added
        likelihood = stats.norm.logpdf(latents[name].numpy(), mean, stddev)
        return math.log(2.0) + likelihood.mean()

    of_images = sum(bound(images, name, 0.0) for name in gains)
    of_views = sum(
        bound(views, name, gain * changes) for name, gain in gains.items()
    )
    expected = -0.5 * (of_images + of_views)
    np.testing.assert_allclose(losses.posterior, expected, rtol=1e-5)
    np.testing.assert_allclose(losses.generator, -of_views, rtol=1e-5)
    np.testing.assert_allclose(
        losses.metrics["mutual_information"], of_images, rtol=1e-5
    )


def test_the_gradient_of_the_information_passes_the_view():
    """`d/dx [I(x) + I(Ax)] / 2`, by central differences in a direction.

    To 1e-2 of the slope, in float32. Without the view it is another.
    """
    objective = Objective(
        information_weights={"style": 0.0},
        augmentation=Augmentation(),
        invariant_codes=["category", "kind"],
    )
    discriminate = LinearDiscriminator(scale=0.2)
    latents = SPEC.sample(12, KEY)
    direction = images_of(5)

    plain = Objective(information_weights={"style": 0.0})

    def loss_of(
        images: tf.Tensor, objective: Objective = objective
    ) -> tf.Tensor:
        return total.information_losses(
            objective,
            SPEC,
            latents=latents,
            images=images,
            posterior=discriminate(images),
            discriminate=discriminate,
            key=KEY,
        ).generator

    images = images_of(1)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        losses = loss_of(images), loss_of(images, plain)
    slope, without = (
        float(tf.reduce_sum(tape.gradient(loss, images) * direction))
        for loss in losses
    )
    high, low = (
        float(loss_of(images + step * direction)) for step in (0.01, -0.01)
    )
    assert slope == pytest.approx((high - low) / 0.02, rel=1e-2)
    assert abs(without - slope) > 0.5 * abs(slope)


def test_draws_of_different_purposes_are_independent():
    """Three views of the same images at one key: three different results."""
    images = images_of(1)
    batch = {
        "images": images,
        "labeled_images": images,
        "labels": tf.zeros(12, tf.int32),
    }
    discriminate = LinearDiscriminator()
    information_of(INVARIANT, discriminate=discriminate)
    discriminator_loss_of(INVARIANT, batch, discriminate=discriminate)
    _, fake_views, _, real, real_views, labeled_views = discriminate.images
    np.testing.assert_array_equal(real, images)
    for one, other in (
        (fake_views, real_views),
        (real_views, labeled_views),
        (labeled_views, fake_views),
    ):
        assert not np.allclose(one, other, atol=0.1)


def test_a_step_is_a_function_of_its_key():
    """The same key gives the same losses, another key gives others."""
    objective = dataclasses.replace(INVARIANT, gradient_penalty_weight=1.0)
    for losses_of in (
        lambda *args, **kwargs: float(
            information_of(*args, **kwargs).generator
        ),
        discriminator_loss_of,
    ):
        first = losses_of(objective, key=KEY)
        assert losses_of(objective, key=KEY) == first
        assert losses_of(objective, key=KEY + 1) != first
        # Without an option that draws, the key does not matter.
        assert losses_of(Objective(), key=KEY) == losses_of(
            Objective(), key=KEY + 1
        )


FIELDS_SPEC = LatentSpec(
    2,
    {
        "category": Categorical(3),
        "style": Uniform(2, stddev=0.5),
        "pose": Uniform(1),
    },
)
ALL_TERMS = Objective(
    augmentation=Augmentation(thickness=1.0),
    invariant_codes=["category"],
    equivariant_codes={"slant": {"pose": 2.0}},
    invariance_weight=0.5,
    r1_weight=0.25,
    gradient_penalty_weight=0.125,
    information_weights={"style": 0.5},
    contrastive_weight=0.5,
)
# Another value of each field. One that is missing fails the test.
CHANGES = {
    "adversarial_loss": "least_squares",
    "label_smoothing": 0.3,
    "r1_weight": 2.0,
    "gradient_penalty_weight": 3.0,
    "information_weights": {"category": 3.0, "pose": 0.25},
    "augmentation": Augmentation(0.1, 0.5, 0.4, 0.3, thickness=2.0),
    "invariant_codes": ["style"],
    "equivariant_codes": {"slant": {"style": 1.0}, "thickness": {"pose": 0.5}},
    "invariance_weight": 40.0,
    "label_weight": 5.0,
    "contrastive_weight": 2.0,
    # After the step.
    "contrastive_start": 8,
}
LABELED = {
    "images": images_of(0),
    "positives": images_of(3),
    "labeled_images": images_of(2, 5),
    "labels": np.array([0, 2, 1, 1, 0]),
}
# The steps learn priors, and `test_priors.py` tests them.
FIELDS = [
    field.name
    for field in dataclasses.fields(Objective)
    if not field.name.startswith("prior_")
]


Arrays = dict[str, np.ndarray]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return scipy.special.log_softmax(logits, axis=1)


def expected_bounds(
    latents: Mapping[str, Any], out: Arrays
) -> dict[str, float]:
    """The information of each code, in nats, of the heads' outputs."""
    category, style, pose = (
        np.asarray(latents[name], np.float64) for name in FIELDS_SPEC.codes
    )
    style_density = stats.norm.logpdf(style, out["style_mean"], 0.5)
    pose_density = stats.norm.logpdf(
        pose, out["pose_mean"], np.exp(out["pose_log_stddev"])
    )
    logs = (category * log_softmax(out["category_logits"])).sum(axis=1)
    return {
        "category": math.log(3.0) + logs.mean(),
        "style": 2 * math.log(2.0) + style_density.sum(axis=1).mean(),
        "pose": math.log(2.0) + pose_density.mean(),
    }


def expected_information(
    objective: Objective,
    fake: Arrays,
    views: Arrays,
    effects: Mapping[str, Any],
) -> tuple[float, float]:
    """What `Q` and the generator minimize of it."""
    latents = FIELDS_SPEC.sample(12, KEY)
    moved = dict(views)
    for effect, gains in objective.equivariant_codes.items():
        for name, gain in gains.items():
            change = np.asarray(effects[effect])[:, None]
            moved[f"{name}_mean"] = moved[f"{name}_mean"] - gain * change
    of_images = expected_bounds(latents, fake)
    of_views = expected_bounds(latents, moved)
    posterior, generator = dict(of_images), dict(of_images)
    gained = [name for g in objective.equivariant_codes.values() for name in g]
    for name in (*objective.invariant_codes, *gained):
        posterior[name] = (of_images[name] + of_views[name]) / 2
        generator[name] = of_views[name]
    generator["category"] = posterior["category"]
    of_q, of_g = (
        -sum(
            objective.information_weights.get(name, 1.0) * nats
            for name, nats in information.items()
        )
        for information in (posterior, generator)
    )
    return of_q, of_g


def expected_game(
    objective: Objective, real: np.ndarray, fake: np.ndarray
) -> tuple[float, float]:
    """The adversarial losses of discriminator and generator, of logits."""
    if objective.adversarial_loss == "least_squares":
        game = 0.5 * np.mean((real - 1) ** 2 + fake**2)
        return game, np.mean((fake - 1) ** 2)
    target = 1.0 - objective.label_smoothing
    log_odds = scipy.special.log_expit
    game = -np.mean(
        target * log_odds(real)
        + (1 - target) * log_odds(-real)
        + log_odds(-fake)
    )
    return game, -np.mean(log_odds(fake))


def expected_invariance(one: np.ndarray, other: np.ndarray) -> float:
    """The mutual information of two images' categories, of their logits."""
    joint = np.exp(log_softmax(one)).T @ np.exp(log_softmax(other))
    joint = (joint + joint.T) / (2 * len(one))
    product = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    return scipy.special.rel_entr(joint, product).sum()


def expected_losses(objective: Objective) -> dict[str, float]:
    """All that an objective is, in NumPy and SciPy; only the views are ours.

    The discriminator is linear, so both penalties have a closed form.
    """
    discriminate = LinearDiscriminator(FIELDS_SPEC, scale=0.3)
    augmentation = objective.augmentation
    assert augmentation is not None
    # In the order of their keys.
    real_views, fake_views, labeled_views = (
        augment(augmentation, images, fold_in(KEY, number))
        for number, images in enumerate(
            (LABELED["positives"], images_of(1), LABELED["labeled_images"])
        )
    )

    def read(images: tf.Tensor) -> Arrays:
        return {
            name: np.asarray(v, np.float64)
            for name, v in discriminate(images).items()
        }

    real, fake = read(LABELED["images"]), read(images_of(1))
    game, deceive = expected_game(objective, real["logits"], fake["logits"])
    of_q, of_g = expected_information(
        objective, fake, read(fake_views.images), fake_views.effects
    )
    norm = np.linalg.norm(discriminate.weights["logits"])
    labels = log_softmax(read(labeled_views.images)["category_logits"])
    return {
        "discriminator": game
        + objective.r1_weight * norm**2 / 2
        + objective.gradient_penalty_weight * (norm - 1) ** 2
        - objective.invariance_weight
        * expected_invariance(
            real["category_logits"],
            read(real_views.images)["category_logits"],
        )
        - objective.label_weight
        * labels[np.arange(5), LABELED["labels"]].mean(),
        "generator": deceive,
        "information of Q": of_q,
        "information of G": of_g,
        # A guess among four dimensions, at step 7.
        "contrastive": objective.contrastive_weight
        * np.log(4.0)
        * (objective.contrastive_start <= 7),
    }


def information_and_loss(
    objective: Objective,
    discriminate: Any,
    priors: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[InformationLosses, float]:
    """The information of generated images, and the discriminator's loss."""
    images = images_of(1)
    posterior = discriminate(images)
    information = total.information_losses(
        objective,
        FIELDS_SPEC,
        latents=FIELDS_SPEC.sample(12, KEY),
        images=images,
        posterior=posterior,
        discriminate=discriminate,
        key=KEY,
        priors=priors,
    )
    loss, _ = total.discriminator_loss(
        objective,
        FIELDS_SPEC,
        batch=LABELED,
        fake_images=images,
        fake_logits=posterior["logits"],
        discriminate=discriminate,
        key=KEY,
        priors=priors,
    )
    return information, float(loss)


def test_a_prior_reaches_the_losses():
    """The bound ends with its entropy, the invariance with its expected log."""
    prior = np.array([0.5, 0.3, 0.2], np.float32)
    discriminate = LinearDiscriminator(FIELDS_SPEC, scale=0.3)
    without, loss_without = information_and_loss(ALL_TERMS, discriminate)
    with_prior, loss_with = information_and_loss(
        ALL_TERMS, discriminate, {"category": prior}
    )
    # Of the same latents, only the entropies differ.
    fewer_nats = math.log(3.0) - stats.entropy(prior)
    for name in ("generator", "posterior"):
        found = float(getattr(with_prior, name)) - float(getattr(without, name))
        assert found == pytest.approx(fewer_nats, abs=1e-5)
    assert ALL_TERMS.augmentation is not None
    views = augment(
        ALL_TERMS.augmentation, LABELED["positives"], fold_in(KEY, 0)
    )
    first, second = (
        discriminate(x)["category_logits"]
        for x in (LABELED["images"], views.images)
    )
    expected = -0.5 * float(expected_log_prior(first, second, prior))
    assert loss_with - loss_without == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("field", [None, *FIELDS])
def test_each_field_reaches_what_it_weights(field):
    """Every loss, with another value of each field, as written out anew.

    Sums of about ten in float32: 1e-5 of them.
    """
    changes: dict[str, Any] = {field: CHANGES[field]} if field else {}
    objective = dataclasses.replace(ALL_TERMS, **changes)
    discriminate = LinearDiscriminator(FIELDS_SPEC, scale=0.3)
    images = images_of(1)
    posterior = discriminate(images)
    information, loss = information_and_loss(objective, discriminate)
    contrastive, _ = total.contrastive_loss(
        objective,
        FIELDS_SPEC,
        images=images,
        latents=FIELDS_SPEC.sample(12, KEY),
        others=FIELDS_SPEC.sample(12, KEY + 1),
        generate=lambda latents: images,
        compare=lambda pairs: tf.zeros((12, 4)),
        key=KEY,
        step=tf.constant(7, tf.int64),
    )
    found = {
        "contrastive": float(contrastive),
        "discriminator": loss,
        "generator": float(
            total.generator_loss(objective, posterior["logits"])
        ),
        "information of Q": float(information.posterior),
        "information of G": float(information.generator),
    }
    expected = expected_losses(objective)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)
    if field:
        before = expected_losses(ALL_TERMS)
        assert any(abs(expected[k] - before[k]) > 1e-2 for k in before), field
