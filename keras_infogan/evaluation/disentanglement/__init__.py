"""Metrics of disentanglement, for any codes of images with known factors.

Each is a function of codes and factors in a file here, with the defaults of
[disentanglement_lib](https://github.com/google-research/disentanglement_lib),
the reference of the field. To add one, write a function that returns plain data
under new keys, and register it in `METRICS`; `evaluate --factors`, reports and
benchmarks pick it up from there. Those that compare runs, and need no factors,
are in `udr.py` and `centrality.py`.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_infogan.evaluation.disentanglement.beta_vae import beta_vae_score
from keras_infogan.evaluation.disentanglement.dci import dci_scores
from keras_infogan.evaluation.disentanglement.factor_vae import factor_vae_score
from keras_infogan.evaluation.disentanglement.irs import (
    interventional_robustness,
)
from keras_infogan.evaluation.disentanglement.mig import mutual_information_gap
from keras_infogan.evaluation.disentanglement.modularity import (
    modularity_and_explicitness,
)
from keras_infogan.evaluation.disentanglement.sap import sap_score
from keras_infogan.options import check_choice

# Images that are encoded at a time.
_CHUNK = 10_000


class Metric(NamedTuple):
    """A metric of disentanglement.

    Args:
        compute: Of codes, factors and a `seed`, a dictionary of plain data.
        titles: What reports show, by key; all are better if larger.
    """

    compute: Callable[..., dict[str, Any]]
    titles: Mapping[str, str]


METRICS = {
    "factor_vae": Metric(
        factor_vae_score, {"factor_vae_score": "FactorVAE score"}
    ),
    "beta_vae": Metric(beta_vae_score, {"beta_vae_score": "BetaVAE score"}),
    "mig": Metric(
        mutual_information_gap,
        {"mutual_information_gap": "Mutual information gap"},
    ),
    "dci": Metric(
        dci_scores,
        {
            "disentanglement": "Disentanglement (DCI)",
            "completeness": "Completeness (DCI)",
            "informativeness": "Informativeness (DCI)",
        },
    ),
    "sap": Metric(
        sap_score, {"sap_score": "Separated attribute predictability"}
    ),
    "modularity": Metric(
        modularity_and_explicitness,
        {"modularity": "Modularity", "explicitness": "Explicitness"},
    ),
    "irs": Metric(
        interventional_robustness,
        {"interventional_robustness": "Interventional robustness"},
    ),
}


def disentanglement_scores(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    metrics: Sequence[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measures codes of images whose factors of variation are known.

    Args:
        codes: Numbers of shape `(num_images, num_codes)`, such as the means of
            posteriors.
        factors: Numbers of shape `(num_images, num_factors)`. Best, the images
            are all combinations of them.
        metrics: Names in `METRICS`; all by default. Only `"dci"` takes minutes.
        options: Arguments of their functions, by name:
            `{"dci": {"num_trees": 10}}`.
        seed: Seed of the draws.

    Returns:
        The results of all functions, which say what they are.

    Raises:
        ValueError: If there is no such metric, or the arrays do not fit.

    Example:
    ```python
    scores = disentanglement_scores(codes, factors, metrics=["mig"])
    scores["mutual_information_gap"]
    ```
    """
    names = list(METRICS) if metrics is None else metrics
    scores: dict[str, Any] = {}
    for name in names:
        check_choice("metrics", name, METRICS)
        more = (options or {}).get(name, {})
        scores |= METRICS[name].compute(codes, factors, seed=seed, **more)
    return scores


def encode_in_chunks(
    encode: Callable[[np.ndarray], npt.ArrayLike], images: np.ndarray
) -> np.ndarray:
    """The codes of images by any encoder, such as a network's `predict`.

    Args:
        encode: From images to numbers of shape `(num_images, num_codes)`; is
            given 10,000 images at a time.
        images: Images in its form.

    Returns:
        float64 array of shape `(num_images, num_codes)`.
    """
    return np.concatenate(
        [
            np.asarray(encode(images[start : start + _CHUNK]), np.float64)
            for start in range(0, len(images), _CHUNK)
        ]
    )
