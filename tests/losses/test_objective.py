"""The losses put together: which options there are, and what each adds."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import adversarial as losses
from keras_infogan.losses.adversarial import ADVERSARIAL_LOSSES
from keras_infogan.losses.augmentation import Warp
from keras_infogan.losses.objective import Objective

KEY = tf.constant([3, 5], tf.int64)
SHAPE = (6, 6, 1)
SPEC = LatentSpec(
    2, {"category": Categorical(3), "style": Uniform(2), "kind": Categorical(4)}
)
NO_CATEGORY = LatentSpec(2, {"style": Uniform(2)})
# One of a fixed deviation, one of a learned one.
LEANING = LatentSpec(2, {"lean": Uniform(1, stddev=0.5), "tilt": Uniform(1)})
NO_WARP = Warp(0.0, 0.0, 0.0, 0.0)
THICK = Warp(thickness=1.0)
WARPED = Objective(
    warp=Warp(), warped_codes=["category", "kind"], invariance_weight=1.0
)


class LinearDiscriminator:
    """Inner products with fixed weights. It remembers what it was asked."""

    def __init__(self) -> None:
        generator = np.random.default_rng(7)
        self.weights = {
            name: tf.constant(
                generator.normal(size=(math.prod(SHAPE), dim)), tf.float32
            )
            for name, dim in {"logits": 1, **SPEC.posterior_dims}.items()
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
    objective: Objective, key: tf.Tensor = KEY
) -> dict[str, float]:
    discriminate = LinearDiscriminator()
    fake_images = images_of(1)
    values = objective.information(
        SPEC,
        SPEC.sample(12, KEY),
        fake_images,
        discriminate(fake_images),
        discriminate,
        key,
    )
    return {name: float(value) for name, value in values.items()}


def with_gains(option: str, gains: Any) -> Objective:
    """By a warp that slants and thickens."""
    return dataclasses.replace(Objective(), warp=THICK, **{option: gains})


def discrimination_of(
    objective: Objective,
    batch: Mapping[str, tf.Tensor] | None = None,
    key: tf.Tensor = KEY,
) -> dict[str, float]:
    discriminate = LinearDiscriminator()
    fake_images = images_of(1)
    values = objective.discrimination(
        SPEC,
        batch or {"images": images_of(0)},
        fake_images,
        discriminate(fake_images),
        discriminate,
        key,
    )
    return {name: float(value) for name, value in values.items()}


def test_an_unknown_loss_is_refused():
    with pytest.raises(
        ValueError,
        match="one of non_saturating, least_squares, hinge, wasserstein. "
        "Received: 'bce'.",
    ):
        Objective("bce")


@pytest.mark.parametrize("label_smoothing", [-0.1, 1.0, math.nan])
def test_wrong_label_smoothing(label_smoothing):
    with pytest.raises(
        ValueError, match=rf"in \[0, 1\). Received: {label_smoothing}."
    ):
        Objective(label_smoothing=label_smoothing)


@pytest.mark.parametrize("name", ["hinge", "wasserstein"])
def test_smoothing_without_a_target_is_refused(name):
    with pytest.raises(
        ValueError,
        match="`label_smoothing` has a meaning for non_saturating and "
        f"least_squares only. Received: adversarial_loss='{name}'.",
    ):
        Objective(name, label_smoothing=0.1)


@pytest.mark.parametrize(
    "name",
    [
        "r1_weight",
        "gradient_penalty_weight",
        "invariance_weight",
        "label_weight",
    ],
)
@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan])
def test_wrong_weight(name, weight):
    with pytest.raises(
        ValueError,
        match=f"`{name}` should be a number of at least 0. Received: {weight}.",
    ):
        dataclasses.replace(WARPED, **{name: weight})


@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan])
def test_wrong_information_weight(weight):
    """The message has the name of the code."""
    with pytest.raises(
        ValueError,
        match="`information_weights of style` should be a number of at least "
        f"0. Received: {weight}.",
    ):
        Objective(information_weights={"category": 1.0, "style": weight})


@pytest.mark.parametrize(
    "options",
    [
        {"warp": Warp()},
        {"warped_codes": ["category"]},
        {"invariance_weight": 1.0},
        {"slant_gains": {"lean": 2.0}},
        {"thickness_gains": {"lean": 2.0}},
        {"warped_codes": ["category"], "invariance_weight": 1.0},
    ],
    ids=lambda options: "-".join(options),
)
def test_warp_and_its_uses_go_together(options):
    """A warp that warps nothing, and uses of a warp that is not there."""
    with pytest.raises(
        ValueError,
        match="`warp` goes together with `warped_codes`, `slant_gains`, "
        "`thickness_gains` or `invariance_weight`. Received: warp=",
    ):
        Objective(**options)


@pytest.mark.parametrize(
    "objective",
    [
        Objective(information_weights={"digit": 1.0}),
        Objective(warp=Warp(), warped_codes=["digit"]),
        Objective(warp=Warp(), slant_gains={"digit": 2.0}),
        Objective(warp=THICK, thickness_gains={"digit": 2.0}),
    ],
    ids=[
        "information_weights",
        "warped_codes",
        "slant_gains",
        "thickness_gains",
    ],
)
def test_option_of_an_unknown_code(objective):
    with pytest.raises(
        ValueError, match="of the codes category, style, kind. Received: digit."
    ):
        objective.check_codes(SPEC)


@pytest.mark.parametrize("option", ["slant_gains", "thickness_gains"])
@pytest.mark.parametrize("gain", [0.0, -1.0, math.inf, math.nan, True, "2"])
def test_wrong_gain(gain, option):
    with pytest.raises(
        ValueError,
        match=f"`{option}` of lean should be a number above 0. "
        f"Received: {gain!r}.",
    ):
        with_gains(option, {"lean": gain})


@pytest.mark.parametrize(
    "options",
    [
        {"warped_codes": ["lean"], "slant_gains": {"lean": 1.0}},
        {"warped_codes": ["lean"], "thickness_gains": {"lean": 1.0}},
        {"slant_gains": {"lean": 1.0}, "thickness_gains": {"lean": 1.0}},
    ],
    ids=lambda options: "-".join(options),
)
def test_a_code_is_read_from_copies_in_one_way(options):
    with pytest.raises(ValueError, match="Received: lean in two. Leave it"):
        Objective(warp=THICK, **options)


def test_a_warp_that_does_not_slant_has_no_gains():
    with pytest.raises(ValueError, match="need a warp that slants"):
        Objective(warp=Warp(rotation=0.0, shear=0.0), slant_gains={"lean": 1.0})


def test_a_warp_that_does_not_thicken_has_no_gains():
    with pytest.raises(ValueError, match="need a warp that thickens"):
        Objective(warp=Warp(), thickness_gains={"lean": 1.0})


@pytest.mark.parametrize("option", ["slant_gains", "thickness_gains"])
@pytest.mark.parametrize("name", ["category", "style"])
def test_a_gain_is_of_one_number(name, option):
    with pytest.raises(
        ValueError,
        match="for continuous codes of one dimension. Received: "
        rf"{name}=(Categorical|Uniform)\(",
    ):
        with_gains(option, {name: 2.0}).check_codes(SPEC)


def test_invariance_without_a_category():
    with pytest.raises(
        ValueError,
        match="`invariance_weight` is for categorical codes. Received: style, "
        "none of them categorical.",
    ):
        Objective(warp=Warp(), invariance_weight=1.0).check_codes(NO_CATEGORY)


def test_codes_that_go_with_the_options():
    WARPED.check_codes(SPEC)
    Objective(information_weights={"style": 0.1}).check_codes(NO_CATEGORY)
    Objective(warp=Warp(), warped_codes=["style"]).check_codes(NO_CATEGORY)
    Objective(
        warp=THICK, slant_gains={"lean": 2}, thickness_gains={"tilt": 1}
    ).check_codes(LEANING)


def test_has_gradient_penalty():
    assert not Objective().has_gradient_penalty
    assert Objective(r1_weight=1.0).has_gradient_penalty
    assert Objective(gradient_penalty_weight=1.0).has_gradient_penalty


EACH_OPTION = [
    Objective(),
    Objective("least_squares", label_smoothing=0.1, label_weight=0.5),
    Objective("wasserstein", gradient_penalty_weight=10.0, r1_weight=2.0),
    Objective(
        information_weights={"category": 1.0, "style": 0.1},
        warp=Warp(0.1, 0.2, 0.3, 0.4, thickness=0.5),
        warped_codes=["category", "style"],
        slant_gains={"lean": 2.0},
        thickness_gains={"tilt": 1.0},
        invariance_weight=0.5,
    ),
]


@pytest.mark.parametrize("objective", EACH_OPTION)
def test_config_round_trip(objective):
    """Through JSON, as itself and as a serialized object of Keras."""
    text = json.dumps(objective.get_config())
    assert Objective.from_config(json.loads(text)) == objective
    config = keras.saving.serialize_keras_object(objective)
    assert config["registered_name"] == "keras_infogan>Objective"
    twin = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert twin == objective
    assert isinstance(twin.warp, Warp) == (objective.warp is not None)


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_adversarial_loss_by_name(name):
    """Both sides are those of the name, and nothing is added to them."""
    discriminate = LinearDiscriminator()
    real = discriminate(images_of(0))["logits"]
    fake = discriminate(images_of(1))["logits"]
    game = ADVERSARIAL_LOSSES[name]
    objective = Objective(name)
    assert discrimination_of(objective) == {
        "discrimination_loss": float(game.discriminator(real, fake))
    }
    assert float(objective.generator_loss(fake)) == float(game.generator(fake))


def test_label_smoothing_is_passed_on():
    """It adds `s E[D(x)]` to the first loss (see its comment); 1e-5 of ten."""
    smooth = discrimination_of(Objective(label_smoothing=0.2))
    plain = discrimination_of(Objective())
    real = LinearDiscriminator()(images_of(0))["logits"]
    assert (
        smooth["discrimination_loss"] - plain["discrimination_loss"]
    ) == pytest.approx(0.2 * float(tf.reduce_mean(real)), abs=1e-5)


def test_penalties_enter_with_their_weights():
    """`|w|^2 / 2` and `(|w| - 1)^2` of the linear discriminator.

    The sum is some hundreds, in float32: 1e-5 of it.
    """
    norm = np.linalg.norm(LinearDiscriminator().weights["logits"])
    values = discrimination_of(
        Objective(r1_weight=3.0, gradient_penalty_weight=7.0)
    )
    plain = discrimination_of(Objective())
    assert values == pytest.approx(
        {
            "discrimination_loss": plain["discrimination_loss"]
            + 3.0 * 0.5 * norm**2
            + 7.0 * (norm - 1.0) ** 2
        },
        rel=1e-5,
    )


def test_invariance_enters_with_its_weight():
    """All categories count, and it is subtracted: it is to be raised.

    Under no warp both copies are the image, to rounding; 1e-5 of about ten.
    """
    weight = 0.3
    values = discrimination_of(
        Objective(warp=NO_WARP, invariance_weight=weight)
    )
    real = LinearDiscriminator()(images_of(0))
    information = sum(
        float(
            losses.invariant_information(
                real[f"{name}_logits"], real[f"{name}_logits"]
            )
        )
        for name in ("category", "kind")
    )
    plain = discrimination_of(Objective())["discrimination_loss"]
    assert information > 0.1
    assert values == pytest.approx(
        {
            "invariant_information": information,
            "discrimination_loss": plain - weight * information,
        },
        abs=1e-5,
    )


def test_invariance_is_that_of_partners():
    """Between the images and others, if a batch has others; 1e-5 of ten."""
    objective = Objective(warp=NO_WARP, invariance_weight=1.0)
    batch = {"images": images_of(0), "partners": images_of(3)}
    one, other = map(LinearDiscriminator(), batch.values())
    information = sum(
        float(
            losses.invariant_information(
                one[f"{name}_logits"], other[f"{name}_logits"]
            )
        )
        for name in ("category", "kind")
    )
    values = discrimination_of(objective, batch)
    assert values["invariant_information"] == pytest.approx(
        information, abs=1e-5
    )
    alone = discrimination_of(objective)["invariant_information"]
    assert abs(alone - information) > 0.1


def test_labels_enter_with_their_weight():
    """Those of the first category, at images of their own; 1e-5 of ten."""
    weight = 0.3
    batch = {
        "images": images_of(0),
        "labeled_images": images_of(2, 5),
        "labels": tf.constant([0, 2, 1, 1, 0]),
    }
    values = discrimination_of(Objective(label_weight=weight), batch)
    logits = LinearDiscriminator()(batch["labeled_images"])["category_logits"]
    label_loss = float(losses.label_loss(batch["labels"], logits))
    plain = discrimination_of(Objective())["discrimination_loss"]
    assert values == pytest.approx(
        {
            "label_loss": label_loss,
            "discrimination_loss": plain + weight * label_loss,
        },
        abs=1e-5,
    )


def test_information_is_weighted_code_by_code():
    """`-sum(lambda I)`, and 1 where no weight is given.

    What is reported of each code, and in total, is not weighted. Values of
    some hundreds, in float32: 1e-6 of them.
    """
    latents = SPEC.sample(12, KEY)
    bound = {
        name: float(value)
        for name, value in losses.mutual_information(
            SPEC, latents, LinearDiscriminator()(images_of(1))
        ).items()
    }
    reported = {
        "mutual_information": sum(bound.values()),
        **{f"mutual_information_{name}": bound[name] for name in bound},
    }
    for weights, loss in (
        ({}, -sum(bound.values())),
        (
            {"category": 0.0, "style": 0.5},
            -0.5 * bound["style"] - bound["kind"],
        ),
        (
            {"category": 2.0, "style": 0.0, "kind": 3.0},
            -2.0 * bound["category"] - 3.0 * bound["kind"],
        ),
    ):
        values = information_of(Objective(information_weights=weights))
        both = dict.fromkeys(
            ("information_loss", "generator_information_loss"), loss
        )
        assert values == pytest.approx({**both, **reported}, rel=1e-6)


def test_without_a_warp_nothing_more_is_asked():
    """The information costs no further pass through the discriminator."""
    discriminate = LinearDiscriminator()
    fake_images = images_of(1)
    fake = discriminate(fake_images)
    Objective().information(
        SPEC, SPEC.sample(12, KEY), fake_images, fake, discriminate, KEY
    )
    assert len(discriminate.images) == 1


def test_no_warp_of_generated_images_changes_nothing():
    """The mean of twice the same; to the rounding of the identity warp."""
    weights = {"category": 2.0, "style": 0.5}
    plain = information_of(Objective(information_weights=weights))
    same = information_of(
        Objective(
            information_weights=weights,
            warp=NO_WARP,
            warped_codes=["category", "style"],
        )
    )
    assert same == pytest.approx(plain, rel=1e-5)


def test_warp_of_generated_images_is_the_mean_of_both():
    """For the codes that are named only: another may be what it changes.

    The warped images are those that the discriminator was asked for.
    """
    discriminate = LinearDiscriminator()
    fake_images = images_of(1)
    latents = SPEC.sample(12, KEY)
    fake = discriminate(fake_images)
    values = Objective(
        information_weights={"category": 2.0, "style": 0.5},
        warp=Warp(),
        warped_codes=["category", "kind"],
    ).information(SPEC, latents, fake_images, fake, discriminate, KEY)
    _, warped_images = discriminate.images
    assert not np.allclose(warped_images, fake_images, atol=0.1)
    plain = losses.mutual_information(SPEC, latents, fake)
    warped = losses.mutual_information(
        SPEC, latents, discriminate(warped_images)
    )
    expected = -(
        2.0 * 0.5 * (plain["category"] + warped["category"])
        + 0.5 * plain["style"]
        + 0.5 * (plain["kind"] + warped["kind"])
    )
    np.testing.assert_allclose(values["information_loss"], expected, rtol=1e-6)
    np.testing.assert_array_equal(
        values["generator_information_loss"], values["information_loss"]
    )
    # What is reported is the bound at the images themselves.
    for name, nats in plain.items():
        np.testing.assert_array_equal(
            values[f"mutual_information_{name}"], nats
        )
    np.testing.assert_allclose(
        values["mutual_information"], sum(plain.values()), rtol=1e-6
    )


def test_generator_hears_of_a_style_from_the_copies_alone():
    """`Q` learns to read both; a category the generator hears of both, too."""
    discriminate = LinearDiscriminator()
    fake_images = images_of(1)
    latents = SPEC.sample(12, KEY)
    fake = discriminate(fake_images)
    values = Objective(
        information_weights={"kind": 0.0},
        warp=Warp(),
        warped_codes=["category", "style"],
    ).information(SPEC, latents, fake_images, fake, discriminate, KEY)
    plain = losses.mutual_information(SPEC, latents, fake)
    warped = losses.mutual_information(
        SPEC, latents, discriminate(discriminate.images[1])
    )
    category = 0.5 * (plain["category"] + warped["category"])
    np.testing.assert_allclose(
        values["information_loss"],
        -(category + 0.5 * (plain["style"] + warped["style"])),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        values["generator_information_loss"],
        -(category + warped["style"]),
        rtol=1e-6,
    )
    # By more than rounding.
    assert abs(plain["style"] - warped["style"]) > 1.0


@pytest.mark.parametrize(
    ("option", "changes_of"),
    [("slant_gains", "slants"), ("thickness_gains", "thickenings")],
)
def test_what_the_warp_changes_is_taken_off(option, changes_of):
    """`log N(c; mean(x') - gain s, deviation)` of SciPy, and its mean with x.

    One code of a fixed deviation and one of a learned one; the entropy of both
    is log 2. What is reported is the bound at the images themselves.
    """
    weights = tf.constant(
        np.random.default_rng(7).normal(0, 0.1, (math.prod(SHAPE), 3)),
        tf.float32,
    )
    asked = []

    def discriminate(images: tf.Tensor) -> dict[str, tf.Tensor]:
        asked.append(images)
        values = tf.reshape(images, (-1, math.prod(SHAPE))) @ weights
        names = ("lean_mean", "tilt_mean", "tilt_log_stddev")
        return dict(zip(names, tf.split(values, 3, axis=1), strict=True))

    warp = THICK
    gains = {"lean": 1.5, "tilt": 0.5}
    latents = LEANING.sample(12, KEY)
    fake_images = images_of(1)
    objective = with_gains(option, gains)
    fake = discriminate(fake_images)
    values = objective.information(
        LEANING, latents, fake_images, fake, discriminate, KEY
    )
    warped = discriminate(asked[1])
    # The key of the warp is the objective's own affair: it is the one that
    # gives these images.
    key = next(
        key
        for key in (fold_in(KEY, purpose) for purpose in range(4))
        if np.array_equal(warp(fake_images, key), asked[1])
    )
    changes = getattr(warp, changes_of)(12, key).numpy()[:, None]
    assert abs(changes).max() > 0.2

    def bound(posterior, name, added):
        stddev = (
            0.5
            if name == "lean"
            else np.exp(posterior["tilt_log_stddev"].numpy())
        )
        mean = posterior[f"{name}_mean"].numpy() - added
        likelihood = stats.norm.logpdf(latents[name].numpy(), mean, stddev)
        return math.log(2.0) + likelihood.mean()

    expected = -sum(
        0.5 * (bound(fake, name, 0.0) + bound(warped, name, gain * changes))
        for name, gain in gains.items()
    )
    np.testing.assert_allclose(values["information_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(
        values["generator_information_loss"],
        -sum(
            bound(warped, name, gain * changes) for name, gain in gains.items()
        ),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        values["mutual_information"],
        sum(bound(fake, name, 0.0) for name in gains),
        rtol=1e-5,
    )


def test_gradient_of_the_information_passes_the_warp():
    """The generator learns from the warped copy, too."""
    discriminate = LinearDiscriminator()
    latents = SPEC.sample(12, KEY)
    gradients = []
    for objective in (
        Objective(),
        Objective(warp=Warp(), warped_codes=["category", "kind"]),
    ):
        fake_images = images_of(1)
        with tf.GradientTape() as tape:
            tape.watch(fake_images)
            loss = objective.information(
                SPEC,
                latents,
                fake_images,
                discriminate(fake_images),
                discriminate,
                KEY,
            )["generator_information_loss"]
        gradients.append(tape.gradient(loss, fake_images).numpy())
    plain, warped = gradients
    assert np.isfinite(warped).all()
    # Half of the categories' gradient comes by another way.
    assert not np.allclose(plain, warped, rtol=0.1)


def test_draws_of_different_purposes_are_independent():
    """Three warps of the same images at one key: three different results."""
    images = images_of(0)
    batch = {
        "images": images,
        "labeled_images": images,
        "labels": tf.zeros(12, tf.int32),
    }
    discriminate = LinearDiscriminator()
    fake = discriminate(images)
    WARPED.information(
        SPEC, SPEC.sample(12, KEY), images, fake, discriminate, KEY
    )
    WARPED.discrimination(SPEC, batch, images, fake, discriminate, KEY)
    _, fake_warp, real, real_warp, label_warp = discriminate.images
    np.testing.assert_array_equal(real, images)
    for one, other in (
        (fake_warp, real_warp),
        (real_warp, label_warp),
        (label_warp, fake_warp),
    ):
        assert not np.allclose(one, other, atol=0.1)


def test_a_step_is_a_function_of_its_key():
    """The same key gives the same losses, another key gives others."""
    objective = dataclasses.replace(WARPED, gradient_penalty_weight=1.0)
    for losses_of in (information_of, discrimination_of):
        first = losses_of(objective, key=KEY)
        assert losses_of(objective, key=KEY) == first
        assert losses_of(objective, key=KEY + 1) != first
        # Without an option that draws, the key does not matter.
        assert losses_of(Objective(), key=KEY) == losses_of(
            Objective(), key=KEY + 1
        )
