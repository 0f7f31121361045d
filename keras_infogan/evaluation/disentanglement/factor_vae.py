"""The FactorVAE score."""

from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.evaluation.disentanglement.samples import FactoredCodes

# Points whose batches are gathered at a time.
_CHUNK = 1000


def factor_vae_score(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    batch_size: int = 64,
    num_train: int = 10_000,
    num_test: int = 5_000,
    num_variance: int | None = 10_000,
    min_deviation: float = 0.05,
    seed: int = 0,
) -> dict[str, Any]:
    """How often the code that varies least tells which factor is fixed.

    From [Kim and Mnih, 2018](https://arxiv.org/abs/1802.05983), Section 4 and
    Figure 2. A point is a batch of images that share the value of one factor.
    Of each code, the variance in the batch is divided by that over all images;
    the code with the least ratio votes for the factor. The classifier maps each
    code to the factor that it got most votes for in training.

    The score does not depend on the order, sign or scale of the codes, but for
    `min_deviation`. For example, if codes are factors, the code of the fixed
    factor has the ratio 0, and the score is 1. If one code is all there is, all
    points vote for it, and the score is the share of one factor: `1 / k` of `k`
    factors.

    Args:
        codes: See `FactoredCodes`.
        factors: See `FactoredCodes`.
        batch_size: Images of a point.
        num_train: Points that the majority is taken of.
        num_test: Points that are counted.
        num_variance: Images for the variances; all, once each, if `None`.
        min_deviation: Codes whose standard deviation is smaller are left out,
            as collapsed ones: 0.05 in the reference's configuration, 0 in its
            code.
        seed: Seed of the draws.

    Returns:
        `factor_vae_score` and, on the training points,
        `factor_vae_score_train`, from 0 to 1, both 0 if all codes are left out;
        and `num_active_codes`.
    """
    samples = FactoredCodes(codes, factors, seed=seed)
    drawn = samples.draw(num_variance).codes
    variances = drawn.var(axis=0, ddof=1) if len(drawn) > 1 else drawn[0] * 0.0
    is_active = (variances > 0.0) & (np.sqrt(variances) >= min_deviation)
    scores = {"factor_vae_score": 0.0, "factor_vae_score_train": 0.0}
    if is_active.any():
        active, variances = np.flatnonzero(is_active), variances[is_active]
        train, test = (
            _count_votes(samples, active, variances, batch_size, count)
            for count in (num_train, num_test)
        )
        scores = {
            "factor_vae_score": majority_accuracy(train, test),
            "factor_vae_score_train": majority_accuracy(train, train),
        }
    return {**scores, "num_active_codes": int(is_active.sum())}


def majority_accuracy(train: np.ndarray, test: np.ndarray) -> float:
    """The share of the votes in `test` that the majority in `train` gets right.

    Both are numbers of votes of shape `(num_factors, num_codes)`.
    """
    majority = train.argmax(axis=0)
    right = test[majority, np.arange(test.shape[1])]
    return float(right.sum() / test.sum())


def count_votes(
    batches: np.ndarray,
    fixed: np.ndarray,
    variances: np.ndarray,
    num_factors: int,
) -> np.ndarray:
    """Counts the codes that vary least.

    Args:
        batches: Codes of shape `(points, batch_size, num_codes)`.
        fixed: The factor that is fixed in each point.
        variances: Of each code over all images, above 0.
        num_factors: The number of factors.

    Returns:
        int64 array of shape `(num_factors, num_codes)`.
    """
    votes = np.zeros((num_factors, len(variances)), np.int64)
    ratios = batches.var(axis=1, ddof=1) / variances
    np.add.at(votes, (fixed, ratios.argmin(axis=1)), 1)
    return votes


def _count_votes(
    samples: FactoredCodes,
    active: np.ndarray,
    variances: np.ndarray,
    batch_size: int,
    num_points: int,
) -> np.ndarray:
    votes = np.zeros((samples.num_factors, len(active)), np.int64)
    for start in range(0, num_points, _CHUNK):
        count = min(_CHUNK, num_points - start)
        fixed = samples.draw_factors(count)
        first = samples.draw_rows(count, 1)
        rows = samples.draw_alike(np.repeat(first, batch_size, axis=1), fixed)
        batches = samples.table.codes[rows][..., active]
        votes += count_votes(batches, fixed, variances, samples.num_factors)
    return votes
