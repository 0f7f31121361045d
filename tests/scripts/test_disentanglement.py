"""The benchmarks of disentanglement: sprites, and the angle of COIL-20."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from keras_infogan.data.dataset import ImageData
from keras_infogan.files import write_json

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module", name="load")
def _load() -> Iterator[Any]:
    """Imports a module of the benchmarks, as its siblings do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS / "benchmarks")
        yield importlib.import_module
    for name in ("disentanglement", "beta_tcvae", "coil20", "seeds"):
        sys.modules.pop(name, None)


POSES = np.arange(72) * 5.0


@pytest.mark.parametrize("direction", [1, -1])
def test_offset_and_direction_are_free(load, direction):
    """A code that turns with the object, either way, has no error."""
    angles = np.radians(direction * (POSES - 40.0))
    found = load("coil20").angle_errors(angles, POSES)
    assert found["median"] == pytest.approx(0.0, abs=1e-9)
    assert found["direction"] == direction
    # The pose is the direction times the code, plus the offset.
    assert found["offset"] == 40.0


def test_a_constant_angle_is_chance(load):
    """Half of the poses are within 90 degrees, whatever the offset."""
    found = load("coil20").angle_errors(np.zeros(72), POSES)
    assert found["median"] == pytest.approx(90.0, abs=2.5)


def test_a_circle_that_turns_twice(load):
    """Half of the poses are right, and half are off by 180 degrees."""
    angles = np.radians(2.0 * POSES)
    found = load("coil20").angle_errors(angles, POSES)
    assert found["median"] > 80.0


def test_spread_of_angles(load):
    spread = load("coil20").circular_spread
    assert spread(np.radians(POSES)) == pytest.approx(1.0)
    assert spread(np.full(9, 2.0)) == pytest.approx(0.0)
    # Two opposite directions of three to one: a mean of length 1/2.
    assert spread(np.array([0.0, 0.0, 0.0, np.pi])) == pytest.approx(0.5)


def test_density_of_the_autoencoder(load):
    x, mean, deviation = np.array([[0.3], [-1.0], [2.0]])
    log_variance = 2.0 * np.log(deviation)
    x, mean, log_variance = (
        np.float32(value) for value in (x, mean, log_variance)
    )
    found = load("beta_tcvae").log_normal(x, mean, log_variance)
    expected = stats.norm.logpdf(0.3, -1.0, 2.0)
    assert float(found[0]) == pytest.approx(expected, rel=1e-5)


def test_the_autoencoder_trains(load):
    """The encoder is saved, so its layers have names of their own."""
    images = np.zeros((16, 8, 8, 1), np.uint8)
    images[:8, :4] = 255
    data = ImageData(images, None, "halves")
    encoder = load("beta_tcvae").train(data, seed=0, batch_size=8, num_steps=3)
    moments = encoder.predict(data.scaled(), verbose=0)
    assert moments.shape == (16, 20)
    assert np.isfinite(moments).all()
    assert (moments[0] != moments[-1]).any()


def test_methods_differ_by_the_regularizer_alone(load, monkeypatch):
    """Of 100 steps, it applies to the last tenth, from a multiple of 8 on."""
    benchmark = load("disentanglement")
    monkeypatch.setattr(benchmark, "count_steps", lambda *_: 100)
    args = SimpleNamespace(
        dataset="rendered_dsprites",
        train_split="train[:90%]",
        epochs=0,
        information_weight=0.5,
    )
    plain, other = (
        benchmark.configure(method, 3, args)
        for method in ("infogan", "infogan_cr")
    )
    assert plain.seed == other.seed == 3
    assert plain.objective.information_weights == {"continuous": 0.5}
    assert other.objective.contrastive_start == 88
    assert plain.differences(other) == [
        "objective.contrastive_weight: 0.0 -> 2.0",
        "objective.contrastive_start: 0 -> 88",
    ]


def test_table_has_the_chosen_run(load, tmp_path):
    benchmark = load("disentanglement")
    for seed in (0, 1):
        scores = dict.fromkeys(benchmark.COLUMNS, 0.25 + 0.5 * seed)
        write_json(
            tmp_path / f"x_infogan_seed_{seed}.json",
            {"seed": seed, "scores": scores},
        )
    write_json(tmp_path / "x_infogan_choice.json", {"chosen_seed": 1})
    args = SimpleNamespace(name="x", output=tmp_path, dataset="rendered")
    _, _, both, chosen = benchmark.table(args).splitlines()
    assert both.startswith("| infogan | 2 | 0.500 ± 0.354 |")
    assert chosen.startswith("| infogan, chosen | 1 | 0.750 |")
