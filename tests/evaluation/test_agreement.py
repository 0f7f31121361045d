"""The mean over views, of a model that answers each view as the test says."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from keras_infogan.evaluation.agreement import average_probabilities


def test_views_are_averaged():
    """Three of four views say 1: so do .25 and .75 of the probability.

    Views are of all images, in range, and differ from one another.
    """
    seen: list[np.ndarray] = []
    answers = ([0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0])

    def encode(images: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(images)
        row = answers[len(seen) - 1]
        return {"kind_probabilities": np.tile(row, (len(images), 1))}

    spec = SimpleNamespace(code=lambda name: SimpleNamespace(dim=2))
    model: Any = SimpleNamespace(encode=encode, latent_spec=spec)
    images = np.full((3, 12, 12, 1), -1.0, np.float32)
    images[:, 3:9, 4:7] = 1.0
    shares = average_probabilities(model, images, "kind", num_views=4)
    np.testing.assert_allclose(shares, [[0.25, 0.75]] * 3)
    assert [view.shape for view in seen] == [images.shape] * 4
    assert all(np.abs(view).max() <= 1.0 for view in seen)
    for view in seen[1:]:
        assert np.abs(view - seen[0]).max() > 0.1
