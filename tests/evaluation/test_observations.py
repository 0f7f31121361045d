"""What measures share is computed once, from the right split, with the seed."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keras_infogan.evaluation import evaluate as evaluate_module
from keras_infogan.evaluation import observations as observations_module
from keras_infogan.evaluation.measures.information import measure_information
from keras_infogan.evaluation.morphology import measure
from keras_infogan.evaluation.observations import NUM_SAMPLES
from keras_infogan.evaluation.observations import Observations
from tests.helpers.painter import TEST
from tests.helpers.painter import TRAIN
from tests.helpers.painter import data_of
from tests.helpers.painter import painter


def test_attributes_are_of_the_test_split():
    """Its images are all of class 0: the intensity is in the first column.

    Those of the training split are of all columns, but as wide.
    """
    test = data_of(np.zeros(40, int))
    observations = Observations(painter(np.eye(4)), TRAIN, test)
    expected = measure(test.scaled())
    assert len(observations.attributes["slant"]) == 40
    for name, values in observations.attributes.items():
        np.testing.assert_array_equal(values, expected[name])


def test_color_has_no_attributes():
    model: Any = SimpleNamespace(image_shape=(8, 8, 3))
    assert Observations(model, TRAIN, TEST).attributes == {}


def test_the_extractor_is_that_of_the_training_split(monkeypatch, tmp_path):
    """Asked for once, with the folder to keep it in."""
    calls: list[Any] = []
    extractor: Any = object()

    def load_feature_extractor(*arguments):
        calls.append(arguments)
        return extractor

    monkeypatch.setattr(
        observations_module, "load_feature_extractor", load_feature_extractor
    )
    observations = Observations(
        painter(np.eye(4)), TRAIN, TEST, cache_dir=tmp_path
    )
    assert observations.extractor is observations.extractor is extractor
    assert calls == [(TRAIN, tmp_path)]
    unlabeled = data_of(np.zeros(40, int), labeled=False)
    observations = Observations(painter(np.eye(4)), unlabeled, TEST)
    assert observations.extractor is None


def test_generated_images_are_of_the_seed():
    model = painter(np.eye(4))
    observations = Observations(model, TRAIN, TEST, seed=7)
    expected = model.sample_latents(NUM_SAMPLES, seed=7)
    np.testing.assert_array_equal(
        observations.latents["category"], expected["category"]
    )
    np.testing.assert_array_equal(
        observations.generated, model.generate_from(expected)
    )


def test_evaluate_hands_on_all_its_arguments(monkeypatch, tmp_path):
    seen: dict[str, Any] = {}

    def record(model, train, test, **options):
        seen.update(model=model, train=train, test=test, **options)

    monkeypatch.setattr(evaluate_module, "Observations", record)
    monkeypatch.setattr(evaluate_module, "MEASURES", ())
    options: dict[str, Any] = {"seed": 3, "cache_dir": tmp_path}
    options |= {"num_naming_labels": 80, "factored": TEST}
    model = painter(np.eye(4))
    report = evaluate_module.evaluate(model, TRAIN, TEST, **options)
    assert seen == {"model": model, "train": TRAIN, "test": TEST, **options}
    assert report["seed"] == 3
    assert report["num_naming_labels"] == 80
    assert report["num_train_images"] == 400
    assert report["num_test_images"] == 100


@pytest.mark.parametrize("seed", [0, 7])
def test_information_is_of_the_generated_images(seed):
    """A posterior that is certain of two of four categories.

    It gives 1/2 to each of the other two, so the bound is log 4 less log 2 for
    their share, which the seed draws.
    """
    readout = np.zeros((4, 4))
    readout[0, 0] = readout[1, 1] = 1.0
    observations = Observations(painter(readout), TRAIN, TEST, seed=seed)
    found = measure_information(observations, {})["mutual_information"]
    latents = np.asarray(observations.latents["category"])
    # The logits of an image of these are -100, -100, 0 and 0.
    others = float(latents[:, 2:].mean(axis=0).sum())
    expected = np.log(4) - others * np.log(2)
    assert found["category"] == pytest.approx(expected, abs=1e-5)
