"""Fitted code maps of perfect, collapsed and merged representations."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.measures import naming
from keras_infogan.evaluation.measures.naming import fit_code_map
from keras_infogan.evaluation.measures.naming import fit_to_real_images
from keras_infogan.evaluation.measures.naming import name_categories
from keras_infogan.evaluation.measures.naming import name_dimensions
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.spec import LatentSpec
from tests.helpers.code_maps import dimensions

CLASSES = ("zero", "one", "two")


def traversal(**effects: float) -> dict[str, Any]:
    """A dimension that changes what is named by so many deviations."""
    size = {name: effects.get(name, 0.0) for name in ATTRIBUTES}
    return {
        "effect": size,
        "correlation": {
            name: float(np.sign(value)) for name, value in size.items()
        },
        "range": {name: [0.0, value] for name, value in size.items()},
    }


@pytest.mark.parametrize(
    ("confusion", "names", "purities"),
    [
        # Perfect, under other names.
        ([[0, 9, 0], [0, 0, 8], [7, 0, 0]], CLASSES[2:] + CLASSES[:2], [1] * 3),
        # Collapsed: all in one category.
        ([[5, 0, 0], [9, 0, 0], [4, 0, 0]], ("one", None, None), [0.5, None]),
        # No class has half of it.
        ([[5, 0, 0], [6, 0, 0], [4, 0, 3]], (None, None, "two"), [None] * 2),
        # Merged: two classes in one category, one split into two.
        ([[5, 0, 0], [3, 0, 0], [0, 4, 2]], ("zero", "two", "two"), [0.625, 1]),
    ],
    ids=["perfect", "collapsed", "none", "merged"],
)
def test_name_categories(confusion, names, purities):
    meanings = name_categories(np.array(confusion), CLASSES)
    assert tuple(meaning.name for meaning in meanings) == tuple(names)
    for meaning, purity in zip(meanings, purities, strict=False):
        assert meaning.purity == (
            None if purity is None else pytest.approx(purity)
        )


@pytest.mark.parametrize(("hits", "total"), [(1, 1), (3, 4), (90, 100)])
def test_confidence_is_of_an_exact_test(hits, total):
    """The purity at which so many hits or more have a chance of 2.5 %."""
    (meaning,) = name_categories(np.array([[hits], [total - hits]]), "ab")
    assert meaning.confidence is not None
    chance = stats.binom.sf(hits - 1, total, meaning.confidence)
    assert chance == pytest.approx(0.025)
    assert meaning.num_labels == total


def test_name_dimensions():
    """Each attribute names the dimension that changes it most, and the sign."""
    named = name_dimensions(
        {
            "continuous": [
                traversal(slant=-0.9, thickness=1.5, area=2.0),
                traversal(slant=1.6, thickness=0.8),
                traversal(thickness=0.5),
            ]
        },
        {"continuous": 0.1},
    )["continuous"]
    assert [meaning.attribute for meaning in named] == [
        "thickness",
        "slant",
        None,
    ]
    assert [meaning.sign for meaning in named] == [1, 1, 1]
    assert (named[1].low, named[1].high, named[1].unit) == (0.0, 1.6, "rad")
    (falling,) = name_dimensions({"a": [traversal(slant=-1.0)]}, {"a": 0.1})[
        "a"
    ]
    assert (falling.attribute, falling.sign) == ("slant", -1)


def test_an_attribute_that_wavers_names_nothing():
    wavering = traversal(slant=2.0)
    wavering["correlation"]["slant"] = 0.7
    (named,) = name_dimensions({"a": [wavering]}, {"a": 1.0})["a"]
    assert named.attribute is None


@pytest.mark.parametrize(
    ("effect", "nats", "attribute"),
    [(1.1, 0.1, "slant"), (0.9, 0.1, None), (1.1, -0.1, None)],
)
def test_noise_names_nothing(effect, nats, attribute):
    """A change that is too small to see, or that cannot be read."""
    (named,) = name_dimensions({"a": [traversal(slant=effect)]}, {"a": nats})[
        "a"
    ]
    assert named.attribute == attribute


def test_fit_to_real_images():
    """An attribute of 2 - 3 c: at -1 it is 5, at 1 it is -1, and rho is 1.

    The quartiles of the even steps -1, -.9, ... 1 of c are -.5 and .5, of the
    attribute .5 and 3.5. What cannot be measured does not count.
    """
    codes = np.append(np.linspace(-1, 1, 21), 5.0)
    named = CodeMap(
        {
            "u": dimensions(DimensionMeaning(), DimensionMeaning("slant", -1)),
            "bit": dimensions(DimensionMeaning("width")),
            "flat": dimensions(DimensionMeaning("height")),
        }
    )
    measured = {"slant": np.where(codes > 1, np.nan, 2 - 3 * codes)}
    measured |= {"width": codes, "height": codes}
    compared = fit_to_real_images(
        named,
        {
            "u": np.stack([codes**2, codes], axis=1),
            "flat": np.zeros((22, 1)),
        },
        measured,
    )
    unnamed, meaning = compared.codes["u"].dimensions
    assert meaning.infer(0.5) == pytest.approx(0.5)
    assert (meaning.read_low, meaning.read_high) == pytest.approx((5.0, -1.0))
    assert meaning.lower_quartile == pytest.approx(0.5)
    assert meaning.upper_quartile == pytest.approx(3.5)
    assert meaning.agreement == pytest.approx(1.0)
    assert unnamed == DimensionMeaning()
    assert compared.codes["bit"] == named.codes["bit"]
    assert compared.codes["flat"] == named.codes["flat"]
    # A traversal that contradicts real images has a negative agreement.
    wrong = CodeMap({"u": dimensions(DimensionMeaning("slant", 1))})
    (meaning,) = (
        fit_to_real_images(wrong, {"u": codes[:, None]}, measured)
        .codes["u"]
        .dimensions
    )
    assert meaning.agreement == pytest.approx(-1.0)


@pytest.mark.parametrize("is_linear", [True, False])
def test_lines_are_fitted_to_numbers_on_a_line(is_linear, monkeypatch):
    """To means, not to probabilities of bits or to angles: the kind says so.

    The attribute of each is the mean itself, so its line has -1 at -1.
    """
    monkeypatch.setattr(Normal, "is_linear", is_linear)
    means = np.linspace(-1.0, 1.0, 20)[:, None]
    posterior = {
        "line_mean": means,
        "line_log_stddev": means,
        "bit_logits": means,
        "bit_probabilities": means,
        "angle_direction": np.hstack([means, means]),
    }
    attributes = {"line": "slant", "bit": "width", "angle": "height"}
    spec = LatentSpec(
        2, {"line": Normal(), "bit": Bernoulli(), "angle": Circular()}
    )
    observations: Any = SimpleNamespace(
        model=SimpleNamespace(latent_spec=spec),
        clustering_code=None,
        attributes=dict.fromkeys(attributes.values(), means[:, 0]),
        test_posterior=posterior,
    )
    report = {
        "traversals": {
            name: [traversal(**{attribute: 2.0})]
            for name, attribute in attributes.items()
        },
        "mutual_information": dict.fromkeys(attributes, 1.0),
    }
    code_map = fit_code_map(observations, report)["code_map"]
    found = {name: code.dimensions[0] for name, code in code_map.codes.items()}
    for name, attribute in attributes.items():
        assert found[name].attribute == attribute
    low = pytest.approx(-1.0) if is_linear else None
    assert found["line"].read_low == low
    assert found["bit"].read_low is found["angle"].read_low is None


def test_categories_of_each_code_are_named(monkeypatch):
    """By the counts of that code."""
    counts = {"digit": [[3, 0], [0, 4]], "kind": [[5, 0], [0, 6]]}
    monkeypatch.setattr(
        naming, "count_naming_labels", lambda _, name: np.array(counts[name])
    )
    spec = LatentSpec(2, {"kind": Categorical(2), "digit": Categorical(2)})
    observations: Any = SimpleNamespace(
        model=SimpleNamespace(latent_spec=spec),
        clustering_code="digit",
        train=SimpleNamespace(class_names=CLASSES[:2]),
        attributes={},
    )
    report: dict[str, Any] = {"traversals": {}, "mutual_information": {}}
    code_map = fit_code_map(observations, report)["code_map"]
    assert [
        (code, number, category.name, category.num_labels)
        for code, number, category in code_map.named_categories()
    ] == [
        ("kind", 0, "zero", 5),
        ("kind", 1, "one", 6),
        ("digit", 0, "zero", 3),
        ("digit", 1, "one", 4),
    ]
