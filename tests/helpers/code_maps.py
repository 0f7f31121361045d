"""A code map with every kind of entry, and a short way to write others."""

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning


def categories(*meanings: CategoryMeaning) -> CodeMeaning:
    return CodeMeaning(categories=meanings, type="categorical")


def dimensions(*meanings: DimensionMeaning) -> CodeMeaning:
    return CodeMeaning(dimensions=meanings, type="uniform")


CODE_MAP = CodeMap(
    {
        "category": categories(
            CategoryMeaning("7", 0.98, 0.97, 500),
            CategoryMeaning("1", 0.6, 0.55, 400),
            CategoryMeaning("7", 0.99, 0.98, 450),
            CategoryMeaning(),
        ),
        "continuous": dimensions(
            # A posterior mean of 0 is a slant of .1, between the quartiles.
            DimensionMeaning(
                "slant", -1, -0.99, 0.4, -0.3, "rad", 0.5, -0.3, -0.1, 0.2, 0.85
            ),
            DimensionMeaning(),
        ),
    }
)
