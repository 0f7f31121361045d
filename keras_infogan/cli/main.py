"""The command line: arguments in, JSON on stdout, talk on stderr, no logic.

Imports no TensorFlow before a command is known to need it.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any
from typing import NoReturn

from keras_infogan import __version__
from keras_infogan.cli import encode
from keras_infogan.cli import evaluate
from keras_infogan.cli import explore
from keras_infogan.cli import export
from keras_infogan.cli import presets
from keras_infogan.cli import sample
from keras_infogan.cli import serve_config
from keras_infogan.cli import train
from keras_infogan.cli import traverse
from keras_infogan.cli.console import PROGRAM
from keras_infogan.cli.console import import_tensorflow
from keras_infogan.files import explain
from keras_infogan.files import one_line

_USER_ERROR = 2
_INTERRUPTED = 130
# In the order of the help.
_COMMANDS = (
    train,
    evaluate,
    sample,
    traverse,
    encode,
    export,
    explore,
    serve_config,
    presets,
)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the whole usage.

    Those of a command name its help, which `prog` includes.
    """

    def error(self, message: str) -> NoReturn:
        self.exit(
            _USER_ERROR,
            f"{self.prog}: error: {message}; see {self.prog} --help\n",
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Learn what varies in images, without labels (InfoGAN).",
        epilog="example: keras-infogan train --preset mnist --epochs 1",
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    parser.add_argument(
        "--traceback",
        action="store_true",
        help="show where in the code an error came from",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def _print_result(result: Any) -> None:
    try:
        print(json.dumps(result, indent=2), flush=True)
    except OSError as error:
        # Python would try again at its end, and fail with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever closed a pipe has read enough.
        if not isinstance(error, BrokenPipeError):
            error.filename = "stdout"
            raise


def _out_of_memory() -> tuple[type[BaseException], ...]:
    """What NumPy and, if it was imported, TensorFlow raise for it."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return (MemoryError,)
    return (MemoryError, tensorflow.errors.ResourceExhaustedError)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line, `sys.argv` by default.

    Prints the result as JSON. Exits with 2 after an error of the user's, 130
    after Ctrl-C and 143 after SIGTERM.
    """
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        server = getattr(args, "server", None)
        if args.check is not None:
            args.check(args)
        if server is None and args.needs_tensorflow:
            import_tensorflow("keras_infogan.models.infogan")
        elif server and server.startswith("grpc"):
            # Its messages are not to be had without.
            import_tensorflow("tensorflow")
        result = args.run(args)
        _print_result(result)
        # Some of many images.
        if isinstance(result, list) and any("error" in x for x in result):
            parser.exit(_USER_ERROR)
    except (OSError, ValueError) as error:
        if args.traceback:
            raise
        parser.exit(_USER_ERROR, f"{parser.prog}: error: {explain(error)}\n")
    except _out_of_memory() as error:
        if args.traceback:
            raise
        parser.exit(
            _USER_ERROR,
            f"{parser.prog}: error: This needs more memory than there is; "
            f"choose smaller numbers. Received: {one_line(error, limit=200)}\n",
        )
    except KeyboardInterrupt as interrupt:
        status = getattr(interrupt, "exit_status", _INTERRUPTED)
        parser.exit(status, f"{parser.prog}: {interrupt or 'stopped'}\n")
