"""The examples for people without TensorFlow, run as they run them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator

EXAMPLES = Path(__file__).parents[2] / "scripts" / "examples"
NUMPY_EXAMPLE = EXAMPLES / "onnx_numpy.py"
NODE_EXAMPLE = EXAMPLES / "onnx_node.mjs"
# Blocks the modules that a person without TensorFlow does not have.
BLOCKED = """
import runpy, sys
for name in ("tensorflow", "keras", "keras_infogan", "onnx", "tf2onnx", "PIL"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
SPECS = {
    "mnist": LatentSpec(
        62, {"category": Categorical(10), "continuous": Uniform(2)}
    ),
    "many-codes": LatentSpec(
        5,
        {
            "style": Normal(2),
            "kind": Categorical(4),
            "bits": Bernoulli(3),
            "other": Categorical(3),
            "heading": Circular(),
        },
    ),
    "no-category": LatentSpec(5, {"slant": Uniform(1)}),
}
SHAPES = {
    "mnist": (28, 28, 1),
    "many-codes": (12, 8, 3),
    "no-category": (8, 8, 1),
}
CODE_MAP = CodeMap(
    {
        "category": CodeMeaning(
            tuple(
                CategoryMeaning(str(9 - number) if number else None)
                for number in range(10)
            )
        )
    }
)


@pytest.fixture(scope="module", params=SPECS)
def generator(request, tmp_path_factory):
    """A model and its ONNX file."""
    spec, shape = SPECS[request.param], SHAPES[request.param]
    keras.utils.set_random_seed(0)
    model = InfoGAN(
        build_generator(spec, shape), build_discriminator(spec, shape), spec
    )
    folder = tmp_path_factory.mktemp("generator")
    code_map = CODE_MAP if request.param == "mnist" else None
    path = export_onnx(model, folder / "x.onnx", code_map=code_map)
    return model, path


@pytest.fixture(scope="module")
def wrong_files(tmp_path_factory):
    """Files that are not generators, and what the error says of each."""
    folder = tmp_path_factory.mktemp("wrong")
    spec = SPECS["no-category"]
    networks = (
        build_generator(spec, (8, 8, 1)),
        build_discriminator(spec, (8, 8, 1)),
    )
    encoder = export_onnx_encoder(
        InfoGAN(*networks, spec), folder / "encoder.onnx"
    )
    junk = folder / "junk.onnx"
    junk.write_text("junk")
    return {
        encoder: "encoder.onnx should be a generator.*Received: one with image",
        junk: "junk.onnx should be an ONNX file. Received:",
        folder / "none.onnx": "no such file.*none.onnx",
    }


def check_refusals(
    wrong_files: dict[Path, str], output: Path, *command: str | Path
) -> None:
    """Each file is refused in one line, with exit code 2 and no output."""
    for path, message in wrong_files.items():
        done = subprocess.run(
            [*command[:2], path, *command[2:], output],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2, done.stderr
        (line,) = done.stderr.splitlines()
        assert re.search(f": error: .*{message}", line, re.IGNORECASE), line
        assert not output.exists()


def call(*command: str | Path, **options: Any) -> list[str]:
    """Runs it and returns the lines that it printed; errors fail the test."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.splitlines()


def check_arrays(model: InfoGAN, arrays: dict[str, np.ndarray]) -> None:
    """Checks that they are a grid of latents, with the images of Keras.

    The tolerance is that of `test_onnx.py`.
    """
    images = arrays.pop("image")
    assert list(arrays) == list(model.latent_spec.input_dims)
    np.testing.assert_allclose(
        images, model.generate_from(arrays), rtol=0, atol=1e-5
    )
    names = model.latent_spec.categorical_names
    num_rows = model.latent_spec.codes[names[0]].dim if names else 1
    assert len(images) == 10 * num_rows
    grids = {
        name: values.reshape(num_rows, 10, -1)
        for name, values in arrays.items()
    }
    if names:
        rows = np.argmax(grids.pop(names[0]), axis=-1)
        np.testing.assert_array_equal(rows, np.indices((num_rows, 10))[0])
    for name, grid in grids.items():
        # Constant within a column, and different between columns.
        np.testing.assert_array_equal(grid, grid[:1].repeat(num_rows, axis=0))
        assert len(np.unique(grid[0], axis=0)) > 1, name
        if name != "noise":
            # Raises if a value is not one of the code.
            model.latent_spec.codes[name].to_values(grid[0], 10)


def check_output(model: InfoGAN, images: np.ndarray, lines: list[str]) -> None:
    assert lines.pop(0).endswith(f": {len(images)} images")
    if "category" in model.latent_spec.codes:
        assert lines == ["row 0 is category 0: no single class"] + [
            f"row {number} is category {number}: {9 - number}"
            for number in range(1, 10)
        ]
    else:
        assert not lines


def check_grid(path: Path, images: np.ndarray) -> None:
    """Checks the place and the gray levels of each image."""
    _, height, width, channels = images.shape
    with Image.open(path) as grid:
        assert grid.mode == {1: "L", 3: "RGB"}[channels]
        pixels = np.asarray(grid).reshape(
            len(images) // 10 * height, 10 * width, channels
        )
    for number, image in enumerate(images):
        top, left = number // 10 * height, number % 10 * width
        np.testing.assert_allclose(
            pixels[top : top + height, left : left + width],
            127.5 * (image + 1),
            rtol=0,
            atol=0.5001,
        )


def check_numpy_example(
    model: InfoGAN, path: Path, folder: Path, *command: str | Path
) -> None:
    grid, arrays = folder / "grid.png", folder / "grid.npz"
    lines = call(*command, path, "--output", grid, "--arrays", arrays)
    with np.load(arrays) as file:
        content = dict(file)
    images = content["image"]
    check_arrays(model, content)
    check_output(model, images, lines)
    check_grid(grid, images)


def test_numpy_example_imports_nothing_else(generator, tmp_path):
    model, path = generator
    command = (sys.executable, "-W", "error", "-c", BLOCKED, NUMPY_EXAMPLE)
    check_numpy_example(model, path, tmp_path, *command)


def test_numpy_example_repeats_itself(generator, tmp_path):
    """The same seed gives the same file, another seed another."""
    _, path = generator
    contents: list[bytes] = []
    for seed in (1, 1, 2):
        grid = tmp_path / f"{len(contents)}.png"
        call(
            *(sys.executable, NUMPY_EXAMPLE, path),
            *("--output", grid, "--seed", str(seed)),
        )
        contents.append(grid.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_numpy_example_refuses_other_files(wrong_files, tmp_path):
    command = (sys.executable, NUMPY_EXAMPLE, "--output")
    check_refusals(wrong_files, tmp_path / "grid.png", *command)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with numpy and onnxruntime, and without TensorFlow."""
    folder = tmp_path_factory.mktemp("bare")
    python = folder / "bin" / "python"
    for command in (
        (sys.executable, "-m", "venv", folder),
        (python, "-m", "pip", "install", "--quiet", "numpy", "onnxruntime"),
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no environment of its own: {done.stderr[-300:]}")
    return python


def test_numpy_example_in_its_own_environment(generator, bare_python, tmp_path):
    for missing in ("tensorflow", "keras"):
        done = subprocess.run(
            [bare_python, "-c", f"import {missing}"], capture_output=True
        )
        assert done.returncode == 1, missing
    model, path = generator
    check_numpy_example(model, path, tmp_path, bare_python, NUMPY_EXAMPLE)


@pytest.fixture(scope="session")
def node_example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The example beside a `node_modules` with onnxruntime-web."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"there is no {program}")
    folder = tmp_path_factory.mktemp("node")
    done = subprocess.run(
        ["npm", "install", "--ignore-scripts", "onnxruntime-web"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"no onnxruntime-web: {done.stderr[-300:]}")
    yield Path(shutil.copy(NODE_EXAMPLE, folder))
    # 150 MB, of which pytest would keep those of three runs.
    shutil.rmtree(folder)


def test_node_example(generator, node_example, tmp_path):
    model, path = generator
    grid, numbers = tmp_path / "grid.pgm", tmp_path / "grid.json"
    lines = call("node", node_example, path, grid, numbers)
    content = {
        name: np.array(tensor["data"], np.float32).reshape(tensor["dims"])
        for name, tensor in json.loads(numbers.read_text()).items()
    }
    images = content["image"]
    check_arrays(model, content)
    check_output(model, images, lines)
    check_grid(grid, images)


def test_node_example_refuses_other_files(wrong_files, node_example, tmp_path):
    check_refusals(wrong_files, tmp_path / "grid.pgm", "node", node_example)


def test_node_example_says_how_to_use_it(node_example):
    done = subprocess.run(
        ["node", node_example], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage: node onnx_node.mjs GENERATOR.onnx")
