"""How well changed images are read: rotated, small, thin, noisy ones."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.corruptions import CORRUPTIONS
from keras_infogan.evaluation.corruptions import Corruption
from keras_infogan.evaluation.observations import Observations

# Test images, at most. With all their changes, they are 12,000.
NUM_IMAGES = 500
# Images that are changed at a time: an even number, as rotations take turns.
_CHUNK = 250
_UNCHANGED = Corruption("Unchanged", (0.0,), lambda images, *_: images)


def measure_robustness(
    observations: Observations,
    report: dict[str, Any],
    *,
    num_images: int = NUM_IMAGES,
) -> dict[str, Any]:
    """Compares how encoder and classifier read test images that are changed.

    The encoder reads the first categorical code. The `category_to_class` of the
    `report`, matched on unchanged training images, holds for all changes. The
    classifier is the feature extractor, which learned from the labels of
    unchanged training images. Both are given the same bytes.

    Args:
        observations: The model and the images.
        report: Needs `category_to_class` and `fidelity`.
        num_images: Number of test images, drawn by the seed; at most all.

    Returns:
        Nothing if the report has no matching or no fidelity, as without labels.
        Otherwise `robustness`, plain data. Each accuracy is of `encoder` and
        `classifier`: `unchanged`; in `corruptions`, by the names of
        `CORRUPTIONS`, lists by `strengths`; and the `mean` over kinds, which
        count the same however many strengths they have. `num_images` says of
        how many test images.
    """
    model, test = observations.model, observations.test
    extractor, code = observations.extractor, observations.clustering_code
    mapping, labels = report["category_to_class"], test.labels
    if (
        report["fidelity"] is None
        or extractor is None
        or code is None
        or mapping is None
        or labels is None
    ):
        return {}
    classes = np.array(mapping)

    def read(images: ImageData) -> np.ndarray:
        """The classes that encoder and classifier see, as two rows."""
        posterior = model.encode(images.images)
        logits = model.latent_spec.category_logits(code, posterior)
        seen = extractor.extract(images.scaled()).classes
        return np.stack([classes[logits.argmax(axis=1)], seen])

    generator = np.random.default_rng(observations.seed)
    rows = generator.permutation(len(labels))[:num_images]
    images = ImageData(test.images[rows], None, test.name)

    def measure(kind: Corruption) -> np.ndarray:
        """Accuracies of both, of shape `(2, strengths)`."""
        hits = [
            read(changed) == labels[rows]
            for changed in _change(images, kind, observations.seed)
        ]
        return np.mean(hits, axis=-1).T

    found = {name: measure(kind) for name, kind in CORRUPTIONS.items()}
    means = [accuracies.mean(axis=1) for accuracies in found.values()]
    return {
        "robustness": {
            "unchanged": _by_reader(measure(_UNCHANGED)[:, 0]),
            "corruptions": {
                name: {
                    "strengths": list(CORRUPTIONS[name].strengths),
                    **_by_reader(accuracies),
                }
                for name, accuracies in found.items()
            },
            "mean": _by_reader(np.mean(means, axis=0)),
            "num_images": len(rows),
        }
    }


def _change(
    data: ImageData, kind: Corruption, seed: int
) -> Iterator[ImageData]:
    """The images after each strength of a change, in bytes again."""
    for strength in kind.strengths:
        pixels = np.empty_like(data.images)
        for start in range(0, len(pixels), _CHUNK):
            rows = slice(start, start + _CHUNK)
            changed = kind.apply(data.scaled(rows), strength, seed + start)
            pixels[rows] = np.rint((changed + 1.0) * 127.5)
        yield ImageData(pixels, None, data.name)


def _by_reader(accuracies: np.ndarray) -> dict[str, Any]:
    encoder, classifier = accuracies.tolist()
    return {"encoder": encoder, "classifier": classifier}
