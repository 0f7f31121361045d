"""`keras-infogan train`: flags, dry runs and the summary."""

import argparse
import json
import os
import subprocess
import sys
from typing import Any

import pytest

# Before a test replaces `build_model`, which it would keep.
import keras_infogan.training.run as training_run
from keras_infogan.cli import arguments
from keras_infogan.cli import main as cli
from keras_infogan.files import write_json
from keras_infogan.training import build
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import PRESETS
from tests.helpers.command_line import fail
from tests.helpers.command_line import run
from tests.helpers.options import OTHER_VALUES
from tests.helpers.options import other_options


def flags_of(options: dict[str, Any]) -> list[str]:
    """Options as a person types them."""
    flags = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            flags.append(f"--{flag}={text}")
    return flags


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_every_option_has_a_flag(name, capfd, monkeypatch):
    monkeypatch.setattr(build, "build_model", lambda config: None)
    options = other_options(name)
    if name == "preset":
        expected = PRESETS["paper"]
    else:
        expected = PRESETS["mnist"].replace(**options)
    config, _ = run(capfd, "train", "--dry-run", *flags_of(options))
    assert config == expected.to_json()


def test_the_help_lists_all_choices(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["train", "--help"])
    text = capsys.readouterr().out
    for choices in (
        "{compact,paper,writeup,sprites}",
        "{non_saturating,least_squares,hinge,wasserstein}",
        "{batch,layer,spectral,none}",
        "{fused,three_phase}",
        "{trunk,head}",
    ):
        assert choices in text


def test_every_flag_is_tested():
    names = [setting.name for setting in TrainingConfig.settings()]
    assert set(names) == set(OTHER_VALUES)


def test_no_augmentation(capfd, monkeypatch):
    monkeypatch.setattr(build, "build_model", lambda config: None)
    config, _ = run(
        capfd,
        *("train", "--dry-run", "--warp={}", "--warped-codes=[]"),
        *("--slant-gains={}", "--thickness-gains={}"),
        *("--invariance-weight=0", "--neighbor-share=0", "--resplit-share=0"),
    )
    assert config["objective"]["augmentation"] is None


def test_dry_run_writes_nothing(capfd, tmp_path):
    run_dir = tmp_path / "run"
    _, err = run(
        capfd,
        *("train", "--dry-run", f"--run-dir={run_dir}", "--dataset=nope"),
        *("--num-labels=5", "--test-split=last"),
    )
    assert "Not checked, as no data is loaded" in err
    assert "data set nope exists and has the splits train and last" in err
    assert not run_dir.exists()


def test_dry_run_tells_of_another_run(capfd, tmp_path):
    config = PRESETS["mnist"].replace(seed=5)
    write_json(tmp_path / "config.json", config.to_json())
    error = fail(
        capfd, "train", "--dry-run", "--seed=6", f"--run-dir={tmp_path}"
    )
    assert "holds a run with other options (seed: 5 -> 6)" in error


def test_train_summary(capfd, few_digits_dir, tmp_path):
    """The main job: report and exports, and what to do with them."""
    command = (
        "train",
        f"--run-dir={tmp_path / 'run'}",
        f"--data-dir={few_digits_dir}",
        "--dataset=few_digits",
        "--epochs=1",
        "--batch-size=64",
        "--no-jit-compile",
    )
    result, err = run(capfd, *command, "--no-export")
    exports = tmp_path / "run" / "export"
    assert not exports.exists()
    assert str(exports) not in err
    # The run is complete but for its exports.
    again, err = run(capfd, *command)
    assert again == result
    assert f"Open {exports / 'explorer.html'} to play" in err
    assert f"serve-config serving --model-dir {exports / 'run'}" in err
    assert (exports / "explorer.html").exists()
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    for name in (
        "clustering_accuracy",
        "normalized_mutual_information",
        "mutual_information",
    ):
        assert result[name] == report[name]
    assert "the categories reach a clustering accuracy of" in err
    assert str(tmp_path / "run") in err
    again, _ = run(
        capfd, "evaluate", tmp_path / "run", f"--data-dir={few_digits_dir}"
    )
    assert again == report
    # With the same code map, the exports stay; with another one, they do not.
    assert not (exports / "run" / "2").exists()
    run(
        capfd,
        *("evaluate", tmp_path / "run", f"--data-dir={few_digits_dir}"),
        "--num-naming-labels=20",
    )
    assert (exports / "run" / "2").exists()


def test_folders_arrive(monkeypatch, capfd):
    """Stops where the training would begin."""

    def train(config, run_dir, **options):
        raise ValueError(f"{config.seed}, {run_dir}, {[*options.values()]}")

    monkeypatch.setattr(training_run, "train", train)
    error = fail(
        capfd,
        *("train", "--seed=5", "--run-dir=run"),
        *("--data-dir=here", "--archives-dir=there", "--no-export"),
    )
    assert "5, run, [PosixPath('here'), PosixPath('there'), False, 1]" in error


@pytest.mark.parametrize(
    ("options", "seed", "run_dir"),
    [
        ([], 0, "runs/mnist"),
        (["--dataset=my/digits"], 0, "runs/mnist-my-digits"),
        (["--dataset=./photos"], 0, "runs/mnist-photos"),
        (["--dataset=x.npz"], 0, "runs/mnist-x"),
        # One that was stopped goes on with its own options.
        (["--run-dir=stopped"], 5, "stopped"),
        # Or with more epochs.
        (["--run-dir=stopped", "--epochs=14"], 5, "stopped"),
    ],
)
def test_runs_have_directories_of_their_own(
    options, seed, run_dir, monkeypatch, capfd, tmp_path
):
    def train(config, run_dir, **folders):
        raise ValueError(f"{config.seed}, {run_dir}")

    monkeypatch.setattr(training_run, "train", train)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stopped").mkdir()
    config = PRESETS["mnist"].replace(seed=5)
    write_json(tmp_path / "stopped" / "config.json", config.to_json())
    error = fail(capfd, "train", *options)
    assert error.endswith(f"error: {seed}, {run_dir}")


@pytest.mark.parametrize("text", ["3x", "1x2x3", "", "-3", "3.5"])
def test_sizes_are_one_number_or_two(text):
    with pytest.raises(argparse.ArgumentTypeError, match="a side such as 32"):
        arguments.image_size(text)


def test_sizes_and_sources(capfd, tmp_path, monkeypatch):
    """A relative path is absolute in the configuration."""
    monkeypatch.chdir(tmp_path)
    result, _ = run(
        capfd,
        *("train", "--dry-run", "--dataset=./photos", "--image-size=17x30"),
        *("--channels=3", "--resize=pad"),
    )
    assert result["data"]["dataset"] == str(tmp_path / "photos")
    assert result["data"]["image_size"] == [17, 30]
    assert result["data"]["resize"] == "pad"


def test_a_file_is_no_run_directory(capfd, tmp_path):
    path = tmp_path / "x"
    path.touch()
    error = fail(capfd, "train", "--dry-run", f"--run-dir={path}")
    assert "Received: a file. Choose another --run-dir." in error


def test_too_much_memory_is_one_line():
    """In a process of its own: TensorFlow's messages are silenced at import.

    A trillion categories are 4 TB for the smallest row of weights.
    """
    codes = {"a": {"type": "categorical", "num_categories": 10**12}}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "keras_infogan",
            "train",
            "--dry-run",
            "--preset=paper",
            f"--codes={json.dumps(codes)}",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "needs more memory than there is" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dry-run", '--codes={"a": 3}'], "codes['a'] should be a mapping"),
        (
            ["--dry-run", '--codes={"a": {"type": "uniform", "x": 1}}'],
            "takes dim and stddev",
        ),
        (
            ["--dry-run", '--codes={"a": {"type": "categorical"}}'],
            "takes num_categories",
        ),
        (["--dry-run", '--codes={"a": {"type": [1]}}'], "type of the"),
        (
            ["--dry-run", '--codes={"a": {"type": "uniform", "stddev": "a"}}'],
            "should be a positive number",
        ),
        (
            [
                "--dry-run",
                "--invariance-weight=0",
                "--warped-codes=[]",
                "--num-labels=10",
                "--neighbor-share=0",
                '--codes={"a": {"type": "uniform"}}',
                '--information-weights={"a": 1}',
            ],
            "num_labels should come with a categorical code",
        ),
        (
            ["--dry-run", "--num-categories=1"],
            "should be a whole number of at least 2. Received: "
            "num_categories=1.",
        ),
        (
            ["--preset=dsprites", "--num-categories=4"],
            "num_categories should come with a categorical code",
        ),
        (["--dry-run", "--beta-1=1"], "below 1"),
        (
            ["--dry-run", '--warp={"x": 1}'],
            "should have known options only. Received: x. Known: rotation",
        ),
        (
            ["--dry-run", '--information-weights={"category": "a"}'],
            "should be a number",
        ),
        (["--dry-run", "--image-size=0x9"], "at least 4"),
        (["--dry-run", "--batch-size=0"], "batch_size should be"),
        (
            ["--dry-run", "--label-smoothing=.1", "--adversarial-loss=hinge"],
            "is for non_saturating and least_squares only",
        ),
        (["--run-dir=run", "--dataset=mnits"], "mnist"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("train", *arguments)
