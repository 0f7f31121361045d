"""Names for codes: of a perfect, a collapsed and a merged representation."""

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.code_map import CategoryMeaning
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.code_map import DimensionMeaning
from keras_infogan.evaluation.code_map import compare_readings
from keras_infogan.evaluation.code_map import name_categories
from keras_infogan.evaluation.code_map import name_dimensions

CLASSES = ("zero", "one", "two")
MAP = CodeMap(
    {
        "category": (
            CategoryMeaning("7", 0.98, 0.97, 500),
            CategoryMeaning("1", 0.6, 0.55, 400),
            CategoryMeaning("7", 0.99, 0.98, 450),
            CategoryMeaning(),
        ),
        "continuous": (
            # Read as 0, it is a slant of .1, which nearly half lean less than.
            DimensionMeaning(
                "slant", -1, -0.99, 0.4, -0.3, "rad", 0.5, -0.3, -0.1, 0.2, 0.85
            ),
            DimensionMeaning(),
        ),
    },
    {"category": "categorical", "continuous": "uniform"},
)


def sweep(**effects: float) -> dict[str, Any]:
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
                sweep(slant=-0.9, thickness=1.5, area=2.0),
                sweep(slant=1.6, thickness=0.8),
                sweep(thickness=0.5),
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
    (falling,) = name_dimensions({"a": [sweep(slant=-1.0)]}, {"a": 0.1})["a"]
    assert (falling.attribute, falling.sign) == ("slant", -1)


def test_an_attribute_that_wavers_names_nothing():
    wavering = sweep(slant=2.0)
    wavering["correlation"]["slant"] = 0.7
    (named,) = name_dimensions({"a": [wavering]}, {"a": 1.0})["a"]
    assert named.attribute is None


@pytest.mark.parametrize(
    ("effect", "nats", "attribute"),
    [(1.1, 0.1, "slant"), (0.9, 0.1, None), (1.1, -0.1, None)],
)
def test_noise_names_nothing(effect, nats, attribute):
    """A change that is too small to see, or that cannot be read."""
    (named,) = name_dimensions({"a": [sweep(slant=effect)]}, {"a": nats})["a"]
    assert named.attribute == attribute


def test_find():
    """The surest of two that stand for a class."""
    assert MAP.find_categories("7") == ("category", [2, 0])
    assert MAP.find_categories("1") == ("category", [1])
    assert MAP.find_dimension("slant") == ("continuous", 0, -1)
    with pytest.raises(ValueError, match="stands for '3'. It has found 1, 7"):
        MAP.find_categories("3")
    with pytest.raises(ValueError, match="It has found slant"):
        MAP.find_dimension("width")


def test_one_label_is_less_sure_than_many():
    """One of one is pure, but 90 of 92 is surer; so also among codes."""
    (few,) = name_categories(np.array([[1], [0]]), "ab")
    (many,) = name_categories(np.array([[90], [2]]), "ab")
    assert few.purity == 1.0
    one = CodeMap({"c": (few, many)})
    assert one.find_categories("a") == ("c", [1, 0])
    two = CodeMap({"style": (few, few), "digit": (few, many)})
    assert two.find_categories("a") == ("digit", [1, 0])


def test_what_is_taken_for_a_class_is_explained():
    assert MAP.explain_categories("7") == (
        "'7' is category 2 of `category`: 99% of its 450 labeled images are "
        "(of all, at least 98%); so is 0, less surely."
    )
    assert MAP.explain_categories("1") == (
        "Warning: '1' is category 1 of `category`: 60% of its 400 labeled "
        "images are (of all, at least 55%). It is mixed: expect other classes "
        "too."
    )


def test_one_labeled_image_is_explained():
    """Of one of one, Clopper and Pearson's lower end is 0.025."""
    (one,) = name_categories(np.array([[1], [0]]), "ab")
    assert CodeMap({"c": (one,)}).explain_categories("a") == (
        "'a' is category 0 of `c`: 100% of its one labeled image is (of all, "
        "at least 2%)."
    )


def test_three_categories_of_a_class():
    seven = CategoryMeaning("7", 0.9, 0.8, 9)
    (_, sentence) = CodeMap({"c": (seven,) * 3}).remarks()
    assert sentence == "Categories 0, 1 and 2 of `c` are all '7'."


def test_what_is_odd_is_said():
    remarks = " ".join(MAP.remarks(["1", "3", "7"]))
    for part in (
        "0 is '7' (98%, at least 97%), 2 is '7' (99%, at least 98%), "
        "1 is '1' (60%, at least 55%)",
        "0 and 2 of `category` are both '7'",
        "No category of `category` is 3",
        "Unnamed categories of `category`: 3",
        "Mixed categories of `category`: 1 (60% are '1')",
        "`continuous:0` is slant: from 0.40 to -0.30 rad along the sweep, "
        "Spearman's rho -0.99; of test images, as Q reads it and as it is "
        "measured, +0.85.",
        "`continuous:1` changes no measured attribute of its own",
    ):
        assert part in remarks


def test_labels():
    assert MAP.label("category", 2) == "category 2: 7"
    assert MAP.label("category", 1) == "category 1: 1 (60%)"
    assert MAP.label("category", 3) == "category 3: unnamed"
    assert MAP.label("continuous", 0) == "slant"
    assert MAP.label("continuous", 1) == "continuous:1"


def test_describe():
    """Both categories that are sevens count, and the sign turns the slant.

    .5 of .98 and .45 of .99 are sevens. A slant of .1 - .4 c is above the upper
    quartile of .2 below c = -.25, and below the lower one of -.1 above c = .5:
    the word does not depend on the side of 0 that the code is on.
    """
    codes = {
        "category": {"probabilities": [0.5, 0.0, 0.45, 0.05]},
        "continuous": {"mean": [-0.9, 0.9]},
    }
    assert MAP.describe(codes) == ["7 (94%)", "slanted right"]
    for mean, words in (
        (-0.26, ["slanted right"]),
        (-0.24, []),
        (0.49, []),
        (0.51, ["slanted left"]),
    ):
        codes["continuous"] = {"mean": [mean, 0.9]}
        assert MAP.describe(codes) == ["7 (94%)", *words]


def test_interpret():
    """A slant of .1 - .4 c, and the class with its share, each a field."""
    codes = {
        "category": {"probabilities": [0.5, 0.0, 0.45, 0.05]},
        "continuous": {"mean": [-0.9, 0.9]},
    }
    assert MAP.interpret(codes) == {
        "class": "7",
        "class_probability": pytest.approx(0.5 * 0.98 + 0.45 * 0.99),
        "attributes": {
            "slant": {
                "value": pytest.approx(0.46),
                "unit": "rad",
                "word": "slanted right",
            }
        },
    }
    unnamed = CodeMap({"c": (CategoryMeaning(),)})
    found = unnamed.interpret({"c": {"probabilities": [1.0]}})
    assert (found["class"], found["attributes"]) == (None, {})


def test_words_need_real_images_and_a_side():
    """Without a comparison there is no word, and "left" is left of upright."""
    assert DimensionMeaning("slant", 1, 1.0, -1.0, 1.0, "rad").word(1.0) is None
    # All lean to the right: .15 is the least of all, and no slant to the left.
    right = DimensionMeaning(
        "slant", 1, 1.0, 0.0, 1.0, "rad", 0.1, 0.9, 0.2, 0.6, 1.0
    )
    assert right.word(-0.875) is None
    assert right.word(0.5) == "slanted right"
    thin = DimensionMeaning(
        "thickness", 1, 1.0, 1.0, 3.0, "pixels", 1.0, 3.0, 1.8, 2.2, 1.0
    )
    assert thin.word(-0.5) == "thin"
    assert thin.word(0.0) is None


def test_readings_are_compared_with_real_images():
    """An attribute of 2 - 3 c: at -1 it is 5, at 1 it is -1, and rho is 1.

    The quartiles of the even steps -1, -.9, ... 1 of c are -.5 and .5, of the
    attribute .5 and 3.5. What cannot be measured does not count.
    """
    codes = np.append(np.linspace(-1, 1, 21), 5.0)
    named = CodeMap(
        {
            "u": (DimensionMeaning("slant", -1), DimensionMeaning()),
            "bit": (DimensionMeaning("width"),),
            "flat": (DimensionMeaning("height"),),
        }
    )
    measured = {"slant": np.where(codes > 1, np.nan, 2 - 3 * codes)}
    measured |= {"width": codes, "height": codes}
    compared = compare_readings(
        named,
        {
            "u_mean": np.stack([codes, codes], axis=1),
            "bit_probabilities": codes[:, None],
            "flat_mean": np.zeros((22, 1)),
        },
        measured,
    )
    meaning = compared.codes["u"][0]
    assert isinstance(meaning, DimensionMeaning)
    assert meaning.read(0.5) == pytest.approx(0.5)
    assert (meaning.read_low, meaning.read_high) == pytest.approx((5.0, -1.0))
    assert meaning.lower_quartile == pytest.approx(0.5)
    assert meaning.upper_quartile == pytest.approx(3.5)
    assert meaning.agreement == pytest.approx(1.0)
    assert compared.codes["u"][1] == DimensionMeaning()
    assert compared.codes["bit"] == named.codes["bit"]
    assert compared.codes["flat"] == named.codes["flat"]
    # A sweep that says the opposite of real images shows.
    wrong = CodeMap({"u": (DimensionMeaning("slant", 1),)})
    (meaning,) = compare_readings(
        wrong, {"u_mean": codes[:, None]}, measured
    ).codes["u"]
    assert isinstance(meaning, DimensionMeaning)
    assert meaning.agreement == pytest.approx(-1.0)


def test_a_reader_that_is_sure_of_a_mixed_category_is_not_sure():
    codes = {"category": {"probabilities": [0.0, 1.0, 0.0, 0.0]}}
    assert MAP.describe(codes) == ["1 (60%)"]


def test_round_trip(tmp_path):
    path = tmp_path / "code_map.json"
    path.write_text(json.dumps(MAP.to_json()))
    assert CodeMap.load(path) == MAP


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"codes": {"a": {}}}', '{"codes": {"a": 1}}']
)
def test_damaged_file(text, tmp_path):
    path = tmp_path / "code_map.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="code_map.json should be a code map"):
        CodeMap.load(path)
