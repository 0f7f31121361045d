"""The problems of a model, which also tell how to read its other numbers."""

from typing import Any

from keras_infogan.evaluation.observations import Observations
from keras_infogan.models.diagnostics import NUM_IMAGES
from keras_infogan.models.diagnostics import find_model_problems


def measure_problems(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Finds the problems that `fit` warns of, with test images.

    Returns:
        `problems`: sentences with advice; none for a good model.
    """
    del report
    images = observations.test.scaled(slice(NUM_IMAGES))
    return {"problems": find_model_problems(observations.model, images)}
