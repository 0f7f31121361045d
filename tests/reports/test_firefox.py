"""The page of a run in Firefox: its sliders move, and paper is unfolded."""

from pathlib import Path

import numpy as np
import pytest

from keras_infogan.reports.images import encode_png
from keras_infogan.reports.players import draw_players
from keras_infogan.reports.run_page import write_page
from tests.helpers.firefox import FIREFOX
from tests.helpers.firefox import open_firefox
from tests.helpers.models import tiny_model
from tests.reports.test_html import HOSTILE_MAP
from tests.reports.test_html import REPORT

pytestmark = pytest.mark.skipif(
    FIREFOX is None, reason="no Firefox: apt-get install firefox-esr"
)


def test_sliders_and_paper(tmp_path: Path) -> None:
    """A frame has 8 pixels, and the slider starts at the tenth."""
    report = {**REPORT, "code_map": HOSTILE_MAP}
    players = draw_players(tiny_model(), report, seed=0)
    images = dict.fromkeys(players, encode_png(np.zeros((8, 8, 3), np.uint8)))
    page = tmp_path / "report.html"
    write_page(page, report, ["It works."], images, players)
    profile = tmp_path / "profile"
    profile.mkdir()
    with open_firefox(profile) as firefox:
        firefox.open(page.as_uri())
        moved = firefox.evaluate(
            """(() => {
              const slider = document.querySelector("input");
              slider.value = 20;
              slider.dispatchEvent(new Event("input"));
              return [...document.querySelectorAll("svg image")].map(
                (image) => image.getAttribute("y"));
            })()"""
        )
        assert moved == ["-160"] * 3 + ["-80"] * 3
        assert (
            firefox.evaluate("document.querySelectorAll('[open]').length") == 0
        )
        # Printing opens what is folded, and folds it again.
        opened = """(() => {
          dispatchEvent(new Event("%s"));
          return document.querySelectorAll("details:not([open])").length;
        })()"""
        folded = firefox.evaluate(opened % "afterprint")
        assert folded > 3
        assert firefox.evaluate(opened % "beforeprint") == 0
        assert firefox.evaluate(opened % "afterprint") == folded
