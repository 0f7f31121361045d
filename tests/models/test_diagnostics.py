"""Each problem is found where it was made, and none in a sound training."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.distance import cdist

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.diagnostics import Diagnostics
from keras_infogan.models.diagnostics import diagnose
from keras_infogan.models.diagnostics import find_model_problems
from keras_infogan.models.diagnostics import find_problems
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import load_model
from tests.helpers.models import SHAPE
from tests.helpers.models import adam
from tests.helpers.models import tiny_model
from tests.helpers.static import STRIPES
from tests.helpers.static import bars
from tests.helpers.static import static_model
from tests.helpers.static import writer_model

SOUND = {
    "discriminator_loss": 1.2,
    "diagnostics_separation": 0.9,
    "diagnostics_density": 0.95,
    "diagnostics_coverage": 0.9,
    "diagnostics_usage_entropy": 2.25,
    "diagnostics_category_accuracy": 0.97,
    "diagnostics_augmented_category_accuracy": 0.93,
}


def test_a_sound_training_has_no_problems():
    assert find_problems(SOUND, 10) == []
    # Nor has one that has not learned anything yet.
    early = SOUND | {
        "diagnostics_density": 0.0,
        "diagnostics_coverage": 0.0,
        "diagnostics_category_accuracy": 0.1,
        "diagnostics_augmented_category_accuracy": 0.1,
    }
    assert find_problems(early, 10) == []
    assert find_problems({"generator_loss": 3.0}, None) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"generator_loss": math.nan},
            "diverged: NaN or infinity in generator_loss.",
        ),
        ({"generator_loss": math.inf}, "lower learning rates"),
        ({"diagnostics_separation": 1.0}, "The discriminator has won"),
        # As dense as the real images, so 1 - 2^-5 should be covered.
        (
            {"diagnostics_density": 1.0, "diagnostics_coverage": 0.4},
            "cover 40% of the real ones, where 97% are expected",
        ),
        # A perplexity of four of ten categories.
        ({"diagnostics_usage_entropy": math.log(4.0)}, "real images use 4.0"),
        ({"diagnostics_usage_entropy": 0.0}, "The categories collapse"),
        (
            {"diagnostics_augmented_category_accuracy": 0.4},
            "an invisible signal",
        ),
        (
            {"diagnostics_density": 0.0, "diagnostics_coverage": 0.0},
            "none looks like a real image (density 0.000",
        ),
    ],
)
def test_each_problem(changes, message):
    (problem,) = find_problems(SOUND | changes, 10)
    assert message in problem


def test_few_images_are_not_measured():
    """One of two decides of all, and ten of ten categories need 20."""
    images = np.random.default_rng(1).uniform(-1, 1, (20, *SHAPE))
    images = images.astype(np.float32)
    assert diagnose(tiny_model(), images[:19]) == {}
    assert "diagnostics_usage_entropy" in diagnose(tiny_model(), images)
    spec = LatentSpec(4, {"category": Categorical(11)})
    found = diagnose(tiny_model(spec=spec), images)
    assert "diagnostics_density" in found
    assert "diagnostics_usage_entropy" not in found


def test_what_is_measured():
    """Computed in another way, for a model with random weights."""
    model = tiny_model()
    images = np.random.default_rng(1).uniform(-1, 1, (40, *SHAPE))
    images = images.astype(np.float32)
    found = diagnose(model, images)
    latents = model.sample_latents(40)
    generated = model.generate_from(latents)
    real = model.discriminator.predict(images, verbose=0)
    fake = model.discriminator.predict(generated, verbose=0)
    pairs = [
        float(r > f) + 0.5 * float(r == f)
        for r in real["logits"][:, 0]
        for f in fake["logits"][:, 0]
    ]
    assert found["diagnostics_separation"] == pytest.approx(
        np.mean(pairs), abs=1e-3
    )
    # Naeem et al., 2020: balls around real images out to the fifth of them.
    real_pixels, fake_pixels = images.reshape(40, -1), generated.reshape(40, -1)
    radii = np.sort(cdist(real_pixels, real_pixels))[:, 5:6]
    is_inside = cdist(real_pixels, fake_pixels) <= radii
    assert found["diagnostics_density"] == pytest.approx(
        is_inside.sum() / (5 * 40), abs=1e-4
    )
    assert found["diagnostics_coverage"] == is_inside.any(axis=1).mean()
    shares = np.bincount(real["category_logits"].argmax(1), minlength=3) / 40
    entropy = -sum(p * math.log(p) for p in shares if p)
    assert found["diagnostics_usage_entropy"] == pytest.approx(
        entropy, abs=1e-4
    )
    truth = latents["category"].numpy().argmax(1)
    accuracy = (fake["category_logits"].argmax(1) == truth).mean()
    assert found["diagnostics_category_accuracy"] == pytest.approx(
        accuracy, abs=1e-4
    )


def test_an_invisible_signal_is_found():
    """A shift of half a pixel blurs or inverts stripes of one pixel.

    They have a fiftieth of the contrast. There is no other problem: noise is
    assigned to all three categories, and a discriminator with zero weights has
    not won.
    """
    model = writer_model(STRIPES, STRIPES, amplitude=0.02)
    noise = np.random.default_rng(0).uniform(-1, 1, (200, 64, 64, 1))
    found = diagnose(model, noise.astype(np.float32))
    assert found["diagnostics_category_accuracy"] == 1.0
    (problem,) = find_problems(found, 3)
    assert "an invisible signal: of 100%" in problem
    assert "--warp with --warped-codes, or Objective(" in problem


@pytest.mark.parametrize(("turn", "accuracy"), [(0, 1.0), (1, 0.0)])
def test_an_augmented_image_should_have_the_category_of_its_latents(
    turn, accuracy
):
    """Not that which `Q` recovers from the image before, rightly or wrongly.

    The left half, the right half and the middle are too large to be moved, and
    the second model exchanges all three of them.
    """
    images = np.full((3, 64, 64), -1.0)
    for image, columns in zip(
        images, (slice(0, 21), slice(21, 43), slice(43, 64)), strict=True
    ):
        image[:, columns] = 1.0
    patterns = images.reshape(3, -1)
    model = writer_model(patterns, np.roll(patterns, turn, axis=0))
    noise = np.random.default_rng(0).uniform(-1, 1, (40, 64, 64, 1))
    found = diagnose(model, noise.astype(np.float32))
    assert found["diagnostics_category_accuracy"] == accuracy
    assert found["diagnostics_augmented_category_accuracy"] == accuracy


@pytest.mark.parametrize("route", ["array", "set"])
def test_evaluate_warns_of_static(route, caplog):
    """It carries the category and looks like no bar of a real image.

    `fit` warns itself, and not again for its validation data.
    """
    model = static_model()
    model.compile(run_eagerly=True)
    images = bars(40)
    x = images if route == "array" else tf.data.Dataset.from_tensors(images)
    losses = model.evaluate(x, verbose=0, batch_size=None, return_dict=True)
    assert losses == model.evaluate(
        images, verbose=0, batch_size=40, return_dict=True, diagnostics=False
    )
    messages = [r.getMessage() for r in caplog.records if "infogan" in r.name]
    assert [x for x in messages if "draws codes instead of images" in x]
    assert all(x.startswith("Warning: ") for x in messages)
    assert (
        len(messages)
        == len(set(messages))
        == len(find_model_problems(model, images))
    )
    caplog.clear()
    model.fit(
        images, validation_data=images, batch_size=40, epochs=2, verbose=0
    )
    assert not [r for r in caplog.records if "infogan" in r.name]


@pytest.fixture(scope="module")
def pretrained(mnist_test):
    return load_model("mnist"), mnist_test.scaled(slice(500))


def test_the_pretrained_model_has_no_problems(pretrained):
    """And its images cover the real ones."""
    found = diagnose(*pretrained)
    assert find_problems(found, 10) == []
    assert found["diagnostics_coverage"] > 0.9
    assert found["diagnostics_density"] > 0.9


@pytest.mark.parametrize("num_left", [1, 10])
def test_a_generator_that_collapses(num_left, pretrained, monkeypatch):
    """To one image, or to one for each category."""
    model, images = pretrained
    latents = model.sample_latents(len(images))
    category = latents["category"].numpy().argmax(axis=1)
    first = np.array([np.flatnonzero(category == c)[0] for c in category])
    drawn = model.generate_from(latents)[first if num_left > 1 else first * 0]
    monkeypatch.setattr(InfoGAN, "generate_from", lambda self, latents: drawn)
    (problem,) = find_problems(diagnose(model, images), 10)
    assert "The generator collapses" in problem
    assert "of the real ones, where" in problem


def test_not_a_number_is_measured_too(pretrained, monkeypatch):
    model, images = pretrained
    drawn = np.full_like(images, np.nan)
    monkeypatch.setattr(InfoGAN, "generate_from", lambda self, latents: drawn)
    (problem,) = find_problems(diagnose(model, images), 10)
    assert "has diverged: NaN or infinity in diagnostics_separation" in problem


def test_fit_watches_itself(caplog):
    """Black images are all of one category: known from the second epoch on.

    The images are those of the first batch, as bytes. Nothing is said before
    step 100, once it is said only once, and a callback of one's own replaces
    the default.
    """

    def warnings() -> list[str]:
        own = [r.getMessage() for r in caplog.records if "infogan" in r.name]
        caplog.clear()
        return own

    images = np.zeros((200, *SHAPE), np.uint8)
    model = tiny_model()
    model.compile(adam(), adam())
    model.fit(images, batch_size=4, epochs=1, steps_per_epoch=50, verbose=0)
    assert not warnings()
    model.fit(images, batch_size=4, epochs=3, verbose=0)
    (message,) = [x for x in warnings() if "categories collapse" in x]
    assert message.startswith("Warning, after epoch 2: The categories collapse")
    floats = np.full((20, *SHAPE), -1.0, np.float32)
    own = Diagnostics(floats, stop=True)
    model.fit(images, batch_size=4, epochs=9, callbacks=[own], verbose=0)
    prefix = "Warning, after epoch 2: "
    assert warnings() == [prefix + problem for problem in own.problems]
    assert own.has_ended
    assert own.measures == diagnose(model, floats)
    model.fit(images, batch_size=4, epochs=2, diagnostics=False, verbose=0)
    assert not warnings()


def test_fit_passes_on_what_keras_takes(monkeypatch):
    """With the diagnostics, of 500 images in [-1, 1], before other callbacks.

    A data set is shuffled by its owner; Keras would warn of `shuffle`.
    """
    received: dict[str, Any] = {}

    def record(self, x, *args, **kwargs):
        received.update(kwargs, x=x, args=args)

    monkeypatch.setattr(keras.Model, "fit", record)
    own = keras.callbacks.Callback()
    data = np.zeros((501, *SHAPE), np.uint8)
    batches = tf.data.Dataset.from_tensors(data)
    tiny_model().fit(
        batches, 7, callbacks=[own], validation_data=data, epochs=3
    )
    diagnostics, last = received.pop("callbacks")
    assert last is own
    assert (diagnostics.images == np.full((500, *SHAPE), -1.0)).all()
    assert received.pop("validation_data") is data
    assert received == {
        "x": batches,
        "args": (7,),
        "shuffle": False,
        "epochs": 3,
    }


def test_nan_ends_a_training(caplog):
    """A learning rate of 1e18 makes NaN in the first steps."""
    model = tiny_model()
    model.compile(keras.optimizers.SGD(1e18), keras.optimizers.SGD(1e18))
    images = np.linspace(-1.0, 1.0, 400 * 64).reshape(400, *SHAPE)
    history = model.fit(images, batch_size=4, epochs=3, verbose=0)
    assert len(history.epoch) == 1
    assert "has diverged: NaN or infinity in" in caplog.text


def test_a_batch_with_nan_ends_a_training(caplog):
    """The second one, which is not checked before; long before step 100."""
    images = np.linspace(-1.0, 1.0, 16 * 64).reshape(16, *SHAPE)
    images[5] = np.nan
    model = tiny_model()
    model.compile(adam(), adam(), run_eagerly=True)
    data = tf.data.Dataset.from_tensor_slices(images).batch(4)
    history = model.fit(data, epochs=3, verbose=0)
    assert len(history.epoch) == 1
    assert "has diverged: NaN or infinity in" in caplog.text
