"""The report and the files at the end of a run."""

import html
import json

import numpy as np
import pytest
from PIL import Image

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.report import report_to_json
from keras_infogan.reports.text import describe_report
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.finish import finish
from tests.helpers.models import SHAPE
from tests.helpers.models import tiny_model

LOG = [
    {
        "step": step,
        "epoch": step / 2,
        "generator_loss": 1.0,
        "discriminator_loss": 1.0,
        "mutual_information": 0.1,
        "mutual_information_category": 0.1,
        "mutual_information_continuous": 0.0,
        **({"warnings": ["It collapses."]} if step == 4 else {}),
    }
    for step in (2, 4)
]


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    return tuple(
        ImageData(
            generator.integers(0, 256, (count, *SHAPE), np.uint8),
            np.arange(count) % 3,
            "tiny",
            ("a", "b", "c"),
        )
        for count in (60, 45)
    )


@pytest.fixture
def run_dir(tmp_path):
    """A run without a report: one whose process was killed."""
    tiny_model().save(tmp_path / "model.keras")
    lines = "".join(json.dumps(line) + "\n" for line in LOG)
    (tmp_path / "log.jsonl").write_text(lines)
    return tmp_path


def test_a_run_gets_its_report(run_dir, data):
    config = TrainingConfig().replace(seed=3, dataset="tiny", num_labels=30)
    before = {path.name for path in run_dir.iterdir()}
    # Nothing is written for the model file alone, which has no log.
    measured = finish(config, run_dir / "model.keras", *data)
    assert {path.name for path in run_dir.iterdir()} == before
    report = finish(config, run_dir, *data)
    assert report == {**measured, "warnings": report["warnings"]}
    written = json.loads((run_dir / "report.json").read_text())
    assert written == report_to_json(report)
    assert report["configuration"] == config.to_json()
    assert (report["seed"], report["steps"], report["num_labels"]) == (3, 0, 30)
    assert report["warnings"] == ["After step 4: It collapses."]
    assert (report["num_train_images"], report["num_test_images"]) == (60, 45)
    code_map = CodeMap.load(run_dir / "code_map.json")
    assert code_map == report["code_map"]
    page = (run_dir / "report.html").read_text()
    images = {path.stem for path in run_dir.glob("*.png")}
    assert images >= {"category", "curves", "confusion", "attributes"}
    assert page.count("<figure>") == len(images)
    assert "tiny" in page
    for sentence in describe_report(report):
        assert html.escape(sentence.partition("`")[0]) in page
    for path in run_dir.glob("*.png"):
        with Image.open(path) as image:
            image.verify()


def test_labels_can_name_the_categories(run_dir, data):
    report = finish(TrainingConfig(), run_dir, *data, num_naming_labels=6)
    categories = report["code_map"].codes["category"].categories
    assert sum(meaning.num_labels for meaning in categories) == 6
