"""The README of the exports: its examples run, and give what it says."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_infogan.cli.main import _parser
from tests.helpers.readme import PACKAGE
from tests.helpers.readme import commands
from tests.helpers.readme import missing_links
from tests.helpers.readme import python_blocks

README = PACKAGE / "export" / "README.md"


@pytest.fixture
def folder_with_the_pretrained_model(tmp_path, monkeypatch):
    """A working directory that has `saved_models`, as the repository does."""
    (tmp_path / "saved_models").symlink_to(
        Path(__file__).parents[2] / "saved_models"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_examples(folder_with_the_pretrained_model):
    names: dict[str, Any] = {}
    for block in python_blocks(README):
        exec(block, names)
    exported = folder_with_the_pretrained_model / "exported"
    assert {path.name for path in exported.iterdir()} == {
        "mnist",
        ".mnist.onnx.sha256",
        ".mnist_encoder.onnx.sha256",
        "mnist.onnx",
        "mnist_encoder.onnx",
        "explorer.html",
    }
    assert names["version"] == Path("exported/mnist/1")
    assert names["images"].shape == (2, 28, 28, 1)
    assert names["image"].shape == (1, 28, 28, 1)
    layer = keras.layers.TFSMLayer(
        "saved_models/mnist/1", call_endpoint="sample"
    )
    # The same graph, on the same inputs.
    np.testing.assert_array_equal(
        layer(names["rows"])["image"], names["images"]
    )


def test_commands_and_links_exist():
    assert len(commands(README)) == 4
    for command in commands(README):
        _parser().parse_args(command)
    assert missing_links(README) == []
