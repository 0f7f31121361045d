"""What all commands share: help, errors in one line, JSON on stdout."""

import subprocess
import sys

import pytest

from keras_infogan import __version__
from keras_infogan.cli import main as cli


@pytest.mark.parametrize(
    "command",
    [
        "train",
        "evaluate",
        "sample",
        "traverse",
        "encode",
        "export",
        "explore",
        "serve-config",
        "canary",
        "presets",
    ],
)
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main([command, "--help"])
    assert exit_.value.code == 0
    assert f"example: keras-infogan {command}" in capsys.readouterr().out


def test_help_imports_nothing_slow():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "keras_infogan", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines()
    }
    assert "keras_infogan.training.config" in imported
    assert not imported & {"tensorflow", "keras", "numpy", "matplotlib", "tqdm"}


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"keras-infogan {__version__}\n"


def test_usage_errors_exit_with_2(capsys):
    for arguments in (
        [],
        ["sing"],
        ["train", "--epochs=x"],
        ["train", "--warp=5"],
        ["train", "--update=x"],
        ["sample", "x", "--count=0"],
        ["sample", "x", "--count=100000000000"],
        ["traverse", "x", "--code=a", "--columns=0"],
        ["export", "x", "--saved-model="],
        ["export", "x", "--onnx", ""],
        ["export", "x", "--onnx-encoder="],
        ["explore", "x", "-o", ""],
        ["serve-config", "", "--model-dir=x"],
    ):
        with pytest.raises(SystemExit) as exit_:
            cli.main(arguments)
        assert exit_.value.code == 2
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1
        command = " ".join(["keras-infogan", *arguments[:1]]).replace(
            " sing", ""
        )
        assert error.endswith(f"; see {command} --help\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        # Before a model is looked for.
        (["sample", "x", "--output=x.jpg"], "a name that ends in .png"),
        (["sample", "x", "--attribute=slant"], "expected NAME=NUMBER such as"),
        (["sample", "x", "--attribute=slant=nan"], "expected NAME=NUMBER"),
        (["traverse", "x", "--code=continuous:-1"], "an index from 0, got"),
        (["train", "--update=x"], "'fused', 'three_phase'"),
    ],
)
def test_arguments_say_what_they_expect(arguments, message, capsys):
    with pytest.raises(SystemExit):
        cli.main(arguments)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("reader", "status", "talk"),
    [
        ("> /dev/full", 2, "keras-infogan: error: stdout: No space left"),
        ("| true", 0, ""),
    ],
)
def test_result_that_cannot_be_written(reader, status, talk):
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m keras_infogan presets {reader}"
            "; exit ${PIPESTATUS[0]}",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == status
    assert done.stderr.startswith(talk)
    assert len(done.stderr.splitlines()) == bool(talk)


def test_traceback_on_request():
    with pytest.raises(ValueError, match="finished run"):
        cli.main(["--traceback", "sample", "nowhere"])
