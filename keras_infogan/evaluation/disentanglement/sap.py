"""The separated attribute predictability."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.svm import LinearSVC

from keras_infogan.evaluation.disentanglement.samples import FactoredCodes
from keras_infogan.evaluation.disentanglement.samples import Table
from keras_infogan.evaluation.disentanglement.samples import gaps


def sap_score(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    num_train: int | None = 10_000,
    num_test: int | None = 5_000,
    continuous_factors: bool = False,
    regularization: float = 0.01,
    seed: int = 0,
) -> dict[str, Any]:
    """How much better the best code predicts a factor than the second best.

    The separated attribute predictability (SAP) of
    [Kumar et al., 2018](https://openreview.net/forum?id=H1kG7GZAW), Section 3:
    the mean over factors of the difference. A prediction is by one code alone:
    the accuracy of a linear support vector machine or, if factors are
    continuous, the squared correlation. It does not depend on the order and
    sign of the codes. That of continuous factors does not depend on their scale
    either.

    For example, with continuous factors, independent ones, and codes that are
    factors, the squared correlations are 1 and 0, and the score is 1. With the
    rotated codes `(f1 + f2, f1 - f2)` of two factors of one variance, all
    squared correlations are 1 / 2, and the score is 0.

    Args:
        codes: See `FactoredCodes`.
        factors: See `FactoredCodes`.
        num_train: Images to fit to; all, once each, if `None`.
        num_test: Images for the accuracy; all, once each, if `None`.
        continuous_factors: Whether factors are numbers rather than classes.
        regularization: `C` of the support vector machine, with balanced class
            weights.
        seed: Seed of the draws.

    Returns:
        `sap_score`, and the predictability of each code and factor as
        `sap_matrix`, a list of codes by factors.
    """
    samples = FactoredCodes(codes, factors, seed=seed)
    train, test = samples.draw(num_train), samples.draw(num_test)
    matrix = (
        _squared_correlations(train)
        if continuous_factors
        else _accuracies(train, test, regularization)
    )
    return {
        "sap_score": float(gaps(matrix).mean()),
        "sap_matrix": matrix.tolist(),
    }


def _squared_correlations(table: Table) -> np.ndarray:
    """Of shape `(num_codes, num_factors)`; 0 for a code that is constant."""
    codes = table.codes - table.codes.mean(axis=0)
    factors = table.factors - table.factors.mean(axis=0)
    covariances = codes.T @ factors / len(codes)
    variances = np.outer((codes**2).mean(axis=0), (factors**2).mean(axis=0))
    is_constant = (codes**2).mean(axis=0) <= 1e-12
    variances[is_constant] = np.inf
    return covariances**2 / variances


def _accuracies(train: Table, test: Table, regularization: float) -> np.ndarray:
    """Of shape `(num_codes, num_factors)`."""

    def accuracy(code: int, factor: int) -> float:
        # The primal problem of one dimension, which converges.
        classifier = LinearSVC(
            C=regularization, class_weight="balanced", dual=False
        )
        columns = slice(code, code + 1)
        classifier.fit(train.codes[:, columns], train.classes[:, factor])
        return float(
            classifier.score(test.codes[:, columns], test.classes[:, factor])
        )

    return np.array(
        [
            [accuracy(code, factor) for factor in range(train.factors.shape[1])]
            for code in range(train.codes.shape[1])
        ]
    )
