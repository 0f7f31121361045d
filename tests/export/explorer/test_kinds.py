"""The page of any kind of code, with no JavaScript of its own."""

import math

import numpy as np
import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.latents.codes import CODES
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.spec import LatentSpec
from tests.helpers.explorer import SEVEN
from tests.helpers.explorer import assert_shows
from tests.helpers.explorer import draw
from tests.helpers.explorer import export_codes
from tests.helpers.explorer import go_to
from tests.helpers.explorer import open_page
from tests.helpers.explorer import settle
from tests.helpers.explorer import state
from tests.helpers.toy_kind import Share


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """Shares from 0 to 1, the first of which falls with the slant."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CODES, "share", Share)
        return export_codes(
            LatentSpec(4, {"own": Share(2), "angle": Circular()}),
            (12, 12, 1),
            tmp_path_factory.mktemp("toy"),
            CodeMap(
                {
                    "own": CodeMeaning(
                        dimensions=(
                            DimensionMeaning("slant", -1, -1, 0.5, -0.5, "rad"),
                            DimensionMeaning(),
                        )
                    ),
                    "angle": CodeMeaning(
                        dimensions=(
                            DimensionMeaning("width", 1, 1, 2, 4, "pixels"),
                        )
                    ),
                }
            ),
        )


@pytest.fixture
def toy_page(browser, toy):
    with open_page(browser, toy.page.as_uri()) as page:
        yield page


def test_a_new_kind_has_sliders(toy_page, toy):
    """From end to end of its traversal, mirrored where the sign is -1.

    A quarter of the way to more slant is the code 0.75, where a line from 0.5
    at 0 to -0.5 at 1 is at -0.25 radians, 14 degrees to the left.
    """
    page = toy_page
    slider = page.get_by_role("slider", name="slant")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == (
        "0",
        "1",
    )
    # At 0, the default, it has most of the slant.
    assert slider.input_value() == "1"
    slider.fill("0.25")
    page.get_by_role("slider", name="own 2").fill("0.4")
    settle(page)
    assert state(page)["at"]["codes"] == {"own": [0.75, 0.4], "angle": [0]}
    assert slider.get_attribute("aria-valuetext") == (
        "slanted left +0.25 \u00b7 \u221214\u00b0"
    )
    page.get_by_role("button", name="Replace A").click()
    settle(page)
    codes = {"own": [[0.75, 0.4]], "angle": 0.0}
    assert_shows(page.locator("#from canvas"), toy.model, codes, 1)
    ends = page.locator(".slider .ends").all_inner_texts()
    assert [text.split() for text in ends[1:]] == [
        ["0", "+1"],
        # A line of an attribute along a circle means nothing.
        ["narrow", "wide"],
    ]
    width = page.get_by_role("slider", name="width")
    assert width.get_attribute("aria-valuetext") == "0.00"
    slider.dblclick()
    assert state(page)["at"]["codes"]["own"][0] == 0


def test_words_begin_a_third_from_the_ends(toy_page):
    """The middle third of 0 to 1 has none, whatever the sign of the numbers."""
    slider = toy_page.get_by_role("slider", name="slant")
    for position, word in (
        ("0.33", "slanted left"),
        ("0.34", ""),
        ("0.66", ""),
        ("0.67", "slanted right"),
    ):
        slider.fill(position)
        text = slider.get_attribute("aria-valuetext")
        assert text.startswith(f"{word} +{position}".strip())


def test_interpolation_goes_along_the_circle(toy_page, toy):
    """From 2.0 to -2.5 radians the shorter way: over 2.89, not over -0.25.

    The shares change in a line, and so does noise of one seed stay itself. The
    middle of the chord would be of norm cos(0.89) = 0.63.
    """
    page = toy_page
    point = "at=1;0.75,0;2;&from=1;0.75,0;2&to=1;0.25,1;-2.5"
    go_to(page, point)
    strip = page.locator("#strip canvas")
    turn = 2 * math.pi - 4.5
    for frame, part in ((0, 0.0), (2, 0.25), (4, 0.5), (8, 1.0)):
        codes = {
            "own": [[0.75 - 0.5 * part, part]],
            "angle": 2.0 + part * turn,
        }
        assert_shows(strip.nth(frame), toy.model, codes, 1)
    # Opposite each other, where the middle of the chord is no angle at all.
    go_to(page, "from=1;0.5,0.5;-1.57&to=1;0.5,0.5;1.57")
    codes = {"own": [[0.5, 0.5]], "angle": 0.0}
    assert_shows(strip.nth(4), toy.model, codes, 1)


def test_the_posterior_of_a_new_kind(toy_page, toy):
    """Its location, as Keras infers it, in its range; the angle by `atan2`."""
    page = toy_page
    draw(page, SEVEN)
    data = page.evaluate("Array.from(window.explorer.drawing().data)")
    image = np.array(data, np.float32).reshape(1, 12, 12, 1)
    estimates = toy.model.latent_spec.estimate(toy.model.encode(image))
    text = page.inner_text("#posterior-text")
    own = np.clip(estimates["own"][0], 0.0, 1.0).round(2)
    for label, value in (
        ("own 2", own[1]),
        ("width", estimates["angle"][0, 0]),
    ):
        sign = "\u2212" if value < 0 else "+" if value > 0 else ""
        assert f"{label}: " in text
        assert f"{sign}{abs(value):.2f}" in text.split(f"{label}: ")[1]
    sign = "" if own[0] == 1.0 else "+"
    assert f"{sign}{1.0 - own[0]:.2f}" in text.split("slant: ")[1]
    # Marks at shares of the ranges, from less slant to more of it. Numbers
    # have two decimals, and 0.01 radians are 0.0016 of a turn.
    marks = page.locator(".gauge i").evaluate_all(
        "marks => marks.map(mark => parseFloat(mark.style.left) / 100)"
    )
    turn = 0.5 + estimates["angle"][0, 0] / (2 * math.pi)
    assert marks == pytest.approx([1.0 - own[0], own[1], turn], abs=2e-3)


def test_estimates_outside_of_the_range_are_clipped(toy_page):
    """As the network's median may be any number; angles stay as they are."""
    estimates = {
        "own_median": {"data": [-0.4, 1.7]},
        "angle_direction": {"data": [math.cos(2), math.sin(2)]},
    }
    assert toy_page.evaluate(
        """async outputs => {
          const { bestCodes, describeCodes } = await import("codes");
          return bestCodes(describeCodes(window.explorer.page), outputs);
        }""",
        estimates,
    ) == {"own": [0, 1], "angle": [2]}


def test_a_permalink_names_values_in_range(toy_page):
    """Shares are clipped; an angle is the same after a whole turn."""
    go_to(toy_page, "at=1;0.2,7;9")
    codes = state(toy_page)["at"]["codes"]
    assert codes["own"] == [0.2, 1]
    assert codes["angle"] == [pytest.approx(9 - 2 * math.pi)]


def test_dragging_turns_an_angle_past_its_end(browser, exported):
    """A quarter of 6.28 to the right of 3.0, less a whole turn: -1.71."""
    with open_page(browser, exported("angle").page.as_uri()) as page:
        page.get_by_role("slider", name="heading", exact=True).fill("3")
        box = page.locator("#image").bounding_box()
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + box["width"] / 4, middle[1])
        page.mouse.up()
        # A screen pixel is 1/400 of the preview: 0.016 radians.
        assert state(page)["at"]["codes"]["heading"] == pytest.approx(
            [4.57 - 2 * math.pi], abs=0.03
        )


def test_the_gallery_goes_once_around(browser, exported):
    """Ten angles, 2 pi / 10 apart, none of them twice.

    The sixth is the float32 that is closest to pi, which is above it.
    """
    case = exported("angle")
    with open_page(browser, case.page.as_uri()) as page:
        angles = np.arange(10) * 0.2 * math.pi
        angles[5:] -= 2.0 * math.pi
        assert page.get_by_role("rowheader").all_inner_texts() == [
            f"{angle:.1f}" for angle in angles
        ]
        cell = page.get_by_role("button", name="-2.5, seed 3")
        settle(page)
        codes = {"heading": -2.51}
        assert_shows(cell.locator("canvas"), case.model, codes, 3)


def test_the_gallery_goes_from_less_of_an_attribute_to_more(toy_page):
    """As the sliders do: least slant is at the code 1, as its sign is -1."""
    toy_page.get_by_role("button", name="0.0, seed 3", exact=True).click()
    assert state(toy_page)["at"]["codes"]["own"] == [1, 0]


@pytest.mark.parametrize(
    ("chance", "codes"),
    [
        # 97.5 % of N(0, 1) are below 1.96, and of the angles below 2.98.
        (0.975, ([1.96], 2, [1, 1], 11, [2.98])),
        # A standard deviation below the mean; a bit is 0 below one half, and a
        # tenth is of the first kind.
        (0.15866, ([-1.0], 1, [0, 0], 1, [-2.14])),
    ],
)
def test_surprises_follow_the_prior(browser, exported, chance, codes):
    """At a uniform number they are the quantile of it.

    A line between quantiles 2.5 % apart is off by 0.003 there.
    """
    with open_page(browser, exported("many").page.as_uri()) as page:
        page.evaluate(f"Math.random = () => {chance}")
        page.get_by_role("button", name="Surprise").click()
        drawn = state(page)["at"]["codes"]
        names = ("style", "kind", "bits", "other_2", "angle")
        expected = dict(zip(names, codes, strict=True))
        style = expected.pop("style")
        assert drawn.pop("style") == pytest.approx(style, abs=0.011)
        assert drawn == expected
