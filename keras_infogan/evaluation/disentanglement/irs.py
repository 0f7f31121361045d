"""The interventional robustness score."""

from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.evaluation.disentanglement.samples import FactoredCodes
from keras_infogan.evaluation.disentanglement.samples import discretize


def interventional_robustness(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    num_samples: int | None = 10_000,
    num_bins: int = 20,
    quantile: float = 0.99,
    seed: int = 0,
) -> dict[str, Any]:
    """How little a code moves while its factor stays and all others change.

    The IRS of [Suter et al., 2019](https://arxiv.org/abs/1811.00007), Section
    4: for a code and a factor, one minus the largest distance of the code from
    its mean among images that share the value of the factor, averaged over the
    values, and divided by its largest distance from its mean among all images.
    Each code counts with its best factor, weighted by that largest distance. It
    does not depend on the order and sign of the codes.

    For example, if codes are factors, a code does not move while its factor
    stays, and the score is 1; also if codes are the same factor. A code that no
    factor changes, such as noise, keeps its largest distance: near 0.

    Args:
        codes: See `FactoredCodes`. Constant codes are left out.
        factors: See `FactoredCodes`.
        num_samples: Images that are drawn; all, once each, if `None`.
        num_bins: Bins of each factor.
        quantile: The quantile of the distances that stands for the largest one:
            1 in the paper, 0.99 in the authors' code.
        seed: Seed of the draws.

    Returns:
        `interventional_robustness`, from 0 to 1; 0 if all codes are constant.
    """
    table = FactoredCodes(codes, factors, seed=seed).draw(num_samples)
    used = table.codes[:, table.codes.var(axis=0) > 0.0]
    if not used.shape[1]:
        return {"interventional_robustness": 0.0}
    scales = np.abs(used - used.mean(axis=0)).max(axis=0)
    bins = discretize(table.factors, num_bins)
    distances = [_mean_distances(used, column, quantile) for column in bins.T]
    robustness = (1.0 - np.stack(distances, axis=1) / scales[:, None]).max(1)
    return {
        "interventional_robustness": float(
            np.average(robustness, weights=scales)
        )
    }


def _mean_distances(
    codes: np.ndarray, groups: np.ndarray, quantile: float
) -> np.ndarray:
    """The largest distance of each code in a group, averaged over groups."""
    found = []
    for group in np.unique(groups):
        rows = codes[groups == group]
        distances = np.abs(rows - rows.mean(axis=0))
        found.append(np.quantile(distances, quantile, axis=0))
    return np.mean(found, axis=0)
