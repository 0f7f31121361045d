"""`scripts/measure_explorer.py` measures a page and takes a screenshot."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.explorer import CHROMIUM
from tests.helpers.explorer import export_all

ROOT = Path(__file__).parents[2]


def test_measurements_and_screenshot(tmp_path):
    pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    digits = export_all("digits", tmp_path)
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "scripts/measure_explorer.py",
            digits.page,
            *("--screenshot", tmp_path / "page.png", "--dark"),
            *("--loads", "1"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["bytes"] == digits.page.stat().st_size
    assert report["milliseconds_per_image"] > 0
    assert report["seconds_to_first_image"] > 0
    with Image.open(tmp_path / "page.png") as image:
        assert image.width == 1920
        assert max(image.convert("RGB").getpixel((5, 5))) < 40
