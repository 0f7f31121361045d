"""`keras-infogan explore`: the page; its own tests are in tests/export."""

import json

import onnx
import pytest

from keras_infogan.cli import main as cli
from keras_infogan.export import onnx_graph
from tests.helpers.command_line import fail
from tests.helpers.command_line import run


def test_explore(named_run, capfd, tmp_path):
    """The page knows the names; its tests in a browser are elsewhere."""
    output = tmp_path / "x.html"
    result, _ = run(
        capfd, "explore", named_run, f"--output={output}", "--title=<Mine>"
    )
    assert result == {"output": str(output)}
    text = output.read_text()
    assert "<title>&lt;Mine&gt;</title>" in text
    assert "slanted right" in text
    assert f'"model": {json.dumps(str(named_run))}' in text
    # Of the run's code map; the words are in every page.
    assert '"name": "7"' in text


def test_explore_for_a_server(named_run, capfd, tmp_path):
    folder = tmp_path / "my site"
    result, messages = run(
        capfd, "explore", named_run, "--folder", "-o", folder
    )
    assert result == {"output": str(folder)}
    assert (folder / "index.html").is_file()
    # From a file it would not open.
    assert "in a browser" not in messages
    assert f"python -m http.server --directory '{folder}'" in messages


@pytest.mark.parametrize("half", [False, True])
def test_both_networks_have_weights_of_half_the_size(
    half, named_run, capfd, tmp_path, monkeypatch
):
    """The tiny networks have fewer weights than those that are halved."""
    monkeypatch.setattr(onnx_graph, "MIN_FLOAT16_SIZE", 100)
    options = ["--float16-weights"] if half else []
    run(capfd, "explore", named_run, "--folder", "-o", tmp_path, *options)
    for name in ("generator", "encoder"):
        graph = onnx.load(tmp_path / f"{name}.onnx").graph
        types = {tensor.data_type for tensor in graph.initializer}
        assert (onnx.TensorProto.FLOAT16 in types) == half


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "folder"], "folder: Is a directory. Choose another"),
        (["-o", "file/x.html"], "x.html: Not a directory. Choose another"),
        (
            ["--folder", "-o", "file"],
            "file/index.html: Not a directory. Choose another",
        ),
        (["--folder", "-o", "folder"], "folder, with mine. Choose another"),
    ],
)
def test_explore_refuses_a_path_first(
    arguments, message, tmp_path, monkeypatch, capfd
):
    """Before TensorFlow and the model, of which there is none here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").touch()
    monkeypatch.setattr(cli, "import_tensorflow", pytest.fail)
    assert message in fail(capfd, "explore", "no-model", *arguments)
