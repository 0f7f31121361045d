"""Streams that nobody reads, and Ctrl-C at any time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keras_infogan.cli import main as cli

FULL = Path("/dev/full")


def call(redirection, *arguments):
    words = [sys.executable, "-m", "keras_infogan", *map(str, arguments)]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "0<&- 2>&-"])
def test_a_picture_is_drawn_without_stderr(redirection, model_path, tmp_path):
    """Nor does TensorFlow write into the picture what it says there."""
    if "full" in redirection and not FULL.exists():
        pytest.skip("no /dev/full")
    image = tmp_path / "x.png"
    done = call(redirection, "sample", model_path, "--count=1", "-o", image)
    assert done.returncode == 0
    assert json.loads(done.stdout)["output"] == str(image)
    assert image.read_bytes().startswith(b"\x89PNG")


def test_errors_have_their_status_without_stderr():
    assert call("2>&-", "sample", "nowhere").returncode == 2
    assert call("2>/dev/full", "sample", "nowhere").returncode == 2


def test_a_result_that_nobody_can_get_is_an_error():
    done = call(">&-", "presets")
    assert done.returncode == 2
    assert done.stderr == (
        "keras-infogan: error: [Errno 9] It is closed: 'stdout'\n"
    )


def test_ctrl_c_outside_of_the_training(monkeypatch, capsys):
    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_infogan.cli.presets.run", interrupt)
    with pytest.raises(SystemExit) as exit_:
        cli.main(["presets"])
    assert exit_.value.code == 130
    assert capsys.readouterr().err == "keras-infogan: stopped\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", f"--codes={'[' * 100_000}"], "nested at most 50 deep"),
        (["train", "--warped-codes=[1]"], "should be a string. Received: 1"),
        (["train", f"--steps-per-execution={2**63}"], "at most 64 bits"),
        (["train", "--steps-per-execution=3000000000"], "at most 2147483647"),
        (["train", f"--epochs={10**30}"], "at most 64 bits, got '1000"),
        (["train", "--epochs=9999999999"], "at most 2147483647"),
        (["train", f"--devices={10**30}"], "at most 64 bits"),
        (["train", '--information-weights={"a": NaN}'], "finite"),
        (["sample", "mnist", "--seed", "1" * 5000], "at most 64 bits"),
        (["sample", "mnist", "--code=a=nan"], "expected NAME=VALUE"),
        (["traverse", "mnist", "--code="], "expected NAME"),
        (["traverse", "mnist", "--code=a:99999999999"], "expected NAME"),
        (["traverse", "mnist", "--attribute="], "stands for ''"),
    ],
    ids=lambda value: value[-1][:20] if isinstance(value, list) else None,
)
def test_arguments_that_no_command_takes(
    arguments, message, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    assert exit_.value.code == 2
    error = capfd.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert len(error) < 1000
