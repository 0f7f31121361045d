"""Noise for traversals that people look at, chosen by a rule.

A generator makes a malformed image now and then. Such an image in a traversal
says nothing about the code that varies, so its noise is chosen: of 32 seeds,
the one whose images `Q` reads most surely. Measurements use random noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Protocol

import numpy as np

from keras_infogan.latents.code import as_given
from keras_infogan.latents.lazy import tf
from keras_infogan.latents.random import INFERENCE
from keras_infogan.latents.random import numpy_key
from keras_infogan.latents.spec import LatentSpec

# Candidates: at most so many, and fewer if they need more images than this.
_MAX_SEEDS = 32
_MIN_SEEDS = 4
_MAX_IMAGES = 4_000
# Values of a traversal that are judged: its ends and its middle.
_NUM_VALUES = 3


class Networks(Protocol):
    """What traversals ask of a model, such as a `GeneratorEncoder`."""

    latent_spec: LatentSpec

    def sample_latents(
        self,
        num_samples: int,
        *,
        codes: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> dict[str, tf.Tensor]:
        """Draws inputs of the generator."""

    def generate_from(self, latents: Mapping[str, tf.Tensor]) -> np.ndarray:
        """Generates the images of given latents."""

    def generate(
        self,
        num_images: int,
        *,
        codes: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """Generates the images of `sample_latents`."""

    def encode(self, images: Any) -> dict[str, np.ndarray]:
        """Infers the codes of images."""


def surest_seeds(model: Networks, count: int = 1) -> list[int]:
    """The seeds whose noise gives images that `Q` reads most surely.

    The candidates are the seeds from 0 to 31; fewer, but at least 4, if they
    take more than 4,000 images. A seed's images are those of `traversal_rows`,
    in each category and along each dimension. The score of an image is
    `log Q(c|x)` in nats, summed over all codes: its share of the variational
    bound (Eq. 5 of [Chen et al., 2016](https://arxiv.org/abs/1606.03657)). The
    score of a seed is that of its worst image.

    Args:
        model: The model.
        count: How many seeds to choose, at least 1.

    Returns:
        Different seeds, the surest first, whose noise is that of
        `generate(1, seed=seed)`. If there are fewer candidates than `count`,
        further ones follow in order.
    """
    num_rows, traversals = _judged_traversals(model.latent_spec)
    per_seed = num_rows * sum(len(values) for *_, values in traversals)
    num_seeds = max(_MIN_SEEDS, min(_MAX_SEEDS, _MAX_IMAGES // per_seed))
    seeds = np.repeat(np.arange(num_seeds), num_rows).tolist()
    rows = traversal_rows(model, seeds)
    worst = np.full(num_seeds, np.inf)
    for name, index, values in traversals:
        latents = model.latent_spec.vary(rows, name, index, values)
        scores = _log_posterior(model, latents).reshape(num_seeds, -1)
        # A diverged model gives NaN, which is never the surest.
        scores = np.nan_to_num(scores, nan=-np.inf)
        worst = np.minimum(worst, scores.min(axis=1))
    order = np.argsort(-worst, kind="stable").tolist()
    return [*order, *range(num_seeds, count)][:count]


def traversal_rows(
    model: Networks,
    seeds: Sequence[int],
    categories: Sequence[int] | None = None,
) -> dict[str, tf.Tensor]:
    """Latents of rows that differ in category and noise only.

    Args:
        model: The model.
        seeds: Of each row, the seed of its noise, as in `generate`.
        categories: Of each row, the category of the first categorical code; by
            default, row `r` has category `r`, modulo their number.

    Returns:
        As `InfoGAN.sample_latents`. All other codes are in the middle of their
        traversals.
    """
    spec = model.latent_spec
    num_rows = len(seeds)
    codes: dict[str, Any] = {
        name: code.traversal(3)[1] for name, code in spec.codes.items()
    }
    for name in spec.categorical_names[:1]:
        turns = spec.codes[name].traversal(num_rows)
        codes[name] = turns if categories is None else np.asarray(categories)
    latents = model.sample_latents(num_rows, codes=codes)
    keys = {
        seed: as_given(numpy_key(seed, INFERENCE), latents["noise"])
        for seed in dict.fromkeys(seeds)
    }
    noise = {
        seed: np.asarray(spec.sample_noise(1, key))[0]
        for seed, key in keys.items()
    }
    rows = np.stack([noise[seed] for seed in seeds])
    return {**latents, "noise": as_given(rows, latents["noise"])}


def _judged_traversals(
    spec: LatentSpec,
) -> tuple[int, list[tuple[str, int, np.ndarray]]]:
    """Rows for a seed; and code, dimension and values of each traversal."""
    first = spec.categorical_names[:1]
    if list(spec.codes) == first:
        ((name, code),) = spec.codes.items()
        return 1, [(name, 0, code.traversal(code.dim))]
    num_rows = max([1, *(spec.codes[name].dim for name in first)])
    return num_rows, [
        (name, index, code.traversal(_NUM_VALUES))
        for name, code in spec.codes.items()
        if name not in first
        for index in range(code.num_dimensions)
    ]


def _log_posterior(
    model: Networks, latents: Mapping[str, tf.Tensor]
) -> np.ndarray:
    """`log Q(c|x)` of all codes in nats, of shape `(num_images,)`."""
    spec = model.latent_spec
    posterior = {
        name: tf.constant(values)
        for name, values in model.encode(model.generate_from(latents)).items()
    }
    return np.sum(
        [
            code.log_likelihood(
                latents[name], spec.parameters(name, posterior)
            ).numpy()
            for name, code in spec.codes.items()
        ],
        axis=0,
    )
