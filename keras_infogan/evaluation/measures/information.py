"""How much information about each code a generated image carries."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan.evaluation.observations import NUM_SAMPLES
from keras_infogan.evaluation.observations import Observations
from keras_infogan.losses.information import mutual_information


def measure_information(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Estimates the variational bound of each code on fresh latents.

    Eq. 4 and 5 of [Chen et al., 2016](https://arxiv.org/abs/1606.03657), with
    the networks in inference mode.

    Returns:
        Plain data in nats, by code: `mutual_information`, with the sum as
        `total`; `mutual_information_standard_error`; `entropy`; and
        `mutual_information_ceiling`, the entropy of a discrete code, and `None`
        for a continuous one, whose information grows with the precision of the
        posterior. `priors` has the probabilities of the categories of each code
        of which they differ.
    """
    del report
    model, latents = observations.model, observations.latents
    spec = model.latent_spec
    posterior = {
        name: tf.constant(values)
        for name, values in model.encode(observations.generated).items()
    }
    nats = {
        name: float(value)
        for name, value in mutual_information(spec, latents, posterior).items()
    }
    errors = {
        name: float(
            np.std(
                code.log_likelihood(
                    latents[name], spec.parameters(name, posterior)
                )
            )
        )
        / math.sqrt(NUM_SAMPLES)
        for name, code in spec.codes.items()
    }
    return {
        "mutual_information": {**nats, "total": sum(nats.values())},
        "mutual_information_standard_error": errors,
        "mutual_information_ceiling": {
            name: code.entropy if code.is_discrete else None
            for name, code in spec.codes.items()
        },
        "entropy": {name: code.entropy for name, code in spec.codes.items()},
        "priors": spec.priors,
    }
