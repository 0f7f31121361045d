"""The README's example runs as it is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_examples(mnist_data_dir, tmp_path):
    """Both of the model in one process, in a folder of its own."""
    assert len(BLOCKS) == 3
    code = "\n".join(BLOCKS[:2]) + "\nprint(images.shape, int(model.step))\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "TFDS_DATA_DIR": str(mnist_data_dir)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    # The second block makes a new model, of 0 steps.
    assert done.stdout.splitlines()[-1] == "(16, 28, 28, 1) 0"
    assert (tmp_path / "infogan.keras").exists()


def test_the_example_of_the_published_version(monkeypatch):
    """Both ways to call it give the same."""
    import keras
    import numpy as np

    monkeypatch.chdir(README.parent)
    names: dict[str, Any] = {}
    exec(BLOCKS[2], names)
    assert names["images"].shape == (2, 28, 28, 1)
    layer = keras.layers.TFSMLayer(
        "saved_models/mnist/1", call_endpoint="sample"
    )
    np.testing.assert_array_equal(
        layer(names["rows"])["image"], names["images"]
    )


def test_commands_exist():
    """Each command of the README is one of the parser's."""
    from keras_infogan.cli.main import _parser

    commands = re.findall(r"`keras-infogan ([^`]+)`", README.read_text())
    assert len(commands) > 5
    for command in commands:
        if command != "train":
            _parser().parse_args(command.split())
