"""The mutual information gap."""

from typing import Any

import numpy.typing as npt
from sklearn.metrics import mutual_info_score

from keras_infogan.evaluation.disentanglement.samples import FactoredCodes
from keras_infogan.evaluation.disentanglement.samples import gaps
from keras_infogan.evaluation.disentanglement.samples import information_matrix


def mutual_information_gap(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    num_samples: int | None = 10_000,
    num_bins: int = 20,
    seed: int = 0,
) -> dict[str, Any]:
    """How much more the best code knows of a factor than the second best (MIG).

    From [Chen et al., 2018](https://arxiv.org/abs/1802.04942), Eq. 6: the mean
    over factors of the difference of both mutual informations, divided by the
    entropy of the factor. Codes are discretized in bins of equal width. It does
    not depend on the order, sign, scale and, up to the edges of the bins,
    offset of the codes.

    For example, two factors of two values each, in all four combinations, and
    the codes `(f1, f2)`: a code has `log 2` nats of its factor and 0 of the
    other, so both gaps are 1. With the codes `(f1, f1)`, both codes have
    `log 2` nats of the first factor and none of the second: the gaps are 0.
    With the rotated `(f1 + f2, f1 - f2)`, each code tells either factor in half
    of the images, `log(2) / 2` nats: the gaps are 0.

    Args:
        codes: See `FactoredCodes`.
        factors: See `FactoredCodes`.
        num_samples: Images that are drawn; all, once each, if `None`.
        num_bins: Bins of each code.
        seed: Seed of the draws.

    Returns:
        `mutual_information_gap`, from 0 to 1, and that of each factor, in
        order, as `mutual_information_gaps`.
    """
    table = FactoredCodes(codes, factors, seed=seed).draw(num_samples)
    entropies = [mutual_info_score(x, x) for x in table.classes.T]
    of_factors = gaps(information_matrix(table, num_bins)) / entropies
    return {
        "mutual_information_gap": float(of_factors.mean()),
        "mutual_information_gaps": of_factors.tolist(),
    }
