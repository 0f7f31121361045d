"""`keras-infogan export`: every file carries code map and model card."""

import json
import shutil
from pathlib import Path

import pytest

from keras_infogan import __version__
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.report import read_report
from keras_infogan.export import onnx_graph
from keras_infogan.models.pretrained import find_model
from keras_infogan.reports.text import describe_report
from tests.helpers.command_line import run

REPORT = Path(__file__).parents[2] / "saved_models" / "mnist_report.json"


def test_export(named_run, capfd, tmp_path):
    """All three at once, with the code map and the model card in each.

    The report is that of the pretrained model, for what is said of it.
    """
    model = tmp_path / "named"
    shutil.copytree(named_run, model)
    (model / "report.json").write_text(REPORT.read_text())
    (model / "config.json").write_text('{"seed": 3}')
    result, _ = run(
        capfd,
        "export",
        model,
        f"--saved-model={tmp_path / 'serving'}",
        f"--onnx={tmp_path / 'x.onnx'}",
        f"--onnx-encoder={tmp_path / 'encoder.onnx'}",
        "--version=2",
    )
    assert result["saved_model"] == str(tmp_path / "serving" / "2")
    copied = tmp_path / "serving" / "2" / "assets" / "code_map.json"
    assert CodeMap.load(copied) == CodeMap.load(named_run / "code_map.json")
    configuration = json.loads(copied.with_name("config.json").read_text())
    assert configuration == {"seed": 3}
    card = copied.with_name("model_card.md").read_text("utf-8")
    assert card.startswith("# named\n")
    report = read_report(model / "report.json")
    assert report is not None
    sentences = describe_report(report)
    assert [f"- {sentence}" for sentence in sentences] == card.splitlines()[4:]
    import onnx

    for name in ("x.onnx", "encoder.onnx"):
        model = onnx.load(tmp_path / name)
        assert model.model_version == 2
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        assert metadata["keras_infogan.model_card"] == card
        code_map = json.loads(metadata["keras_infogan.code_map"])
        assert code_map["codes"]["category"]["categories"][2]["name"] == "7"


def test_all_files_have_the_next_version(named_run, capfd, tmp_path):
    """2, as the folder has a version 1."""
    import onnx

    (tmp_path / "serving" / "1").mkdir(parents=True)
    result, _ = run(
        capfd,
        *("export", named_run, f"--saved-model={tmp_path / 'serving'}"),
        f"--onnx={tmp_path / 'x.onnx'}",
    )
    assert result["saved_model"] == str(tmp_path / "serving" / "2")
    assert onnx.load(tmp_path / "x.onnx").model_version == 2


def test_both_files_have_weights_of_half_the_size(
    named_run, capfd, tmp_path, monkeypatch
):
    """The tiny networks have fewer weights than those that are halved."""
    import onnx

    monkeypatch.setattr(onnx_graph, "MIN_FLOAT16_SIZE", 100)
    paths = [tmp_path / "x.onnx", tmp_path / "encoder.onnx"]
    run(
        capfd,
        *("export", named_run, "--float16-weights"),
        *(f"--onnx={paths[0]}", f"--onnx-encoder={paths[1]}"),
    )
    for path in paths:
        weights = onnx.load(path).graph.initializer
        types = {tensor.data_type for tensor in weights}
        assert onnx.TensorProto.FLOAT16 in types


def test_export_takes_the_card_that_is_there(named_run, capfd, tmp_path):
    model = tmp_path / "x.keras"
    shutil.copyfile(named_run / "model.keras", model)
    (tmp_path / "x_model_card.md").write_text("# Mine, äöü\n", "utf-8")
    run(capfd, "export", model, f"--onnx={tmp_path / 'x.onnx'}")
    import onnx

    metadata = onnx.load(tmp_path / "x.onnx").metadata_props
    assert "# Mine, äöü\n" in [entry.value for entry in metadata]


def test_the_published_files_say_what_export_writes(capfd, tmp_path):
    """Of the model card too. Weights and graph depend on onnxslim's version."""
    import onnx

    names = ("mnist.onnx", "mnist_encoder.onnx")
    run(
        capfd,
        "export",
        "mnist",
        f"--onnx={tmp_path / names[0]}",
        f"--onnx-encoder={tmp_path / names[1]}",
    )
    for name in names:
        written, published = (
            {
                entry.key: entry.value
                for entry in onnx.load(folder / name).metadata_props
            }
            for folder in (tmp_path, find_model("mnist").parent)
        )
        # They stay as they are until there is another model.
        assert written.pop("keras_infogan.version") == __version__
        assert published.pop("keras_infogan.version") in ("0.1.0", __version__)
        assert written == published
        assert written["keras_infogan.model_card"].startswith("# mnist\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL"], "--saved-model, --onnx or --onnx-encoder"),
        (
            ["MODEL", "--saved-model=x", "--float16-weights"],
            "--float16-weights is for --onnx",
        ),
        (
            ["MODEL", "--onnx=x.onnx", "--onnx-encoder=y/../x.onnx"],
            "should be two files. Received: x.onnx for both",
        ),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("export", *arguments)
