"""The diagnostics of a run: at each of its epochs, and in its log."""

import json

import numpy as np
import pytest

from keras_infogan.models.infogan import InfoGAN
from keras_infogan.training import run_diagnostics
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import TrainingFailed
from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.run import train
from keras_infogan.training.run_diagnostics import RunDiagnostics
from keras_infogan.training.run_log import RunLog
from tests.helpers.models import SHAPE
from tests.helpers.models import fit
from tests.helpers.models import tiny_model
from tests.helpers.runs import SMALLEST


@pytest.mark.parametrize("steps_per_execution", [1, 2, 4])
def test_each_epoch_is_diagnosed(steps_per_execution, monkeypatch, tmp_path):
    """Two epochs of three steps, which end within executions of several."""
    seen: list[int] = []

    def measure(model: InfoGAN, images: np.ndarray) -> dict[str, float]:
        seen.append(len(images))
        return {}

    monkeypatch.setattr(run_diagnostics, "diagnose", measure)
    callback = RunDiagnostics(
        Run(tmp_path, 0, 6, 3), 2, images=np.full((2, *SHAPE), -1.0)
    )
    fit(tiny_model(), [callback], 6, steps_per_execution=steps_per_execution)
    assert len(seen) == 2


def test_the_log_has_the_measures(tmp_path, caplog):
    """After each epoch, with the warnings; NaN at any line."""

    model = tiny_model()
    run = Run(tmp_path, 0, 6, 3)
    images = np.full((20, *SHAPE), -1.0, np.float32)
    log = RunLog(run, 2, batch_size=4)
    fit(model, [RunDiagnostics(run, 2, images=images), log], 6)
    log.close()
    lines = [
        json.loads(line)
        for line in (tmp_path / "log.jsonl").read_text().splitlines()
    ]
    assert [line["step"] for line in lines] == [2, 3, 4, 6]
    assert ["diagnostics_separation" in line for line in lines] == [
        False, True, False, True,
    ]  # fmt: skip
    # All black images are in one category; too early after one epoch.
    assert "warnings" not in lines[1]
    assert "The categories collapse" in lines[3]["warnings"][0]
    assert caplog.text.count("The categories collapse") == 1


@pytest.mark.parametrize(
    ("log_interval", "options", "num_attempts"),
    [
        # Found at a line of the log, or at the end of an epoch.
        (2, {"stop_when_unhealthy": True}, 1),
        (2, {}, 1),
        # Again: it neither resumes from weights of NaN nor evaluates them.
        (1000, {}, 2),
    ],
)
def test_nan_ends_a_run(
    log_interval, options, num_attempts, few_digits_dir, tmp_path
):
    """A learning rate of 1e18 makes NaN in the first steps."""
    config = TrainingConfig().replace(
        dataset="few_digits",
        image_size=8,
        codes=SMALLEST["codes"],
        batch_size=32,
        epochs=3,
        log_interval=log_interval,
        generator_learning_rate=1e18,
        discriminator_learning_rate=1e18,
        jit_compile=False,
        **options,
    )
    message = "Stopped after step .* has diverged.* and another --run-dir"
    for _ in range(num_attempts):
        with pytest.raises(TrainingFailed, match=message):
            train(
                config, tmp_path / "run", data_dir=few_digits_dir, export=False
            )
    assert not find_checkpoints(tmp_path / "run" / "checkpoints")
    assert not (tmp_path / "run" / "report.json").exists()
