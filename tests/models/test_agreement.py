"""The mean over views, of a model that answers each view as the test says."""

import numpy as np
import pytest

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.models import agreement
from keras_infogan.models.agreement import SLIGHTNESS
from keras_infogan.models.agreement import average_probabilities
from keras_infogan.models.infogan import InfoGAN
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_discriminator
from tests.helpers.models import tiny_generator


def test_views_are_averaged(monkeypatch):
    """Three of four views say 1: so do .25 and .75 of the probability.

    Views are of all images, in range, and differ from one another; two images
    at a time, as no more views fit in a batch.
    """
    monkeypatch.setattr(agreement, "INFERENCE_BATCH_SIZE", 8)
    seen: list[np.ndarray] = []
    of_bright = [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    of_dark = [[1.0, 0.0]] * 4

    def encode(views: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(views)
        bright = views[::4].max(axis=(1, 2, 3)) > 0.0
        answers = [of_bright if is_bright else of_dark for is_bright in bright]
        return {"kind_probabilities": np.concatenate(answers)}

    images = np.full((3, 12, 12, 1), -1.0, np.float32)
    images[:2, 3:9, 4:7] = 1.0
    augmentation = Augmentation(thickness=0.6)
    shares = average_probabilities(
        encode, images, ["kind"], augmentation, num_views=4
    )["kind"]
    np.testing.assert_allclose(shares, [[0.25, 0.75], [0.25, 0.75], [1.0, 0.0]])
    assert [view.shape for view in seen] == [(8, 12, 12, 1), (4, 12, 12, 1)]
    assert all(np.abs(views).max() <= 1.0 for views in seen)
    first, *others = seen[0][:4]
    assert all(np.abs(view - first).max() > 0.1 for view in others)


def test_encode_with_views():
    """Probabilities are those of the views; other codes are of the image."""
    augmentation = Augmentation(rotation=0.3, thickness=1.0)
    objective = Objective(
        augmentation=augmentation, invariant_codes=["category"]
    )
    model = InfoGAN(tiny_generator(), tiny_discriminator(), SPEC, objective)
    images = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), np.uint8)
    one, many = model.encode(images), model.encode(images, num_views=6, seed=3)
    expected = average_probabilities(
        model.encode,
        images.astype(np.float32) / 127.5 - 1.0,
        ["category"],
        augmentation.scaled(SLIGHTNESS),
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
    model = InfoGAN(tiny_generator(), tiny_discriminator(), SPEC)
    with pytest.raises(ValueError, match=message):
        model.encode(
            np.full((1, *SHAPE), -1.0, np.float32), num_views=num_views
        )
