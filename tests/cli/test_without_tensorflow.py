"""The pretrained model is used without TensorFlow, and makes the same files."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from keras_infogan.cli import arguments
from tests.helpers.command_line import run

COMMANDS = [
    ["sample", "mnist", "--digit=7", "--count=12", "--output=sample.png"],
    ["sample", "mnist", "--count=1", "--output=seven.png", "--digit=7"],
    ["encode", "mnist", "seven.png"],
    ["traverse", "mnist", "--attribute=slant", "--output=traverse.png"],
]


def test_the_same_results(tmp_path, monkeypatch, capfd):
    """A pixel may round to the next of 255 steps."""
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from keras_infogan.cli.main import main\n"
        f"for command in {COMMANDS!r}: print(end='\\0'); main(command)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    fast = {
        path.name: np.asarray(Image.open(path)).astype(int)
        for path in tmp_path.glob("*.png")
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(arguments, "find_onnx", lambda run: None)
    printed = [run(capfd, *command)[0] for command in COMMANDS]
    for name, pixels in fast.items():
        again = np.asarray(Image.open(name)).astype(int)
        assert np.abs(pixels - again).max() <= 1
    assert sorted(fast) == ["sample.png", "seven.png", "traverse.png"]
    results = [json.loads(text) for text in done.stdout.split("\0")[1:]]
    ours, theirs = flatten(results), flatten(printed)
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        # The logits of `Q` agree within 2e-4; see `export_onnx`.
        assert ours[key] == pytest.approx(value, abs=2e-4), key


def flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    """The numbers and texts of JSON data by their paths."""
    if not isinstance(data, dict | list):
        return {prefix: data}
    items = data.items() if isinstance(data, dict) else enumerate(data)
    return {
        path: leaf
        for key, value in items
        for path, leaf in flatten(value, f"{prefix}/{key}").items()
    }
