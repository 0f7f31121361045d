"""Readers of the brightness, whose accuracies are known by construction."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.corruptions import Corruption
from keras_infogan.evaluation.feature_extractor import Features
from keras_infogan.evaluation.measures import robustness
from keras_infogan.evaluation.measures.robustness import measure_robustness

# Dark and bright, two of each.
PIXELS = np.array([10, 60, 140, 250], np.uint8)
LABELS = np.array([0, 0, 1, 1])
REPORT: dict[str, Any] = {"category_to_class": [1, 0], "fidelity": {}}


def darken(images: np.ndarray, strength: float, seed: int) -> np.ndarray:
    return np.maximum(images - np.float32(strength), -1.0)


class Encoder:
    """Category 0 from a byte of 128, and else category 1."""

    latent_spec: Any = SimpleNamespace(
        category_logits=lambda code, posterior: posterior[code]
    )

    def __init__(self):
        self.seen = []

    def encode(self, images):
        assert images.dtype == np.uint8
        self.seen.append(images)
        bright = images.reshape(len(images)) >= 128
        return {"c": np.stack([bright, ~bright], axis=1).astype(float)}


class Classifier:
    """Class 1 from a value of -0.5, which is a byte of 64."""

    def extract(self, images):
        values = images.reshape(len(images), 1)
        return Features(values, (values[:, 0] >= -0.5).astype(int))


def observe(**changes: Any) -> Any:
    images = PIXELS.reshape(4, 1, 1, 1)
    test = ImageData(images, LABELS, "pixels", ("dark", "bright"))
    observed = {
        "model": Encoder(),
        "test": test,
        "extractor": Classifier(),
        "clustering_code": "c",
        "seed": 0,
    }
    return SimpleNamespace(**observed | changes)


@pytest.fixture
def darker(monkeypatch):
    """The only kinds: darker by 25.5 and by 102 bytes, and as it is."""
    kinds = {
        "darker": Corruption("Darker", (0.2, 0.8), darken),
        "same": Corruption("The same", (1.0,), lambda images, *_: images),
    }
    monkeypatch.setattr(robustness, "CORRUPTIONS", kinds)


def test_known_accuracies(darker):
    """The byte 140 becomes 114, which is dark for the encoder alone, and 38.

    So the encoder errs in one of four by both strengths, and the classifier by
    the second.
    """
    found = measure_robustness(observe(), REPORT)["robustness"]
    assert found == {
        "unchanged": {"encoder": 1.0, "classifier": 1.0},
        "corruptions": {
            "darker": {
                "strengths": [0.2, 0.8],
                "encoder": [0.75, 0.75],
                "classifier": [1.0, 0.75],
            },
            "same": {
                "strengths": [1.0],
                "encoder": [1.0],
                "classifier": [1.0],
            },
        },
        # Of .75 and 1, and of .875 and 1.
        "mean": {"encoder": 0.875, "classifier": 0.9375},
        "num_images": 4,
    }


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [([0, 1], [0.25, 0.25]), ([1, -1], [0.25, 0.25]), ([-1, -1], [0, 0])],
)
def test_the_matching_is_that_of_the_report(mapping, expected, darker):
    """It is not fitted to the changed images, and -1 is always an error.

    Exchanged, what was wrong is right. Without a name for category 1, which the
    dark images have, one bright image is left.
    """
    report = {**REPORT, "category_to_class": mapping}
    found = measure_robustness(observe(), report)["robustness"]
    assert found["corruptions"]["darker"]["encoder"] == expected
    assert found["corruptions"]["darker"]["classifier"] == [1.0, 0.75]


@pytest.mark.parametrize("num_images", [1, 3, 4, 100])
def test_images_are_drawn_by_the_seed(num_images, darker):
    """Each at most once, and the same under all changes."""
    seen = []
    for seed in (5, 5, 6):
        encoder = Encoder()
        observed = observe(model=encoder, seed=seed)
        found = measure_robustness(observed, REPORT, num_images=num_images)
        assert found["robustness"]["num_images"] == min(num_images, 4)
        (unchanged,) = {x.tobytes() for x in encoder.seen[2:]}
        assert len(set(unchanged)) == min(num_images, 4)
        seen.append(unchanged)
    assert seen[0] == seen[1]
    if num_images == 3:
        assert seen[0] != seen[2]


def test_chunks_have_all_images_and_seeds_of_their_own(monkeypatch):
    calls = []

    def record(images, strength, seed):
        calls.append((len(images), strength, seed))
        return images

    kind = Corruption("Recorded", (1.0, 2.0), record)
    monkeypatch.setattr(robustness, "CORRUPTIONS", {"recorded": kind})
    monkeypatch.setattr(robustness, "_CHUNK", 3)
    found = measure_robustness(observe(seed=7), REPORT)["robustness"]
    assert calls == [(3, 1.0, 7), (1, 1.0, 10), (3, 2.0, 7), (1, 2.0, 10)]
    assert found["corruptions"]["recorded"]["encoder"] == [1.0, 1.0]


def test_chunks_keep_the_turns_of_rotations():
    """The first of each is turned counterclockwise."""
    assert robustness._CHUNK % 2 == 0


@pytest.mark.parametrize(
    ("observed", "changes"),
    [
        ({}, {"fidelity": None}),
        ({}, {"category_to_class": None}),
        ({"extractor": None}, {}),
        ({"clustering_code": None}, {}),
        ({"test": ImageData(np.zeros((4, 1, 1, 1), np.uint8), None, "x")}, {}),
    ],
)
def test_nothing_to_compare(observed, changes):
    report = {**REPORT, **changes}
    assert measure_robustness(observe(**observed), report) == {}
