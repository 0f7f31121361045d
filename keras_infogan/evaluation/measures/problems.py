"""The problems of a model, which also tell how to read its other numbers."""

from typing import Any

from keras_infogan.evaluation.observations import Observations
from keras_infogan.models.diagnostics import NUM_IMAGES
from keras_infogan.models.diagnostics import find_model_problems


def measure_problems(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Finds the problems that `fit` warns of, with test images.

    And whether no image is near a real one, if `report` has the `fidelity`.

    Returns:
        `problems`: sentences with advice; none for a good model.
    """
    images = observations.test.scaled(slice(NUM_IMAGES))
    problems = find_model_problems(observations.model, images)
    if (report.get("fidelity") or {}).get("precision") == 0.0:
        problems.append(
            "The images look like none of the test images: in the features of "
            "a classifier, the precision is 0. Train for more epochs, or see "
            "the other problems."
        )
    return {"problems": problems}
