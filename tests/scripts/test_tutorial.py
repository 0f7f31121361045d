"""The tutorial runs, and its notebook is that of its script."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

EXAMPLES = Path(__file__).parents[2] / "scripts/examples"
SCRIPT = EXAMPLES / "infogan.py"


@pytest.fixture(scope="module")
def build_notebook() -> Any:
    spec = importlib.util.spec_from_file_location(
        "build_notebook", EXAMPLES / "build_notebook.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs(mnist_data_dir, tmp_path):
    """With 256 images, of which both models learn nothing worth measuring."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=tmp_path,
        env={
            **os.environ,
            "TFDS_DATA_DIR": str(mnist_data_dir),
            "TUTORIAL_TRAIN_SPLIT": "train[:256]",
            "TUTORIAL_TEST_SPLIT": "test[:200]",
            "TUTORIAL_EPOCHS": "1",
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "exported/digits/1/saved_model.pb").exists()
    # The pretrained model misses few of 200: .987 of all are right.
    (accuracy,) = re.findall(r"of the preset: ([\d.]+)%", done.stdout)
    assert float(accuracy) > 95


def test_the_notebook_is_of_the_script(build_notebook):
    """With outputs of all cells, in the order of the script, and not large."""
    path = SCRIPT.with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    made = build_notebook.make_notebook(SCRIPT.read_text())
    assert [cell.source for cell in notebook.cells] == [
        cell.source for cell in made.cells
    ]
    counts = [
        cell.execution_count
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    assert counts == list(range(1, len(counts) + 1))
    assert path.stat().st_size < 600_000


def test_cells(build_notebook):
    cells = build_notebook.read_cells(
        '"""A script."""\n\n# %% [markdown]\n# # Title\n#\n# Text\n\n'
        "# %%\nx = 1\n# A comment\n"
    )
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        ("markdown", "# Title\n\nText"),
        ("code", "x = 1\n# A comment"),
    ]
