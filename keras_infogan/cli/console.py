"""What a command says on stderr, and what TensorFlow shall not say there."""

import importlib
import logging
import os
import sys
import tempfile

PROGRAM = "keras-infogan"


def say(text: str) -> None:
    """Prints a line for a person."""
    print(text, file=sys.stderr, flush=True)


def import_tensorflow(module: str) -> None:
    """Imports a module that imports TensorFlow, without the talk of that.

    It talks of CPU features and missing GPUs. Its C++ library writes that to
    file descriptor 2 before it has read how much it shall say. What it wrote is
    shown if the import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as talk:
        os.dup2(talk.fileno(), 2)
        try:
            importlib.import_module(module)
        except BaseException:
            talk.seek(0)
            os.write(stderr, talk.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    logging.getLogger("absl").setLevel(logging.ERROR)
