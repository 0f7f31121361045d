"""A file that is not as it was written is not read."""

import os
import subprocess

import pytest

from keras_infogan import checksums
from keras_infogan.files import KeptFolder
from keras_infogan.files import locked


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "x.json"
    checksums.write_recorded_json(path, {"a": 1})
    return path


def test_the_record_is_that_of_sha256sum(path):
    done = subprocess.run(
        ["sha256sum", "--check", ".x.json.sha256"],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "x.json: OK\n"


@pytest.mark.parametrize("bit", range(8))
def test_every_bit_counts(path, bit):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1 << bit
    path.write_bytes(content)
    with pytest.raises(checksums.Damaged, match="x.json is damaged.*Try this."):
        checksums.check(path, "Try this.")


@pytest.mark.parametrize("record", [b"", b"\xff", b"0" * 64, b"0" * 9999])
def test_a_damaged_record_confirms_nothing(path, record):
    checksums.checksum_path(path).write_bytes(record)
    assert not checksums.is_intact(path)


def test_a_file_of_others_has_no_record(path):
    checksums.checksum_path(path).unlink()
    path.write_text("{}")
    assert checksums.is_intact(path)
    checksums.check(path, "")


def test_while_a_file_is_replaced_both_are_right(path, monkeypatch):
    """A process that is killed at any write leaves a file with its record."""
    writes: list[bool] = []

    def write(target, digests, run):
        original(target, digests, run)
        writes.append(checksums.is_intact(path))

    original = checksums._write
    monkeypatch.setattr(checksums, "_write", write)
    checksums.write_recorded_json(path, {"a": 2})
    # Before the file is renamed, and after it.
    assert writes == [True, True]
    record = checksums.checksum_path(path).read_text()
    assert len(record.splitlines()) == 1
    assert checksums.is_intact(path)


def test_a_failed_write_leaves_the_old_file_and_its_record(path):
    def fail():
        with checksums.recorded_path(path) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert checksums.is_intact(path)


def test_removal_takes_the_record_along(path):
    checksums.remove(path)
    assert not list(path.parent.iterdir())


def test_a_lock_that_is_a_link_is_refused(tmp_path):
    """Its target would be emptied, or created."""
    (tmp_path / "thesis").write_text("mine")
    (tmp_path / ".lock").symlink_to("thesis")
    with (
        pytest.raises(OSError, match="symbolic links"),
        locked(tmp_path / ".lock"),
    ):
        pass
    assert (tmp_path / "thesis").read_text() == "mine"


def test_a_lock_keeps_its_content(tmp_path):
    (tmp_path / ".lock").write_text("kept")
    with locked(tmp_path / ".lock"):
        pass
    assert (tmp_path / ".lock").read_text() == "kept"


@pytest.mark.parametrize("replaced", [False, True])
def test_a_folder_that_was_removed_is_noticed(tmp_path, replaced):
    folder = tmp_path / "run"
    folder.mkdir()
    kept = KeptFolder(folder)
    kept.check()
    os.rename(folder, tmp_path / "elsewhere")
    if replaced:
        folder.mkdir()
    with pytest.raises(OSError, match="run was removed or replaced"):
        kept.check()


@pytest.mark.parametrize("target", ["pipe", "/dev/zero"])
def test_a_record_that_does_not_end(path, target):
    record = checksums.checksum_path(path)
    record.unlink()
    os.mkfifo(path.parent / "pipe")
    record.symlink_to(target)
    with pytest.raises(OSError, match="sha256 should be a file. Received: a p"):
        checksums.check(path, "")


def test_line_ends_of_windows_confirm_a_file(path):
    record = checksums.checksum_path(path)
    record.write_bytes(record.read_bytes().replace(b"\n", b"\r\n"))
    assert checksums.is_intact(path)


@pytest.fixture
def recorded_folder(tmp_path):
    (tmp_path / "variables").mkdir()
    for name in ("model.pb", "variables/data"):
        (tmp_path / name).write_text(name)
    checksums.write_sums(tmp_path)
    return tmp_path


def test_the_sums_of_a_folder_are_those_of_sha256sum(recorded_folder):
    checksums.check_sums(recorded_folder, "")
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=recorded_folder,
        capture_output=True,
        check=True,
    )


def change(folder):
    (folder / "variables" / "data").write_text("other")


def remove(folder):
    (folder / "variables" / "data").unlink()


def cut_the_sums(folder):
    path = folder / "SHA256SUMS"
    path.write_text(path.read_text().splitlines()[0])


@pytest.mark.parametrize("damage", [change, remove, cut_the_sums])
def test_a_folder_that_is_damaged(damage, recorded_folder):
    damage(recorded_folder)
    with pytest.raises(
        checksums.Damaged, match="is damaged: variables/data .*. Try this."
    ):
        checksums.check_sums(recorded_folder, "Try this.")


def test_a_folder_without_sums(tmp_path):
    checksums.check_sums(tmp_path, "")
