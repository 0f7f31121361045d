"""What reaches standard error, and what does not."""

import logging
import subprocess
import sys

import pytest

from keras_infogan.cli.console import show_log


@pytest.fixture
def package_logger():
    logger = logging.getLogger("keras_infogan")
    loggers = logger, logging.getLogger()
    level, handlers = logger.level, [list(x.handlers) for x in loggers]
    for one in loggers:
        one.handlers.clear()
    yield logger
    logger.setLevel(level)
    for one, own in zip(loggers, handlers, strict=True):
        one.handlers[:] = own


def test_the_log_is_shown_once(package_logger, capsys):
    """However often the command line is called in a process."""
    child = package_logger.getChild("training.run")
    child.info("nobody has asked for this")
    show_log()
    show_log()
    child.info("Reading %s ...", "mnist")
    child.warning("Warning, 100%")
    # As TensorFlow Datasets does, by way of absl.
    logging.basicConfig()
    child.warning("Once")
    logging.getLogger("other").warning("Of others")
    logging.getLogger("other").info("Not this")
    assert capsys.readouterr() == (
        "",
        "Reading mnist ...\nWarning, 100%\nOnce\nOf others\n",
    )


@pytest.mark.parametrize(
    ("ends", "shown"),
    [("", "[]\n"), ("raise ImportError('no')", "said by C\n[]\n")],
    ids=["imported", "failed"],
)
def test_what_tensorflow_writes_is_shown_if_it_fails(ends, shown, tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        f"import os; os.write(2, b'said by C\\n'); {ends}\n"
    )
    code = (
        "import sys\n"
        "from keras_infogan.cli.console import import_tensorflow\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "try: import_tensorflow()\n"
        "except ImportError: pass\n"
        "print([], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == shown
