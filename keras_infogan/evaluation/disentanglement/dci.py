"""Disentanglement, completeness and informativeness."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import entr
from sklearn.ensemble import GradientBoostingClassifier

from keras_infogan.evaluation.disentanglement.samples import FactoredCodes


def dci_scores(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    num_train: int | None = 10_000,
    num_test: int | None = 5_000,
    num_trees: int = 100,
    max_depth: int = 3,
    seed: int = 0,
) -> dict[str, Any]:
    """Whether a code knows one factor, and a factor is known by one code (DCI).

    From [Eastwood and Williams, 2018](https://openreview.net/forum?id=By-7dz-AZ),
    Section 2, with boosted trees. The importances `R` of the codes for each
    factor give the disentanglement `1 - H(R[i] / sum R[i])` of code `i`, its
    entropy to the base of the number of factors, weighted by the importance of
    the code; and the completeness of factor `j` likewise, its entropy over the
    codes. The informativeness is the accuracy of the trees. It does not depend
    on the order, sign and scale of the codes, but for ties between splits.

    For example, if codes are factors, `R` is the identity, and all are 1. If
    two codes are the same factor and share the importance, the completeness of
    that factor is `1 - log 2 / log d` of `d` codes, and their disentanglement
    1. If all importances are equal, both are 0.

    It takes minutes for the factors of dSprites: 100 trees for each of 113
    values.

    Args:
        codes: See `FactoredCodes`.
        factors: See `FactoredCodes`.
        num_train: Images to fit to; all, once each, if `None`.
        num_test: Images for the accuracy; all, once each, if `None`.
        num_trees: Trees of each value of a factor.
        max_depth: Depth of a tree.
        seed: Seed of the draws and of the trees.

    Returns:
        `disentanglement`, `completeness`, `informativeness` and, on the
        training images, `informativeness_train`, from 0 to 1; and the
        `importances`, a list of codes by factors.
    """
    samples = FactoredCodes(codes, factors, seed=seed)
    train, test = samples.draw(num_train), samples.draw(num_test)
    importances, accuracies = [], []
    for factor in range(samples.num_factors):
        classes = train.classes[:, factor]
        trees = GradientBoostingClassifier(
            n_estimators=num_trees, max_depth=max_depth, random_state=seed
        ).fit(train.codes, classes)
        # Rounding may leave one below 0.
        importances.append(np.abs(trees.feature_importances_))
        accuracies.append(
            [
                trees.score(part.codes, part.classes[:, factor])
                for part in (train, test)
            ]
        )
    matrix = np.stack(importances, axis=1)
    of_train, of_test = np.mean(accuracies, axis=0)
    return {
        "disentanglement": concentration(matrix),
        "completeness": concentration(matrix.T),
        "informativeness": float(of_test),
        "informativeness_train": float(of_train),
        "importances": matrix.tolist(),
    }


def concentration(importances: np.ndarray) -> float:
    """One minus the entropy of the rows, weighted by their sums.

    Entropies are to the base of the number of columns. Rows of zeros have no
    weight; if all are, the result is 0. Of the importances of codes (rows) for
    factors, it is the disentanglement; of the transposed ones, the
    completeness.
    """
    sums = importances.sum(axis=1)
    used = importances[sums > 0.0]
    if not len(used):
        return 0.0
    if importances.shape[1] == 1:
        return 1.0
    shares = used / used.sum(axis=1, keepdims=True)
    entropies = entr(shares).sum(axis=1) / np.log(importances.shape[1])
    return float(np.average(1.0 - entropies, weights=sums[sums > 0.0]))
