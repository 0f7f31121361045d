"""Imports point down, and the package opens without TensorFlow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_infogan

PACKAGE = Path(keras_infogan.__file__).parent
LAYERS = [
    {"files", "config", "metrics", "randomness", "schedules", "layers"},
    {"codes", "data", "warp"},
    {"latent", "figures", "picture_files", "preparation", "visualization"},
    {"losses", "networks", "checks", "loading"},
    {"objective"},
    {"updates"},
    {"model"},
    {"pictures", "evaluation"},
    {"callbacks"},
    {"training"},
    {"cli"},
]
# `updates` names the model in its signatures, for readers and type checkers.
TYPING_ONLY = {("updates", "model"), ("cli", "model")}


def imports_of(module: str) -> set[str]:
    """The modules of ours that a module imports, wherever it does."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, name = node.module.partition(".")
            if package == "keras_infogan":
                names = [name] if name else [a.name for a in node.names]
                found |= {name.split(".")[0] for name in names}
    return {
        name
        for name in found - {"__version__"}
        if (module, name) not in TYPING_ONLY
    }


@pytest.mark.parametrize("level", range(len(LAYERS)))
def test_imports_point_down(level):
    below: set[str] = set().union(*LAYERS[:level])
    for module in sorted(LAYERS[level]):
        assert imports_of(module) <= below, module


def test_every_module_has_a_layer():
    modules = {path.stem for path in PACKAGE.glob("[!_]*.py")}
    assert modules == set().union(*LAYERS)


def test_public_names_are_there():
    for name in keras_infogan._HOMES:
        assert getattr(keras_infogan, name).__name__ == name
    assert set(keras_infogan._HOMES) <= set(dir(keras_infogan))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = keras_infogan.Nothing


def test_import_is_light():
    """The package, its options and its commands need no TensorFlow."""
    code = (
        "import sys, keras_infogan, keras_infogan.cli;"
        "print(sorted({'tensorflow', 'keras', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
