"""`scripts/serve.sh` starts a server, or prints how to."""

import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
FLAGS = [
    "--max_num_load_retries=0",
    "--grpc_max_threads=256",
    "--rest_api_num_threads=64",
]


@pytest.fixture
def model_dir(tmp_path):
    """A version, in a folder whose name has to be quoted."""
    path = tmp_path / "a $model: 'x'"
    (path / "1").mkdir(parents=True)
    (path / "1" / "saved_model.pb").touch()
    return path


def serve(*arguments, **environment):
    return subprocess.run(
        [SCRIPTS / "serve.sh", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **environment},
    )


def test_without_a_server_it_prints_the_command_of_a_container(model_dir):
    done = serve(model_dir, "infogan", "--", "--enable_batching", GRPC_PORT="9")
    assert done.returncode == 3
    # The words that the shell splits the line into.
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {done.stdout}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert words[:2] == ["docker", "run"]
    image, *flags = words[-5:]
    assert image == "tensorflow/serving:2.20.0"
    assert flags == [*FLAGS, "--enable_batching"]
    # Process 1 would ignore SIGTERM.
    assert "--init" in words
    assert (
        f"type=bind,source={model_dir},target=/models/infogan,readonly" in words
    )
    assert "127.0.0.1:9:8500" in words
    assert "127.0.0.1:8501:8501" in words


def test_with_a_server_it_runs_it(model_dir, tmp_path):
    """A program that prints its arguments."""
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    done = serve(
        model_dir,
        "infogan",
        "--",
        "--flag",
        TENSORFLOW_MODEL_SERVER=str(program),
        REST_PORT="9501",
    )
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "--model_name=infogan",
        f"--model_base_path={model_dir}",
        "--rest_api_port=9501",
        "--port=8500",
        *FLAGS,
        "--flag",
    ]


def test_missing_versions_and_programs(tmp_path, model_dir):
    done = serve(tmp_path)
    assert done.returncode == 2
    assert "should have versions" in done.stderr
    done = serve(model_dir, "x", TENSORFLOW_MODEL_SERVER="/nowhere")
    assert done.returncode == 2
    assert "should name a program. Received: /nowhere" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["x"], {"REST_PORT": "abc"}, "from 1 to 65535. Received: abc"),
        (["x"], {"GRPC_PORT": "65536"}, "from 1 to 65535. Received: 65536"),
        (["x"], {"GRPC_PORT": "8501"}, "should differ. Received: 8501"),
        (["A b"], {}, "letters, digits, _, - and . Received: A b"),
        (["--flag"], {}, "usage: "),
        (["x", "y"], {}, "usage: "),
    ],
)
def test_invalid_arguments_of_serve(arguments, environment, message, model_dir):
    done = serve(model_dir, *arguments, **environment)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_help():
    done = serve("--help")
    assert done.returncode == 0
    assert "scripts/serve.sh DIR [NAME] [-- FLAGS]" in done.stdout
    assert "set -" not in done.stdout
