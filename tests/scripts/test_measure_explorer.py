"""`scripts/measure_explorer.py` measures a page and takes a screenshot."""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from tests.helpers.explorer import CHROMIUM
from tests.helpers.explorer import export_all

ROOT = Path(__file__).parents[2]


def test_medians_and_their_units(tmp_path, monkeypatch):
    """The browser gives milliseconds: three loads, and ten images of each."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    script = importlib.import_module("measure_explorer")
    loads = iter([4000.0, 1500.0, 2500.0])

    @contextmanager
    def open_page(url: str) -> Iterator[Any]:
        assert url == (tmp_path / "page.html").as_uri()
        answers = {
            "window.explorer.ready": next(loads),
            script.TIME_IMAGES: [1.5] * 6 + [90.0] * 4,
        }
        yield SimpleNamespace(evaluate=answers.get)

    monkeypatch.setattr(script, "open_page", open_page)
    (tmp_path / "page.html").write_bytes(b"1234567")
    assert script.measure(tmp_path / "page.html", num_loads=3) == {
        "bytes": 7,
        "seconds_to_first_image": 2.5,
        "milliseconds_per_image": 1.5,
    }


def test_measurements_and_screenshot(tmp_path):
    """At least half of 200 images take the median or more."""
    pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    exported = export_all("plain", tmp_path)
    start = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "scripts/measure_explorer.py",
            exported.page,
            *("--screenshot", tmp_path / "page.png", "--dark"),
            *("--loads", "1"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["bytes"] == exported.page.stat().st_size
    elapsed = time.monotonic() - start
    first = report["seconds_to_first_image"]
    images = 100 * report["milliseconds_per_image"] / 1000
    assert 0.01 < first < first + images < elapsed
    with Image.open(tmp_path / "page.png") as image:
        assert image.width == 1920
        assert max(image.convert("RGB").getpixel((5, 5))) < 40
