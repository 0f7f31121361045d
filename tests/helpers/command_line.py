"""Calls of the command line, as a user makes them."""

import json
from typing import Any

import pytest

from keras_infogan.cli import main as cli


def run(capfd: Any, *arguments: Any) -> tuple[Any, str]:
    """The JSON that a command prints on stdout, and the text on stderr."""
    cli.main([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    return json.loads(out), err


def fail(capfd: Any, *arguments: Any) -> str:
    """The single line of an error, with exit status 2 and nothing on stdout."""
    with pytest.raises(SystemExit) as exit_:
        cli.main([str(argument) for argument in arguments])
    assert exit_.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    *messages, error = err.splitlines()
    assert messages in ([], ["Reading mnist ..."], ["Reading mnits ..."])
    assert error.startswith("keras-infogan: error: ")
    return error
