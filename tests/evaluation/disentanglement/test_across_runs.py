"""What chooses among runs without labels: UDR and ModelCentrality."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from keras_infogan.evaluation.disentanglement.centrality import model_centrality
from keras_infogan.evaluation.disentanglement.udr import udr_scores
from keras_infogan.evaluation.disentanglement.vectors import encode_vectors
from keras_infogan.evaluation.disentanglement.vectors import vector_labels
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.random import INFERENCE
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.inference import make_key

# All pairs of two values, whose ranks are linear in them.
PAIRS = np.array(list(itertools.product((0.0, 1.0), (0.0, 1.0))))
SWAPPED = PAIRS[:, ::-1] * [1.0, -3.0]
TURN = np.array([[1.0, 1.0], [1.0, -1.0]]) / math.sqrt(2)


@pytest.mark.parametrize(
    ("similarity", "same", "turned"),
    [
        # 1^2 / (1 + 0), and r^2 / (r + r) with r = sqrt(1/2).
        ("spearman", 1.0, math.sqrt(0.5) / 2),
        # Coefficients of standardized, uncorrelated codes are correlations less
        # the penalty.
        ("lasso", 0.9, (math.sqrt(0.5) - 0.1) / 2),
    ],
)
def test_ranking(similarity, same, turned):
    """The turned run disagrees with both others, which agree."""
    found = udr_scores([PAIRS, SWAPPED, PAIRS @ TURN], similarity=similarity)
    expected = [[0, same, turned], [same, 0, turned], [turned, turned, 0]]
    np.testing.assert_allclose(found["pairs"], expected, atol=1e-9)
    middle = (same + turned) / 2
    assert found["scores"] == pytest.approx([middle, middle, turned])


def test_codes_without_information_are_left_out():
    """As a constant, or as the caller says; numbers of codes may differ."""
    wide = np.hstack([PAIRS, np.ones((4, 1))])
    noisy = np.hstack([PAIRS, [[1.0], [-1.0], [-1.0], [1.0]]])
    for runs, informative in (
        ([PAIRS, wide], None),
        ([PAIRS, noisy], [[True, True], [True, True, False]]),
    ):
        found = udr_scores(runs, informative=informative, similarity="spearman")
        assert found["scores"] == pytest.approx([1.0, 1.0])
    assert udr_scores([PAIRS, PAIRS * 0.0])["scores"] == [0.0, 0.0]


@pytest.mark.parametrize(
    "runs", [[PAIRS], [PAIRS, PAIRS[:2]], [PAIRS, PAIRS[:, 0]]]
)
def test_runs_that_cannot_be_compared_are_refused(runs):
    with pytest.raises(ValueError, match="at least two runs and the same"):
        udr_scores(runs)


class Exact:
    """A model that draws its codes, linearly, and reads them exactly."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.latent_spec = LatentSpec(1, {"c": Uniform(2)})
        self.matrix = matrix

    def sample_latents(self, count: int, *, seed: int = 0) -> Any:
        return self.latent_spec.sample(count, make_key(seed, INFERENCE))

    def generate_from(self, latents: Any) -> np.ndarray:
        return np.asarray(latents["c"]) @ self.matrix

    def generate(self, count: int, *, seed: int = 0) -> np.ndarray:
        return self.generate_from(self.sample_latents(count, seed=seed))

    def encode(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return {"c_mean": images @ np.linalg.inv(self.matrix)}


def test_the_turned_model_is_the_least_central():
    """Two models agree up to order and sign: 1. The third one is turned.

    On its images, both codes of the others vary alike, and votes are near a
    half: of 100 points of each, the better of two sides is at most 0.6, up to
    two and a half standard deviations of each.
    """
    swapped = np.array([[0.0, -1.0], [1.0, 0.0]])
    models: Any = [Exact(np.eye(2)), Exact(swapped), Exact(TURN)]
    found = model_centrality(models, num_groups=200, num_variance=2000)
    agreement = np.array(found["agreement"])
    np.testing.assert_array_equal(agreement[:2, :2], 1.0)
    assert agreement[2, 2] == 1.0
    assert (agreement[2, :2] < 0.65).all()
    assert (agreement[:2, 2] < 0.65).all()
    similarity = (agreement + agreement.T) / 2
    first, second, third = found["centralities"]
    assert first == pytest.approx((1.0 + similarity[0, 2]) / 2)
    assert second == pytest.approx((1.0 + similarity[1, 2]) / 2)
    assert third == pytest.approx(similarity[2, :2].mean())
    assert third < min(first, second)


def test_one_model_has_no_centrality():
    with pytest.raises(ValueError, match="at least two models"):
        model_centrality([])


def test_vectors_have_no_jump():
    """Probabilities of a category, and an angle as a direction."""
    spec = LatentSpec(
        1, {"kind": Categorical(3), "pose": Uniform(1), "turn": Circular()}
    )
    posterior = {
        "kind_logits": np.zeros((4, 3)),
        "kind_probabilities": np.full((4, 3), 1 / 3),
        "pose_mean": np.full((4, 1), 0.5),
        "pose_log_stddev": np.zeros((4, 1)),
        "turn_direction": np.full((4, 2), [0.6, 0.8]),
    }

    class Model:
        latent_spec = spec

        def encode(self, images: Any) -> Any:
            return {
                name: rows[: len(images)] for name, rows in posterior.items()
            }

    model: Any = Model()
    codes = encode_vectors(model, np.zeros((2, 1, 1, 1)))
    expected = [1 / 3, 1 / 3, 1 / 3, 0.5, 0.6, 0.8]
    np.testing.assert_allclose(codes, [expected, expected])
    labels = ["kind 0", "kind 1", "kind 2", "pose", "turn 0", "turn 1"]
    assert vector_labels(spec) == labels
