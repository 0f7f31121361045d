"""The page of a run in Chromium: policy, sliders, paper, and no JavaScript."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_infogan.reports.images import encode_png
from keras_infogan.reports.players import draw_players
from keras_infogan.reports.run_page import write_page
from tests.helpers.models import tiny_model
from tests.reports.test_html import HOSTILE
from tests.reports.test_html import HOSTILE_MAP
from tests.reports.test_html import REPORT


@pytest.fixture(scope="module")
def report_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    report = {**REPORT, "code_map": HOSTILE_MAP}
    players = draw_players(tiny_model(), report, seed=0)
    png = encode_png(np.zeros((300, 600, 3), np.uint8))
    images = dict.fromkeys(["category", *players, "curves"], png)
    write_page(path, report, [f"It is {HOSTILE}."], images, players)
    return path


@pytest.fixture
def visit(browser: Any, report_page: Path) -> Iterator[Any]:
    """Opens the page; what it complains of or asks for is a failure."""
    contexts: list[Any] = []
    complaints: list[str] = []
    requests: list[str] = []

    def visit(**options: Any) -> Any:
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(report_page.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
    allowed = (report_page.as_uri(), "data:")
    assert [url for url in requests if not url.startswith(allowed)] == []


def offsets(page: Any) -> list[float]:
    return page.eval_on_selector_all(
        "svg image", "images => images.map(x => x.y.baseVal.value)"
    )


def test_a_slider_moves_its_images(visit):
    """Three rows of 8 pixels a frame, from the tenth on; the rest stays."""
    page = visit()
    assert offsets(page) == [-80.0] * 6
    slider = page.locator("input").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert offsets(page) == [-88.0] * 3 + [-80.0] * 3
    assert page.locator("output").first.text_content() == "+0.1"
    assert slider.get_attribute("aria-valuetext") == "+0.1"
    page.keyboard.press("End")
    assert offsets(page)[0] == -160.0
    # The images side by side are folded while there is a slider.
    assert page.locator(".still[open]").count() == 0


def test_play_moves_to_the_end_and_back(visit):
    page = visit()
    button = page.locator("button").first
    page.locator("input").first.fill("19")
    page.evaluate(
        """() => {
          window.seen = [];
          const output = document.querySelector("output");
          new MutationObserver(() => seen.push(output.textContent))
            .observe(output, { childList: true });
        }"""
    )
    button.click()
    assert button.text_content() == "Pause"
    for _ in range(200):
        if page.evaluate("seen.length") >= 3:
            break
        page.wait_for_timeout(50)
    assert page.evaluate("seen.slice(0, 3)") == ["+1.0", "+0.9", "+0.8"]
    button.click()
    assert button.text_content() == "Play"
    before = offsets(page)
    page.wait_for_timeout(200)
    assert offsets(page) == before


def test_nothing_moves_by_itself(visit):
    """And with reduced motion, nothing can be set in motion."""
    page = visit(reduced_motion="reduce")
    assert page.locator("input").first.is_visible()
    assert not page.locator("button").first.is_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_the_screen(visit, width):
    page = visit(viewport={"width": width, "height": 800})
    page.evaluate(
        "for (const x of document.querySelectorAll('details')) x.open = 1"
    )
    scrolled = "document.documentElement.scrollWidth"
    assert page.evaluate(scrolled) <= width


def test_without_javascript_all_can_be_read(visit):
    """Traversals are side by side, and what is folded opens."""
    page = visit(java_script_enabled=False)
    assert page.locator(".still img").first.is_visible()
    assert not page.locator("input").first.is_visible()
    findings = page.get_by_text(f"It is {HOSTILE}.")
    assert not findings.is_visible()
    page.get_by_text("Findings").click()
    assert findings.is_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_on_paper_all_is_unfolded(visit, javascript):
    page = visit(java_script_enabled=javascript)
    page.emulate_media(media="print")
    assert page.get_by_text(f"It is {HOSTILE}.").is_visible()
    assert page.locator(".still img").first.is_visible()
    assert not page.locator("input").first.is_visible()
