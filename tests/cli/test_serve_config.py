"""`keras-infogan serve-config`: the files of a deployment."""

from pathlib import Path

import pytest

from tests.helpers.command_line import run


def test_serve_config(capfd, tmp_path):
    (tmp_path / "mnist" / "1").mkdir(parents=True)
    # What it looks for; what is in it is the server's matter.
    (tmp_path / "mnist" / "1" / "saved_model.pb").touch()
    result, _ = run(
        capfd,
        "serve-config",
        tmp_path / "serving",
        f"--model-dir={tmp_path / 'mnist'}",
    )
    names = {Path(path).name for path in result["files"]}
    assert {"models.config", "compose.yaml", "kubernetes.yaml"} <= names
    assert 'name: "mnist"' in (tmp_path / "serving/models.config").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--model-dir=nowhere"], "nowhere"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("serve-config", *arguments)
