"""Callbacks: intervals, sample images, checkpoints and the log."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_infogan.reports.grids import draw_grids
from keras_infogan.training import callbacks
from keras_infogan.training.callbacks import Checkpoints
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import SampleImages
from keras_infogan.training.callbacks import StepCallback
from keras_infogan.training.callbacks import find_checkpoints
from keras_infogan.training.callbacks import restore
from keras_infogan.training.presets import preset
from keras_infogan.training.run_log import RunLog
from keras_infogan.training.run_log import read_log
from tests.helpers.models import adam
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


class Recorder(StepCallback):
    def __init__(self, run: Run, interval: int) -> None:
        super().__init__(run, interval)
        self.called: list[int] = []

    def on_interval(self, logs):
        self.called.append(self.run_step)


@pytest.mark.parametrize(
    ("first", "interval", "steps_per_execution", "expected"),
    [
        # Each 4 steps, and after each epoch of 10.
        (0, 4, 1, [4, 8, 10, 12, 16, 20]),
        (7, 4, 1, [8, 10, 12, 16, 20]),
        (0, 0, 1, [10, 20]),
        # An execution of 3 steps ends at or after the step that is meant, and
        # the last one has 2 steps: 20 is no multiple of 3.
        (0, 4, 3, [6, 9, 12, 18, 20]),
    ],
)
def test_intervals(first, interval, steps_per_execution, expected, tmp_path):
    model = tiny_model()
    recorder = Recorder(Run(tmp_path, first, 20, 10), interval)
    fit(
        model,
        [recorder],
        20 - first,
        steps_per_execution=steps_per_execution,
    )
    assert recorder.called == expected
    # No step too many, whatever the size of an execution.
    assert int(model.step) == 20 - first


def test_images_of_the_model_at_each_interval(tmp_path):
    model = tiny_model()
    images = SampleImages(Run(tmp_path, 0, 5, 4), 3)
    fit(model, [images], 5)
    # After steps 3 and 4: the interval and the epoch.
    names = sorted(path.name for path in (tmp_path / "samples").iterdir())
    grids = draw_grids(model, seed=0)
    assert names == sorted(
        f"step_0000000{step}_{name}.png" for step in (3, 4) for name in grids
    )
    # The images are those of the model at the time.
    images.run_step = 5
    images.on_interval({})
    for name, grid in grids.items():
        with Image.open(tmp_path / f"samples/step_00000005_{name}.png") as file:
            np.testing.assert_array_equal(np.asarray(file), grid)


def test_a_run_that_ends_draws_nothing(tmp_path):
    model = tiny_model()
    model.stop_training = True
    images = SampleImages(Run(tmp_path, 0, 5, 4), 3)
    images.set_model(model)
    images.on_interval({})
    assert not (tmp_path / "samples").exists()


def test_mixed_categories_are_told_apart_in_the_middle(tmp_path, monkeypatch):
    """After the second of three epochs of two steps; the head that is saved."""
    model = tiny_model()
    head = model.discriminator.get_layer("category_logits")
    config = preset("mnist").replace(epochs=3, resplit_share=0.3, seed=5)
    images = np.zeros((4, *model.image_shape), np.uint8)
    calls = []

    def resplit(changed, *args, **options):
        assert changed is model
        calls.append((int(model.step), args, options))
        head.bias.assign(np.arange(3.0))

    monkeypatch.setattr(callbacks, "resplit", resplit)
    run = Run(tmp_path, 0, 6, 2)
    saver = Checkpoints(run, 4)
    fit(model, [callbacks.Resplit(run, images, config), saver], 4)
    expected = (images, config.objective.augmentation)
    assert calls == [(4, expected, {"share": 0.3, "seed": 5})]
    copy = tiny_model()
    copy.compile(adam(), adam(), jit_compile=False)
    restore(copy, tmp_path / "checkpoints")
    bias = copy.discriminator.get_layer("category_logits").bias
    np.testing.assert_array_equal(bias, np.arange(3.0))


def test_newest_two_checkpoints_are_kept(tmp_path):
    """With three optimizers and the seeds of dropout."""
    model = tiny_model(update="three_phase")
    folder = tmp_path / "checkpoints"
    saver = Checkpoints(Run(tmp_path, 0, 9, 9), 2)
    fit(model, [saver], 9)
    assert [path.name for path in find_checkpoints(folder)] == [
        "step_00000009.weights.h5",
        "step_00000008.weights.h5",
    ]
    copy = tiny_model(update="three_phase")
    copy.compile(adam(), adam(), jit_compile=False)
    assert restore(copy, folder) == 9
    ours_and_theirs = [
        [
            *x.variables,
            *x.generator_optimizer.variables,
            *x.discriminator_optimizer.variables,
            *x.information_optimizer.variables,
        ]
        for x in (model, copy)
    ]
    for ours, theirs in zip(*ours_and_theirs, strict=True):
        np.testing.assert_array_equal(
            ours.value.numpy(), theirs.value.numpy(), err_msg=ours.path
        )


def test_restore_of_nothing(tmp_path):
    (tmp_path / "step_5.weights.h5.txt").write_text("not one of ours")
    assert restore(tiny_model(), tmp_path) == 0


def test_log_holds_means_since_the_line_before(tmp_path):
    """Each line is the mean of its own steps: compared with single steps."""
    single, model = tiny_model(), tiny_model()
    for name, interval, trained in (("single", 1, single), ("three", 3, model)):
        run = Run(tmp_path / name, 0, 6, 6)
        log = RunLog(run, interval, batch_size=4)
        fit(trained, [log], 6)
        log.close()
    steps = read_log(tmp_path / "single/log.jsonl")
    lines = read_log(tmp_path / "three/log.jsonl")
    assert [line["step"] for line in lines] == [3, 6]
    assert [line["epoch"] for line in lines] == [0.5, 1.0]
    for line, own in zip(lines, (steps[:3], steps[3:]), strict=True):
        for name in ("generator_loss", "mutual_information_category"):
            mean = np.mean([step[name] for step in own])
            # TensorFlow's kernels add up in any order, then Adam multiplies.
            assert line[name] == pytest.approx(mean, rel=1e-3, abs=1e-3)


def test_log_drops_lines_after_the_checkpoint(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(
        "".join(json.dumps({"step": step}) + "\n" for step in (2, 4, 6))
        + '{"step": 8, "gener'  # cut off when the process was killed
    )
    RunLog(Run(tmp_path, 4, 9, 9), 2, batch_size=4).close()
    assert read_log(path) == [{"step": 2}, {"step": 4}]


def test_time_left_is_without_compilation(tmp_path, monkeypatch):
    """Five minutes of it, and then 3 steps of 1 s each: 1 s a step is left."""
    now = [0.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    log = RunLog(Run(tmp_path, 0, 9, 9), 0, batch_size=4)
    for batch, seconds in enumerate((300.0, 1.0, 1.0, 1.0)):
        now[0] += seconds
        log.on_train_batch_end(batch)
    bar = log._bar.format_dict
    log.close()
    assert bar["n"] == 4
    assert bar["elapsed"] == 3.0


@pytest.mark.parametrize("line", ["{", "[1]", "{}", '{"step": "a"}', "\x00"])
def test_broken_log(line, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
    with pytest.raises(ValueError, match=r"Line 2 of .*log.jsonl should be"):
        read_log(path)
