"""The mean over views, by hand, and where models offer it."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.latents.random import INFERENCE
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.losses.views import augment
from keras_infogan.models import agreement
from keras_infogan.models.agreement import SLIGHTNESS
from keras_infogan.models.agreement import average_probabilities
from keras_infogan.models.inference import make_key
from keras_infogan.models.infogan import InfoGAN
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_discriminator
from tests.helpers.models import tiny_generator

AUGMENTATION = Augmentation(rotation=0.3, thickness=1.0)
IMAGES = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), np.uint8)


def model(**options: Any) -> InfoGAN:
    return InfoGAN(
        tiny_generator(), tiny_discriminator(), SPEC, Objective(**options)
    )


@pytest.mark.parametrize("jit_compile", [False, True])
def test_views_are_averaged(jit_compile, monkeypatch):
    """As view by view; three images at a time, then two."""
    monkeypatch.setattr(agreement, "INFERENCE_BATCH_SIZE", 12)
    reader = model()
    found = average_probabilities(
        reader,
        IMAGES,
        AUGMENTATION,
        num_views=4,
        seed=7,
        jit_compile=jit_compile,
    )
    assert set(found) == {"category"}
    expected = []
    for chunk in (IMAGES[:3], IMAGES[3:]):
        copies = np.repeat(chunk.astype(np.float32) / 127.5 - 1.0, 4, axis=0)
        views = augment(AUGMENTATION, copies, make_key(7, INFERENCE)).images
        outputs = reader.discriminator(np.clip(views, -1.0, 1.0))
        shares = tf.nn.softmax(outputs["category_logits"]).numpy()
        assert np.abs(shares[0] - shares[1]).max() > 1e-4
        expected += [
            shares[x : x + 4].mean(axis=0) for x in range(0, len(shares), 4)
        ]
    np.testing.assert_allclose(found["category"], expected, rtol=1e-4)


def test_encode_with_views():
    """Probabilities are those of the views; other codes are of the image."""
    encoder = model(augmentation=AUGMENTATION, invariant_codes=["category"])
    one = encoder.encode(IMAGES)
    many = encoder.encode(IMAGES, num_views=6, seed=3)
    expected = average_probabilities(
        encoder,
        IMAGES,
        AUGMENTATION.scaled(SLIGHTNESS),
        num_views=6,
        seed=3,
    )["category"]
    found = many["category_probabilities"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.abs(found - one["category_probabilities"]).max() > 1e-4
    np.testing.assert_allclose(
        np.exp(many["category_logits"]), found, rtol=1e-5
    )
    np.testing.assert_array_equal(
        many["continuous_mean"], one["continuous_mean"]
    )


@pytest.mark.parametrize(
    ("num_views", "message"),
    [(0, "num_views should be at least 1"), (2, "num_views should be 1 for")],
)
def test_number_of_views(num_views, message):
    with pytest.raises(ValueError, match=message):
        model().encode(IMAGES, num_views=num_views)
