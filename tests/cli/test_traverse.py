"""`keras-infogan traverse`: one code varies along each row."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_infogan.evaluation.directions import find_direction
from keras_infogan.evaluation.directions import shift_noise
from keras_infogan.evaluation.morphology import measure
from keras_infogan.evaluation.seeds import surest_seeds
from keras_infogan.evaluation.seeds import traversal_rows
from keras_infogan.models.pretrained import load_model
from keras_infogan.reports import grids
from tests.helpers.command_line import run


def test_traverse(model_path, capfd, tmp_path):
    output = tmp_path / "x.png"
    result, _ = run(
        capfd,
        "traverse",
        model_path,
        "--code=continuous:1",
        *("-o", output),
    )
    assert result == {
        "output": str(output),
        "code": "continuous",
        "index": 1,
    }
    Image.open(output).verify()


@pytest.fixture
def drawn(monkeypatch):
    """Images and options of each grid, which is not drawn."""
    calls: list[tuple[Any, dict[str, Any]]] = []

    def plot_grid(images, **options):
        calls.append((images, options))
        return Figure()

    monkeypatch.setattr(grids, "plot_grid", plot_grid)
    return calls


def test_seed_and_columns_arrive_in_the_images(
    drawn, model_path, capfd, tmp_path
):
    """A row for each of the three categories; 1e-6 is float32 rounding."""
    run(
        capfd,
        *("traverse", model_path, "--code=continuous:1", "--columns=4"),
        *("--seed=5", "-o", tmp_path / "x.png"),
    )
    ((images, options),) = drawn
    assert options["num_columns"] == 4
    model = load_model(model_path)
    values = np.linspace(-1, 1, 4, dtype=np.float32)
    rows = traversal_rows(model, [5, 5, 5])
    latents = model.latent_spec.vary(rows, "continuous", 1, values)
    expected = model.generate_from(latents)
    np.testing.assert_allclose(images, expected, atol=1e-6)


def test_an_attribute_increases_from_left_to_right(
    drawn, named_run, capfd, tmp_path
):
    """The code that slants to the left decreases; rows have their classes.

    In their order: category 0 is a one, 2 a seven, and 1 has no class.
    """
    run(
        capfd,
        *("traverse", named_run, "--attribute=slant", "--columns=4"),
        *("-o", tmp_path / "x.png"),
    )
    ((images, options),) = drawn
    model = load_model(named_run)
    rows = traversal_rows(model, surest_seeds(model) * 3, [0, 2, 1])
    values = np.linspace(1, -1, 4, dtype=np.float32)
    latents = model.latent_spec.vary(rows, "continuous", 1, values)
    expected = model.generate_from(latents)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    labels = ["category 0: 1", "category 2: 7", "category 1: unnamed"]
    assert options["row_labels"] == labels


def test_the_noise_varies_along_a_direction(drawn, model_path, capfd, tmp_path):
    """From -1 to 1 times the direction, with the attribute below each image."""
    output = tmp_path / "x.png"
    result, _ = run(
        capfd,
        *("traverse", model_path, "--direction=thickness", "--columns=4"),
        *("--seed=5", "-o", output),
    )
    assert result == {"output": str(output), "direction": "thickness"}
    ((images, options),) = drawn
    model = load_model(model_path)
    latents = shift_noise(
        traversal_rows(model, [5, 5, 5]),
        find_direction(model, "thickness"),
        np.linspace(-1, 1, 4, dtype=np.float32),
    )
    expected = model.generate_from(latents)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert options["column_labels"] == ["-1.0", "-0.3", "+0.3", "+1.0"]
    measured = measure(images)["thickness"]
    assert options["image_labels"] == [f"{value:.2f}" for value in measured]
    assert options["row_labels"] == ["category 0", "category 1", "category 2"]


def test_traverse_by_meaning(named_run, capfd, tmp_path):
    result, _ = run(
        capfd,
        "traverse",
        named_run,
        "--attribute=slant",
        f"--output={tmp_path / 'x.png'}",
    )
    assert (result["code"], result["index"]) == ("continuous", 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL"], "--code, --attribute and --direction. Received: none"),
        (
            ["MODEL", "--code=continuous", "--direction=slant"],
            "Received: --code and --direction",
        ),
        (["MODEL", "--direction=curl"], "one of slant, thickness"),
        (["MODEL", "--code=continuous:2"], "from 0 to 1"),
        (["MODEL", "--code=z"], "one of category, continuous"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("traverse", *arguments)
