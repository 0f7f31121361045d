"""What all commands share: help, errors in one line, JSON on stdout."""

import subprocess
import sys

import numpy as np
import pytest

from keras_infogan import __version__
from keras_infogan.cli import main as cli
from keras_infogan.reports.images import save_image


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
        ["train", "--epochs"],
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


def test_flags_are_not_abbreviated(capsys):
    """`--epoch 3` would train for three epochs."""
    for arguments in (["train", "--epoch=3"], ["sample", "mnist", "--cou=1"]):
        with pytest.raises(SystemExit):
            cli.main(arguments)
        error = capsys.readouterr().err
        assert f"unrecognized arguments: {arguments[-1]}; see" in error


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
    ("reader", "status", "messages"),
    [
        ("> /dev/full", 2, "keras-infogan: error: stdout: No space left"),
        ("| true", 0, ""),
    ],
)
def test_result_that_cannot_be_written(reader, status, messages):
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
    assert done.stderr.startswith(messages)
    assert len(done.stderr.splitlines()) == bool(messages)


def test_traceback_on_request():
    with pytest.raises(ValueError, match="finished run"):
        cli.main(["--traceback", "sample", "nowhere"])


@pytest.mark.parametrize(
    ("call", "of_data", "missing"),
    [
        ("load_model({model!r})", [], ["scipy", "sklearn"]),
        (
            "cli.main.main(['sample', {model!r}, '-o', {image!r}])",
            [],
            ["scipy", "sklearn"],
        ),
        # Outliers are found by measures that take SciPy.
        (
            "cli.main.main(['encode', {model!r}, {image!r}])",
            ["keras_infogan.data.image_file"],
            [],
        ),
    ],
    ids=["load_model", "sample", "encode"],
)
def test_a_trained_model_is_used_without_data_sets_and_training(
    call, of_data, missing, model_path, tmp_path
):
    """As if Matplotlib and others were not there: Keras imports them if it can.

    The options of `train` are those of the configuration, so the command line
    reads `training.config`, but nothing that trains.
    """
    image = tmp_path / "x.png"
    save_image(image, np.zeros((8, 8, 3), np.uint8))
    call = call.format(model=str(model_path), image=str(image))
    missing = ["matplotlib", "tensorflow_datasets", *missing]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r}))\n"
        "from keras_infogan import cli, load_model\n"
        "import keras_infogan.cli.main\n"
        f"{call}\n"
        "print(*(x for x in sys.modules if x.startswith('keras_infogan.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    modules = done.stdout.splitlines()[-1].split()
    assert "keras_infogan.models.infogan" in modules
    assert [
        name for name in modules if name.startswith("keras_infogan.data.")
    ] == of_data
    options = ("config", "sections", "presets")
    assert {
        name.split(".")[2]
        for name in modules
        if name.startswith("keras_infogan.training.")
    } <= set(options)
