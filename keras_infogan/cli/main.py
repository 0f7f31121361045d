"""The command line: arguments in, JSON on stdout, messages on stderr.

Imports TensorFlow only once a command needs it.
"""

import argparse
import errno
import json
import os
import sys
from collections.abc import Sequence
from typing import Any
from typing import NoReturn

from keras_infogan import __version__
from keras_infogan.cli import canary
from keras_infogan.cli import compare
from keras_infogan.cli import embed
from keras_infogan.cli import encode
from keras_infogan.cli import evaluate
from keras_infogan.cli import explore
from keras_infogan.cli import export
from keras_infogan.cli import presets
from keras_infogan.cli import sample
from keras_infogan.cli import serve_config
from keras_infogan.cli import train
from keras_infogan.cli import traverse
from keras_infogan.cli.compilation_cache import use_compilation_cache
from keras_infogan.cli.console import PROGRAM
from keras_infogan.cli.console import import_tensorflow
from keras_infogan.cli.console import show_log
from keras_infogan.cli.console import standard_streams
from keras_infogan.files import explain
from keras_infogan.files import one_line

_USER_ERROR = 2
_INTERRUPTED = 130
# In the order of the help.
_COMMANDS = (
    train,
    evaluate,
    compare,
    sample,
    traverse,
    encode,
    embed,
    export,
    explore,
    serve_config,
    canary,
    presets,
)


class _Parser(argparse.ArgumentParser):
    """A parser with errors of one line, which point to the help.

    Flags are not abbreviated: `--epoch` would be `--epochs` until there is
    another option that starts like it.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        self.exit(
            _USER_ERROR,
            f"{self.prog}: error: {message}; see {self.prog} --help\n",
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Learn disentangled codes of images with InfoGAN.",
        epilog="example: keras-infogan train --preset mnist --epochs 1",
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    parser.add_argument(
        "--traceback",
        action="store_true",
        help="show the traceback of an error",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def _print_result(result: Any) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "It is closed", "stdout")
    try:
        print(json.dumps(result, indent=2), flush=True)
    except OSError as error:
        # At exit Python would flush again, and fail with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # The reader of a closed pipe has read enough.
        if not isinstance(error, BrokenPipeError):
            error.filename = "stdout"
            raise


def _errors_of_resources() -> tuple[type[BaseException], ...]:
    """Those of its operations, if it is imported, and a lack of memory."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return (MemoryError,)
    return (MemoryError, tensorflow.errors.OpError)


def _describe(error: BaseException) -> str:
    """An error in one line, with its cause if that is known."""
    text = one_line(error, limit=200)
    is_exhausted = type(error).__name__ == "ResourceExhaustedError"
    # So TensorFlow calls a full disk, too.
    if is_exhausted and os.strerror(errno.ENOSPC) in text:
        return f"There is no space left on the disk. Received: {text}"
    if is_exhausted or isinstance(error, MemoryError):
        return (
            "This needs more memory than there is; choose smaller sizes. "
            f"Received: {text}"
        )
    return f"TensorFlow cannot go on. Received: {text}"


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line, `sys.argv` by default.

    Prints the result as JSON. The exit status is 2 for an error in the input,
    130 after Ctrl-C and 143 after SIGTERM.
    """
    with standard_streams():
        parser = _parser()
        _run(parser, parser.parse_args(argv))


def _run(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    show_log()
    try:
        if args.check is not None:
            args.check(args)
        if args.compiles:
            use_compilation_cache()
        if args.needs_tensorflow:
            import_tensorflow()
        result = args.run(args)
        _print_result(result)
        # Errors of some images among many.
        if isinstance(result, list) and any("error" in x for x in result):
            parser.exit(_USER_ERROR)
    except (OSError, ValueError) as error:
        if args.traceback:
            raise
        parser.exit(_USER_ERROR, f"{parser.prog}: error: {explain(error)}\n")
    except _errors_of_resources() as error:
        if args.traceback:
            raise
        parser.exit(_USER_ERROR, f"{parser.prog}: error: {_describe(error)}\n")
    except KeyboardInterrupt as interrupt:
        status = getattr(interrupt, "exit_status", _INTERRUPTED)
        parser.exit(status, f"{parser.prog}: {str(interrupt) or 'stopped'}\n")
