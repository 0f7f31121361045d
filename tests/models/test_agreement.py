"""The mean over views, of a model that answers each view as the test says."""

import numpy as np

from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.models import agreement
from keras_infogan.models.agreement import average_probabilities


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
