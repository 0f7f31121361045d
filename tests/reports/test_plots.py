"""Curves and the confusion matrix: what must be seen in them."""

from typing import Any

import numpy as np
import pytest

from keras_infogan.reports import plots as figures

RNG = np.random.default_rng(0)
# What render_grid has around and between images.
PADDING = 4
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
NAMES: dict[str, Any] = {
    "class_names": ["zero", "one"],
    "cluster_names": ["0", "1", "2"],
    "title": "two classes and three categories",
}


# Curves


def test_curves_of_one_point_show_it():
    """A line of one point has no length; its marker adds ink to the axes."""
    one = figures.render_curves(LOG[:1], ceilings=CEILINGS)
    nothing = figures.render_curves(
        [{**LOG[0], **dict.fromkeys(list(LOG[0])[1:], np.nan)}],
        ceilings=CEILINGS,
    )
    assert one.shape == nothing.shape
    assert not np.array_equal(one, nothing)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e9])
def test_curves_of_a_run_that_failed(value):
    """Nothing warns, and the other lines are there."""
    log = [dict.fromkeys(LOG[0], value) | {"step": step} for step in (1, 2)]
    picture = figures.render_curves(log + LOG[5:], ceilings=CEILINGS)
    assert (picture < 100).any()


def test_a_low_start_does_not_flatten_the_curves():
    """All below -2 nats is cut off, so that -5 and -500 look the same.

    A gap after them, so that no stroke comes up from there.
    """
    name = "mutual_information_category"
    pictures = [
        figures.render_curves(
            [
                LOG[0] | {"step": 0, name: low},
                LOG[0] | {"step": 1, name: low},
                LOG[0] | {"step": 2, name: np.nan},
                *LOG[9:],
            ],
            ceilings=CEILINGS,
        )
        for low in (-500.0, -5.0)
    ]
    np.testing.assert_array_equal(pictures[0], pictures[1])


def test_curves_without_codes_and_with_the_warped_ones():
    """A value that only later lines have is drawn from there on."""
    log = [*LOG[:10], *(line | {"invariant_information": 1} for line in LOG)]
    plain = figures.render_curves(log[:10], ceilings={})
    assert not np.array_equal(plain, figures.render_curves(log, ceilings={}))


def test_only_discrete_codes_have_a_dashed_line():
    """It would flatten the curve of a continuous code, which may pass it."""

    def rows_of_ink(ceiling: float | None) -> int:
        """Rows of pixels that the color of the first line crosses widely."""
        picture = figures.render_curves(
            LOG, ceilings={"category": ceiling}
        ).astype(int)
        right = picture[:, picture.shape[1] // 2 :]
        blue = np.abs(right - (31, 119, 180)).max(axis=-1) < 40
        return int((blue.sum(axis=1) > blue.shape[1] / 3).sum())

    assert rows_of_ink(None) < rows_of_ink(4.0)


def test_curves_need_a_log():
    with pytest.raises(ValueError, match="at least one line.*Received: none"):
        figures.render_curves([], ceilings=CEILINGS)


@pytest.mark.parametrize(
    "name", ["step", "generator_loss", "mutual_information_category"]
)
def test_curves_name_the_value_that_is_missing(name):
    line = {key: value for key, value in LOG[0].items() if key != name}
    with pytest.raises(ValueError, match=f"should have `{name}`. Received"):
        figures.render_curves([LOG[0], line], ceilings=CEILINGS)


# The confusion matrix


@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (10, 10), (20, 40), (3, 2)]
)
def test_confusion_matrices_of_any_size(rows, columns):
    """More classes give a larger picture, so that the counts fit."""
    picture = figures.render_confusion_matrix(
        np.full((rows, columns), 1000),
        class_names=[f"class {row}" for row in range(rows)],
        cluster_names=[str(column) for column in range(columns)],
        title="t",
    )
    height, width, _ = picture.shape
    # 50 x 60 pixels a cell: four digits of 8 points are 120 / 72 * 8 * 2.6,
    # 35 wide.
    assert height > 50 * rows
    assert width > 60 * columns


def test_confusion_is_colored_by_share_of_the_class():
    """10 of 10 and 1000 of 1000 are the same dark blue, 0 of 0 is light."""

    def count_darkest(second_row):
        picture = figures.render_confusion_matrix(
            [[10, 0, 0], second_row, [0, 0, 0]],
            class_names=list("abc"),
            cluster_names=list("012"),
            title="t",
        )
        # The end of "Blues".
        return int((picture == (8, 48, 107)).all(axis=-1).sum())

    # Two cells against one; the counts on them cover up to a tenth.
    assert count_darkest([0, 1000, 0]) == pytest.approx(
        2 * count_darkest([0, 500, 500]), rel=0.1
    )


@pytest.mark.parametrize(
    ("confusion", "message"),
    [
        ([[1, 2], [3, 4]], r"names should fit.*\(2, 2\), 2 class names, 3"),
        ([1, 2, 3], r"names should fit the matrix.*\(3,\)"),
        ([[1, 2, 3], [4, 5, -6]], "whole and at least 0.*smallest -6"),
        ([[0.1, 0.2, 0.3], [0, 0, 0]], "whole and at least 0.*dtype=float64"),
    ],
)
def test_confusion_refuses(confusion, message):
    with pytest.raises(ValueError, match=message):
        figures.render_confusion_matrix(confusion, **NAMES)


def test_confusion_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one count"):
        figures.render_confusion_matrix(
            np.zeros((0, 0), int), class_names=[], cluster_names=[], title=""
        )


def test_effects_are_drawn():
    """A row for each dimension and a column for each attribute, by color."""
    traversal = {
        "correlation": {"slant": 1.0, "thickness": 0.0},
        "effect": {"slant": 1.5, "thickness": 0.1},
    }
    turned = {
        "correlation": {"slant": -1.0, "thickness": 0.0},
        "effect": {"slant": -1.5, "thickness": 0.1},
    }
    one = figures.render_effects({"style": [traversal]}, title="t")
    two = figures.render_effects({"style": [traversal, turned]}, title="t")
    other = figures.render_effects({"style": [turned, traversal]}, title="t")
    assert two.shape[0] > one.shape[0]
    assert two.shape == other.shape
    assert (two != other).any()
    with pytest.raises(ValueError, match="at least one code"):
        figures.render_effects({}, title="t")


def test_a_change_that_nobody_sees_is_pale():
    """A steady one of a tenth of a deviation beside one of three.

    The other cells are white, whatever they correlate, so all that differs are
    the numbers and the second cell: dark red where it is strong.
    """
    rho = {"slant": 0.0, "width": 1.0}
    faint, strong = (
        figures.render_effects(
            {
                "style": [
                    {"correlation": rho, "effect": {"slant": 0.0, "width": x}}
                ]
            },
            title="t",
        )
        for x in (0.1, 3.0)
    )

    def count_red(picture):
        red, green, _ = np.moveaxis(picture.astype(int), -1, 0)
        return np.count_nonzero(red - green > 60)

    # The color bar has as much in both.
    cell = faint.shape[0] * faint.shape[1] / 10
    assert count_red(strong) - count_red(faint) > cell
