"""The inputs of the measures of a report, each computed once."""

from collections.abc import Mapping
from dataclasses import KW_ONLY
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.feature_extractor import FeatureExtractor
from keras_infogan.evaluation.feature_extractor import load_feature_extractor
from keras_infogan.evaluation.morphology import measure
from keras_infogan.models.infogan import InfoGAN

# Of a code's information, the standard error is its deviation over 100.
NUM_SAMPLES = 10_000
# Images that are read at a time.
_CHUNK = 10_000
# Test images whose attributes are measured: all of MNIST, whose second half is
# more difficult.
_NUM_MEASURED = 10_000


@dataclass
class Observations:
    """A model, real images, and what is known of both.

    Everything is computed on first use and kept: each image passes through a
    network once, however many measures ask for it. Arguments are those of
    `evaluate`.
    """

    model: InfoGAN
    train: ImageData
    test: ImageData
    _: KW_ONLY
    seed: int = 0
    cache_dir: Path | None = None
    num_naming_labels: int | None = None
    factored: ImageData | None = None

    @property
    def clustering_code(self) -> str | None:
        """The first categorical code, which is compared with the classes."""
        return next(iter(self.model.latent_spec.categorical_names), None)

    @cached_property
    def train_posterior(self) -> dict[str, np.ndarray]:
        """`InfoGAN.encode` of all training images."""
        return _encode(self.model, self.train)

    @cached_property
    def test_posterior(self) -> dict[str, np.ndarray]:
        """`InfoGAN.encode` of all test images."""
        return _encode(self.model, self.test)

    @cached_property
    def factored_posterior(self) -> dict[str, np.ndarray]:
        """`InfoGAN.encode` of the images with factors; empty without any."""
        if self.factored is None:
            return {}
        return _encode(self.model, self.factored)

    @cached_property
    def attributes(self) -> dict[str, np.ndarray]:
        """`morphology.measure` of the first test images; empty for color."""
        if self.model.image_shape[-1] != 1:
            return {}
        return measure(self.test.scaled(slice(_NUM_MEASURED)))

    @cached_property
    def latents(self) -> Mapping[str, tf.Tensor]:
        """The latents of `generated`."""
        return self.model.sample_latents(NUM_SAMPLES, seed=self.seed)

    @cached_property
    def generated(self) -> np.ndarray:
        """Generated images, a float array of `NUM_SAMPLES` rows in [-1, 1]."""
        return self.model.generate_from(self.latents)

    @cached_property
    def extractor(self) -> FeatureExtractor | None:
        """The feature extractor of the data set; `None` without labels."""
        if self.train.labels is None:
            return None
        return load_feature_extractor(self.train, self.cache_dir)


def _encode(model: InfoGAN, data: ImageData) -> dict[str, np.ndarray]:
    chunks = [
        model.encode(data.images[start : start + _CHUNK])
        for start in range(0, len(data.images), _CHUNK)
    ]
    posterior = {
        name: np.concatenate([chunk[name] for chunk in chunks])
        for name in chunks[0]
    }
    model.latent_spec.check_posterior(posterior)
    return posterior
