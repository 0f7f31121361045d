"""A cache of compiled functions: compilation takes most of the first step.

TensorFlow reads and writes the files, one for each compiled function, if its
environment names a folder. It fails at a damaged file, so each has its checksum
beside it, and whatever has no right one is removed before TensorFlow looks.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

_FLAGS = "TF_XLA_FLAGS"
_FLAG = "--tf_xla_persistent_cache_directory"
_CHECKSUM = ".sha256"
# A preset needs one or two, of about 5 MB each.
_MAX_FILES = 20
# TensorFlow fails if it cannot write a file.
_MIN_BYTES_FREE = 500_000_000


def use_compilation_cache() -> None:
    """Lets TensorFlow cache compiled functions; call it before the import.

    In `$XDG_CACHE_HOME/keras-infogan`, or `~/.cache/keras-infogan`, in a folder
    for this version of TensorFlow and this kind of processor. Does nothing
    where that is not safe: if the folder is not the user's alone, the disk is
    almost full, there is a GPU, or the user has given such a folder.
    """
    flags = os.environ.get(_FLAGS, "")
    too_late = "tensorflow" in sys.modules
    if too_late or _FLAG in flags or Path("/dev/nvidiactl").exists():
        return
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(home) / "keras-infogan" / _machine()
        # TensorFlow splits its flags at spaces.
        if len(str(folder).split()) != 1:
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder):
            return
        _lock(folder)
        if shutil.disk_usage(folder).free < _MIN_BYTES_FREE:
            return
    # A RuntimeError if the user has no home.
    except (OSError, RuntimeError):
        return
    os.environ[_FLAGS] = f"{flags} {_FLAG}={folder}".strip()
    atexit.register(write_checksums, folder, set(_programs(folder)))


def _lock(folder: Path) -> None:
    """Removes unverified files, unless another process is using the folder.

    That one has done so, and the files that it writes have no checksum yet.
    """
    # Open, and so locked, as long as this process lives.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    lock = os.open(folder.with_suffix(".lock"), flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        remove_unverified(folder)
    fcntl.flock(lock, fcntl.LOCK_SH)


def _machine() -> str:
    """What a compiled function depends on, as a name of a folder."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    processor = {line for line in lines if line.startswith("flags")}
    text = repr((sorted(processor), platform.machine()))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"tensorflow-{metadata.version('tensorflow')}-{digest}"


def _is_private(folder: Path) -> bool:
    """Whether nobody else can put programs there."""
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _programs(folder: Path) -> list[Path]:
    """The files of TensorFlow, the newest ones first."""
    paths = [
        path
        for path in folder.iterdir()
        if path.suffix != _CHECKSUM and path.is_file()
    ]
    return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)


def _checksum_path(path: Path) -> Path:
    return path.with_name(path.name + _CHECKSUM)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_unverified(folder: Path) -> None:
    """Removes files that are damaged, unfinished, or the oldest of many."""
    kept = 0
    for path in _programs(folder):
        checksum = _checksum_path(path)
        if (
            kept < _MAX_FILES
            and checksum.exists()
            and checksum.read_bytes() == _digest(path).encode()
        ):
            kept += 1
            continue
        path.unlink()
        checksum.unlink(missing_ok=True)


def write_checksums(folder: Path, known: set[Path]) -> None:
    """Confirms the files that are new since `known`, at the regular end.

    A process that is killed confirms none, and they are compiled again.
    """
    # Another process may have removed the folder.
    with contextlib.suppress(OSError):
        for path in _programs(folder):
            if path not in known and path.suffix == ".pb":
                _checksum_path(path).write_text(_digest(path))
