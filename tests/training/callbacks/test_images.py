"""Sample images: the same latents each time, as files and in TensorBoard."""

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_infogan.reports.grids import draw_grids
from keras_infogan.training.callbacks.images import SampleImages
from keras_infogan.training.callbacks.steps import RunPosition
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


def test_images_of_the_model_at_each_interval(tmp_path):
    model = tiny_model()
    writer = tf.summary.create_file_writer(str(tmp_path / "events"))
    images = SampleImages(
        tmp_path / "samples", writer, RunPosition(0, 5, 4), interval=3
    )
    fit(model, [images], 5)
    # After steps 3 and 4: the interval and the epoch.
    names = sorted(path.name for path in (tmp_path / "samples").iterdir())
    grids = draw_grids(model)
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
    writer = tf.summary.create_file_writer(str(tmp_path / "events"))
    images = SampleImages(
        tmp_path / "samples", writer, RunPosition(0, 5, 4), interval=3
    )
    images.set_model(model)
    images.on_interval({})
    assert not (tmp_path / "samples").exists()
