"""`keras-infogan canary`: its steps are tested in tests/serving/deploy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keras_infogan.serving.deploy.config import write_serving_files
from tests.helpers.command_line import fail
from tests.helpers.command_line import run
from tests.helpers.deploy import labels_of


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The files to serve version 1 of three."""
    for version in (1, 2, 3):
        (tmp_path / f"model/{version}").mkdir(parents=True)
        (tmp_path / f"model/{version}/saved_model.pb").touch()
    path = tmp_path / "config"
    write_serving_files(path, model_name="m", model_dir=tmp_path / "model")
    return path


def test_a_release_step_by_step(config, capfd):
    for step, labels in (
        (["show"], (1, None, None)),
        (["publish", "2"], (1, 2, None)),
        (["rollback"], (1, None, None)),
        (["publish", "3"], (1, 3, None)),
        (["promote"], (3, None, 1)),
        (["rollback"], (1, None, 3)),
    ):
        result, log = run(capfd, "canary", *step, "--config", config)
        assert ("has loaded version 3" in log) == (step == ["promote"])
        assert tuple(result.values()) == labels
        assert list(result) == ["stable", "canary", "previous"]
        written = {k: v for k, v in result.items() if v is not None}
        assert labels_of(config) == written


def test_it_needs_no_tensorflow(config):
    code = (
        "import sys; from keras_infogan.cli import main as cli\n"
        f"cli.main(['canary', 'show', '--config', {str(config)!r}])\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    *result, imported = done.stdout.splitlines()
    assert json.loads("".join(result))["stable"] == 1
    assert imported == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["publish"], "publish takes a version"),
        (["promote", "2"], "the other steps do not. Received: promote 2."),
        (["show", "--config=nope"], "serve-config` wrote. Received: nope, w"),
        (["promote"], "There should be a canary to promote"),
        (["show", "--server=http://x"], "--server is for promote. Received: s"),
        (["rollback"], "There should be a canary or a previous version"),
    ],
)
def test_errors_are_one_line(arguments, message, config, capfd):
    error = fail(capfd, "canary", "--config", config, *arguments)
    assert message in error
