"""Compiled functions that are kept: used again, and never a damaged one."""

import os
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest

from keras_infogan.cli.compilation_cache import remove_unverified
from keras_infogan.cli.compilation_cache import use_compilation_cache
from keras_infogan.cli.compilation_cache import write_checksums

SCRIPT = """
from keras_infogan.cli.compilation_cache import use_compilation_cache
use_compilation_cache()
import tensorflow as tf

@tf.function(jit_compile=True)
def call(x):
    return tf.reduce_sum(x @ x)

print(call(tf.fill((8, 8), 0.5)).numpy())
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr("atexit.register", lambda *args: None)
    return tmp_path


def execute():
    """A process that compiles a function; 8 * 8 * 8 * .25 = 128."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["128.0"]


def test_a_function_is_compiled_once(home):
    """And once more if its file is damaged, at which TensorFlow would fail."""
    execute()
    (program,) = home.rglob("*.pb")
    content, created = program.read_bytes(), program.stat().st_ino
    execute()
    assert program.stat().st_ino == created
    program.write_bytes(content[:1000])
    execute()
    assert len(program.read_bytes()) == len(content)


def test_only_confirmed_files_stay(tmp_path):
    for name in ("good.pb", "flipped.pb"):
        (tmp_path / name).write_text("program")
    write_checksums(tmp_path, set())
    (tmp_path / "flipped.pb").write_text("Program")
    # Written by a process that was killed, and half-written.
    (tmp_path / "killed.pb").write_text("program")
    (tmp_path / "x.pb123.tmp").write_text("prog")
    (tmp_path / "odd.pb").write_text("program")
    (tmp_path / "odd.pb.sha256").write_bytes(b"\xff\xfe")
    remove_unverified(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"good.pb", "good.pb.sha256"}


def test_what_is_known_is_not_confirmed_again(tmp_path):
    """It may have been damaged meanwhile."""
    path = tmp_path / "old.pb"
    path.write_text("program")
    write_checksums(tmp_path, {path})
    assert list(tmp_path.iterdir()) == [path]


def test_the_newest_stay(tmp_path):
    for number in range(22):
        path = tmp_path / f"{number}.pb"
        path.write_text("program")
        os.utime(path, (number, number))
    write_checksums(tmp_path, set())
    remove_unverified(tmp_path)
    kept = {int(path.stem) for path in tmp_path.glob("*.pb")}
    assert kept == set(range(2, 22))
    assert len(list(tmp_path.glob("*.sha256"))) == 20


def test_flags_of_the_user_stay(home, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_clustering_debug")
    use_compilation_cache()
    first, second = os.environ["TF_XLA_FLAGS"].split()
    assert first == "--tf_xla_clustering_debug"
    name, _, folder = second.partition("=")
    assert name == "--tf_xla_persistent_cache_directory"
    assert folder.startswith(str(home))
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    # One that is given already is used.
    use_compilation_cache()
    assert os.environ["TF_XLA_FLAGS"].split() == [first, second]


def test_nothing_is_kept_without_a_home(monkeypatch, home):
    """Or where TensorFlow would take half of the path."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "with space"))
    use_compilation_cache()
    monkeypatch.delenv("XDG_CACHE_HOME")

    def fail():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", fail)
    use_compilation_cache()
    assert "TF_XLA_FLAGS" not in os.environ


@pytest.mark.parametrize("reason", ["writable", "full", "file"])
def test_nothing_is_kept_where_that_is_not_safe(reason, home, monkeypatch):
    """Others could put programs there; or TensorFlow could not write them."""
    use_compilation_cache()
    folder = os.environ.pop("TF_XLA_FLAGS").partition("=")[2]
    if reason == "writable":
        os.chmod(folder, 0o777)
    elif reason == "full":
        monkeypatch.setattr(
            "shutil.disk_usage", lambda path: SimpleNamespace(free=1000)
        )
    else:
        os.rmdir(folder)
        open(folder, "w").close()
    use_compilation_cache()
    assert "TF_XLA_FLAGS" not in os.environ
