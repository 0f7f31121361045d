"""Each warning on a case that is made for it, and none on a healthy one."""

import json
import math

import keras
import numpy as np
import pytest
from test_callbacks import fit
from test_model import SHAPE
from test_model import tiny_model

from keras_infogan import training
from keras_infogan.callbacks import RunLog
from keras_infogan.callbacks import RunPosition
from keras_infogan.config import TrainingConfig
from keras_infogan.health import Health
from keras_infogan.health import Unhealthy
from keras_infogan.health import find_problems
from keras_infogan.health import measure_health

HEALTHY = {
    "discriminator_loss": 1.2,
    "health_separation": 0.9,
    "health_usage_entropy": 2.25,
    "health_reading": 0.97,
    "health_warped_reading": 0.93,
}


def test_a_healthy_run_is_silent():
    assert find_problems(HEALTHY, 10) == []
    # One that knows nothing yet is no problem, either.
    early = HEALTHY | {"health_reading": 0.1, "health_warped_reading": 0.1}
    assert find_problems(early, 10) == []
    assert find_problems({"generator_loss": 3.0}, None) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator_loss": math.nan}, "generator_loss is no finite number"),
        ({"generator_loss": math.inf}, "lower learning rates"),
        ({"health_separation": 1.0}, "The discriminator has won"),
        # Four categories in effect of ten.
        ({"health_usage_entropy": math.log(4.0)}, "real images use 4.0"),
        ({"health_usage_entropy": 0.0}, "The categories collapse"),
        ({"health_warped_reading": 0.4}, "a signal that nobody sees"),
    ],
)
def test_each_problem(changes, message):
    (problem,) = find_problems(HEALTHY | changes, 10)
    assert message in problem


def test_what_is_measured():
    """By another way, on a model with random weights."""
    model = tiny_model()
    images = np.random.default_rng(1).uniform(-1, 1, (40, *SHAPE))
    images = images.astype(np.float32)
    found = measure_health(model, images)
    latents = model.sample_latents(40)
    generated = model.generate_from(latents)
    real = model.discriminator.predict(images, verbose=0)
    fake = model.discriminator.predict(generated, verbose=0)
    pairs = [
        float(r > f) + 0.5 * float(r == f)
        for r in real["logits"][:, 0]
        for f in fake["logits"][:, 0]
    ]
    assert found["health_separation"] == pytest.approx(np.mean(pairs), abs=1e-3)
    shares = np.bincount(real["category_logits"].argmax(1), minlength=3) / 40
    entropy = -sum(p * math.log(p) for p in shares if p)
    assert found["health_usage_entropy"] == pytest.approx(entropy, abs=1e-4)
    truth = latents["category"].numpy().argmax(1)
    reading = (fake["category_logits"].argmax(1) == truth).mean()
    assert found["health_reading"] == pytest.approx(reading, abs=1e-4)


def invisible_reader() -> keras.Model:
    """Reads the category from single pixels of a faint pattern."""
    model = tiny_model(batch_norm=False)
    generator, discriminator = model.generator, model.discriminator
    # One pixel for each category, by one step of gray; all else is black.
    dense = next(
        x for x in generator.layers if isinstance(x, keras.layers.Dense)
    )
    kernel = np.zeros(dense.kernel.shape, np.float32)
    for category in range(3):
        kernel[4 + category, 18 + 4 * category] = 4.0
    dense.set_weights([kernel, np.full(64, -2.0, np.float32)])
    norm = next(
        x
        for x in generator.layers
        if isinstance(x, keras.layers.BatchNormalization)
    )
    norm.set_weights([np.ones(64), np.zeros(64), np.zeros(64), np.ones(64)])
    image = discriminator.input
    flat = keras.layers.Flatten()(image)
    logits = keras.layers.Dense(3, name="category_logits")(flat)
    rest = {
        name: output
        for name, output in discriminator.output.items()
        if name != "category_logits"
    }
    reader = keras.Model(image, {**rest, "category_logits": logits})
    weights = np.zeros((64, 3), np.float32)
    for category in range(3):
        weights[18 + 4 * category, category] = 50.0
        # A neighbor speaks for the next category.
        for step in (-9, -8, -7, -1, 1, 7, 8, 9):
            weights[18 + 4 * category + step, (category + 1) % 3] = 30.0
    reader.get_layer("category_logits").set_weights([weights, np.zeros(3)])
    from keras_infogan.model import InfoGAN

    return InfoGAN(generator, reader, model.latent_spec)


def test_a_signal_in_single_pixels_is_found():
    """It is read without fault, and lost by a shift of a fraction of a pixel.

    The slight warp moves by up to 0.02 of 8 pixels and shears by 0.05: in the
    smooth middle of images of 8 x 8 that is little, so the check is on the
    measures; the warning itself is tested above.
    """
    model = invisible_reader()
    images = np.full((200, *SHAPE), -1.0, np.float32)
    found = measure_health(model, images)
    assert found["health_reading"] == 1.0
    assert found["health_usage_entropy"] == 0.0
    (problem,) = [
        x for x in find_problems(found, 3) if "categories collapse" in x
    ]
    assert "real images use 1.0 in effect" in problem


def test_the_log_has_what_was_measured(tmp_path, capsys):
    """After each epoch, with the warnings; NaN at any line."""
    import tensorflow as tf

    model = tiny_model()
    position = RunPosition(0, 6, 3)
    images = np.full((20, *SHAPE), -1.0, np.float32)
    log = RunLog(
        tmp_path / "log.jsonl",
        tf.summary.create_file_writer(str(tmp_path)),
        position,
        interval=2,
        batch_size=4,
    )
    fit(model, [Health(images, position, interval=2), log], 6)
    log.close()
    lines = [
        json.loads(line)
        for line in (tmp_path / "log.jsonl").read_text().splitlines()
    ]
    assert [line["step"] for line in lines] == [2, 3, 4, 6]
    assert ["health_separation" in line for line in lines] == [
        False, True, False, True,
    ]  # fmt: skip
    # Black images are all of one category.
    assert "The categories collapse" in lines[1]["warnings"][0]
    assert capsys.readouterr().out.count("The categories collapse") == 1


def test_stop_when_unhealthy(few_digits_dir, tmp_path):
    """A learning rate of 1e18 makes NaN in the first steps."""
    config = TrainingConfig(
        dataset="few_digits",
        batch_size=32,
        epochs=3,
        log_interval=2,
        generator_learning_rate=1e18,
        discriminator_learning_rate=1e18,
        jit_compile=False,
        stop_when_unhealthy=True,
    )
    with pytest.raises(Unhealthy, match="Stopped after step .* no finite"):
        training.train(config, tmp_path / "run", data_dir=few_digits_dir)
    assert not (tmp_path / "run" / "report.json").exists()
