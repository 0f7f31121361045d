"""`keras-infogan train`: flags, dry runs and the summary."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from keras_infogan.files import write_json
from keras_infogan.training.presets import PRESETS
from tests.helpers.command_line import fail
from tests.helpers.command_line import run


def test_every_option_has_a_flag(capfd):
    """Each field of the configuration can be given, and comes through."""
    given: dict[str, Any] = {
        "dataset": "few_digits",
        "image_size": 32,
        "noise_dim": 10,
        "codes": {"style": {"type": "normal", "dim": 1, "stddev": None}},
        "jit_compile": False,
        "batch_size": 8,
        "information_weights": {"style": 0.5},
        "information_gradient": "head",
        "generator_learning_rate": 3e-4,
    }
    flags = []
    for name, value in given.items():
        flag = name.replace("_", "-")
        if value is False:
            flags.append(f"--no-{flag}")
        else:
            text = json.dumps(value) if isinstance(value, dict) else value
            flags.append(f"--{flag}={text}")
    config, _ = run(capfd, "train", "--preset=paper", "--dry-run", *flags)
    expected = PRESETS["paper"].replace(**given).to_json()
    assert config == expected


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
    result, err = run(
        capfd,
        "train",
        f"--run-dir={tmp_path / 'run'}",
        f"--data-dir={few_digits_dir}",
        "--dataset=few_digits",
        "--epochs=1",
        "--batch-size=64",
        "--no-jit-compile",
    )
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    for name in (
        "clustering_accuracy",
        "normalized_mutual_information",
        "mutual_information",
    ):
        assert result[name] == report[name]
    assert "of the test images" in err
    assert str(tmp_path / "run") in err
    again, _ = run(
        capfd, "evaluate", tmp_path / "run", f"--data-dir={few_digits_dir}"
    )
    assert again == report


def test_a_file_is_no_run_directory(capfd, tmp_path):
    path = tmp_path / "x"
    path.touch()
    error = fail(capfd, "train", "--dry-run", f"--run-dir={path}")
    assert "Received: a file. Choose another --run-dir." in error


def test_too_much_memory_is_one_line():
    """In a process of its own: TensorFlow's talk of it is silenced at import.

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
            "Labels need a categorical code",
        ),
        (["--dry-run", "--beta-1=1"], "below 1"),
        (
            ["--dry-run", '--warp={"x": 1}'],
            "should have these options only: rotation",
        ),
        (
            ["--dry-run", '--information-weights={"category": "a"}'],
            "should be a number",
        ),
        (["--dry-run", "--image-size=30"], "multiples of 4"),
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
