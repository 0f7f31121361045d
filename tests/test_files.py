"""Files are whole or not there, and errors are one line."""

import errno
import json
import os

import pytest

from keras_infogan.files import atomic_path
from keras_infogan.files import check_regular
from keras_infogan.files import check_space
from keras_infogan.files import check_writable
from keras_infogan.files import explain
from keras_infogan.files import is_partial
from keras_infogan.files import one_line
from keras_infogan.files import resolve
from keras_infogan.files import write_json


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_atomic_path_replaces_the_file(tmp_path):
    path = tmp_path / "new" / "x.weights.h5"
    for content in ("first", "second"):
        with atomic_path(path) as partial:
            assert partial.suffixes[-2:] == [".weights", ".h5"]
            partial.write_text(content)
            assert not path.exists() or path.read_text() == "first"
        assert path.read_text() == content
    assert names(path.parent) == ["x.weights.h5"]


def test_what_cannot_be_written_is_known_before(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for good in ("file", "new", "new/new"):
        check_writable(tmp_path / good)
    for bad, error in (
        ("folder", IsADirectoryError),
        ("file/new", NotADirectoryError),
        ("file/new/new", NotADirectoryError),
    ):
        with pytest.raises(error, match=str(tmp_path / bad)):
            check_writable(tmp_path / bad)
    assert names(tmp_path) == ["file", "folder"]


def test_atomic_path_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")

    def fail() -> None:
        with atomic_path(path) as partial:
            partial.write_text("half")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="middle"):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


def test_write_json(tmp_path):
    write_json(tmp_path / "x.json", {"a": [1, None]})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [1, None]}
    with pytest.raises(TypeError, match="object is not JSON serializable"):
        write_json(tmp_path / "x.json", {"a": object()})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [1, None]}


def test_check_space(tmp_path, monkeypatch):
    path = tmp_path / "x"
    check_space(path, 1000)
    assert path.stat().st_size == 0

    def refuse(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match="should have 5 MB to spare. .*No space"):
        check_space(path, 5_000_000)
    assert not path.exists()


def test_one_line():
    assert one_line(ValueError("a\n  b\tc")) == "a b c"
    assert one_line(ValueError("x" * 400)) == "x" * 300 + " ..."
    assert one_line(ValueError("x" * 400), limit=400) == "x" * 400


def test_partial_files_are_known(tmp_path):
    with atomic_path(tmp_path / "x.txt") as partial:
        partial.write_text("half")
        assert is_partial(partial)
    assert not is_partial(tmp_path / "x.txt")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "x.png"),
            "x.png: No space left on device. Make room, and start again.",
        ),
        (
            FileExistsError(errno.EEXIST, "File exists", "runs"),
            "runs: File exists. Choose another path, where no file is in the "
            "way.",
        ),
        (OSError("No\nnetwork."), "No network."),
        (ValueError("Received: 3."), "Received: 3."),
    ],
)
def test_explain(error, text):
    assert explain(error) == text


def test_only_files_are_read(tmp_path):
    """A pipe has no end until another process writes to it, a device none."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        check_regular(tmp_path / name)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "device"):
        with pytest.raises(OSError, match=f"{name} should be a file. Received"):
            check_regular(tmp_path / name)
    with pytest.raises(IsADirectoryError) as caught:
        check_regular(tmp_path)
    assert caught.value.filename == str(tmp_path)


def test_a_ring_of_links_is_an_error_of_one_line(tmp_path):
    path = tmp_path / "x.npy"
    path.symlink_to("x.npy")
    with pytest.raises(OSError, match="symbolic") as caught:
        check_regular(resolve(path))
    assert explain(caught.value).endswith("Remove the symbolic link.")
    assert resolve(tmp_path / "y" / ".." / "z") == tmp_path.resolve() / "z"
