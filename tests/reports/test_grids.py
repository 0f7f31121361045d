"""Grids of a generator that paints its latents, so that they can be read."""

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_infogan.evaluation import seeds as seeds_module
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.morphology import measure
from keras_infogan.evaluation.seeds import surest_seeds
from keras_infogan.evaluation.seeds import traversal_rows
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Code
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.blocks import discriminator_outputs
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports import grids as report_grids
from keras_infogan.reports import traversals
from keras_infogan.reports.traversals import NUM_PLAIN_ROWS
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions
from tests.helpers.models import tiny_model


def painter(codes: dict[str, Code]) -> InfoGAN:
    """Images of one row: the codes side by side, one pixel for each number."""
    spec = LatentSpec(1, codes)
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in spec.input_dims.items()
    }
    shown = [inputs[name] for name in codes]
    x = keras.layers.Concatenate()(shown) if len(shown) > 1 else shown[0]
    # Noise without effect: Keras wants each input to reach the image.
    still = keras.layers.Dense(
        x.shape[-1], use_bias=False, kernel_initializer="zeros"
    )
    x = keras.layers.Add()([x, still(inputs["noise"])])
    x = keras.layers.Reshape((1, -1, 1))(x)
    generator = keras.Model(inputs, x)
    image = keras.Input(generator.output_shape[1:])
    flat = keras.layers.Flatten()(image)
    outputs = discriminator_outputs(spec, flat)
    return InfoGAN(generator, keras.Model(image, outputs), spec)


@pytest.fixture
def grids(monkeypatch):
    """What is handed to the renderer, in place of pixels with captions."""
    calls = []

    def record(images, **options):
        calls.append((images[:, 0, :, 0], options))
        return Figure()

    monkeypatch.setattr(report_grids, "plot_grid", record)
    return calls


def test_categories_are_the_rows(grids):
    model = painter({"a": Categorical(3), "u": Uniform(1)})
    report_grids.plot_categories(model, "a")
    ((images, options),) = grids
    rows = images.reshape(3, 10, 4)
    for category in range(3):
        np.testing.assert_array_equal(
            rows[category, :, :3], np.eye(3)[[category] * 10]
        )
    # The other code is at random: no two of thirty draws are the same.
    assert len(np.unique(rows[..., 3])) == 30
    assert options["row_labels"] == ["a 0", "a 1", "a 2"]
    assert options["num_columns"] == 10


def test_traverse_changes_one_number_along_a_row(grids):
    model = painter({"a": Categorical(3), "u": Uniform(2)})
    report_grids.plot_traversal(model, "u", 1, num_columns=5, seed=0)
    ((images, options),) = grids
    rows = images.reshape(3, 5, 5)
    # Rows are categories; u:0 is in the middle; u:1 goes from -1 to 1.
    np.testing.assert_array_equal(
        rows[..., :3], np.repeat(np.eye(3)[:, None], 5, axis=1)
    )
    assert (rows[..., 3] == 0.0).all()
    np.testing.assert_allclose(rows[0, :, 4], [-1, -0.5, 0, 0.5, 1])
    np.testing.assert_array_equal(rows[..., 4], rows[:1, :, 4].repeat(3, 0))
    assert options["column_labels"] == ["-1.0", "-0.5", "+0.0", "+0.5", "+1.0"]
    assert options["title"].startswith("u:1 ")


def test_the_seed_draws_what_is_not_shown(grids):
    """The other code, a number of each image; the category is the same."""
    model = painter({"a": Categorical(3), "u": Uniform(1)})
    for seed in (1, 1, 2):
        report_grids.plot_categories(model, "a", num_columns=3, seed=seed)
    first, again, other = (images for images, _ in grids)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[:, :3], other[:, :3])
    assert (first[:, 3] != other[:, 3]).all()


def test_traverse_of_a_category(grids):
    model = painter({"a": Categorical(3), "u": Uniform(1)})
    report_grids.plot_traversal(model, "a", num_columns=3, seed=0)
    ((images, options),) = grids
    assert options["row_labels"] is None
    assert options["column_labels"] == ["0", "1", "2"]
    rows = images.reshape(NUM_PLAIN_ROWS, 3, 4)
    np.testing.assert_array_equal(
        rows[..., :3], np.eye(3)[None].repeat(len(rows), 0)
    )
    assert (rows[..., 3] == rows[:, :1, 3]).all()


def test_one_grid_for_each_code():
    model = painter(
        {"a": Categorical(2), "b": Categorical(12), "u": Uniform(2),
         "bit": Bernoulli(1)}
    )  # fmt: skip
    grids = report_grids.draw_grids(model, seed=0)
    assert list(grids) == ["a", "b", "u_0", "u_1", "bit"]
    for grid in grids.values():
        assert grid.dtype == np.uint8
        assert grid.ndim == 3


def test_models_without_categories(grids):
    report_grids.draw_grids(painter({"u": Uniform(1)}))
    ((images, options),) = grids
    assert len(images) == NUM_PLAIN_ROWS * report_grids.NUM_COLUMNS
    assert options["row_labels"] is None


def test_describe_codes():
    spec = LatentSpec(
        1,
        {"category": Categorical(8), "slant": Uniform(2), "bit": Bernoulli(1)},
    )
    text = spec.describe(
        {
            "category": {"category": 7, "probability": 0.981},
            "slant": {"mean": [0.5, -0.25], "stddev": [0.1, 0.02]},
            "bit": {"probability": [0.75]},
        }
    )
    assert text == (
        "category 7 (98.1%); slant +0.50 +/- 0.10, -0.25 +/- 0.02; "
        "bit P(1) = 75.0%"
    )


def test_captions_say_what_a_code_means(monkeypatch):
    """The class of a row, and the measured attribute under each image."""
    labels: dict[str, object] = {}

    def plot_grid(images, **captions):
        labels.update(captions)
        return Figure()

    monkeypatch.setattr(report_grids, "plot_grid", plot_grid)
    model = tiny_model()
    code_map = CodeMap(
        {
            "category": categories(
                CategoryMeaning("7"), CategoryMeaning("1"), CategoryMeaning()
            ),
            "continuous": dimensions(
                *[DimensionMeaning("area", unit="pixels^2")] * 2
            ),
        }
    )
    report_grids.plot_categories(model, "category", code_map=code_map)
    assert labels["row_labels"] == [
        "category 1: 1",
        "category 0: 7",
        "category 2: unnamed",
    ]
    report_grids.plot_traversal(
        model, "continuous", 1, num_columns=3, code_map=code_map, seed=6
    )
    assert "its measured area (pixels^2)" in str(labels["title"])
    assert labels["column_labels"] == ["-1.0", "+0.0", "+1.0"]
    rows = traversal_rows(model, [6, 6, 6], [1, 0, 2])
    values = np.linspace(-1, 1, 3, dtype=np.float32)
    latents = model.latent_spec.vary(rows, "continuous", 1, values)
    areas = measure(model.generate_from(latents))["area"]
    assert labels["image_labels"] == [f"{area:.2f}" for area in areas]
    report_grids.plot_traversal(
        model, "category", num_columns=3, code_map=code_map, seed=6
    )
    assert labels["column_labels"] == ["1: 1", "0: 7", "2: unnamed"]
    assert labels["image_labels"] is None


def test_a_traverse_of_an_attribute_goes_its_way(grids):
    """As `sample --attribute` takes it: -1 is the least slant, a code of 1."""
    model = painter({"a": Categorical(3), "u": Uniform(2)})
    slant = DimensionMeaning("slant", -1, unit="rad")
    code_map = CodeMap(
        {
            "a": categories(*[CategoryMeaning()] * 3),
            "u": dimensions(DimensionMeaning(), slant),
        }
    )
    for attribute, values in (("slant", [1, 0, -1]), (None, [-1, 0, 1])):
        report_grids.plot_traversal(
            model,
            "u",
            1,
            num_columns=3,
            code_map=code_map,
            attribute=attribute,
            seed=0,
        )
        images, options = grids.pop()
        rows = images.reshape(3, 3, 5)
        np.testing.assert_allclose(rows[:, :, 4], [values] * 3)
        # Each row keeps its category.
        np.testing.assert_array_equal(rows[:, 0, :3], np.eye(3))
        assert options["column_labels"] == ["-1.0", "+0.0", "+1.0"]
        assert options["title"].startswith(f"{attribute or 'u:1'} from left")


def test_an_empty_image_has_no_caption(monkeypatch):
    """Of which nothing can be measured."""
    labels: dict[str, object] = {}

    def plot_grid(images, **captions):
        labels.update(captions)
        return Figure()

    monkeypatch.setattr(report_grids, "plot_grid", plot_grid)
    monkeypatch.setattr(
        InfoGAN,
        "generate_from",
        lambda self, latents: np.full((6, 8, 8, 1), -1.0, np.float32),
    )
    slant = dimensions(*[DimensionMeaning("slant", unit="rad")] * 2)
    report_grids.plot_traversal(
        tiny_model(),
        "continuous",
        num_columns=2,
        code_map=CodeMap(
            {
                "category": categories(*[CategoryMeaning()] * 3),
                "continuous": slant,
            }
        ),
        seed=0,
    )
    assert labels["image_labels"] == [""] * 6


def test_grids_are_given_code_and_code_map(monkeypatch):
    calls = []

    def record(model, *arguments, **options):
        calls.append((arguments, options))
        return Figure()

    monkeypatch.setattr(report_grids, "plot_categories", record)
    monkeypatch.setattr(report_grids, "plot_traversal", record)
    code_map = CodeMap()
    grids = report_grids.draw_grids(
        tiny_model(), code_map=code_map, class_names=["7"], seed=3
    )
    assert list(grids) == ["category", "continuous_0", "continuous_1"]
    assert [arguments for arguments, _ in calls] == [
        ("category",),
        ("continuous", 0),
        ("continuous", 1),
    ]
    labels = {"code_map": code_map, "class_names": ["7"]}
    seeds = {"seed": range(3, 8)}
    assert [options for _, options in calls] == [
        labels,
        labels | seeds,
        labels | seeds,
    ]


def test_rows_are_in_the_order_of_the_classes(grids):
    """Images and labels; without a code map, in that of the categories."""
    model = painter({"a": Categorical(3), "u": Uniform(1)})
    named = categories(*map(CategoryMeaning, ("10", None, "9")))
    code_map = CodeMap({"a": named, "u": dimensions(DimensionMeaning())})
    for plot in (report_grids.plot_categories, report_grids.plot_traversal):
        for labels, order in (
            ({}, [0, 1, 2]),
            ({"code_map": code_map}, [2, 0, 1]),
            ({"code_map": code_map, "class_names": ["10", "9"]}, [0, 2, 1]),
        ):
            name = "a" if plot is report_grids.plot_categories else "u"
            plot(model, name, num_columns=2, seed=0, **labels)
            images, options = grids.pop()
            categories_of_rows = images.reshape(3, 2, 4)[:, :, :3].argmax(-1)
            np.testing.assert_array_equal(
                categories_of_rows, np.repeat(order, 2).reshape(3, 2)
            )
            assert [x.split(":")[0] for x in options["row_labels"]] == [
                f"a {number}" for number in order
            ]


def test_all_rows_have_the_noise_that_the_rule_chose(monkeypatch):
    """Of the first seed; without categories, a seed for each row."""
    seen = []

    def traversal_rows(model, seeds, *categories):
        seen.append(list(seeds))
        return original(model, seeds, *categories)

    original = seeds_module.traversal_rows
    monkeypatch.setattr(traversals, "traversal_rows", traversal_rows)
    model = tiny_model()
    report_grids.plot_traversal(model, "continuous", num_columns=2)
    report_grids.plot_traversal(model, "category", num_columns=2)
    best = surest_seeds(model, NUM_PLAIN_ROWS)
    assert seen == [best[:1] * 3, best]
