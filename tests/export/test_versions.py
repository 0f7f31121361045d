"""Versions: whole or not there, readable, never changed."""

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from keras_infogan.export.versions import find_versions
from keras_infogan.export.versions import publish

NAMES = ("saved_model.pb", "variables/data", "assets/code_map.json")
# A process that publishes, and ends itself before its n-th access to a path.
PUBLISHER = f"""
import os, signal, sys
from pathlib import Path
from keras_infogan.export.versions import publish

directory, count, steps_to_live = Path(sys.argv[1]), *map(int, sys.argv[2:])

def write(folder):
    for name in {NAMES}:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(str(os.getpid()))

def die_in_time(event, arguments):
    global steps_to_live
    if str(directory) in str(arguments):
        steps_to_live -= 1
        if not steps_to_live:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_in_time)
for _ in range(count):
    publish(directory, write)
"""


def start(
    directory: Path, count: int, steps_to_live: int
) -> subprocess.Popen[bytes]:
    arguments = [str(directory), str(count), str(steps_to_live)]
    return subprocess.Popen([sys.executable, "-c", PUBLISHER, *arguments])


def write(folder: Path) -> None:
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("one")


def assert_whole(version: Path) -> None:
    """All files are there, and all of one publication."""
    assert len({(version / name).read_text() for name in NAMES}) == 1


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_next_version(tmp_path):
    """One more than the largest, by value; other names do not count."""
    directory = tmp_path / "models" / "mnist"
    assert publish(directory, write) == directory / "1"
    assert publish(directory, write) == directory / "2"
    assert publish(directory, write, version=7) == directory / "7"
    assert publish(directory, write, version=5) == directory / "5"
    for name in ("0011", "x12", "13.0", "-14", "١٥"):
        (directory / name).mkdir()
    assert find_versions(directory) == [1, 2, 5, 7, 11]
    assert publish(directory, write) == directory / "12"
    assert_whole(directory / "12")


@pytest.mark.parametrize("version", [0, -1, True, 1.0, "1"])
def test_wrong_version(tmp_path, version):
    with pytest.raises(
        ValueError,
        match="`version` should be an integer from 1 to 2\\^63 - 1. "
        f"Received: version={version!r}.",
    ):
        publish(tmp_path, write, version=version)
    assert not names_in(tmp_path)


def test_versions_do_not_change(tmp_path):
    path = publish(tmp_path, write, version=3)

    def write_other(folder: Path) -> None:
        raise AssertionError("The version should be refused before.")

    with pytest.raises(
        ValueError,
        match="The version should be new, .* "
        f"Received: 3, and {re.escape(str(tmp_path))} has 3.",
    ):
        publish(tmp_path, write_other, version=3)
    assert_whole(path)


@pytest.mark.parametrize("inner", [".", "assets", "assets/new"])
def test_no_version_in_a_version(tmp_path, inner):
    """The published one gets nothing, not even a lock."""
    path = publish(tmp_path, write)
    before = sorted(path.rglob("*"))
    with pytest.raises(
        ValueError,
        match=f"beside each other.* Choose {re.escape(str(tmp_path))} for",
    ):
        publish(path / inner, write)
    assert sorted(path.rglob("*")) == before


def test_a_file_in_place_of_the_directory(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match=f"File exists: '{path}'"):
        publish(path, write)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_failure_leaves_nothing(tmp_path, error):
    def fail(folder: Path) -> None:
        write(folder)
        raise error("of the disk")

    with pytest.raises(error, match="of the disk"):
        publish(tmp_path, fail)
    assert names_in(tmp_path) == {".lock"}
    # The lock is free again.
    assert publish(tmp_path, write) == tmp_path / "1"


@pytest.fixture
def closed_umask() -> Iterator[None]:
    previous = os.umask(0o077)
    yield
    os.umask(previous)


@pytest.mark.usefixtures("closed_umask")
def test_others_can_read(tmp_path):
    directory = tmp_path / "models" / "mnist"
    version = publish(directory, write)
    modes = {
        os.path.relpath(path, directory): path.stat().st_mode & 0o777
        for path in (
            directory.parent,
            directory,
            version,
            *version.rglob("*"),
        )
    }
    assert modes == {
        "..": 0o755,
        ".": 0o755,
        "1": 0o755,
        "1/assets": 0o755,
        "1/variables": 0o755,
        **{f"1/{name}": 0o644 for name in NAMES},
    }


def test_another_makes_the_directory_at_the_same_time(tmp_path, monkeypatch):
    """After it was looked for, and before it is made."""
    directory = tmp_path / "models" / "mnist"
    exists = Path.exists

    def make_and_miss(path: Path) -> bool:
        found = exists(path)
        if path == directory.parent:
            directory.mkdir(parents=True, exist_ok=True)
        return found

    monkeypatch.setattr(Path, "exists", make_and_miss)
    assert publish(directory, write) == directory / "1"
    assert find_versions(directory) == [1]


def test_killed_at_each_step(tmp_path):
    """SIGKILL before each access to a path, until one gets to the end.

    A version is there from the rename on, which the last few steps follow.
    """
    versions = []
    for steps in itertools.count(1):
        status = start(tmp_path, 1, steps).wait()
        versions.append(find_versions(tmp_path))
        for version in versions[-1]:
            assert_whole(tmp_path / str(version))
        if status == 0:
            break
        assert status == -signal.SIGKILL
    # Three folders and three files are made, opened and flushed each.
    assert versions.count([]) > 12
    # What the killed ones left is gone.
    published = [str(version) for version in versions[-1]]
    assert names_in(tmp_path) == {".lock", *published}


def test_at_the_same_time(tmp_path):
    """Three processes, five versions each, and a reader that sees no half."""
    publishers = [start(tmp_path, 5, 0) for _ in range(3)]
    while any(publisher.poll() is None for publisher in publishers):
        for version in find_versions(tmp_path):
            assert_whole(tmp_path / str(version))
    assert [publisher.wait() for publisher in publishers] == [0, 0, 0]
    assert find_versions(tmp_path) == list(range(1, 16))
    writers = [
        (tmp_path / str(version) / NAMES[0]).read_text()
        for version in find_versions(tmp_path)
    ]
    assert sorted(map(writers.count, set(writers))) == [5, 5, 5]
