"""Checksums, so that no damaged file is read as if it were whole.

`.model.keras.sha256` beside `model.keras` holds its SHA-256 as `sha256sum`
writes it, so `cd RUN && sha256sum --check .*.sha256` checks them all. A file
without one is read as it is: those of version 0.1, and those of others.

A comment in it says of which run the file is, so that files of two runs are not
mixed. The run is that of the configuration: the same options, the same run.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_infogan.files import atomic_path
from keras_infogan.files import check_regular

_SUFFIX = ".sha256"
_RUN = re.compile("# run ([0-9a-f]{64}(?: after epoch [0-9]+)?)")
# Of a folder whose files never change, with the name that sha256sum has.
_SUMS = "SHA256SUMS"
_MAX_SUMS = 1_000_000


class Damaged(ValueError):
    """A file is not as it was written."""


class OtherRun(ValueError):
    """A file belongs to another run than those beside it."""


def checksum_path(path: Path) -> Path:
    """The file with the checksum of `path`."""
    return path.with_name(f".{path.name}{_SUFFIX}")


def is_checksum(path: Path) -> bool:
    """Whether a file is one of `checksum_path`."""
    return path.name.startswith(".") and path.suffix == _SUFFIX


@contextlib.contextmanager
def recorded_path(path: Path, run: str | None = None) -> Iterator[Path]:
    """Is `atomic_path`, and records the checksum.

    It is there before the file is, so a process that is killed at any moment
    leaves no file without one. While a file is replaced, both are right.

    Args:
        path: The file.
        run: The run that it belongs to, if any; see `find_run`.
    """
    with atomic_path(path) as partial:
        yield partial
        new = _digest(partial)
        old = _read(path) if path.exists() else None
        _write(path, [*(old or ()), new], run)
    if old:
        _write(path, [new], run)


def write_recorded_json(
    path: Path, content: Any, run: str | None = None
) -> None:
    """Writes `content` to `path` as indented JSON; see `recorded_path`."""
    with recorded_path(path, run) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n")


def record(path: Path, run: str | None = None) -> None:
    """Records the checksum of a file that is there."""
    _write(path, [_digest(path)], run)


def remove(path: Path) -> None:
    """Removes a file and its checksum, if they are there."""
    path.unlink(missing_ok=True)
    checksum_path(path).unlink(missing_ok=True)


def is_intact(path: Path) -> bool:
    """Whether a file is as it was recorded, or was not recorded."""
    recorded = _read(path)
    return recorded is None or _digest(path) in recorded


def check(path: Path, remedy: str) -> None:
    """Raises a `Damaged` unless a file `is_intact`.

    Args:
        path: The file.
        remedy: A sentence that says how to replace it.
    """
    if not is_intact(path):
        raise Damaged(
            f"{path} is damaged: it should have the SHA-256 that is in "
            f"{checksum_path(path)}, and has another one. {remedy} If you have "
            f"changed it yourself, remove {checksum_path(path).name}."
        )


def find_run(path: Path) -> str | None:
    """The run that a file belongs to; `None` if its record does not say it.

    It is the identity of a configuration, and for what was made at the end of a
    training, its last epoch: `<SHA-256> after epoch 10`.
    """
    found = map(_RUN.fullmatch, _lines(path) or ())
    return next((match[1] for match in found if match), None)


def find_identity(run_dir: Path) -> str | None:
    """The run of a directory, without epochs, as more may follow."""
    run = find_run(run_dir / "config.json")
    return run.partition(" ")[0] if run else None


def check_run(path: Path, run: str | None, remedy: str) -> None:
    """Raises an `OtherRun` if a file is known to belong to another run.

    Args:
        path: The file.
        run: The run that it should belong to; `None` if it is not known.
        remedy: A sentence that says how to replace it.
    """
    found = find_run(path)
    if run is None or found is None or found == run:
        return
    raise OtherRun(
        f"{path} should be of run {_shorten(run)}, as the configuration "
        f"beside it is. Received: a file of run {_shorten(found)}. {remedy}"
    )


def _shorten(run: str) -> str:
    return run[:12] + run[64:]


def write_sums(folder: Path) -> None:
    """Records all files below a folder in its `SHA256SUMS`."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{_digest(x)}  {x.relative_to(folder).as_posix()}" for x in paths]
    (folder / _SUMS).write_text("".join(f"{line}\n" for line in lines))


def check_sums(folder: Path, remedy: str) -> None:
    """Raises a `Damaged` unless files are as `write_sums` recorded them.

    Args:
        folder: The folder; without `SHA256SUMS` it is taken as it is.
        remedy: A sentence that says how to replace it.
    """
    path = folder / _SUMS
    if not path.exists():
        return
    check_regular(path)
    with path.open("rb") as file:
        text = file.read(_MAX_SUMS).decode(errors="replace")
    parts = [line.partition("  ") for line in text.splitlines()]
    recorded = {name: digest for digest, _, name in parts}
    found = {
        x.relative_to(folder).as_posix(): _digest(x)
        for x in folder.rglob("*")
        if x != path and not x.is_dir()
    }
    for name in sorted(recorded.keys() | found.keys()):
        if recorded.get(name) != found.get(name):
            raise Damaged(
                f"{folder} is damaged: {name} is not as {path.name} in it "
                f"says. {remedy}"
            )


def _read(path: Path) -> list[str] | None:
    """The digests that are right; `None` if there is no record."""
    lines = _lines(path)
    if lines is None:
        return None
    expected = re.compile(rf"([0-9a-f]{{64}})  {re.escape(path.name)}")
    return [found[1] for line in lines if (found := expected.fullmatch(line))]


def _lines(path: Path) -> list[str] | None:
    """The lines of a record; `None` if there is none."""
    try:
        check_regular(checksum_path(path))
        with checksum_path(path).open("rb") as file:
            text = file.read(1000)
    except FileNotFoundError:
        return None
    return text.decode(errors="replace").splitlines()


def _write(path: Path, digests: list[str], run: str | None) -> None:
    with atomic_path(checksum_path(path)) as partial:
        lines = dict.fromkeys(f"{x}  {path.name}\n" for x in digests)
        if run:
            lines[f"# run {run}\n"] = None
        partial.write_text("".join(lines))


def _digest(path: Path) -> str:
    check_regular(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
