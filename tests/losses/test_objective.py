"""The objective as data: ranges, what goes together, and the way to JSON."""

import dataclasses
import json
import math

import pytest

from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses import ADVERSARIAL_LOSSES
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.options import from_plain
from keras_infogan.options import to_plain

SPEC = LatentSpec(
    2, {"category": Categorical(3), "style": Uniform(2), "pose": Uniform(1)}
)
OTHER = LatentSpec(2, {"angle": Circular(), "bit": Bernoulli(1)})
NO_CATEGORY = LatentSpec(2, {"style": Uniform(2)})
THICK = Augmentation(thickness=1.0)
INVARIANT = Objective(
    augmentation=Augmentation(),
    invariant_codes=["category"],
    invariance_weight=1.0,
)


@pytest.mark.parametrize("label_smoothing", [-0.1, 1.0, math.nan])
def test_wrong_label_smoothing(label_smoothing):
    with pytest.raises(
        ValueError,
        match="label_smoothing should be a number of at least 0 and below 1. "
        f"Received: {label_smoothing}.",
    ):
        Objective(label_smoothing=label_smoothing)


def test_an_unknown_adversarial_loss_is_refused():
    with pytest.raises(
        ValueError,
        match="adversarial_loss should be one of non_saturating, "
        "least_squares, hinge, wasserstein. Received: 'bce'.",
    ):
        Objective("bce")


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_smoothing_without_a_target_is_refused(name):
    if ADVERSARIAL_LOSSES[name].has_target:
        assert Objective(name, label_smoothing=0.1).label_smoothing == 0.1
        return
    with pytest.raises(
        ValueError,
        match="label_smoothing is for non_saturating and least_squares only. "
        f"Received: adversarial_loss='{name}'.",
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
@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan, True])
def test_wrong_weight(name, weight):
    with pytest.raises(
        ValueError,
        match=f"{name} should be a number of at least 0. Received: {weight}.",
    ):
        dataclasses.replace(INVARIANT, **{name: weight})


@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan])
def test_wrong_information_weight(weight):
    """The message names the code."""
    with pytest.raises(
        ValueError,
        match=r"information_weights\['style'\] should be a number of at least "
        f"0. Received: {weight}.",
    ):
        Objective(information_weights={"category": 1.0, "style": weight})


@pytest.mark.parametrize("effect", ["slant", "thickness"])
@pytest.mark.parametrize("gain", [0.0, -1.0, math.inf, math.nan, True, "2"])
def test_wrong_gain(gain, effect):
    with pytest.raises(
        ValueError,
        match=rf"equivariant_codes\['{effect}'\]\['pose'\] should be a number "
        f"above 0. Received: {gain!r}.",
    ):
        Objective(
            augmentation=THICK, equivariant_codes={effect: {"pose": gain}}
        )


@pytest.mark.parametrize(
    "options",
    [
        {"augmentation": Augmentation()},
        {"augmentation": THICK, "equivariant_codes": {"slant": {}}},
        {"invariant_codes": ["category"]},
        {"invariance_weight": 1.0},
        {"equivariant_codes": {"slant": {"pose": 2.0}}},
        {"invariant_codes": ["category"], "invariance_weight": 1.0},
    ],
    ids=lambda options: "-".join(options),
)
def test_an_augmentation_and_its_uses_go_together(options):
    with pytest.raises(
        ValueError,
        match="augmentation goes together with invariant_codes, "
        "equivariant_codes or invariance_weight. Received: augmentation=",
    ):
        Objective(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"invariant_codes": ["pose", "pose"]},
        {
            "invariant_codes": ["pose"],
            "equivariant_codes": {"slant": {"pose": 1.0}},
        },
        {"equivariant_codes": {"slant": {"pose": 1}, "thickness": {"pose": 1}}},
    ],
    ids=["twice", "invariant", "two effects"],
)  # fmt: skip
def test_a_code_is_consistent_in_one_way(options):
    with pytest.raises(ValueError, match="Received: pose twice. Remove it"):
        Objective(augmentation=THICK, **options)


@pytest.mark.parametrize(
    ("augmentation", "effect", "effects"),
    [
        (Augmentation(rotation=0.0, shear=0.0), "slant", "it has none"),
        (Augmentation(rotation=0.0), "rotation", "slant"),
        (Augmentation(), "thickness", "slant, rotation"),
        (THICK, "color", "slant, rotation, thickness"),
    ],
)
def test_an_effect_is_one_of_the_augmentation(augmentation, effect, effects):
    with pytest.raises(
        ValueError,
        match="equivariant_codes should be of effects of the augmentation: "
        f"{effects}. Received: '{effect}'.",
    ):
        Objective(
            augmentation=augmentation, equivariant_codes={effect: {"pose": 1}}
        )


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"information_weights": {"digit": 1.0}}, "information_weights"),
        (
            {"augmentation": THICK, "invariant_codes": ["digit"]},
            "invariant_codes",
        ),
        (
            {
                "augmentation": THICK,
                "equivariant_codes": {"thickness": {"digit": 2.0}},
            },
            r"equivariant_codes\['thickness'\]",
        ),
    ],
    ids=["information_weights", "invariant_codes", "equivariant_codes"],
)
def test_option_of_an_unknown_code(options, name):
    with pytest.raises(
        ValueError,
        match=f"^{name} should name codes of category, style, pose. "
        "Received: digit.",
    ):
        Objective(**options).check_codes(SPEC)


@pytest.mark.parametrize(
    ("name", "spec"), [("category", SPEC), ("style", SPEC), ("bit", OTHER)]
)
def test_an_equivariant_code_is_one_number(name, spec):
    objective = Objective(
        augmentation=THICK, equivariant_codes={"slant": {name: 2.0}}
    )
    with pytest.raises(
        ValueError,
        match="should be continuous codes of one dimension. Received: "
        rf"{name}=(Categorical|Uniform|Bernoulli)\(",
    ):
        objective.check_codes(spec)


def test_invariance_without_a_category():
    objective = Objective(augmentation=Augmentation(), invariance_weight=1.0)
    with pytest.raises(
        ValueError,
        match="invariance_weight should come with a categorical code. "
        "Received: style, "
        "none of them categorical.",
    ):
        objective.check_codes(NO_CATEGORY)


def test_codes_that_fit_the_options():
    INVARIANT.check_codes(SPEC)
    Objective(information_weights={"style": 0.1}).check_codes(NO_CATEGORY)
    Objective(
        augmentation=Augmentation(), invariant_codes=["style"]
    ).check_codes(NO_CATEGORY)
    Objective(
        augmentation=THICK, equivariant_codes={"slant": {"pose": 2}}
    ).check_codes(SPEC)
    Objective(
        augmentation=THICK, equivariant_codes={"rotation": {"angle": 1}}
    ).check_codes(OTHER)


def test_consistent_codes():
    objective = Objective(
        augmentation=THICK,
        invariant_codes=["category"],
        equivariant_codes={"slant": {"pose": 2.0}, "thickness": {"style": 1}},
    )
    assert objective.consistent_codes == ["category", "pose", "style"]
    # The flags with which a preset is changed to have none.
    none = Objective(equivariant_codes={"slant": {}, "thickness": {}})
    assert none == Objective()
    assert Objective().consistent_codes == []


EACH_OPTION = [
    Objective(),
    Objective("least_squares", label_smoothing=0.1, label_weight=0.5),
    Objective("wasserstein", gradient_penalty_weight=10.0, r1_weight=2.0),
    Objective(
        information_weights={"category": 1.0, "style": 0.1},
        augmentation=Augmentation(0.1, 0.2, 0.3, 0.4, thickness=0.5),
        invariant_codes=["category", "style"],
        equivariant_codes={"slant": {"lean": 2.0}, "thickness": {"tilt": 1.0}},
        invariance_weight=0.5,
    ),
]


@pytest.mark.parametrize("objective", EACH_OPTION)
def test_config_round_trip(objective):
    """Through JSON: lists and nested options become what they were."""
    config = json.loads(json.dumps(to_plain(objective)))
    twin = from_plain(Objective, config)
    assert twin == objective
    assert to_plain(twin) == to_plain(objective)
    assert from_plain(Objective, {}) == Objective()


def test_an_unknown_option_is_refused():
    """Such as one of a configuration from before."""
    with pytest.raises(
        ValueError,
        match="Objective should have known options only. Received: "
        "warped_codes. Known: adversarial_loss, .*contrastive_start.$",
    ):
        from_plain(Objective, {"warped_codes": []})


def test_a_start_without_a_weight_is_refused():
    with pytest.raises(ValueError, match="contrastive_start should be 0 if"):
        Objective(contrastive_start=5)
