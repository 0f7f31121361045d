"""Messages on stderr, without those of TensorFlow."""

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

PROGRAM = "keras-infogan"
_PACKAGE = "keras_infogan"


class _Stderr(io.TextIOBase):
    """Text for stderr, of which what cannot be written is lost.

    Nobody may be there to read it: it is closed, or a full disk.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def isatty(self) -> bool:
        return bool(self._stream.isatty())

    def fileno(self) -> int:
        return int(self._stream.fileno())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return str(self._stream.encoding)

    def _try(self, action: Any) -> None:
        try:
            action()
        except (OSError, ValueError):
            # What is in its buffer would fail again at the exit.
            with contextlib.suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self._stream.fileno())
                os.close(null)


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """Opens those that are closed, and lets nothing fail for want of stderr.

    A file that is opened would take the number of a closed one, and then what
    TensorFlow writes to stderr.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    stderr: Any = sys.stderr
    null = None
    if stderr is None:
        null = open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = _Stderr(null or stderr)
    try:
        yield
    finally:
        sys.stderr = stderr
        if null:
            null.close()


class _ConsoleHandler(logging.Handler):
    """Shows a log as plain lines."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record))


def say(text: str) -> None:
    """Prints a line on stderr, above a progress bar if there is one."""
    from tqdm import tqdm

    tqdm.write(text, file=sys.stderr)


def show_log() -> None:
    """Shows the log of the package on stderr, and warnings of others.

    Without a handler of its own for these, TensorFlow Datasets would make one
    when it logs, which shows the log of the package a second time.
    """
    package, root = logging.getLogger(_PACKAGE), logging.getLogger()
    package.setLevel(logging.INFO)
    if not any(isinstance(x, _ConsoleHandler) for x in package.handlers):
        package.addHandler(_ConsoleHandler())
    if not any(isinstance(x, _ConsoleHandler) for x in root.handlers):
        others = _ConsoleHandler(logging.WARNING)
        others.addFilter(lambda record: not record.name.startswith(_PACKAGE))
        root.addHandler(others)


def import_tensorflow() -> None:
    """Imports TensorFlow without its messages.

    It reports CPU features and missing GPUs. Its C++ library writes to file
    descriptor 2 before it has read its log level. If the import fails, what it
    wrote is shown.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            messages.seek(0)
            os.write(stderr, messages.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    logging.getLogger("absl").setLevel(logging.ERROR)
