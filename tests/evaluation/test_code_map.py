"""Look-ups in a code map, and its file."""

import json
import subprocess
import sys

import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import dimension_label
from tests.helpers.code_maps import CODE_MAP
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions


def test_clients_need_no_libraries_for_it():
    """The serving client looks codes up where only NumPy is installed."""
    heavy = {"numpy", "scipy", "skimage", "sklearn", "tensorflow", "keras"}
    code = (
        "import sys, keras_infogan.evaluation.code_map\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_find():
    """The surest of two that stand for a class."""
    assert CODE_MAP.find_categories("7") == ("category", [2, 0])
    assert CODE_MAP.find_categories("1") == ("category", [1])
    assert CODE_MAP.find_dimension("slant") == ("continuous", 0, -1)
    with pytest.raises(
        ValueError,
        match="No category of this model stands for '3'. Known classes: 1, 7",
    ):
        CODE_MAP.find_categories("3")
    with pytest.raises(
        ValueError, match="stands for 'width'. Known attributes: slant"
    ):
        CODE_MAP.find_dimension("width")


def test_the_surest_category_comes_first_even_if_it_is_less_pure():
    """One of one label is pure, but 90 of 92 is surer; so also among codes."""
    few = CategoryMeaning("a", 1.0, 0.025, 1)
    many = CategoryMeaning("a", 90 / 92, 0.92, 92)
    one = CodeMap({"c": categories(few, many)})
    assert one.find_categories("a") == ("c", [1, 0])
    two = CodeMap(
        {"style": categories(few, few), "digit": categories(few, many)}
    )
    assert two.find_categories("a") == ("digit", [1, 0])
    assert two.find_categories("a", code="style") == ("style", [0, 1])
    with pytest.raises(ValueError, match="No category of other stands for"):
        two.find_categories("a", code="other")


def test_labels():
    labels = [CODE_MAP.label("category", number) for number in (1, 2, 3)]
    assert labels == ["1: 1 (60%)", "2: 7", "3: unnamed"]
    assert not CategoryMeaning("7", 0.8).is_mixed
    assert CategoryMeaning("7", 0.79).is_mixed


def test_interpret():
    """A slant of .1 - .4 c, and the class with its share, each a field."""
    codes = {
        "category": [0.5, 0.0, 0.45, 0.05],
        "continuous": [-0.9, 0.9],
    }
    assert CODE_MAP.interpret(codes) == {
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
    unnamed = CodeMap({"c": categories(CategoryMeaning())})
    found = unnamed.interpret({"c": [1.0]})
    assert (found["class"], found["attributes"]) == (None, {})
    # Codes that the map does not know, and the other way around.
    assert CODE_MAP.interpret({"c": [1.0]}) == found
    # A line needs both of its ends.
    half = CodeMap({"c": dimensions(DimensionMeaning("slant", read_low=0.1))})
    assert half.interpret({"c": [1.0]}) == found
    line = DimensionMeaning("slant", read_low=-1.0, read_high=1.0)
    second = CodeMap({"c": dimensions(DimensionMeaning(), line)})
    slant = second.interpret({"c": [9.0, 0.5]})["attributes"]["slant"]
    assert slant["value"] == pytest.approx(0.5)


def test_the_class_is_that_of_the_first_code_with_names():
    """Not of both together; a name without a purity is taken as certain."""
    seven, one = CategoryMeaning("7"), CategoryMeaning("1", 0.5)
    code_map = CodeMap(
        {
            "unnamed": categories(CategoryMeaning()),
            "digit": categories(seven, one),
            "other": categories(one, seven),
        }
    )
    estimates = {
        "unnamed": [1.0],
        "digit": [0.75, 0.25],
        "other": [0.0, 1.0],
    }
    found = code_map.interpret(estimates)
    assert (found["class"], found["class_probability"]) == ("7", 0.75)


def test_words_need_real_images_and_a_side():
    """Without a comparison there is no word, and "left" is left of upright."""
    assert DimensionMeaning("slant", 1, 1.0, -1.0, 1.0, "rad").word(1.0) is None
    # All lean to the right: .15 is the least of all, and no slant to the left.
    right = DimensionMeaning(
        "slant", 1, 1.0, 0.0, 1.0, "rad", 0.1, 0.9, 0.2, 0.6, 1.0
    )
    assert right.word(-0.875) is None
    assert right.word(0.5) == "slanted right"
    left = DimensionMeaning(
        "slant", 1, 1.0, -1.0, 0.0, "rad", -0.9, -0.1, -0.6, -0.2, 1.0
    )
    assert left.word(0.875) is None
    assert left.word(-0.5) == "slanted left"
    thin = DimensionMeaning(
        "thickness", 1, 1.0, 1.0, 3.0, "pixels", 1.0, 3.0, 1.8, 2.2, 1.0
    )
    assert thin.word(-0.5) == "thin"
    assert thin.word(0.0) is None


def test_round_trip(tmp_path):
    path = tmp_path / "code_map.json"
    path.write_text(json.dumps(CODE_MAP.to_json()))
    assert CodeMap.load(path) == CODE_MAP


def code(entry: object) -> object:
    return {"codes": {"a": entry}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], r"A code map should be an object with fields among codes.*\[\]"),
        ({}, "should have `codes`"),
        ({"codes": [], "more": 1}, "fields among codes"),
        ({"codes": []}, r"codes should be of type dict\[str, .*\[\]"),
        (code(1), "A code map.codes.a should be an object.* Received: 1"),
        (code({}), "either `categories` or `dimensions`"),
        (code({"categories": []}), "either `categories` or `dimensions`"),
        (
            code({"categories": [{}], "dimensions": [{}]}),
            "either `categories` or `dimensions`",
        ),
        (
            code({"categories": {"name": "7"}}),
            "categories should be of type list",
        ),
        (code({"type": 1, "categories": [{}]}), "a.type should be of type str"),
        (code({"categories": ["7"]}), r"a.categories\[0\] should be an object"),
        (code({"categories": [{"label": "7"}]}), "fields among name, purity"),
        (code({"categories": [{"name": 7}]}), r"\[0\].name should be .*: 7"),
        (code({"categories": [{"num_labels": True}]}), "num_labels should be"),
        (code({"categories": [{"num_labels": -1}]}), "`num_labels` from 0"),
        (code({"categories": [{"purity": 1.5}]}), "`purity` from 0 to 1"),
        (code({"dimensions": [{"correlation": -2}]}), "`correlation` from -1"),
        (code({"dimensions": [{"sign": 2}]}), "`sign` of 1 or -1"),
        (code({"dimensions": [{"sign": "-"}]}), "sign should be of type int"),
        (code({"dimensions": [{"attribute": "x"}]}), "among slant, .*'x'"),
    ],
)
def test_content_that_is_not_a_code_map(content, message):
    with pytest.raises(ValueError, match=message) as error:
        CodeMap.from_json(content)
    assert "\n" not in str(error.value)


def test_fields_have_defaults():
    content = code({"dimensions": [{"low": 1}, {}]})
    (low, unknown) = CodeMap.from_json(content).codes["a"].dimensions
    assert (low.low, low.sign) == (1, 1)
    assert unknown == DimensionMeaning()


@pytest.mark.parametrize("text", ["{", "[]"])
def test_damaged_file(text, tmp_path):
    path = tmp_path / "code_map.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="code_map.json should be a code map"):
        CodeMap.load(path)


def test_dimension_label():
    assert dimension_label("pose", 0, 1) == "pose"
    assert dimension_label("style", 0, 2) == "style:0"
    assert dimension_label("style", 1, 2) == "style:1"
    assert dimension_label("style", 1, 2, separator="_") == "style_1"


def test_categories_in_the_order_of_their_classes():
    """Names with numbers by size; those that stand for the same by number."""
    names = ["10", None, "9", "a2", "9", None, "a10"]
    code_map = CodeMap({"a": categories(*map(CategoryMeaning, names))})
    assert code_map.category_order("a") == [2, 4, 0, 3, 6, 1, 5]
    assert code_map.category_order("a", ["a10", "10"]) == [
        *(6, 0, 2, 4, 3, 1, 5)
    ]
    unnamed = CodeMap({"a": categories(*[CategoryMeaning()] * 3)})
    assert unnamed.category_order("a") == [0, 1, 2]
