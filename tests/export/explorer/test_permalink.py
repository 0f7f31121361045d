"""Permalinks restore the state of the page."""

import json

import numpy as np
import pytest

from tests.helpers.explorer import SEVEN
from tests.helpers.explorer import draw
from tests.helpers.explorer import go_to
from tests.helpers.explorer import open_page
from tests.helpers.explorer import pixels
from tests.helpers.explorer import state
from tests.helpers.explorer import wait_for


def test_a_permalink_restores_the_page(browser, page, digits):
    """Including the drawing, and with percent-encoded semicolons."""
    page.get_by_role("radio", name="8").check()
    page.get_by_role("slider", name="thickness").fill("0.37")
    page.get_by_role("button", name="New noise").click()
    page.get_by_role("button", name="Replace B").click()
    page.get_by_role("slider", name="Pen").fill("3.5")
    draw(page, SEVEN)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    wait_for(
        page,
        "document.getElementById('status').textContent.startsWith('Copied')",
    )
    link = page.evaluate("navigator.clipboard.readText()")
    wait_for(page, f"location.href === {json.dumps(link)}")
    with open_page(browser, link.replace(";", "%3B")) as other:
        assert state(other) == state(page)
        for ours, theirs in zip(
            page.locator("canvas").all(),
            other.locator("canvas").all(),
            strict=True,
        ):
            # Enlarging may round to either of two grays.
            np.testing.assert_allclose(pixels(ours), pixels(theirs), atol=1)
        # Another permalink, while the page is open.
        go_to(other, "at=77;2;0.5,9")
        assert other.inner_text("#caption") == "5 · seed 77"
        assert state(other)["at"]["codes"]["continuous"] == [0.5, 1]


def test_a_permalink_wins_over_the_one_the_page_has_just_written(page):
    """The event arrives after the change; the page may write in between."""
    wait_for(page, "location.href === window.explorer.permalink()")
    page.evaluate(
        """async () => {
          const changed = new Promise(resolve =>
            addEventListener("hashchange", resolve, { once: true }));
          const own = location.href;
          location.hash = "at=77;2;0.5,0";
          history.replaceState(null, "", own);
          await changed;
          await window.explorer.settled();
        }"""
    )
    assert page.inner_text("#caption") == "5 · seed 77"


@pytest.mark.parametrize(
    "damage",
    [
        "at=-1;99;x",
        "at=;;&pen=1e9&position=-1&gallery=x&ink=%%%",
        "pen=1",
        "ink=Kw",
        "=&&#",
    ],
)
def test_a_damaged_permalink_opens_the_initial_page(page, damage):
    initial = state(page)
    go_to(page, damage)
    assert state(page) == initial
