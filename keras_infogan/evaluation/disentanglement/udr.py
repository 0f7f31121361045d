"""The unsupervised disentanglement ranking, across runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.linear_model import Lasso

from keras_infogan.options import check_choice

SIMILARITIES = ("lasso", "spearman")


def udr_scores(
    codes: Sequence[npt.ArrayLike],
    *,
    informative: Sequence[npt.ArrayLike] | None = None,
    similarity: str = "lasso",
    penalty: float = 0.1,
) -> dict[str, Any]:
    """How well a run agrees with the others, up to order and sign (UDR).

    From [Duan et al., 2020](https://arxiv.org/abs/1905.12614), Section
    4: runs that disentangle find the same factors, others entangle them
    each in its own way. No factors are needed. Of two runs, `R` has the
    similarities of all pairs of their codes; their score is the mean over the
    codes of both of `r^2 / sum R`, with the largest similarity `r` and the sum
    of all similarities of a code. The score of a run is the median over the
    others.

    For example, two runs with the same two uncorrelated codes in another order
    have the Spearman similarities 1 and 0: `1^2 / 1 = 1`. If one of them is
    rotated by 45 degrees, all four correlations are `sqrt(1 / 2)`, and each
    code has `(1 / 2) / (2 sqrt(1 / 2)) = 0.354`.

    Args:
        codes: Of each run, at least two, codes of the same images, of shape
            `(num_images, num_codes)`. Numbers of codes may differ.
        informative: Of each run, a bool for each code: whether it carries
            information; others are left out. By default, codes that vary. The
            paper asks for a KL divergence from the prior of 0.01 nats.
        similarity: `"lasso"`, the coefficients of regressions of one code of
            the other run on all codes of a run, or `"spearman"`, correlations
            of ranks; absolute values, of standardized codes.
        penalty: `alpha` of scikit-learn's lasso.

    Returns:
        `scores`, a list of a number for each run, from 0 up (at most 1 with
        `"spearman"`), and `pairs`, a list of lists: row `i` and column `j` is
        of run `j` from run `i`, 0 where they are the same.

    Raises:
        ValueError: If there are fewer than two runs, or of other images.
    """
    check_choice("similarity", similarity, SIMILARITIES)
    arrays = [np.asarray(one, np.float64) for one in codes]
    shapes = [one.shape for one in arrays]
    if (
        len(arrays) < 2
        or any(len(shape) != 2 for shape in shapes)
        or len({shape[0] for shape in shapes}) > 1
    ):
        raise ValueError(
            "Codes should be of at least two runs and the same images, each of "
            f"shape (num_images, num_codes). Received: {shapes}."
        )
    masks = [one.std(axis=0) > 0.0 for one in arrays]
    for index, given in enumerate(informative or ()):
        masks[index] &= np.asarray(given, bool)
    standardized = [
        (one[:, mask] - one[:, mask].mean(axis=0)) / one[:, mask].std(axis=0)
        for one, mask in zip(arrays, masks, strict=True)
    ]
    count = len(arrays)
    pairs = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            if i != j:
                pairs[i, j] = _relative_strength(
                    _similarities(
                        standardized[i], standardized[j], similarity, penalty
                    )
                )
    scores = [np.median(np.delete(pairs[:, j], j)) for j in range(count)]
    return {"scores": [*map(float, scores)], "pairs": pairs.tolist()}


def _similarities(
    ours: np.ndarray, theirs: np.ndarray, similarity: str, penalty: float
) -> np.ndarray:
    """Absolute similarities, of shape `(our codes, their codes)`."""
    if not ours.shape[1] or not theirs.shape[1]:
        return np.zeros((ours.shape[1], theirs.shape[1]))
    if similarity == "spearman":
        both = rankdata(np.hstack([ours, theirs]), axis=0)
        correlations = np.corrcoef(both, rowvar=False)
        return np.abs(correlations[: ours.shape[1], ours.shape[1] :])
    found = Lasso(alpha=penalty).fit(ours, theirs).coef_
    return np.abs(np.reshape(found, (theirs.shape[1], -1))).T


def _relative_strength(similarities: np.ndarray) -> float:
    """The mean over the codes of one run, and of the other; then of both."""
    if not similarities.size:
        return 0.0
    means = []
    for axis in (0, 1):
        largest, sums = similarities.max(axis), similarities.sum(axis)
        strengths = np.zeros_like(sums)
        np.divide(largest**2, sums, out=strengths, where=sums > 0.0)
        means.append(strengths.mean())
    return float(np.mean(means))
