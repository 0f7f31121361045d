"""The photographs of the benchmark."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.parametrize("upside_down", [False, True])
def test_a_photograph_is_ink_on_paper(monkeypatch, upside_down):
    """The digit is a bar in its upper half: dark where it was, paper around."""
    monkeypatch.setattr(sys, "path", [str(SCRIPTS / "benchmarks"), *sys.path])
    photos = importlib.import_module("photos")
    digit = np.zeros((28, 28), np.uint8)
    digit[4:10, 4:24] = 255
    kind = "upside down" if upside_down else "paper"
    image = photos.photograph(digit[None], np.random.default_rng(0), kind)
    pixels = np.asarray(image) / 255.0
    dark = pixels < (pixels.min() + pixels.max()) / 2
    # 6 x 20 of 28 x 28 pixels, in a page 1.25 times as high, up to 1.4 wide.
    share = 6 * 20 / (28 * 1.25) ** 2
    assert share / 1.5 < dark.mean() < share * 1.1
    rows = np.flatnonzero(dark.any(axis=1)) / len(pixels)
    assert (rows.mean() > 0.5) == upside_down
