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
