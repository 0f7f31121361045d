"""What the codes know of the factors of variation."""

import logging
from typing import Any

import numpy as np
from sklearn.metrics import mutual_info_score

from keras_infogan.evaluation.disentanglement import disentanglement_scores
from keras_infogan.evaluation.disentanglement.samples import FactoredCodes
from keras_infogan.evaluation.disentanglement.samples import information_matrix
from keras_infogan.evaluation.disentanglement.vectors import posterior_vectors
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.evaluation.observations import Observations

# Images and bins of the shares, as of the mutual information gap.
_NUM_SAMPLES = 10_000
_NUM_BINS = 20

_logger = logging.getLogger(__name__)


def measure_factors(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Measures disentanglement, if there are images with factors.

    Returns:
        Nothing without factors. Otherwise, as `disentanglement`, the results of
        all metrics of `evaluation.disentanglement`, on the means of the codes
        (`posterior_vectors`); and, of each dimension of the codes and each
        factor, named in `codes` and `factors`, the mutual information as a
        share of the entropy of the factor: `factor_shares`, a list of codes by
        factors. `dataset` and `num_images` say what they were measured on.
    """
    del report
    model, data = observations.model, observations.factored
    if data is None or data.factors is None:
        return {}
    _logger.info("Measuring disentanglement, which takes minutes ...")
    spec, posterior = model.latent_spec, observations.factored_posterior
    labels, columns = [], []
    for name, estimate in spec.estimate(posterior).items():
        size = spec.codes[name].num_dimensions
        labels += [dimension_label(name, i, size) for i in range(size)]
        # A category is one dimension, by its number.
        is_single = estimate.shape[1] == size
        columns.append(estimate if is_single else estimate.argmax(1)[:, None])
    table = FactoredCodes(
        np.concatenate(columns, axis=1), data.factors, seed=observations.seed
    ).draw(_NUM_SAMPLES)
    entropies = [mutual_info_score(x, x) for x in table.classes.T]
    shares = information_matrix(table, _NUM_BINS) / entropies
    return {
        "disentanglement": {
            **disentanglement_scores(
                posterior_vectors(spec, posterior),
                data.factors,
                seed=observations.seed,
            ),
            "codes": labels,
            "factors": list(data.factor_names),
            "factor_shares": shares.tolist(),
            "dataset": data.name,
            "num_images": len(data.images),
        }
    }
