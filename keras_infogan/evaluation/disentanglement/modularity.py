"""Modularity and explicitness."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from keras_infogan.evaluation.disentanglement.samples import FactoredCodes
from keras_infogan.evaluation.disentanglement.samples import Table
from keras_infogan.evaluation.disentanglement.samples import information_matrix

# Iterations of L-BFGS, which takes fewer.
_MAX_ITERATIONS = 10_000


def modularity_and_explicitness(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    num_train: int | None = 10_000,
    num_test: int | None = 5_000,
    num_bins: int = 20,
    regularization: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Whether a code knows one factor only, and all codes together know all.

    From [Ridgeway and Mozer, 2018](https://arxiv.org/abs/1802.05312),
    Section 3. The modularity is the mean over codes of
    `1 - sum(m[j]^2) / (m[i]^2 (k - 1))`, with the mutual information `m` of the
    code, in bins, and each of `k` factors; `i` is the factor that it knows most
    of, and the sum is over the others. A code without information counts 0. The
    explicitness is the mean over factors, and over their values, of the area
    under the ROC curve of a logistic regression on all codes. Neither depends
    on the order and sign of the codes.

    For example, if codes are factors, `m` is diagonal, and the modularity is 1;
    also if all codes are the same factor. If a code knows as much of each
    factor, it is 0.

    Args:
        codes: See `FactoredCodes`.
        factors: See `FactoredCodes`.
        num_train: Images to fit to; all, once each, if `None`.
        num_test: Images for the explicitness; all, once each, if `None`.
        num_bins: Bins of each code.
        regularization: `C` of scikit-learn's logistic regression, which is
            multinomial; in versions of 2018, it was one-versus-rest.
        seed: Seed of the draws.

    Returns:
        `modularity`, `explicitness` and, on the training images,
        `explicitness_train`: from 0 to 1, an explicitness of 0.5 by chance.
    """
    samples = FactoredCodes(codes, factors, seed=seed)
    train, test = samples.draw(num_train), samples.draw(num_test)
    means, deviations = train.codes.mean(axis=0), train.codes.std(axis=0)
    # A constant code stays 0.
    scales = np.where(deviations > 0.0, deviations, 1.0)
    standardized = (
        train._replace(codes=(train.codes - means) / scales),
        test._replace(codes=(test.codes - means) / scales),
    )
    of_train, of_test = np.mean(
        [
            _explicitness(*standardized, factor, regularization)
            for factor in range(samples.num_factors)
        ],
        axis=0,
    )
    return {
        "modularity": modularity(information_matrix(train, num_bins)),
        "explicitness": float(of_test),
        "explicitness_train": float(of_train),
    }


def modularity(information: np.ndarray) -> float:
    """The modularity of a mutual information of shape `(codes, factors)`."""
    squared = np.square(information)
    largest = squared.max(axis=1)
    others = squared.sum(axis=1) - largest
    scale = np.where(largest > 0.0, largest * (squared.shape[1] - 1), 1.0)
    return float(np.where(largest > 0.0, 1.0 - others / scale, 0.0).mean())


def _explicitness(
    train: Table, test: Table, factor: int, regularization: float
) -> list[float]:
    """Mean areas on both tables, over values that some images have, not all."""
    classifier = LogisticRegression(C=regularization, max_iter=_MAX_ITERATIONS)
    classifier.fit(train.codes, train.classes[:, factor])
    areas = []
    for part in (train, test):
        probabilities = classifier.predict_proba(part.codes)
        found = [
            roc_auc_score(is_value, probabilities[:, column])
            for column, value in enumerate(classifier.classes_)
            if 0 < (is_value := part.classes[:, factor] == value).sum()
            and not is_value.all()
        ]
        areas.append(float(np.mean(found)))
    return areas
