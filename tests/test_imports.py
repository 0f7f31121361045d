"""Imports point down, and the package opens without TensorFlow."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import keras_infogan

PACKAGE = Path(keras_infogan.__file__).parent
# Modules that serve all folders.
SHARED = {
    "checksums",
    "distances",
    "files",
    "images",
    "json_text",
    "memory",
    "options",
    "replicas",
}
# What each folder may import of the others.
MAY_IMPORT = {
    "latents": set(),
    "losses": {"latents"},
    "models": {"latents", "losses"},
    "data": {"latents"},
    "evaluation": {"latents", "losses", "models", "data"},
    "reports": {"latents", "models", "evaluation"},
    "callbacks": {"models", "evaluation", "reports"},
    "training": {
        "latents",
        "losses",
        "models",
        "data",
        "evaluation",
        "reports",
        "callbacks",
        "export",
    },
    "export": {"latents", "models", "evaluation"},
    "serving": {"evaluation"},
    "cli": {"latents", "losses", "models", "data", "evaluation", "reports"}
    | {"training", "export", "serving"},
}


def module_name(path: Path) -> str:
    """`serving.client` for its path, and `serving` for its `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def imports_of(path: Path) -> set[str]:
    """The modules of this package that a file imports, at any place."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        package, _, name = node.module.partition(".")
        if package == "keras_infogan":
            # A name that is imported from a package may be a module of it.
            inner = {".".join(filter(None, (name, a.name))) for a in node.names}
            found |= (inner & set(MODULES)) or {name}
    return found - {""}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_folders_import_in_one_direction(folder):
    for path in (PACKAGE / folder).rglob("*.py"):
        folders = {name.partition(".")[0] for name in imports_of(path)}
        assert folders <= MAY_IMPORT[folder] | {folder} | SHARED, path


def test_every_folder_has_a_line():
    folders = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert folders == set(MAY_IMPORT)


def test_no_module_imports_itself_by_way_of_others():
    """Modules are sorted so that each comes after all that it imports."""
    graph = {name: imports_of(path) for name, path in MODULES.items()}
    order = graphlib.TopologicalSorter(graph).static_order()
    assert set(order) == set(MODULES)


def test_public_names_are_there():
    for name in keras_infogan._HOMES:
        assert getattr(keras_infogan, name).__name__ == name
    assert set(keras_infogan._HOMES) <= set(dir(keras_infogan))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = keras_infogan.Nothing


def test_import_is_light():
    """The package, its options and its commands need no TensorFlow."""
    code = (
        "import sys, keras_infogan, keras_infogan.cli.main;"
        "print(sorted({'tensorflow', 'keras', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ["sample"],
        ["evaluate"],
        ["encode", "x.png"],
        ["traverse", "--code=x"],
        ["export", "--onnx=x.onnx"],
        ["explore", "-o=x.html"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_missing_model_is_refused_without_tensorflow(arguments, tmp_path):
    """It takes seconds to load."""
    command, *options = arguments
    code = (
        "import sys; from keras_infogan.cli import main as cli\n"
        f"try: cli.main({[command, 'nowhere', *options]})\n"
        "finally: print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == "False\n"
    assert "Received: nowhere" in done.stderr
