"""Models and their companions: of a run, beside a file, by a name."""

import pytest

from keras_infogan import published


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    for name in ("mnist.keras", "mnist_code_map.json", "other.keras"):
        (folder / name).touch()
    monkeypatch.setattr(published, "_FOLDER", folder)
    return folder


def test_by_name(folder):
    assert published.published_names() == ["mnist", "other"]
    assert published.find_model("mnist") == folder / "mnist.keras"
    found = published.find_companion("mnist", "code_map.json")
    assert found == folder / "mnist_code_map.json"
    assert published.find_companion("other", "code_map.json") is None


def test_of_a_run_and_of_a_file(folder, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in ("model.keras", "code_map.json"):
        (run / name).touch()
    assert published.find_model(run) == run / "model.keras"
    assert published.find_companion(run, "code_map.json") == (
        run / "code_map.json"
    )
    path = folder / "mnist.keras"
    assert published.find_model(path) == path
    assert published.find_companion(path, "code_map.json") == (
        folder / "mnist_code_map.json"
    )


def test_a_run_of_that_name_goes_first(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(ValueError, match="mnist, without model.keras"):
        published.find_model("mnist")


@pytest.mark.parametrize("name", ["nothing", "../secret", "a/b"])
def test_no_such_name(name, folder):
    (folder.parent / "secret.keras").touch()
    with pytest.raises(ValueError, match=r"\(mnist, other\). Received:"):
        published.find_model(name)
