"""Under a strategy: one device, two replicas and four give the same results."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.replicas import COUNTS


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("replicas") / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.replicas", str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", COUNTS)
def test_gradients_are_those_of_the_global_batch(name, results):
    """Every trainable weight, and the moving statistics, to float32 rounding.

    The largest gradients are about 10. Those of a bias before a batch
    normalization are 0, and what is left of them is rounding.
    """
    one, several = (results[name][str(count)] for count in COUNTS[name])
    assert one["changes"].keys() == several["changes"].keys()
    assert any(
        np.abs(x).max() > 0.1 for x in map(np.array, one["changes"].values())
    )
    for path, change in one["changes"].items():
        np.testing.assert_allclose(
            several["changes"][path], change, atol=2e-5, rtol=1e-4, err_msg=path
        )


@pytest.mark.parametrize("name", COUNTS)
def test_metrics_are_those_of_the_global_batch(name, results):
    one, several = (results[name][str(count)] for count in COUNTS[name])
    assert several["metrics"] == pytest.approx(one["metrics"], rel=1e-4)


@pytest.mark.parametrize("name", COUNTS)
def test_weights_of_the_replicas_are_bit_for_bit_equal(name, results):
    assert results[name][str(COUNTS[name][1])]["same_on_all"]


def test_fit_and_evaluate_with_a_smaller_last_batch(results):
    """Adam doubles the rounding of each step; the bound is far below a bug."""
    one, two = results["fit"]["1"], results["fit"]["2"]
    assert two["num_steps"] == one["num_steps"] == 6
    assert two["same_on_all"]
    assert one["are_averages"]
    assert two["are_averages"]
    for name, values in one["history"].items():
        assert two["history"][name] == pytest.approx(values, rel=1e-4), name
    assert two["evaluation"] == pytest.approx(one["evaluation"], rel=1e-2)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("keras_dropout", "which draws the same. Remove it, or take"),
        ("clipping", "Received: global_clipnorm=1.0"),
        ("accumulation", "Received: gradient_accumulation_steps=2"),
        ("optimizer_outside", "Received: SGD from outside of it"),
        ("model_outside", "made in the `strategy.scope()` of their InfoGAN"),
        ("networks_outside", "made in the `strategy.scope()` of their InfoGAN"),
        ("generator", "should be arrays or a `tf.data.Dataset`"),
        ("train_on_batch", "Call `fit` with one batch"),
        ("predict_on_batch", "Call `predict`"),
        ("split", "given as `validation_data`. Received: validation_split=0.5"),
        ("uneven", "Received: 9 images and batch_size=8, which leaves 1"),
    ],
)
def test_what_cannot_be_right_is_refused(case, words, results):
    assert words in results["refusals"][case]
