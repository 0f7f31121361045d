"""Self-distillation: its loss by hand, what learns, and what does not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan import Categorical
from keras_infogan import LatentSpec
from keras_infogan import Uniform
from keras_infogan import build_discriminator
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
from keras_infogan.models import distillation
from keras_infogan.models.distillation import SelfDistillation
from keras_infogan.models.distillation import refit_heads
from tests.helpers.models import tiny_model

SPEC = LatentSpec(2, {"kind": Categorical(4), "lean": Uniform(1)})
AUGMENTATION = Augmentation(rotation=0.2, shear=0.0, log_scale=0.0, shift=0.0)


def student() -> SelfDistillation:
    keras.utils.set_random_seed(0)
    network = build_discriminator(SPEC, (8, 8, 1))
    return SelfDistillation(network, SPEC, AUGMENTATION)


def test_loss():
    """Equal logits of 4 categories: log 4 for the image and for its view.

    Any targets that sum to 1 give that, as -sum t log(1/4) = log 4. The mean of
    `lean` is .5 off, its log deviation .2: .25 + .04. The view says nothing of
    `lean`.
    """
    answers = {
        "logits": tf.fill((3, 1), 9.0),
        "kind_logits": tf.zeros((3, 4)),
        "lean_mean": tf.fill((3, 1), 0.5),
        "lean_log_stddev": tf.fill((3, 1), 1.2),
    }
    targets = {
        "kind_logits": tf.constant([[0.7, 0.1, 0.1, 0.1]] * 3),
        "lean_mean": tf.zeros((3, 1)),
        "lean_log_stddev": tf.ones((3, 1)),
    }
    of_views = {**answers, "lean_mean": tf.fill((3, 1), 100.0)}
    loss = student().find_loss(targets, answers, of_views)
    assert float(loss) == pytest.approx(2 * np.log(4) + 0.25 + 0.04, rel=1e-6)


def test_q_learns_and_the_adversarial_head_does_not():
    """Of two kinds of images with random targets, `Q` learns both.

    The least loss is the entropy of the targets, twice; here it comes within a
    tenth of the way from the first one.
    """
    model = student()
    images = np.full((64, 8, 8, 1), -1.0, np.float32)
    images[::2, 2:6, 2:6] = 1.0
    shares = np.where(
        np.arange(64)[:, None] % 2, [0.8, 0.1, 0.1, 0.0], [0.0, 0.0, 0.5, 0.5]
    ).astype(np.float32)
    before = {v.path: v.numpy() for v in model.discriminator.variables}
    targets = {
        name: value.numpy()
        for name, value in model.discriminator(images).items()
        if name.startswith("lean")
    } | {"kind_logits": shares}
    model.compile(keras.optimizers.Adam(3e-3), jit_compile=False)
    history = model.fit(
        images, targets, batch_size=16, epochs=20, verbose=0
    ).history["loss"]
    positive = shares[shares > 0]
    least = -2 * float((positive * np.log(positive)).sum()) / 64
    assert history[-1] - least < 0.1 * (history[0] - least)
    for variable in model.discriminator.trainable_variables:
        changed = np.abs(variable.numpy() - before[variable.path]).max() > 0
        assert changed != variable.path.startswith("logits/"), variable.path


def test_each_step_has_views_of_its_own(monkeypatch):
    keys = []

    def record(augmentation, images, key):
        keys.append(tuple(key.numpy()))
        return augment(augmentation, images, key)

    monkeypatch.setattr(distillation, "augment", record)
    model = student()
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    targets = {
        "kind_logits": np.eye(4, dtype=np.float32),
        "lean_mean": np.zeros((4, 1), np.float32),
        "lean_log_stddev": np.zeros((4, 1), np.float32),
    }
    for _ in range(3):
        model.train_on_batch(np.zeros((4, 8, 8, 1), np.float32), targets)
    assert len(set(keys)) == 3


def gaussian_heads(model):
    layers = [
        model.discriminator.get_layer(f"continuous_{parameter}")
        for parameter in ("mean", "log_stddev")
    ]
    return [x for layer in layers for x in layer.trainable_variables]


def test_refitted_heads_of_nothing():
    """Where no feature says anything, the heads learn the prior.

    Of features that are 0, a Gaussian can only be fitted to the uniform prior
    on [-1, 1]: of mean 0 and deviation 1/sqrt(3). The means of 64 draws in each
    of the last steps, at small rates, are within 0.05 of that.
    """
    model = tiny_model(dropout=0.0)
    for variable in model.discriminator.trainable_variables:
        if "convolution" in variable.path or "normalization" in variable.path:
            variable.assign(np.zeros(variable.shape))
    refit_heads(
        model,
        num_steps=200,
        batch_size=64,
        learning_rate=0.02,
        jit_compile=False,
    )
    found = model.encode(model.generate(2))
    np.testing.assert_allclose(found["continuous_mean"], 0.0, atol=0.05)
    expected = -0.5 * np.log(3.0)
    np.testing.assert_allclose(
        found["continuous_log_stddev"], expected, atol=0.05
    )


def test_only_the_heads_of_continuous_codes_are_refitted():
    """And they are, with what is drawn by the seed."""

    def refit(seed):
        model = tiny_model()
        before = [x.numpy() for x in model.variables]
        names = {id(x) for x in gaussian_heads(model)}
        assert (
            refit_heads(
                model, num_steps=3, batch_size=8, seed=seed, jit_compile=False
            )
            is model
        )
        for variable, old in zip(model.variables, before, strict=True):
            is_same = np.array_equal(variable.numpy(), old)
            assert is_same != (id(variable) in names), variable.path
        return np.concatenate(
            [x.numpy().ravel() for x in gaussian_heads(model)]
        )

    first = refit(5)
    # Without XLA, sums are rounded another time in another way.
    np.testing.assert_allclose(refit(5), first, atol=1e-4)
    assert np.abs(refit(6) - first).max() > 1e-3


def test_no_heads_to_refit():
    model = tiny_model(spec=LatentSpec(2, {"kind": Categorical(4)}))
    before = [x.numpy() for x in model.variables]
    refit_heads(model, num_steps=2, batch_size=8, jit_compile=False)
    for variable, old in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)
