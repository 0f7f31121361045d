"""ModelCentrality: the run that the others agree with, without labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_infogan.evaluation.disentanglement.factor_vae import count_votes
from keras_infogan.evaluation.disentanglement.factor_vae import (
    majority_accuracy,
)
from keras_infogan.evaluation.disentanglement.vectors import encode_vectors
from keras_infogan.models.inference import GeneratorEncoder

# Groups whose images are generated at a time.
_CHUNK = 100


def model_centrality(
    models: Sequence[GeneratorEncoder],
    *,
    num_groups: int = 500,
    group_size: int = 100,
    num_variance: int = 73_728,
    min_deviation: float = 0.0,
    seed: int = 0,
) -> dict[str, Any]:
    """How well each model agrees with the others on what a factor is.

    From [Lin et al., 2020](https://arxiv.org/abs/1906.06034): the
    images that a model generates have known codes, which serve as factors. The
    similarity of two models is the FactorVAE score of the encoder of one on the
    images of the other, averaged over both directions, and the centrality of a
    model is its mean similarity with all others. The most central model is
    chosen. As in the authors' code, the score is that of the training points.

    Args:
        models: At least two.
        num_groups: Points; each dimension of the codes is fixed in turn.
        group_size: Images of a point.
        num_variance: Images of each model for the variances of the codes.
        min_deviation: See `factor_vae_score`; constant codes are always left
            out.
        seed: Seed of the latents.

    Returns:
        `centralities`, a number for each model; and `agreement`, a list of
        lists: row `i` and column `j` is the score of the encoder of model `i`
        on the images of model `j`.

    Raises:
        ValueError: If there are fewer than two models.
    """
    if len(models) < 2:
        raise ValueError(
            f"Expected at least two models to compare. Received: {len(models)}."
        )
    agreement = np.array(
        [
            _agreement_with_all(
                models,
                generator,
                num_groups,
                group_size,
                num_variance,
                min_deviation,
                seed,
            )
            for generator in models
        ]
    ).T
    similarity = (agreement + agreement.T) / 2
    others = similarity.sum(axis=1) - similarity.diagonal()
    return {
        "centralities": (others / (len(models) - 1)).tolist(),
        "agreement": agreement.tolist(),
    }


def _agreement_with_all(
    models: Sequence[GeneratorEncoder],
    generator: GeneratorEncoder,
    num_groups: int,
    group_size: int,
    num_variance: int,
    min_deviation: float,
    seed: int,
) -> list[float]:
    """The scores of all encoders on the images of one generator."""
    images = generator.generate(num_variance, seed=seed)
    variances = [
        encode_vectors(model, images).var(axis=0, ddof=1) for model in models
    ]
    active = [
        (one > 0.0) & (np.sqrt(one) >= min_deviation) for one in variances
    ]
    num_factors = len(generator.latent_spec.dimensions)
    votes = [
        np.zeros((num_factors, int(mask.sum())), np.int64) for mask in active
    ]
    fixed = np.arange(num_groups) % num_factors
    for start in range(0, num_groups, _CHUNK):
        chunk = fixed[start : start + _CHUNK]
        images = _generate_groups(generator, chunk, group_size, seed + 1, start)
        for index, model in enumerate(models):
            if not active[index].any():
                continue
            codes = encode_vectors(model, images)[:, active[index]]
            votes[index] += count_votes(
                codes.reshape(len(chunk), group_size, -1),
                chunk,
                variances[index][active[index]],
                num_factors,
            )
    return [majority_accuracy(x, x) if x.size else 0.0 for x in votes]


def _generate_groups(
    model: GeneratorEncoder,
    fixed: np.ndarray,
    group_size: int,
    seed: int,
    start: int,
) -> np.ndarray:
    """Images of groups that share one dimension of their codes each."""
    count = len(fixed) * group_size
    latents = model.sample_latents(count, seed=seed * 1_000_003 + start)
    first = np.repeat(np.arange(len(fixed)) * group_size, group_size)
    shared = model.latent_spec.share(
        {name: rows.numpy()[first] for name, rows in latents.items()},
        latents,
        np.repeat(fixed, group_size),
    )
    return model.generate_from({**shared, "noise": latents["noise"]})
