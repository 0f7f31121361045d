"""The gallery and the interpolation."""

import math

import numpy as np
from PIL import Image

from tests.helpers.explorer import CLASSES
from tests.helpers.explorer import assert_shows
from tests.helpers.explorer import expected_pixels
from tests.helpers.explorer import go_to
from tests.helpers.explorer import pixels
from tests.helpers.explorer import settle
from tests.helpers.explorer import state
from tests.helpers.explorer import wait_for


def test_the_gallery_ends_with_the_last_seed(page):
    for link in (
        "at=4294967295;0;0,0",
        "at=4294967290;0;0,0&gallery=4294967295",
    ):
        go_to(page, link)
        heads = page.get_by_role("columnheader").all_inner_texts()
        assert heads[1:] == [str(2**32 - 10 + k) for k in range(10)]


def test_the_gallery_has_a_row_for_each_category(page, digits):
    """Its columns are seeds 1 to 10, and all cells follow the sliders."""
    page.get_by_role("slider", name="slant").fill("-0.6")
    settle(page)
    cells = page.get_by_role("gridcell")
    assert cells.count() == 100
    codes = {"category": CLASSES.index(4), "continuous": [[-0.6, 0.0]]}
    cell = page.get_by_role("button", name="4, seed 8")
    assert_shows(cell.locator("canvas"), digits.model, codes, 8)
    cell.click()
    settle(page)
    assert page.inner_text("#caption") == "4 · seed 8"
    assert cell.get_attribute("aria-pressed") == "true"
    assert page.locator("#gallery [aria-pressed=true]").count() == 1
    assert state(page)["gallery"] == 1
    # A seed outside the columns gives other columns.
    page.get_by_label("Noise seed").fill("50")
    page.keyboard.press("Enter")
    assert page.get_by_role("columnheader", name="59", exact=True).count() == 1


def test_the_gallery_is_a_single_tab_stop(page):
    gallery = page.locator("#gallery")
    assert gallery.locator("button[tabindex='0']").count() == 1
    page.get_by_role("button", name="0, seed 1", exact=True).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert page.inner_text("#caption") == "1 · seed 1"
    # Arrow keys stop at the edge.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.inner_text("#caption") == "1 · seed 1"


def test_interpolation_stays_on_the_sphere_of_the_noise(page, digits):
    """Halfway, noise is `(a + b) / (2 cos(angle / 2))` (Shoemake, 1985).

    The fifth of nine frames mixes two seeds and both categories equally. These
    seeds are far from orthogonal, where a wrong formula might pass.
    """
    page.get_by_role("button", name="Replace A").click()
    page.get_by_role("radio", name="6").check()
    page.get_by_label("Noise seed").fill("404")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Replace B").click()
    settle(page)
    first, last = (
        digits.model.sample_latents(1, seed=seed)["noise"].numpy()[0]
        for seed in (1, 404)
    )
    cosine = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    assert cosine < -0.4
    noise = (first + last) / (2 * np.cos(np.arccos(cosine) / 2))
    category = np.zeros((1, 10), np.float32)
    category[0, [CLASSES.index(0), CLASSES.index(6)]] = 0.5
    expected = expected_pixels(
        digits.model,
        {
            "noise": noise[None],
            "category": category,
            "continuous": np.zeros((1, 2), np.float32),
        },
    )[0]
    strip = page.locator("#strip canvas")
    assert strip.count() == 9
    np.testing.assert_allclose(pixels(strip.nth(4)), expected, atol=0.51)
    for end, digit, seed in ((0, 0, 1), (8, 6, 404)):
        codes = {"category": CLASSES.index(digit)}
        assert_shows(strip.nth(end), digits.model, codes, seed)


def test_the_animation_plays_and_pauses(page):
    frame = page.locator("#interpolation")
    frame.scroll_into_view_if_needed()
    before = pixels(frame)
    page.get_by_role("button", name="Play").click()
    share = page.get_by_role("slider", name="Position between")
    wait_for(page, "document.getElementById('position').value > 0.7")
    page.get_by_role("button", name="Pause").click()
    settle(page)
    assert (pixels(frame) != before).any()
    rest = share.input_value()
    percent = share.get_attribute("aria-valuetext")
    # JavaScript rounds 80.5 to 81, Python's `round` to 80.
    assert percent == f"{math.floor(100 * float(rest) + 0.5)} %"
    page.wait_for_timeout(100)
    assert share.input_value() == rest


def test_images_are_saved_as_png(page, tmp_path):
    for button, name, size in [
        (".preview >> text=Save PNG", "0-seed-1.png", (644, 644)),
        # Cells of 3 x 28 pixels, with gaps of 4.
        (".gallery >> text=Save PNG", "gallery-seed-1.png", (876, 876)),
    ]:
        with page.expect_download() as waiting:
            page.locator(button).click()
        download = waiting.value
        assert download.suggested_filename == name
        download.save_as(tmp_path / name)
        with Image.open(tmp_path / name) as image:
            assert image.size == size
            assert image.format == "PNG"
