"""Imports point down, and the package opens without TensorFlow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_infogan

PACKAGE = Path(keras_infogan.__file__).parent
LAYERS = [
    {
        "files",
        "neighbors",
        "commands",
        "published",
        "config",
        "metrics",
        "randomness",
        "schedules",
        "layers",
    }
    | {"attributes", "distances", "export", "export.precision"}
    | {"export.warmup"},
    {"codes", "data", "warp", "code_map", "export.serve_config"}
    | {"export.explorer", "export.publication"}
    | {"serving.calls"},
    {
        "report_page",
        "latent",
        "figures",
        "picture_files",
        "preparation",
        "visualization",
    }
    | {"classifier", "export.canary"}
    | {"serving.checks", "serving.codes", "serving.grpc", "serving.http"},
    {"losses", "networks", "checks", "loading", "doubts", "serving.rest"},
    {"objective", "serving.client"},
    {"updates", "serving"},
    {"model"},
    {"pictures", "sweeps", "quality", "export.onnx", "export.saved_model"},
    {"callbacks", "evaluation"},
    {"health"},
    {"training"},
    {"commands.arguments", "commands.companions", "commands.talk"},
    {"commands.train", "commands.evaluate", "commands.sample"}
    | {"commands.traverse", "commands.encode", "commands.export"}
    | {"commands.explore", "commands.serve_config", "commands.presets"},
    {"cli"},
]
# `updates` names the model in its signatures, for readers and type checkers.
TYPING_ONLY = {("updates", "model")}


def module_name(path: Path) -> str:
    """`serving.calls` of its path, and `serving` of its `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(module: str) -> set[str]:
    """The modules of ours that a module imports, wherever it does."""
    path = PACKAGE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(path.read_text())
    modules = {module_name(path) for path in PACKAGE.rglob("*.py")}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, name = node.module.partition(".")
            if package == "keras_infogan":
                # A name in a package may be a module of it.
                inner = {
                    ".".join(filter(None, (name, alias.name)))
                    for alias in node.names
                }
                found |= (inner & modules) or ({name} - {""})
    return {name for name in found if (module, name) not in TYPING_ONLY}


@pytest.mark.parametrize("level", range(len(LAYERS)))
def test_imports_point_down(level):
    below: set[str] = set().union(*LAYERS[:level])
    for module in sorted(LAYERS[level]):
        assert imports_of(module) <= below, module


def test_every_module_has_a_layer():
    modules = {module_name(path) for path in PACKAGE.rglob("*.py")}
    modules -= {"", "__main__"}
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
def test_a_missing_model_is_told_without_tensorflow(arguments, tmp_path):
    """It takes seconds to load."""
    command, *options = arguments
    code = (
        "import sys; from keras_infogan import cli\n"
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
