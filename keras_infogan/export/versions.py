"""Publishes versions of a model, completely or not at all.

TensorFlow Serving loads a folder `DIR/<integer>/` as soon as it appears, even
half-written, and skips other names. This module imports no TensorFlow.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from keras_infogan.files import locked
from keras_infogan.files import make_readable_folder
from keras_infogan.files import resolve

_STAGING = ".staging-"


def publish(
    directory: Path,
    write: Callable[[Path], None],
    *,
    version: int | None = None,
) -> Path:
    """Publishes a folder that `write` fills as `directory/<version>`.

    The folder is written under another name, made readable for everyone,
    flushed to the disk, and finally renamed. Concurrent publications into one
    directory wait for each other. The next publication removes what a killed
    one has left.

    Args:
        directory: The folder of the versions, created if missing.
        write: Called with the path of an empty folder to fill.
        version: A new version number of at least 1; by default one more than
            the largest.

    Returns:
        The path of the version.

    Raises:
        ValueError: If the version exists or is not such a number, or if
            `directory` is itself a version or inside one.
        OSError: If a file cannot be written.
    """
    # True is no version.
    if version is not None and (
        type(version) is not int or not 1 <= version < 2**63
    ):
        raise ValueError(
            "`version` should be an integer from 1 to 2^63 - 1. "
            f"Received: version={version!r}."
        )
    place = resolve(directory)
    for folder in (place, *place.parents):
        if (folder / "saved_model.pb").exists():
            raise ValueError(
                "Versions should be published beside each other, not inside. "
                f"Received: {directory}, and {folder} is a SavedModel. "
                f"Choose {folder.parent} for the next version."
            )
    make_readable_folder(directory)
    # A lock file, since NFS does not lock directories. It is never removed:
    # another process may be waiting for it.
    with locked(directory / ".lock"):
        return _publish(directory, write, version)


def _publish(
    directory: Path, write: Callable[[Path], None], version: int | None
) -> Path:
    # With the lock held, these are from publications that were killed.
    for leftover in directory.glob(f"{_STAGING}*"):
        shutil.rmtree(leftover)
    existing = find_versions(directory)
    if version is None:
        version = max(existing, default=0) + 1
    elif version in existing:
        raise ValueError(
            "The version should be new, as published versions never "
            f"change. Received: {version}, and {directory} has "
            f"{', '.join(map(str, existing))}. Omit it for the next one."
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
    """The published versions in ascending order."""
    return sorted(
        int(path.name)
        for path in directory.iterdir()
        if path.name.isascii() and path.name.isdecimal()
    )


def _open_to_readers(folder: Path) -> None:
    """Makes a tree readable whatever the umask, and flushes it to the disk."""
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
