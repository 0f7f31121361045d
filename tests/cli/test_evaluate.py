"""`keras-infogan evaluate`: runs and pretrained models."""

import pytest

from keras_infogan.cli import main as cli
from keras_infogan.files import write_json
from keras_infogan.models import pretrained
from keras_infogan.training import build
from keras_infogan.training.presets import PRESETS
from tests.helpers.command_line import fail
from tests.helpers.command_line import run


def test_a_pretrained_model_is_measured_and_left(
    few_digits_dir, tmp_path, monkeypatch, capfd
):
    config = PRESETS["mnist"].replace(dataset="few_digits")
    folder = tmp_path / "pretrained"
    folder.mkdir()
    build.build_model(config).save(folder / "little.keras")
    write_json(folder / "little_config.json", config.to_json())
    monkeypatch.setattr(pretrained, "_FOLDER", folder)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    report, err = run(
        capfd,
        *("evaluate", "little", f"--data-dir={few_digits_dir}"),
        "--num-naming-labels=30",
    )
    assert report["configuration"] == config.to_json()
    assert report["num_test_images"] == 200
    assert report["steps"] == 0
    categories = report["code_map"]["codes"]["category"]["categories"]
    assert sum(category["num_labels"] for category in categories) == 30
    assert "the categories reach a clustering accuracy of" in err
    assert sorted(tmp_path.rglob("*")) == before


def test_folders_of_the_data_arrive(monkeypatch, capfd):
    """Stops where the data would be loaded."""

    def load_data(config, *, data_dir, archives_dir):
        raise ValueError(f"{config.dataset}, {data_dir}, {archives_dir}")

    monkeypatch.setattr(build, "load_data", load_data)
    error = fail(
        capfd, "evaluate", "mnist", "--data-dir=here", "--archives-dir=there"
    )
    assert "mnist, here, there" in error


@pytest.mark.parametrize("number", ["-1", "0", "x"])
def test_naming_labels_are_counted(number, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(["evaluate", "mnist", f"--num-naming-labels={number}"])
    assert exit_.value.code == 2
    assert "expected a whole number of at least 1" in capsys.readouterr().err


def test_damaged_configuration(tmp_path, capfd):
    write_json(tmp_path / "config.json", {"epochs": 3, "colour": "red"})
    (tmp_path / "model.keras").touch()
    error = fail(capfd, "evaluate", tmp_path)
    assert "config.json should be the configuration of a run" in error
    assert "colour" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "directory of a finished run"),
        (["MODEL"], "without a config.json"),
        (["STOPPED"], "train` command to resume it"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("evaluate", *arguments)
