"""Curves and heat maps: what Matplotlib is asked to draw, and the pixels."""

from typing import Any

import numpy as np
import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.reports import plots
from keras_infogan.reports.figures import render
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions

LOG = [
    {
        "step": step,
        "discriminator_loss": 1.0 + 1 / step,
        "generator_loss": 0.5,
        "mutual_information": 2.0,
        "mutual_information_category": 2.0 - 5 / step,
    }
    for step in range(1, 50)
]
CEILINGS = {"category": 2.303}


def curves_of(figure: Any) -> dict[str, Any]:
    """Axes and lines by their labels, without dashed ones."""
    return {
        line.get_label(): np.array(line.get_data())
        for axes in figure.axes
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


def matrix_of(figure: Any) -> Any:
    """The values behind the colors of a heat map."""
    return np.asarray(figure.axes[0].images[0].get_array())


def cells_of(figure):
    """The texts in a heat map by column and row."""
    return {
        tuple(int(x) for x in text.get_position()): text.get_text()
        for text in figure.axes[0].texts
    }


# Curves


def test_curves_are_those_of_the_log():
    curves = curves_of(plots.plot_curves(LOG, ceilings=CEILINGS))
    steps = np.arange(1, 50)
    assert list(curves) == [
        "discriminator loss",
        "generator loss",
        "category, at most 2.30",
    ]
    for label, values in (
        ("discriminator loss", 1 + 1 / steps),
        ("category, at most 2.30", 2 - 5 / steps),
    ):
        np.testing.assert_allclose(curves[label], np.stack([steps, values]))


def test_curves_of_a_history():
    """`fit` gives lists by epoch; each code of them is drawn by default."""
    history = {name: [line[name] for line in LOG] for name in list(LOG[0])[1:]}
    figure = plots.plot_curves(history)
    curves = curves_of(figure)
    assert list(curves) == ["discriminator loss", "generator loss", "category"]
    np.testing.assert_array_equal(curves["category"][0], np.arange(1, 50))
    assert figure.axes[0].get_xlabel() == "epoch"


def test_a_curve_of_one_point_shows_it():
    """A line of one point has no length, so it needs a marker."""
    for log, marker in ((LOG[:1], "o"), (LOG, "None")):
        figure = plots.plot_curves(log, ceilings=CEILINGS)
        assert figure.axes[0].lines[0].get_marker() == marker


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e9])
def test_curves_of_a_run_that_failed(value):
    """Nothing warns, and the other lines are there."""
    log = [dict.fromkeys(LOG[0], value) | {"step": step} for step in (1, 2)]
    pixels = render(plots.plot_curves(log + LOG[5:], ceilings=CEILINGS))
    assert (pixels < 100).any()


def test_a_low_start_does_not_flatten_the_curves():
    """The axis ends at -2 nats, and 5 % above the highest value."""
    name = "mutual_information_category"
    figure = plots.plot_curves(
        [LOG[0] | {"step": 0, name: -500.0}, *LOG], ceilings={"category": 2.0}
    )
    assert figure.axes[1].get_ylim() == pytest.approx((-2.0, 2.2))


def test_a_value_that_only_later_lines_have_is_drawn_from_there_on():
    log = [*LOG[:10], *(line | {"invariant_information": 1} for line in LOG)]
    label = "category of an image and its augmented view"
    assert label not in curves_of(plots.plot_curves(LOG, ceilings={}))
    _, values = curves_of(plots.plot_curves(log, ceilings={}))[label]
    assert np.isnan(values[:10]).all()
    assert (values[10:] == 1).all()


def test_only_discrete_codes_have_a_dashed_line():
    """It would flatten the curve of a continuous code, which may exceed it."""

    def dashed(ceiling: float | None) -> list[float]:
        figure = plots.plot_curves(LOG, ceilings={"category": ceiling})
        return [
            float(np.ravel(line.get_ydata())[0])
            for line in figure.axes[1].lines
            if line.get_linestyle() == "--"
        ]

    assert dashed(None) == []
    assert dashed(4.0) == [4.0]


def test_curves_need_a_log():
    with pytest.raises(ValueError, match="a log of at least one line"):
        plots.plot_curves([], ceilings=CEILINGS)


@pytest.mark.parametrize(
    "name", ["step", "generator_loss", "mutual_information_category"]
)
def test_curves_name_the_value_that_is_missing(name):
    line = {key: value for key, value in LOG[0].items() if key != name}
    with pytest.raises(ValueError, match=f"should have `{name}`. Received"):
        plots.plot_curves([LOG[0], line], ceilings=CEILINGS)


# The confusion matrix


def plot_confusion(confusion, class_names=("zero", "one"), name="7"):
    """Of categories that all stand for the same class."""
    count = len(confusion[0])
    report = {
        "dataset": "digits",
        "confusion": confusion,
        "class_names": class_names,
        "code_map": CodeMap(
            {
                "pose": dimensions(DimensionMeaning()),
                "category": categories(*[CategoryMeaning(name, 1.0)] * count),
            }
        ),
    }
    return plots.plot_confusion(report)


@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (10, 10), (20, 40), (3, 2)]
)
def test_confusion_matrices_of_any_size(rows, columns):
    """More classes give a larger figure, so that the counts fit.

    50 x 60 pixels a cell: four digits of 8 points are 120 / 72 * 8 * 2.6, 35
    wide.
    """
    names = [f"class {row}" for row in range(rows)]
    figure = plot_confusion([[1000] * columns] * rows, names)
    width, height = figure.get_size_inches() * figure.dpi
    assert height > 50 * rows
    assert width > 60 * columns


def test_confusion_shows_counts_colored_by_the_share_of_the_class():
    """A class without test images has no share."""
    figure = plot_confusion([[0, 0, 0], [0, 250, 750]])
    assert cells_of(figure) == {(1, 1): "250", (2, 1): "750"}
    np.testing.assert_array_equal(
        matrix_of(figure), np.array([[0, 0, 0], [0, 0.25, 0.75]])
    )
    (image,) = figure.axes[0].images
    assert (image.get_cmap().name, image.get_clim()) == ("Blues", (0, 1))


def test_confusion_has_the_names_of_both_sides():
    axes = plot_confusion([[3, 0, 0], [0, 4, 5]]).axes[0]
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["0: 7", "1: 7", "2: 7"]
    assert [x.get_text() for x in axes.get_yticklabels()] == ["zero", "one"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("category", "class")


@pytest.mark.parametrize(("name", "rotation"), [("7", 0), ("seven", 90)])
def test_long_names_of_categories_are_upright(name, rotation):
    """They would overlap: a column is 60 pixels wide."""
    figure = plot_confusion([[1, 1]], ["zero"], name)
    (label, _) = figure.axes[0].get_xticklabels()
    assert label.get_rotation() == rotation


def test_categories_are_in_the_order_of_the_classes():
    """Here the other way round: the matrix is diagonal."""
    code_map = CodeMap(
        {"category": categories(CategoryMeaning("b"), CategoryMeaning("a"))}
    )
    report = {
        "dataset": "letters",
        "confusion": [[0, 4], [4, 0]],
        "class_names": ["a", "b"],
        "code_map": code_map,
    }
    figure = plots.plot_confusion(report)
    np.testing.assert_array_equal(matrix_of(figure), np.eye(2))
    labels = [x.get_text() for x in figure.axes[0].get_xticklabels()]
    assert labels == ["1: a", "0: b"]


def test_confusion_needs_labels():
    with pytest.raises(ValueError, match="confusion matrix. Received: none"):
        plots.plot_confusion({"confusion": None})


def test_text_is_white_on_dark_cells():
    figure = plot_confusion([[60, 40, 0], [0, 0, 5]])
    colors = {
        text.get_text(): text.get_color() for text in figure.axes[0].texts
    }
    assert colors == {"60": "white", "40": "black", "5": "white"}


# Effects


def test_effects_are_numbers_and_colors():
    """A row for each dimension, a column for each attribute.

    The color is the effect: rho is 1 for an invisible change, too.
    """
    rising, falling = (
        {
            "correlation": {"slant": sign, "thickness": 1.0},
            "effect": {"slant": 1.5 * sign, "thickness": 0.1},
        }
        for sign in (1.0, -1.0)
    )
    figure = plots.plot_attributes(
        {"dataset": "digits", "traversals": {"style": [rising, falling]}}
    )
    np.testing.assert_allclose(matrix_of(figure), [[1.5, 0.1], [-1.5, 0.1]])
    (image,) = figure.axes[0].images
    assert image.get_clim() == (-3, 3)
    # More is red, less is blue.
    red, _, blue, _ = image.get_cmap()(1.0)
    assert red > blue
    assert cells_of(figure)[0, 1] == "-1.5 dev.\n(rho -1.00)"
    assert cells_of(figure)[1, 0] == "+0.1 dev.\n(rho +1.00)"
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["style:0", "style:1"]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["slant", "thickness"]


def test_effects_need_a_traversal():
    with pytest.raises(ValueError, match="at least one traversal"):
        plots.plot_attributes({"traversals": {}})
