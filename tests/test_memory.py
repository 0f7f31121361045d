"""A lack of memory is known before it is used."""

from types import SimpleNamespace

import pytest

from keras_infogan import memory


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """With 1,000 bytes, and a folder for the limits of a container."""
    monkeypatch.setattr(
        "psutil.virtual_memory", lambda: SimpleNamespace(available=1000)
    )
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    return tmp_path


def limit(folder, most, used, kept):
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {kept}\n")


def test_of_the_machine(machine):
    assert memory.free_memory() == 1000
    limit(machine, "max", 1, 1)
    assert memory.free_memory() == 1000


@pytest.mark.parametrize(
    ("numbers", "free"),
    [((800, 300, 100), 600), ((9000, 0, 0), 1000), ((100, 300, 100), 0)],
)
def test_of_a_container(numbers, free, machine):
    limit(machine, *numbers)
    assert memory.free_memory() == free


@pytest.mark.usefixtures("machine")
def test_more_than_there_is():
    memory.check_memory(1000, "X")
    with pytest.raises(MemoryError, match="X needs at least 3.0 GiB, and 0.0"):
        memory.check_memory(3 * 2**30, "X")
