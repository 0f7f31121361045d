"""The preview and the controls of the codes."""

from typing import Any

import numpy as np
import pytest

from tests.helpers.explorer import CLASSES
from tests.helpers.explorer import SEVEN
from tests.helpers.explorer import assert_shows
from tests.helpers.explorer import chosen_tile
from tests.helpers.explorer import draw
from tests.helpers.explorer import go_to
from tests.helpers.explorer import open_page
from tests.helpers.explorer import pixels
from tests.helpers.explorer import point_codes
from tests.helpers.explorer import settle
from tests.helpers.explorer import state
from tests.helpers.explorer import wait_for


def test_the_preview_enlarges_the_chosen_image(page):
    """Block means of the preview correlate with the pixels of the tile."""
    tile = pixels(chosen_tile(page, "category"))
    large = pixels(page.locator("#image"))
    assert min(large.shape[:2]) >= 640
    scale = large.shape[0] // tile.shape[0]
    means = large.reshape(28, scale, 28, scale, 3).mean(axis=(1, 3))
    # Smoothing exchanges light between neighboring pixels only.
    assert np.corrcoef(means.ravel(), tile.ravel())[0, 1] > 0.9


def test_every_category_can_be_chosen(page, digits):
    """Tiles are ordered by digit, not by category."""
    tiles = page.get_by_role("radio")
    labels = [tile.get_attribute("aria-label") for tile in tiles.all()]
    assert labels == [str(digit) for digit in range(10)]
    page.get_by_role("radio", name="7").check()
    settle(page)
    assert state(page)["at"]["codes"]["category"] == CLASSES.index(7)
    assert page.inner_text("#caption") == "7 · seed 1"
    assert_shows(
        chosen_tile(page, "category"),
        digits.model,
        {"category": CLASSES.index(7)},
        1,
    )


@pytest.mark.parametrize(
    ("name", "index", "sign", "texts"),
    [
        # Half the way from 0 to 0.5 rad is 14.3 degrees; from 3 pixels to 4 it
        # is 3.5, and 0.8 of the way to 2 is 2.2.
        (
            "slant",
            0,
            1,
            ["slanted left −0.80 · −23°", "slanted right +0.50 · +14°"],
        ),
        (
            "thickness",
            1,
            -1,
            ["thin −0.80 · 2.2 pixels", "thick +0.50 · 3.5 pixels"],
        ),
    ],
)
def test_every_slider_moves_its_code(page, digits, name, index, sign, texts):
    """The right end means more of the attribute, whatever the code's sign."""
    slider = page.get_by_role("slider", name=name)
    for position, text in zip((-0.8, 0.5), texts, strict=True):
        before = pixels(page.locator("#image"))
        slider.fill(str(position))
        settle(page)
        codes = [0.0, 0.0]
        codes[index] = sign * position
        assert state(page)["at"]["codes"]["continuous"] == codes
        assert slider.get_attribute("aria-valuetext") == text
        line = page.locator(".slider", has=slider).locator("output")
        assert line.inner_text() == text
        # Otherwise screen readers say everything twice.
        assert line.get_attribute("aria-live") == "off"
        assert (pixels(page.locator("#image")) != before).any()
        assert_shows(
            chosen_tile(page, "category"),
            digits.model,
            {"category": 3, "continuous": [codes]},
            1,
        )


def test_sliders_follow_the_keyboard(page):
    page.get_by_role("slider", name="slant").focus()
    page.keyboard.press("ArrowRight")
    assert state(page)["at"]["codes"]["continuous"] == [0.01, 0]
    page.keyboard.press("End")
    assert state(page)["at"]["codes"]["continuous"] == [1, 0]


def test_dragging_the_preview_changes_two_codes(page):
    """A quarter of the width is a quarter of the range, which has length 2.

    Up means more thickness, whose code has the sign -1.
    """
    go_to(page, "at=1;0;0.2,0.4")
    image = page.locator("#image")
    box = image.bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + box["width"] / 4, middle[1])
    page.mouse.move(middle[0] + box["width"] / 4, middle[1] - box["height"] / 8)
    page.mouse.up()
    # A screen pixel is 1/400 of the preview.
    assert state(page)["at"]["codes"]["continuous"] == pytest.approx(
        [0.7, 0.15], abs=0.011
    )


def test_noise_by_button_and_by_seed(page, digits):
    seeds = set()
    for _ in range(3):
        page.get_by_role("button", name="New noise").click()
        seeds.add(state(page)["at"]["seed"])
    assert len(seeds) == 3
    assert page.inner_text("#status").startswith("New noise, seed")
    page.get_by_label("Noise seed").fill("4000000000")
    page.keyboard.press("Enter")
    settle(page)
    assert state(page)["at"]["seed"] == 4_000_000_000
    assert_shows(
        chosen_tile(page, "category"),
        digits.model,
        {"category": 3},
        4_000_000_000,
    )


@pytest.mark.parametrize("typed", ["-5", "4294967296", "1.5", ""])
def test_an_invalid_seed_changes_nothing(page, typed):
    page.get_by_label("Noise seed").fill("12")
    page.keyboard.press("Enter")
    page.get_by_label("Noise seed").fill(typed)
    page.keyboard.press("Enter")
    assert page.inner_text("#caption") == "0 · seed 12"
    assert page.get_by_label("Noise seed").input_value() == "12"
    assert page.inner_text("#status").endswith("from 0 to 4294967295.")


def test_the_python_program_makes_the_shown_image(
    page, digits, tmp_path, monkeypatch
):
    """The program that the page copies loads the model and runs as it is."""
    page.get_by_role("button", name="Surprise").click()
    settle(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Make this image in Python").click()
    page.get_by_role("button", name="Copy", exact=True).click()
    wait_for(page, "document.getElementById('python-note').textContent")
    program = page.evaluate("navigator.clipboard.readText()")
    page.get_by_text("Make this image in Python").click()
    # What a page names that was not told.
    digits.model.save(tmp_path / "model.keras")
    monkeypatch.chdir(tmp_path)
    result: dict[str, Any] = {}
    exec(program, result)
    np.testing.assert_allclose(
        pixels(chosen_tile(page, "category")),
        np.broadcast_to((result["image"] + 1) * 127.5, (28, 28, 3)),
        atol=0.51,
    )


def test_other_codes_have_their_controls(browser, exported):
    """Sliders of a normal code and of an angle, switches, and categories."""
    case = exported("many")
    with open_page(browser, case.page.as_uri()) as page:
        page.get_by_role("slider", name="style").fill("-2.25")
        page.get_by_role("radio", name="kind 2").check()
        page.get_by_role("radio", name="other 2: 11").check()
        page.get_by_role("checkbox", name="bits 2").check()
        page.get_by_role("slider", name="angle").fill("1.5")
        settle(page)
        point = state(page)["at"]
        assert point["codes"] == {
            "style": [-2.25],
            "kind": 2,
            "bits": [0, 1],
            "other_2": 11,
            "angle": [pytest.approx(1.5, abs=0.006)],
        }
        assert page.inner_text("#caption") == "kind 2 · other 2: 11 · seed 1"
        for name in ("kind", "other_2"):
            canvas = chosen_tile(page, name)
            assert_shows(canvas, case.model, point_codes(point), 1)
        assert page.get_by_role("gridcell").count() == 30
        draw(page, SEVEN)
        text = page.inner_text("#posterior-text")
        for part in (
            "kind ",
            "other 2: ",
            "style: ",
            "bits 1: o",
            "bits 2: o",
            "angle: ",
        ):
            assert part in text
        assert page.locator("#redrawn canvas").count() == 3
        # Bits are rounded, whatever a permalink says.
        go_to(page, "at=1;0;1;0.7,0.2;3;0.5")
        assert state(page)["at"]["codes"]["bits"] == [1, 0]
        assert state(page)["at"]["codes"]["angle"] == [0.5]


def test_a_model_without_categories_has_a_page(browser, exported):
    case = exported("plain")
    with open_page(browser, case.page.as_uri()) as page:
        assert page.inner_text("#caption") == "seed 1"
        # Off and on, of ten noises.
        cells = page.get_by_role("gridcell")
        assert cells.count() == 20
        canvas = page.get_by_role("button", name="1, seed 3").locator("canvas")
        assert_shows(canvas, case.model, {"bits": [[1.0]]}, 3)
        draw(page, SEVEN)
        assert page.locator("#redrawn canvas").count() == 1


def test_an_angle_has_one_slider(browser, exported):
    """It is a single number here, and the vector (cos, sin) for Keras."""
    case = exported("angle")
    with open_page(browser, case.page.as_uri()) as page:
        page.get_by_role("slider", name="heading", exact=True).fill("2.5")
        settle(page)
        assert state(page)["at"]["codes"] == {"heading": [2.5]}
        cells = page.get_by_role("gridcell")
        # The gallery has angles in its rows, and the seed of the preview.
        assert cells.count() % 10 == 0
        image = case.model.generate(1, codes={"heading": 2.5}, seed=1)
        large = pixels(page.locator("#image"))
        scale = large.shape[0] // 8
        means = large.reshape(8, scale, 8, scale, 3).mean(axis=(1, 3, 4))
        # Smoothing exchanges light between neighboring pixels only.
        correlation = np.corrcoef(means.ravel(), image.ravel())[0, 1]
        assert correlation > 0.8
        other = case.model.generate(1, codes={"heading": -2.5}, seed=1)
        assert np.corrcoef(means.ravel(), other.ravel())[0, 1] < correlation
        draw(page, SEVEN)
        assert "heading: " in page.inner_text("#posterior-text")
