"""Files that are whole or not there at all, and errors of one line."""

import contextlib
import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PARTIAL = ".partial-"
# What helps against an error of the operating system.
_REMEDIES = {
    errno.ENOSPC: "Make room, and start again.",
    errno.EDQUOT: "Make room, and start again.",
    errno.EACCES: "Choose a path that you may use.",
    errno.EPERM: "Choose a path that you may use.",
    errno.EROFS: "Choose a path that can be written to.",
    errno.EEXIST: "Choose another path, where no file is in the way.",
    errno.ENOTDIR: "Choose another path, where no file is in the way.",
    errno.EISDIR: "Choose another path, where no folder is in the way.",
    errno.ENOENT: "Check the path.",
    errno.ELOOP: "Remove the symbolic link.",
    errno.ENOLCK: "Choose a path on a file system that has locks.",
    errno.EOPNOTSUPP: "Choose a path on a file system that has locks.",
    errno.EIO: "Check the disk.",
    errno.EMFILE: "Raise the limit of open files, as by `ulimit -n`.",
    errno.EFBIG: "Raise the limit of file sizes, as by `ulimit -f`.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds the lock of a file, which is created and never written to.

    Raises:
        BlockingIOError: If another process holds it and `wait` is False.
        OSError: If it is a symbolic link, or there are no locks.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    except OSError as error:
        if error.filename is None and error.errno in (
            errno.ENOLCK,
            errno.EOPNOTSUPP,
        ):
            error.filename = str(path)
        raise
    finally:
        os.close(descriptor)


class KeptFolder:
    """A folder that is expected to stay where it is.

    Args:
        path: The folder, which exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity = self._identify()

    def check(self) -> None:
        """Raises an `OSError` if it was removed, moved or replaced."""
        if self._identify() != self._identity:
            raise OSError(
                f"{self.path} was removed or replaced by another program while "
                "it was in use. Start again, with another --run-dir if it is "
                "not empty."
            )

    def _identify(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino


def resolve(path: Path) -> Path:
    """The absolute path without symbolic links.

    Unlike `Path.resolve` of Python 3.11, it leaves a ring of links as it is,
    so that opening it is the error.
    """
    return Path(os.path.realpath(path))


def check_regular(path: Path) -> None:
    """Raises an `OSError` unless a path is that of a file, or leads to one.

    Reading a pipe may wait forever, and a device may have no end.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(
            errno.EISDIR, os.strerror(errno.EISDIR), str(path)
        )
    if not stat.S_ISREG(mode):
        raise OSError(
            f"{path} should be a file. Received: a pipe or a device. Copy "
            "what it gives to a file."
        )


def is_partial(path: Path) -> bool:
    """Whether a file is one that `atomic_path` has not finished."""
    return path.name.startswith(_PARTIAL)


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path` and renames it on success.

    The temporary name ends as `path` does, because Keras, Pillow and Matplotlib
    choose the format by it. Creates missing parent folders. If the body raises,
    removes the temporary file and leaves `path` as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Keras insists on the whole of `.weights.h5`, not on the last suffix alone.
    partial = path.with_name(f"{_PARTIAL}{os.getpid()}-{path.name}")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if error.filename == str(partial):
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raises an `OSError` if `atomic_path` cannot write `path`.

    Call it before long work.
    """
    parent = next(folder for folder in path.parents if folder.exists())
    reason = 0
    if path.is_dir():
        reason = errno.EISDIR
    elif not parent.is_dir():
        reason = errno.ENOTDIR
    elif not os.access(parent, os.W_OK | os.X_OK):
        reason = errno.EACCES
    if reason:
        raise OSError(reason, os.strerror(reason), str(path))


def make_readable_folder(folder: Path) -> None:
    """Creates a folder, and those above it, readable for all.

    The umask does not matter. Folders that exist keep their permissions.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        path.chmod(0o755)


def check_space(path: Path, num_bytes: int) -> None:
    """Empties `path`, or raises an `OSError` if the disk lacks so much space.

    For writers that do not survive a full disk: HDF5 ends the process.
    """
    with path.open("wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, num_bytes)
        except OSError as error:
            path.unlink()
            raise OSError(
                f"{path.parent} should have {num_bytes / 1e6:.0f} MB to spare. "
                f"Received: {error.strerror}. Make room, and start again."
            ) from error
        file.truncate(0)


def write_json(path: Path, content: Any) -> None:
    """Writes `content` to `path` as indented JSON, atomically."""
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n")


def one_line(error: BaseException, *, limit: int = 300) -> str:
    """The message of an error in one line, cut off after `limit` characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= limit else f"{text[:limit]} ..."


def explain(error: BaseException) -> str:
    """An error in one line, with a remedy for those of the operating system."""
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return one_line(error, limit=2000)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}. {_REMEDIES[error.errno]}"
