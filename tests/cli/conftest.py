"""Models and runs that the tests of the commands share."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.files import write_json
from keras_infogan.training.presets import PRESETS
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions
from tests.helpers.command_line import fail
from tests.helpers.models import tiny_model


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file without a code map."""
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    tiny_model().save(path)
    return path


@pytest.fixture(scope="session")
def named_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose code map is shuffled: category 2 is a seven, 0 a one."""
    run_dir = tmp_path_factory.mktemp("named")
    tiny_model().save(run_dir / "model.keras")
    code_map = CodeMap(
        {
            "category": categories(
                CategoryMeaning("1", 0.9, 0.8, 10),
                CategoryMeaning(),
                CategoryMeaning("7", 0.9, 0.8, 10),
            ),
            "continuous": dimensions(
                DimensionMeaning(),
                DimensionMeaning("slant", -1, -0.95, 0.3, -0.3, "rad"),
            ),
        }
    )
    write_json(run_dir / "code_map.json", code_map.to_json())
    return run_dir


@pytest.fixture
def refuse(
    model_path: Path,
    named_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Any,
) -> Callable[..., str]:
    """Calls a command that fails, and returns the line of its error.

    In a folder with `text`, a file, `STOPPED`, a run without a model, and
    `UNNAMED`, one without a code map. MODEL and NAMED stand for `model_path`
    and `named_run`.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("no image")
    for name in ("STOPPED", "UNNAMED"):
        write_json(tmp_path / name / "config.json", PRESETS["mnist"].to_json())
    shutil.copy(model_path, tmp_path / "UNNAMED" / "model.keras")
    paths = {"MODEL": model_path, "NAMED": named_run}
    return lambda *words: fail(capfd, *[paths.get(w, w) for w in words])
