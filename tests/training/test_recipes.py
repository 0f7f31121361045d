"""The recipe of a preset in one call is that of a run."""

from typing import Any

import keras
import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.models.diagnostics import Diagnostics
from keras_infogan.training.build import build_model
from keras_infogan.training.build import make_stream
from keras_infogan.training.presets import preset
from keras_infogan.training.recipes import fit_images
from keras_infogan.training.recipes import from_preset

PIXELS = np.random.default_rng(0).integers(0, 256, (70, 8, 12, 3), np.uint8)
OPTIONS: dict[str, Any] = {
    "batch_size": 16,
    "jit_compile": False,
    "steps_per_execution": 1,
    "min_epoch_steps": 0,
}
# The least that has views and neighbors.
SIMPLE: dict[str, Any] = {**OPTIONS, "warp": {"shift": 0.1}, "warped_codes": []}


def test_it_is_the_recipe_of_a_run():
    """As the same steps by hand: stream with neighbors, and the schedule.

    Each of 2 epochs has 70 // 16 = 4 steps. The learning rate of the preset
    falls to 0 over its last `decay_share`. With XLA, which rounds the same
    each time: Adam makes a whole step of a gradient of 1e-9.
    """
    data = ImageData(PIXELS, None, "noise")
    options = {**SIMPLE, "jit_compile": True}
    model = fit_images(data, "images", epochs=2, verbose=0, **options)
    assert int(model.step) == 8
    assert len(model.history.epoch) == 2
    config = preset("images").replace(epochs=2, **options)
    assert config.data.neighbor_share
    assert config.optimizers.decay_share
    other = build_model(config, num_steps=8, image_shape=(8, 12, 3))
    stream = make_stream(config.data, data, other.latent_spec, seed=0)
    for batch in stream().take(8):
        other.train_on_batch(batch)
    for one, two in zip(model.weights, other.weights, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("source", ["array", "npy"])
def test_any_source(source, tmp_path):
    """Arrays and files are opened, with callbacks in their place."""
    images = PIXELS
    if source == "npy":
        images = tmp_path / "images.npy"
        np.save(images, PIXELS)
    own = Diagnostics(PIXELS[:20].astype(np.float32) / 127.5 - 1.0)
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(
            own.model, "stop_training", True
        )
    )
    model = fit_images(
        images, "images", callbacks=[own, stop], verbose=0, seed=3, **SIMPLE
    )
    # A fifth of the images is the test split.
    assert int(model.step) == 56 // 16
    assert model.seed == 3
    assert model.image_shape == (8, 12, 3)
    assert own.model is model


def test_a_model_of_a_preset():
    model = from_preset("images", (8, 12, 3), num_categories=4, **OPTIONS)
    assert model.image_shape == (8, 12, 3)
    assert model.latent_spec.code("category").dim == 4
    assert model.objective == preset("images").objective
    # Constant rates, as it is unknown when the training ends.
    for _ in range(2):
        model.train_on_batch(PIXELS[:16])
        assert float(model.generator_optimizer.learning_rate) == pytest.approx(
            1e-3
        )
    assert from_preset("mnist").image_shape == (28, 28, 1)


def test_wrong_options():
    with pytest.raises(ValueError, match="preset should be one of"):
        from_preset("digits")
    with pytest.raises(ValueError, match="Received: 'epoch'"):
        fit_images(PIXELS, epoch=3)
    with pytest.raises(
        ValueError, match="num_categories should come with a categorical code"
    ):
        from_preset("dsprites", num_categories=3)
