"""Versions of a model that appear whole or not at all.

TensorFlow Serving loads `DIR/<integer>/` as soon as it sees it, half-written
ones too, and skips other names. Imports no TensorFlow.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

from keras_infogan.files import make_readable_folder

_STAGING = ".staging-"


def publish(
    directory: Path,
    write: Callable[[Path], None],
    *,
    version: int | None = None,
) -> Path:
    """Publishes what `write` puts into a folder as `directory/<version>`.

    The folder is written under another name beside, made readable for everyone,
    flushed to the disk and renamed last. Publications into one directory wait
    for each other. What a killed one left behind goes with the next.

    Args:
        directory: Where the versions are; made if it is not there.
        write: Called with the path of an empty folder, which it should fill. If
            it raises, nothing is published.
        version: A whole number of at least 1 that is not there yet; by default
            one more than the largest that is.

    Returns:
        The path of the version.

    Raises:
        ValueError: If the version is there, or is no such number, or the
            directory is a version or in one.
        OSError: If something cannot be written.
    """
    is_whole = isinstance(version, int) and not isinstance(version, bool)
    if version is not None and (not is_whole or version < 1):
        raise ValueError(
            "`version` should be a whole number of at least 1. "
            f"Received: version={version!r}."
        )
    if directory.exists() and not directory.is_dir():
        raise NotADirectoryError(
            f"{directory} should be a folder, for the versions of a model. "
            "Received: a file. Choose another path."
        )
    place = directory.resolve()
    for folder in (place, *place.parents):
        if (folder / "saved_model.pb").exists():
            raise ValueError(
                "Versions are published beside each other, not in one another. "
                f"Received: {directory}, and {folder} is a SavedModel. "
                f"Choose {folder.parent} for the next version."
            )
    make_readable_folder(directory)
    with _lock(directory):
        # Nobody else is at work, so that these were left behind.
        for leftover in directory.glob(f"{_STAGING}*"):
            shutil.rmtree(leftover)
        existing = find_versions(directory)
        if version is None:
            version = max(existing, default=0) + 1
        elif version in existing:
            raise ValueError(
                f"The version should be new, as those that are published do "
                f"not change. Received: {version}, and {directory} has "
                f"{', '.join(map(str, existing))}. Leave it out for the next."
            )
        path = directory / str(version)
        staging = directory / f"{_STAGING}{os.getpid()}-{version}"
        try:
            staging.mkdir()
            write(staging)
            _open_to_readers(staging)
            staging.rename(path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        _flush(directory)
    return path


def find_versions(directory: Path) -> list[int]:
    """The published versions, in rising order."""
    return sorted(
        int(path.name)
        for path in directory.iterdir()
        if path.name.isascii() and path.name.isdecimal()
    )


@contextlib.contextmanager
def _lock(directory: Path) -> Iterator[None]:
    # A file, since NFS does not lock a directory. It stays: another process may
    # be waiting for it.
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_to_readers(folder: Path) -> None:
    """Flushes a tree to the disk, readable whatever the umask was."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            path.chmod(0o644)
            _flush(path)
        Path(parent).chmod(0o755)
        _flush(Path(parent))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
