"""Sentences about known code maps and images."""

import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.reports.meanings import describe_code_map
from keras_infogan.reports.meanings import describe_meaning
from keras_infogan.reports.meanings import explain_category
from tests.helpers.code_maps import CODE_MAP
from tests.helpers.code_maps import categories


def test_code_map():
    assert describe_code_map(CODE_MAP, ["1", "3", "7"]) == [
        "Categories of `category`: 1 is '1' (60%, at least 55%), 0 is '7' (98%,"
        " at least 97%), 2 is '7' (99%, at least 98%).",
        "Categories 0 and 2 of `category` both stand for '7'.",
        "No category of `category` stands for 3.",
        "Unnamed categories of `category`: 3.",
        "Mixed categories of `category`: 1 (60% are '1').",
        "`continuous:0` controls slant: from 0.40 to -0.30 rad along a "
        "traversal (Spearman's rho -0.99). On test images, its posterior and "
        "the measured slant agree with rho +0.85.",
        "`continuous:1` controls none of the measured attributes.",
    ]


def test_attributes_that_were_not_measured():
    sentences = describe_code_map(CODE_MAP, has_attributes=False)
    assert sentences[-1] == (
        "What `continuous` changes was not measured, as the images have color: "
        "see the traversals."
    )
    assert "controls" not in " ".join(sentences)


def test_without_labels_no_category_lacks_a_name():
    assert describe_code_map(CodeMap({"c": categories(CategoryMeaning())})) == (
        []
    )


def test_three_categories_of_a_class():
    seven = CategoryMeaning("7", 0.9, 0.8, 9)
    sentences = describe_code_map(CodeMap({"c": categories(*[seven] * 3)}))
    assert sentences[1] == "Categories 0, 1 and 2 of `c` all stand for '7'."


def test_explain_category():
    assert explain_category(CODE_MAP, "7") == (
        "Category 2 of `category` stands for '7': 99% of its 450 labeled "
        "images (95% confidence: at least 98%). So does 0, with less "
        "confidence."
    )
    assert explain_category(CODE_MAP, "1") == (
        "Warning: Category 1 of `category` stands for '1': 60% of its 400 "
        "labeled images (95% confidence: at least 55%). It is mixed: expect "
        "other classes too."
    )
    one = CodeMap({"c": categories(CategoryMeaning("a", 1.0, 0.025, 1))})
    assert "100% of its 1 labeled image (95%" in explain_category(one, "a")
    # As a person may write it, who counted no labels.
    own = CodeMap({"c": categories(CategoryMeaning("a", 0.9))})
    assert explain_category(own, "a") == "Category 0 of `c` stands for 'a'."
    with pytest.raises(ValueError, match="Known classes: 1, 7"):
        explain_category(CODE_MAP, "2")


def test_describe_meaning():
    """Two categories are sevens, and the negative sign turns the slant.

    .5 of .98 and .45 of .99 are sevens. A slant of .1 - .4 c is above the upper
    quartile of .2 below c = -.25, and below the lower one of -.1 above c = .5.
    """
    for mean, words in (
        (-0.9, ["slanted right"]),
        (-0.26, ["slanted right"]),
        (-0.24, []),
        (0.49, []),
        (0.51, ["slanted left"]),
    ):
        estimates = {
            "category": [0.5, 0.0, 0.45, 0.05],
            "continuous": [mean, 0.9],
        }
        assert describe_meaning(CODE_MAP, estimates) == ["7 (94%)", *words]


def test_a_certain_posterior_of_a_mixed_category_is_not_a_certain_class():
    estimates = {"category": [0.0, 1.0, 0.0, 0.0]}
    assert describe_meaning(CODE_MAP, estimates) == ["1 (60%)"]


def test_a_code_map_without_numbers():
    """As a person may write it."""
    content = {
        "codes": {
            "category": {"categories": [{"name": "7", "confidence": 0.5}]},
            "pose": {"dimensions": [{"attribute": "slant"}]},
            "style": {
                "dimensions": [{"attribute": "slant", "low": 1, "high": 2}]
            },
        }
    }
    assert describe_code_map(CodeMap.from_json(content)) == [
        "Categories of `category`: 0 is '7'.",
        "`pose` controls slant.",
        "`style` controls slant: from 1.00 to 2.00 along a traversal.",
    ]
