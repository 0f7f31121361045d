"""`keras-infogan serve-config`: the files of a deployment."""

from pathlib import Path

import pytest

from tests.helpers.command_line import run
from tests.helpers.deploy import kubernetes
from tests.helpers.deploy import labels_of
from tests.helpers.deploy import served


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


def test_options_arrive_in_the_files(capfd, tmp_path):
    """No two options have the same value."""
    for version in ("3", "4"):
        (tmp_path / "mnist" / version).mkdir(parents=True)
        (tmp_path / "mnist" / version / "saved_model.pb").touch()
    config = tmp_path / "serving"
    run(
        capfd,
        *("serve-config", config, f"--model-dir={tmp_path / 'mnist'}"),
        *("--model-name=digits", "--stable=3", "--canary=4"),
        *("--replicas=5", "--max-replicas=6"),
    )
    assert served(config).name == "digits"
    assert labels_of(config) == {"stable": 3, "canary": 4}
    scaler = kubernetes(config)["HorizontalPodAutoscaler"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (5, 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--model-dir=nowhere"], "nowhere"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("serve-config", *arguments)
