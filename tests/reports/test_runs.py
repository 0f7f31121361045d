"""The images of a report, their captions, and the public plots."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_infogan import plot
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.reports import grids
from keras_infogan.reports.grids import caption
from keras_infogan.reports.grids import draw_run
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions
from tests.helpers.models import tiny_model

CODE_MAP = CodeMap(
    {
        "category": categories(*[CategoryMeaning("7", 1.0, 0.9, 9)] * 3),
        "continuous": dimensions(DimensionMeaning("slant"), DimensionMeaning()),
    }
)
REPORT: dict[str, Any] = {
    "dataset": "digits",
    "code_map": CODE_MAP,
    "confusion": [[3, 0, 0], [0, 4, 5]],
    "class_names": ["seven", "eight"],
    "mutual_information_ceiling": {"category": 1.1, "continuous": None},
    "traversals": {
        "continuous": [{"effect": {"slant": 1.0}, "correlation": {"slant": 1}}]
    },
}
LINE = {
    "step": 1,
    "discriminator_loss": 1.0,
    "generator_loss": 1.0,
    "mutual_information_category": 0.5,
    "mutual_information_continuous": 0.5,
}


def test_each_image_has_its_caption():
    images = draw_run(tiny_model(), REPORT, [LINE])
    assert list(images) == [
        "category",
        "continuous_0",
        "continuous_1",
        "curves",
        "confusion",
        "attributes",
    ]
    for image in images.values():
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
    captions = [caption(name, CODE_MAP) for name in images]
    assert captions[0].startswith("One row for each category of `category`")
    assert captions[1].startswith("`continuous:0` (slant) varies from left")
    assert captions[2].startswith("`continuous:1` (unnamed) varies")
    assert len(set(captions)) == len(captions)


def test_each_categorical_code_has_a_confusion_matrix(monkeypatch):
    """That of the first is in the report itself."""
    monkeypatch.setattr(grids, "draw_grids", lambda *_, **options: {})
    kind, tone = (categories(*[CategoryMeaning()] * n) for n in (2, 3))
    code_map = CodeMap({"category": tone, "pose": dimensions(), "kind": kind})
    report = {
        **REPORT,
        "code_map": code_map,
        "traversals": {},
        "categorical_codes": {"kind": {"confusion": [[1, 2], [3, 4]]}},
    }
    images = draw_run(tiny_model(), report, [])
    assert list(images) == ["confusion", "confusion_kind"]
    assert "category of `kind`" in caption("confusion_kind", code_map)
    axes = plot.confusion(report, "kind").axes[0]
    assert axes.get_xlabel() == "kind"
    assert {text.get_text() for text in axes.texts} == set("1234")


def test_images_are_given_the_code_map_and_the_ceilings(monkeypatch):
    seen: dict[str, Any] = {}

    def draw_grids(model, **options):
        seen.update(options)
        return {}

    def plot_curves(log, **options):
        seen.update(options, log=log)
        return Figure()

    monkeypatch.setattr(grids, "draw_grids", draw_grids)
    monkeypatch.setattr(grids, "plot_curves", plot_curves)
    draw_run(tiny_model(), REPORT, [LINE], seed=3)
    assert seen == {
        "code_map": CODE_MAP,
        "class_names": REPORT["class_names"],
        "seed": 3,
        "log": [LINE],
        "ceilings": REPORT["mutual_information_ceiling"],
    }


def test_what_was_not_measured_is_not_drawn():
    report = {**REPORT, "confusion": None, "traversals": {}}
    images = draw_run(tiny_model(), report, [])
    assert list(images) == ["category", "continuous_0", "continuous_1"]


def test_public_plots():
    """One for each of the documented names, without an import of its own."""
    model = tiny_model()
    figures = {
        "grid": plot.grid(model.generate(4), num_columns=2),
        "categories": plot.categories(model, "category", num_columns=2),
        "traversal": plot.traversal(model, "continuous", 1, num_columns=2),
        "curves": plot.curves([LINE]),
        "confusion": plot.confusion(REPORT),
        "attributes": plot.attributes(REPORT),
    }
    assert sorted(figures) == plot.__all__
    for name, figure in figures.items():
        assert f"| `{name}(" in plot.__doc__
        assert figure.axes
