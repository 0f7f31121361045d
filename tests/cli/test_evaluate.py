"""`keras-infogan evaluate`: runs and pretrained models."""

import json

import numpy as np
import pytest

from keras_infogan.cli import main as cli
from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation import disentanglement
from keras_infogan.evaluation import observations
from keras_infogan.evaluation.disentanglement import METRICS
from keras_infogan.evaluation.measures import MEASURES
from keras_infogan.evaluation.measures import Measure
from keras_infogan.evaluation.measures import Number
from keras_infogan.evaluation.measures import traversals
from keras_infogan.files import write_json
from keras_infogan.models import pretrained
from keras_infogan.training import build
from keras_infogan.training.presets import PRESETS
from tests.helpers.command_line import fail
from tests.helpers.command_line import run
from tests.helpers.models import SHAPE
from tests.helpers.models import tiny_model


def test_a_pretrained_model_is_measured_and_left(
    few_digits_dir, tmp_path, monkeypatch, capfd
):
    config = PRESETS["mnist"].replace(dataset="few_digits")
    folder = tmp_path / "pretrained"
    folder.mkdir()
    build.build_model(config).save(folder / "little.keras")
    write_json(folder / "little_config.json", config.to_json())
    monkeypatch.setattr(pretrained, "_FOLDER", folder)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    report, err = run(
        capfd,
        *("evaluate", "little", f"--data-dir={few_digits_dir}"),
        "--num-naming-labels=30",
    )
    assert report["configuration"] == config.to_json()
    assert report["num_test_images"] == 200
    assert report["steps"] == 0
    categories = report["code_map"]["codes"]["category"]["categories"]
    assert sum(category["num_labels"] for category in categories) == 30
    assert "the categories reach a clustering accuracy of" in err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def extra_measure():
    """What a new metric takes: a function and its registration."""

    def measure_errors(seen, report):
        # It is given the results of those before it.
        error = 1.0 - report["clustering_accuracy"]
        num_images = len(seen.test.images)
        return {"errors": {"share": error, "share_floor": num_images}}

    titles = {
        "errors.share": Number("Share of <errors>", "It errs in {:.2%}."),
        "errors.none": Number("Never there", "Never {}."),
    }
    measure = Measure(measure_errors, titles)
    MEASURES.append(measure)
    yield
    MEASURES.remove(measure)


def test_a_new_measure_is_one_registration(
    extra_measure, monkeypatch, tmp_path, capfd
):
    """It arrives in report.json, on the console and in report.html."""
    images = np.random.default_rng(0).integers(0, 256, (30, *SHAPE), np.uint8)
    data = ImageData(images, np.arange(30) % 3, "tiny", ("a", "b", "c"))
    monkeypatch.setattr(build, "load_data", lambda *_, **folders: (data, data))
    # Its training takes most of the time.
    monkeypatch.setattr(
        observations, "load_feature_extractor", lambda *arguments: None
    )
    tiny_model().save(tmp_path / "model.keras")
    write_json(tmp_path / "config.json", PRESETS["mnist"].to_json())
    result, err = run(capfd, "evaluate", tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    error = 1.0 - report["clustering_accuracy"]
    assert report["errors"] == {"share": error, "share_floor": 30}
    assert result == report
    sentence = f"It errs in {error:.2%}."
    assert err.splitlines().count(sentence) == 1
    page = (tmp_path / "report.html").read_text()
    assert f"<p>{sentence}</p>" in page
    cells = ["Share of &lt;errors&gt;", f"{error:.4g}", "", "30"]
    assert "".join(f"<td>{cell}</td>" for cell in cells) in page
    assert "Never" not in page + err


def test_a_run_without_labels(monkeypatch, tmp_path, capfd):
    """It is said once that there are none; all the rest is measured."""
    images = np.random.default_rng(0).integers(0, 256, (30, *SHAPE), np.uint8)
    data = ImageData(images, None, "tiny")
    # Most of the time.
    monkeypatch.setattr(observations, "NUM_SAMPLES", 200)
    monkeypatch.setattr(traversals, "NUM_TRAVERSALS", 5)
    monkeypatch.setattr(build, "load_data", lambda *_, **folders: (data, data))
    tiny_model().save(tmp_path / "model.keras")
    write_json(tmp_path / "config.json", PRESETS["mnist"].to_json())
    report, err = run(capfd, "evaluate", tmp_path)
    assert report["class_names"] is None
    assert report["fidelity"] is None
    assert report["mutual_information"]["total"]
    assert err.count("labels") == 1
    assert "The categories have numbers instead of names" in err
    names = {path.name for path in tmp_path.glob("*.*")}
    assert names >= {"category.png", "attributes.png", "report.html"}
    assert "confusion.png" not in names


def test_factors_of_any_source(monkeypatch, tmp_path, capfd):
    """In report.json, on the console, in report.html and as a heat map.

    Of images that all look alike, no code knows any factor.
    """
    images = np.random.default_rng(0).integers(0, 256, (30, *SHAPE), np.uint8)
    data = ImageData(images, None, "tiny")
    monkeypatch.setattr(observations, "NUM_SAMPLES", 200)
    monkeypatch.setattr(traversals, "NUM_TRAVERSALS", 5)
    monkeypatch.setattr(build, "load_data", lambda *_, **folders: (data, data))
    # The others take seconds on these images; they have tests of their own.
    mig = {"mig": METRICS["mig"]}
    monkeypatch.setattr(disentanglement, "METRICS", mig)
    tiny_model().save(tmp_path / "model.keras")
    config = PRESETS["mnist"].replace(image_size=SHAPE[0])
    write_json(tmp_path / "config.json", config.to_json())
    numbers = np.stack([np.arange(12) % 3, np.arange(12) // 3], axis=1)
    np.savez(
        tmp_path / "gray.npz",
        images=np.full((12, *SHAPE), 100, np.uint8),
        factors=numbers,
    )
    report, err = run(
        capfd, "evaluate", tmp_path, f"--factors={tmp_path}/gray.npz"
    )
    found = report["disentanglement"]
    assert found["mutual_information_gap"] == pytest.approx(0.0, abs=1e-9)
    assert found["factors"] == ["factor_0", "factor_1"]
    assert found["codes"] == ["category", "continuous:0", "continuous:1"]
    assert np.shape(found["factor_shares"]) == (3, 2)
    assert found["dataset"] == "gray"
    assert found["num_images"] == 12
    assert "`continuous:1` knows none of the factors in gray." in err
    page = (tmp_path / "report.html").read_text()
    assert "continuous:1</code> knows none of the factors in gray." in page
    assert "Mutual information gap" in page
    assert (tmp_path / "factors.png").is_file()


def test_images_without_factors_are_refused(tmp_path, capfd):
    """Before anything else is read: the images of the run, or others."""
    np.save(tmp_path / "x.npy", np.zeros((5, 28, 28), np.uint8))
    error = fail(capfd, "evaluate", "mnist", f"--factors={tmp_path}/x.npy")
    assert "Expected images with factors of variation" in error


def test_folders_of_the_data_arrive(monkeypatch, capfd):
    """Stops where the data would be loaded."""

    def load_data(config, *, data_dir, archives_dir):
        raise ValueError(f"{config.dataset}, {data_dir}, {archives_dir}")

    monkeypatch.setattr(build, "load_data", load_data)
    error = fail(
        capfd, "evaluate", "mnist", "--data-dir=here", "--archives-dir=there"
    )
    assert "mnist, here, there" in error


@pytest.mark.parametrize("number", ["-1", "0", "x"])
def test_naming_labels_are_counted(number, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(["evaluate", "mnist", f"--num-naming-labels={number}"])
    assert exit_.value.code == 2
    assert "expected a whole number of at least 1" in capsys.readouterr().err


def test_damaged_configuration(tmp_path, capfd):
    write_json(tmp_path / "config.json", {"epochs": 3, "colour": "red"})
    (tmp_path / "model.keras").touch()
    error = fail(capfd, "evaluate", tmp_path)
    assert "config.json should be the configuration of a run" in error
    assert "colour" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "directory of a finished run"),
        (["MODEL"], "without a config.json"),
        (["STOPPED"], "train` command to resume it"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("evaluate", *arguments)
