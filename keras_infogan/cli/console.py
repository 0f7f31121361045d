"""Messages on stderr, without those of TensorFlow."""

import logging
import os
import sys
import tempfile

PROGRAM = "keras-infogan"
_PACKAGE = "keras_infogan"


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
