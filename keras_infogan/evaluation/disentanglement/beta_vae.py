"""The BetaVAE score."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from keras_infogan.evaluation.disentanglement.samples import FactoredCodes

# Points whose batches are gathered at a time, and iterations of L-BFGS, which
# takes fewer.
_CHUNK = 1000
_MAX_ITERATIONS = 10_000


def beta_vae_score(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    batch_size: int = 64,
    num_train: int = 10_000,
    num_test: int = 5_000,
    regularization: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """How well mean differences of codes tell which factor two images share.

    From [Higgins et al., 2017](https://openreview.net/forum?id=Sy2fzU9gl),
    Section 3. A point is the mean of `|z - z'|` over pairs of
    images that share the value of one factor; a linear classifier, logistic
    regression, tells that factor. It does not depend on the order and sign of
    the codes.

    For example, if codes are factors, a point is 0 in the code of the fixed
    factor and nowhere else, and the score is 1. Codes that mix two factors of
    one variance equally, such as `(f1 + f2, f1 - f2)`, have the same mean
    differences whichever is fixed, and the score is chance; those that mix them
    unequally may still score 1.

    Args:
        codes: See `FactoredCodes`.
        factors: See `FactoredCodes`.
        batch_size: Pairs of a point.
        num_train: Points to fit to.
        num_test: Points that are counted.
        regularization: `C` of scikit-learn's logistic regression, which is
            multinomial; in versions of 2018, it was one-versus-rest.
        seed: Seed of the draws.

    Returns:
        `beta_vae_score` and, on the training points, `beta_vae_score_train`:
        accuracies.
    """
    samples = FactoredCodes(codes, factors, seed=seed)
    train, test = (
        _draw_points(samples, batch_size, count)
        for count in (num_train, num_test)
    )
    classifier = LogisticRegression(C=regularization, max_iter=_MAX_ITERATIONS)
    classifier.fit(*train)
    return {
        "beta_vae_score": float(classifier.score(*test)),
        "beta_vae_score_train": float(classifier.score(*train)),
    }


def _draw_points(
    samples: FactoredCodes, batch_size: int, num_points: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean differences, and the factor that is shared."""
    points, labels = [], []
    for start in range(0, num_points, _CHUNK):
        count = min(_CHUNK, num_points - start)
        fixed = samples.draw_factors(count)
        rows = samples.draw_rows(count, batch_size)
        codes = samples.table.codes
        others = samples.draw_alike(rows, fixed)
        points.append(np.abs(codes[rows] - codes[others]).mean(axis=1))
        labels.append(fixed)
    return np.concatenate(points), np.concatenate(labels)
