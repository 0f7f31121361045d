"""The command line: results on stdout, talk on stderr, errors in one line."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from keras_infogan import __version__
from keras_infogan.cli import main as cli
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.files import write_json
from keras_infogan.models import pretrained
from keras_infogan.models.pretrained import find_model
from keras_infogan.models.pretrained import load_model
from keras_infogan.reports import images as visualization
from keras_infogan.reports.text import describe_report
from keras_infogan.training import run as training
from keras_infogan.training.config import PRESETS
from keras_infogan.training.config import TrainingConfig
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions
from tests.helpers.imitated_serving import expected_images
from tests.helpers.imitated_serving import imitated_rest
from tests.helpers.models import SHAPE
from tests.helpers.models import tiny_model

REPORT = Path(__file__).parents[2] / "saved_models" / "mnist_report.json"
COMMANDS = (
    "train",
    "evaluate",
    "sample",
    "traverse",
    "encode",
    "export",
    "explore",
    "serve-config",
    "presets",
)


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    tiny_model().save(path)
    return path


@pytest.fixture(scope="module")
def named_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose code map is shuffled: category 2 is a seven, 0 a one."""
    run_dir = tmp_path_factory.mktemp("named")
    tiny_model().save(run_dir / "model.keras")
    code_map = CodeMap(
        {
            "category": categories(
                CategoryMeaning("1", 0.9, 0.8, 10),
                CategoryMeaning(),
                CategoryMeaning("7", 0.9, 0.8, 10),
            ),
            "continuous": dimensions(
                DimensionMeaning(),
                DimensionMeaning("slant", -1, -0.95, 0.3, -0.3, "rad"),
            ),
        }
    )
    write_json(run_dir / "code_map.json", code_map.to_json())
    return run_dir


def run(capfd: Any, *arguments: Any) -> tuple[Any, str]:
    """What a command prints: JSON on stdout, anything on stderr."""
    cli.main([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    return json.loads(out), err


def fail(capfd: Any, *arguments: Any) -> str:
    """The one line of an error, after exit code 2."""
    with pytest.raises(SystemExit) as exit_:
        cli.main([str(argument) for argument in arguments])
    assert exit_.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    *talk, error = err.splitlines()
    assert talk in ([], ["Reading mnits ..."])
    assert error.startswith("keras-infogan: error: ")
    return error


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main([command, "--help"])
    assert exit_.value.code == 0
    assert f"example: keras-infogan {command}" in capsys.readouterr().out


def test_help_is_quick_and_imports_no_tensorflow():
    """The issue asks for well under a second; it is 0.05 s of CPU here."""
    begin = time.process_time(), os.times()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "keras_infogan", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    end = os.times()
    seconds = (
        end.children_user
        + end.children_system
        - begin[1].children_user
        - begin[1].children_system
    )
    assert seconds < 0.5
    imported = {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines()
    }
    assert "keras_infogan.training.config" in imported
    assert not imported & {"tensorflow", "keras", "numpy", "matplotlib"}


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"keras-infogan {__version__}\n"


def test_presets(capfd):
    presets, _ = run(capfd, "presets")
    assert set(presets) == set(PRESETS)
    for content in presets.values():
        TrainingConfig.from_json(content)


def test_every_option_has_a_flag(capfd):
    """Each field of the configuration can be given, and comes through."""
    given: dict[str, Any] = {
        "dataset": "few_digits",
        "image_size": 32,
        "noise_dim": 10,
        "codes": {"style": {"type": "normal", "dim": 1, "stddev": None}},
        "jit_compile": False,
        "batch_size": 8,
        "information_weights": {"style": 0.5},
        "information_gradient": "head",
        "generator_learning_rate": 3e-4,
    }
    flags = []
    for name, value in given.items():
        flag = name.replace("_", "-")
        if value is False:
            flags.append(f"--no-{flag}")
        else:
            text = json.dumps(value) if isinstance(value, dict) else value
            flags.append(f"--{flag}={text}")
    config, _ = run(capfd, "train", "--preset=paper", "--dry-run", *flags)
    expected = dataclasses.replace(PRESETS["paper"], **given).to_json()
    assert config == expected


def test_dry_run_writes_nothing(capfd, tmp_path):
    run_dir = tmp_path / "run"
    _, err = run(
        capfd,
        *("train", "--dry-run", f"--run-dir={run_dir}", "--dataset=nope"),
        *("--num-labels=5", "--test-split=last"),
    )
    assert "Not checked, as no data are read" in err
    assert "data set nope with the splits train and last, and as many" in err
    assert not run_dir.exists()


def test_train_summary(capfd, few_digits_dir, tmp_path):
    result, err = run(
        capfd,
        "train",
        f"--run-dir={tmp_path / 'run'}",
        f"--data-dir={few_digits_dir}",
        "--dataset=few_digits",
        "--epochs=1",
        "--batch-size=64",
        "--no-jit-compile",
    )
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    for name in (
        "clustering_accuracy",
        "normalized_mutual_information",
        "mutual_information",
    ):
        assert result[name] == report[name]
    assert "the category tells the class of" in err
    assert str(tmp_path / "run") in err
    again, _ = run(
        capfd, "evaluate", tmp_path / "run", f"--data-dir={few_digits_dir}"
    )
    assert again == report


def test_sample(model_path, capfd, tmp_path):
    output = tmp_path / "new" / "x.png"
    result, err = run(
        capfd,
        "sample",
        model_path,
        "--category=2",
        "--code=continuous=0.5,-1",
        "--count=12",
        "--seed=3",
        f"--output={output}",
    )
    assert result == {"output": str(output), "count": 12, "seed": 3}
    assert str(output) in err
    model = load_model(model_path)
    expected = model.generate(
        12, codes={"category": 2, "continuous": [[0.5, -1.0]]}, seed=3
    )
    # Cells of 8 pixels, 7 times enlarged, 2 pixels apart.
    picture = np.asarray(Image.open(output))
    np.testing.assert_allclose(
        picture[2 : 2 + 56 : 7, 2 : 2 + 56 : 7, 0],
        (expected[0, :, :, 0] + 1) * 127.5,
        atol=0.51,
    )


def test_one_sample_can_be_encoded(model_path, capfd, tmp_path):
    """It has no frame: read from the file nearly as from memory.

    The picture is seven times enlarged; making it small again smooths random
    pixels a little. A frame would change the probabilities by far more.
    """
    path = tmp_path / "x.png"
    _, err = run(capfd, "sample", model_path, "--count=1", "-o", path)
    assert err == f"1 image in {path}.\n"
    (result,), err = run(capfd, "encode", model_path, path)
    model = load_model(model_path)
    expected = model.encode(model.generate(1))["category_probabilities"][0]
    assert result["codes"]["category"]["probabilities"] == pytest.approx(
        expected.tolist(), abs=0.05
    )


def test_traverse(model_path, capfd, tmp_path):
    output = tmp_path / "x.png"
    result, _ = run(
        capfd,
        "traverse",
        model_path,
        "--code=continuous:1",
        *("-o", output),
    )
    assert result == {
        "output": str(output),
        "code": "continuous",
        "index": 1,
    }
    Image.open(output).verify()


def test_encode(model_path, capfd, tmp_path):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, SHAPE[:2], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    (result,), err = run(capfd, "encode", model_path, tmp_path / "x.png")
    posterior = load_model(model_path).encode(
        pixels[None, :, :, None] / 127.5 - 1.0
    )
    assert result["image"] == str(tmp_path / "x.png")
    probabilities = posterior["category_probabilities"][0]
    assert result["codes"]["category"] == {
        "category": int(probabilities.argmax()),
        "probability": pytest.approx(float(probabilities.max())),
        "probabilities": pytest.approx(probabilities.tolist()),
    }
    assert result["codes"]["continuous"]["stddev"] == pytest.approx(
        np.exp(posterior["continuous_log_stddev"][0]).tolist()
    )
    assert f"category {probabilities.argmax()} (" in err


def test_sample_by_meaning(named_run, capfd, tmp_path):
    """A seven is category 2 here, and slanted right is a negative code."""
    for path, options in (
        ("meant.png", ["--digit=7", "--attribute=slant=0.5"]),
        ("told.png", ["--category=2", "--code=continuous=0,-0.5"]),
    ):
        result, err = run(
            capfd,
            "sample",
            named_run,
            *options,
            "--count=4",
            f"--output={tmp_path / path}",
        )
        if path == "meant.png":
            assert "'7' is category 2 of `category`: 90% of its 10" in err
            assert result["digit"] == {
                "code": "category",
                "category": 2,
                "name": "7",
                "purity": 0.9,
                "confidence": 0.8,
                "num_labels": 10,
            }
    meant, told = (
        np.asarray(Image.open(tmp_path / path))
        for path in ("meant.png", "told.png")
    )
    np.testing.assert_array_equal(meant, told)


def test_traverse_by_meaning(named_run, capfd, tmp_path):
    result, _ = run(
        capfd,
        "traverse",
        named_run,
        "--attribute=slant",
        f"--output={tmp_path / 'x.png'}",
    )
    assert (result["code"], result["index"]) == ("continuous", 1)


def test_encode_says_what_it_means(named_run, capfd, tmp_path):
    run(capfd, "sample", named_run, "--count=1", "-o", tmp_path / "x.png")
    (result,), err = run(capfd, "encode", named_run, tmp_path / "x.png")
    shares = result["codes"]["category"]["probabilities"]
    # Nine of ten images of each are what it is named.
    share, name = max((0.9 * shares[0], "1"), (0.9 * shares[2], "7"))
    assert result["meaning"][0] == f"{name} ({share:.0%})"
    assert f"{name} ({share:.0%})" in err
    assert result["class"] == name
    assert result["class_probability"] == pytest.approx(share)
    assert result["warnings"] == []


def test_encode_keeps_what_can_be_read(model_path, capfd, tmp_path):
    """A black image with its doubt in the JSON; a file that is none."""
    Image.fromarray(np.zeros(SHAPE[:2], np.uint8)).save(tmp_path / "x.png")
    with pytest.raises(SystemExit) as exit_:
        cli.main(
            [
                "encode",
                str(model_path),
                str(tmp_path / "none.png"),
                str(tmp_path / "x.png"),
            ]
        )
    assert exit_.value.code == 2
    out, err = capfd.readouterr()
    bad, black = json.loads(out)
    assert bad["error"].startswith("There is no file")
    assert "codes" not in bad
    assert "one color" in black["warnings"][0]
    assert f"Warning: {tmp_path / 'x.png'} is of one color" in err
    assert set(black["codes"]) == {"category", "continuous"}


def test_export(named_run, capfd, tmp_path):
    """All three at once, with the code map and the model card in each.

    The report is that of the published model, for what is said of it.
    """
    model = tmp_path / "named"
    shutil.copytree(named_run, model)
    report = REPORT.read_text()
    (model / "report.json").write_text(report)
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
    card = copied.with_name("model_card.md").read_text("utf-8")
    assert card.startswith("# named\n")
    sentences = describe_report(json.loads(report))
    assert [f"- {sentence}" for sentence in sentences] == card.splitlines()[4:]
    import onnx

    for name in ("x.onnx", "encoder.onnx"):
        model = onnx.load(tmp_path / name)
        assert model.model_version == 2
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        assert metadata["keras_infogan.model_card"] == card
        code_map = json.loads(metadata["keras_infogan.code_map"])
        assert code_map["codes"]["category"]["categories"][2]["name"] == "7"


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
        assert written == published
        assert written["keras_infogan.model_card"].startswith("# mnist\n")


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


def test_explore_for_a_server(named_run, capfd, tmp_path):
    folder = tmp_path / "my site"
    result, talk = run(capfd, "explore", named_run, "--folder", "-o", folder)
    assert result == {"output": str(folder)}
    assert (folder / "index.html").is_file()
    # From a file it would not open.
    assert "in a browser" not in talk
    assert f"python -m http.server --directory '{folder}'" in talk


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


@pytest.mark.parametrize("given", [True, False], ids=["given", "asked"])
def test_sample_from_an_imitated_server(given, capfd, tmp_path):
    """What the client's own tests check in full arrives as a picture.

    The code map turns a digit into a category and a slant into the second
    continuous code, with its sign: 5 by the one that is given, 4 by that of the
    model.
    """
    entries = [{"name": str((number + 2) % 10)} for number in range(10)]
    dimensions = [{}, {"attribute": "slant", "sign": -1}]
    path = tmp_path / "code_map.json"
    write_json(
        path,
        {
            "codes": {
                "category": {"type": "categorical", "categories": entries},
                "continuous": {"type": "uniform", "dimensions": dimensions},
            }
        },
    )
    with imitated_rest() as server:
        result, _ = run(
            capfd,
            "sample",
            "infogan",
            f"--server=http://127.0.0.1:{server.port}",
            "--digit=7",
            "--attribute=slant=0.5",
            "--count=2",
            "--seed=5",
            f"--output={tmp_path / 'x.png'}",
            *([f"--code-map={path}"] if given else []),
        )
    assert result["count"] == 2
    expected = expected_images(np.arange(5, 7), 5 if given else 4, [0.0, -0.5])
    visualization.save_picture(
        tmp_path / "expected.png",
        visualization.image_grid(expected, num_columns=2),
    )
    assert (tmp_path / "x.png").read_bytes() == (
        tmp_path / "expected.png"
    ).read_bytes()


def test_grpc_says_nothing_of_tensorflow():
    """It imports it, which writes lines of its own to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "keras_infogan", "sample", "infogan"]
        + ["--server=grpc://127.0.0.1:1"],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("TF_")},
        timeout=300,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "takes no connection" in line


def test_serve_config(capfd, tmp_path):
    (tmp_path / "mnist" / "1").mkdir(parents=True)
    # What it looks for; what is in it is the server's matter.
    (tmp_path / "mnist" / "1" / "saved_model.pb").touch()
    result, _ = run(
        capfd,
        "serve-config",
        tmp_path / "serving",
        f"--model-dir={tmp_path / 'mnist'}",
    )
    names = {Path(path).name for path in result["files"]}
    assert {"models.config", "compose.yaml", "kubernetes.yaml"} <= names
    assert 'name: "mnist"' in (tmp_path / "serving/models.config").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "MODEL", "--digit=7"], "without code_map.json"),
        (["sample", "NAMED", "--digit=3"], "Known classes: 1, 7"),
        (["sample", "NAMED", "--attribute=width=1"], "Known attributes: slant"),
        (
            ["sample", "NAMED", "--attribute=slant=2"],
            "The attribute 'slant' should be in [-1, 1]. Received: 2.",
        ),
        (
            ["sample", "NAMED", "--digit=7", "--category=0"],
            "Received: --category and --digit. Leave one of them out",
        ),
        (
            ["sample", "NAMED", "--code=category=1", "--category=0"],
            "Received: --code category and --category.",
        ),
        (
            ["sample", "NAMED", "--attribute=slant=1", "--attribute=slant=-1"],
            "The attribute 'slant' should be chosen once",
        ),
        (
            ["sample", "NAMED", "--attribute=slant=1", "--code=continuous=0"],
            "Received: --code continuous and --attribute slant.",
        ),
        (["sample", "served", "--label=canary"], "are for --server"),
        (
            ["sample", "infogan", "--server=http://127.0.0.1:1"],
            "127.0.0.1:1",
        ),
        (
            ["sample", "infogan", "--server=http://127.0.0.1:1"]
            + ["--output=text/x.png"],
            "text/x.png: Not a directory",
        ),
        (["sample", "MODEL", "--server="], "should be like http://host:8501"),
        (["traverse", "MODEL"], "one of --code and --attribute"),
        (["export", "MODEL"], "--saved-model, --onnx or --onnx-encoder"),
        (
            ["export", "MODEL", "--saved-model=x", "--float16-weights"],
            "--float16-weights is for --onnx",
        ),
        (
            ["export", "MODEL", "--onnx=x.onnx", "--onnx-encoder=y/../x.onnx"],
            "should be two files. Received: x.onnx for both",
        ),
        (["serve-config", "x", "--model-dir=nowhere"], "nowhere"),
        (["sample", "MODEL", "--category=3"], "from 0 to 2. Received: 3"),
        (["sample", "MODEL", "--code=slant=1"], "Received: 'slant'"),
        (["sample", "MODEL", "--code=continuous=2"], "should be in [-1, 1]"),
        (["sample", "MODEL", "--code=category=0.5"], "category numbers from 0"),
        (["sample", "nowhere"], "Expected the directory of a finished run"),
        (["traverse", "MODEL", "--code=continuous:2"], "from 0 to 1"),
        (["traverse", "MODEL", "--code=z"], "one of category, continuous"),
        (["train", "--dry-run", '--codes={"a": 3}'], "type of the code 'a'"),
        (
            ["train", "--dry-run"]
            + ['--codes={"a": {"type": "uniform", "x": 1}}'],
            "takes dim and stddev",
        ),
        (
            ["train", "--dry-run", '--codes={"a": {"type": "categorical"}}'],
            "takes num_categories",
        ),
        (["train", "--dry-run", '--codes={"a": {"type": [1]}}'], "type of the"),
        (
            ["train", "--dry-run"]
            + ['--codes={"a": {"type": "uniform", "stddev": "a"}}'],
            "should be a positive number",
        ),
        (
            ["train", "--dry-run", "--invariance-weight=0"]
            + ["--warped-codes=[]", "--num-labels=10", "--neighbor-share=0"]
            + ['--codes={"a": {"type": "uniform"}}']
            + ['--information-weights={"a": 1}'],
            "Labels need a categorical code",
        ),
        (["train", "--dry-run", "--beta-1=1"], "below 1"),
        (
            ["train", "--dry-run", '--warp={"x": 1}'],
            "Augmentation should have these opt",
        ),
        (
            ["train", "--dry-run", '--information-weights={"category": "a"}'],
            "should be a number",
        ),
        (["encode", "MODEL", "nowhere.png"], "There is no file nowhere.png"),
        (["encode", "MODEL", "TEXT"], "should be an image file"),
        (["evaluate", "nowhere"], "directory of a finished run"),
        (["evaluate", "MODEL"], "without a config.json"),
        (["evaluate", "STOPPED"], "train` command again resumes it"),
        (["sample", "STOPPED"], "STOPPED, which is not complete"),
        (["train", "--dry-run", "--image-size=30"], "multiples of 4"),
        (["train", "--dry-run", "--batch-size=0"], "batch_size should be"),
        (["train", "--dry-run", "--update=x"], "fused, three_phase"),
        (
            ["train", "--dry-run", "--label-smoothing=.1"]
            + ["--adversarial-loss=hinge"],
            "has a meaning for",
        ),
        (["train", "--run-dir=RUN", "--dataset=mnits"], "mnist"),
    ],
)
def test_errors_are_one_line(
    arguments, message, model_path, named_run, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("no picture")
    (tmp_path / "STOPPED").mkdir()
    write_json(tmp_path / "STOPPED" / "config.json", PRESETS["mnist"].to_json())
    names = {
        "MODEL": str(model_path),
        "NAMED": str(named_run),
        "TEXT": "text",
        "--run-dir=RUN": f"--run-dir={tmp_path / 'run'}",
    }
    error = fail(capfd, *[names.get(word, word) for word in arguments])
    assert message in error
    assert not (tmp_path / "run").exists()


def test_a_published_model_is_measured_and_left(
    few_digits_dir, tmp_path, monkeypatch, capfd
):
    config = dataclasses.replace(PRESETS["mnist"], dataset="few_digits")
    folder = tmp_path / "pretrained"
    folder.mkdir()
    training.build_model(config).save(folder / "little.keras")
    write_json(folder / "little_config.json", config.to_json())
    monkeypatch.setattr(pretrained, "_FOLDER", folder)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    report, err = run(
        capfd, "evaluate", "little", f"--data-dir={few_digits_dir}"
    )
    assert report["configuration"] == config.to_json()
    assert report["num_test_images"] == 200
    assert report["steps"] == 0
    assert "the category tells the class of" in err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("number", ["-1", "0", "x"])
def test_naming_labels_are_counted(number, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(["evaluate", "mnist", f"--num-naming-labels={number}"])
    assert exit_.value.code == 2
    assert "expected a whole number of at least 1" in capsys.readouterr().err


def test_usage_errors_exit_with_2(capsys):
    for arguments in (
        [],
        ["sing"],
        ["train", "--epochs=x"],
        ["train", "--warp=5"],
        ["sample", "x", "--count=0"],
        ["sample", "x", "--count=100000000000"],
        ["traverse", "x", "--code=a", "--columns=0"],
        ["export", "x", "--saved-model="],
        ["export", "x", "--onnx", ""],
        ["export", "x", "--onnx-encoder="],
        ["explore", "x", "-o", ""],
        ["serve-config", "", "--model-dir=x"],
    ):
        with pytest.raises(SystemExit) as exit_:
            cli.main(arguments)
        assert exit_.value.code == 2
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1
        command = " ".join(["keras-infogan", *arguments[:1]]).replace(
            " sing", ""
        )
        assert error.endswith(f"; see {command} --help\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        # Said before a model is looked for.
        (["sample", "x", "--output=x.jpg"], "a name that ends in .png"),
        (["sample", "x", "--attribute=slant"], "expected NAME=NUMBER such as"),
        (["sample", "x", "--attribute=slant=nan"], "expected NAME=NUMBER"),
        (["traverse", "x", "--code=continuous:-1"], "an index from 0, got"),
    ],
)
def test_arguments_say_what_they_expect(arguments, message, capsys):
    with pytest.raises(SystemExit):
        cli.main(arguments)
    assert message in capsys.readouterr().err


def test_a_file_is_no_run_directory(capfd, tmp_path):
    path = tmp_path / "x"
    path.touch()
    error = fail(capfd, "train", "--dry-run", f"--run-dir={path}")
    assert "Received: a file. Choose another --run-dir." in error


@pytest.mark.parametrize(
    ("reader", "status", "talk"),
    [
        ("> /dev/full", 2, "keras-infogan: error: stdout: No space left"),
        ("| true", 0, ""),
    ],
)
def test_result_that_cannot_be_written(reader, status, talk):
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m keras_infogan presets {reader}"
            "; exit ${PIPESTATUS[0]}",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == status
    assert done.stderr.startswith(talk)
    assert len(done.stderr.splitlines()) == bool(talk)


def test_too_much_memory_is_one_line():
    """In a process of its own: TensorFlow's talk of it is silenced at import.

    A trillion categories are 4 TB for the smallest row of weights.
    """
    codes = {"a": {"type": "categorical", "num_categories": 10**12}}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "keras_infogan",
            "train",
            "--dry-run",
            "--preset=paper",
            f"--codes={json.dumps(codes)}",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "needs more memory than there is" in line


def test_dry_run_tells_of_another_run(capfd, tmp_path):
    config = dataclasses.replace(PRESETS["mnist"], seed=5)
    write_json(tmp_path / "config.json", config.to_json())
    error = fail(
        capfd, "train", "--dry-run", "--seed=6", f"--run-dir={tmp_path}"
    )
    assert "holds a run with other options (seed: 5 -> 6)" in error


def test_encode_of_ink_on_paper(model_path, capfd, tmp_path):
    """Inverted, it is the picture of which it is the negative."""
    generator = np.random.default_rng(0)
    pixels = np.pad(generator.integers(0, 100, (6, 6), np.uint8), 1)
    assert pixels.shape == SHAPE[:2]
    Image.fromarray(pixels).save(tmp_path / "x.png")
    Image.fromarray(255 - pixels).save(tmp_path / "paper.png")
    (expected,), err = run(capfd, "encode", model_path, tmp_path / "x.png")
    assert "--invert" not in err
    _, err = run(capfd, "encode", model_path, tmp_path / "paper.png")
    assert "brightness of the border 1.00" in err
    assert "use --invert" in err
    (result,), _ = run(
        capfd, "encode", model_path, tmp_path / "paper.png", "--invert"
    )
    assert result["codes"]["category"]["probabilities"] == pytest.approx(
        expected["codes"]["category"]["probabilities"]
    )
    Image.new("RGBA", (9, 9)).save(tmp_path / "blank.png")
    _, err = run(capfd, "encode", model_path, tmp_path / "blank.png")
    assert "is of one color" in err


def test_traceback_on_request():
    with pytest.raises(ValueError, match="finished run"):
        cli.main(["--traceback", "sample", "nowhere"])


def test_damaged_configuration(tmp_path, capfd):
    write_json(tmp_path / "config.json", {"epochs": 3, "colour": "red"})
    (tmp_path / "model.keras").touch()
    error = fail(capfd, "evaluate", tmp_path)
    assert "config.json should be the configuration of a run" in error
    assert "colour" in error
