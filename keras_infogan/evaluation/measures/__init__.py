"""The measures of a report; each is a function in a module here.

To add one, write `measure_x(observations, report)` in a module of its own and
append a `Measure` to `MEASURES`, with a `Number` for each value that reports
show: `report.json`, the table and sentences of `report.html`, and the console
pick it up from there.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import NamedTuple

from keras_infogan.evaluation.disentanglement import METRICS
from keras_infogan.evaluation.measures.clustering import (
    measure_categorical_codes,
)
from keras_infogan.evaluation.measures.clustering import measure_clustering
from keras_infogan.evaluation.measures.factors import measure_factors
from keras_infogan.evaluation.measures.fidelity import measure_fidelity
from keras_infogan.evaluation.measures.information import measure_information
from keras_infogan.evaluation.measures.naming import fit_code_map
from keras_infogan.evaluation.measures.problems import measure_problems
from keras_infogan.evaluation.measures.robustness import measure_robustness
from keras_infogan.evaluation.measures.traversals import measure_traversals
from keras_infogan.evaluation.observations import Observations


class Number(NamedTuple):
    """How reports show a number; not at all if it is `None` or missing.

    Args:
        title: Its row of the table, with its unit.
        sentence: Its sentence, such as `"The error is {:.1%}."`. Empty for
            those about which `reports.text` says more.
    """

    title: str
    sentence: str = ""


@dataclass(frozen=True)
class Measure:
    """A part of a report.

    Args:
        run: Returns values under new keys, which are added to the report:
            plain data. Is given the observations, and the report of the
            measures before it.
        numbers: What reports show, by key; `a.b` is the value of `b` in that of
            `a`. The table has `{key}_standard_error` and `{key}_floor`, if
            there are any, beside it.
    """

    run: Callable[[Observations, dict[str, Any]], dict[str, Any]]
    numbers: Mapping[str, Number] = field(default_factory=dict)


MEASURES = [
    Measure(
        measure_clustering,
        {
            "clustering_accuracy": Number("Clustering accuracy (test images)"),
            "normalized_mutual_information": Number(
                "Normalized mutual information"
            ),
            "adjusted_rand_index": Number("Adjusted Rand index"),
        },
    ),
    Measure(
        measure_categorical_codes,
        {
            "categorical_codes.joint.accuracy": Number(
                "Accuracy of all categorical codes jointly",
                "All categorical codes jointly tell {:.1%} of the classes.",
            ),
            "categorical_codes.joint.normalized_mutual_information": Number(
                "Normalized mutual information of all categorical codes"
            ),
        },
    ),
    Measure(measure_information),
    Measure(measure_traversals),
    Measure(
        measure_fidelity,
        {
            "fidelity.frechet_distance": Number("Frechet distance"),
            "fidelity.kernel_distance": Number("Kernel distance"),
            "fidelity.precision": Number("Precision"),
            "fidelity.recall": Number("Recall"),
            "fidelity.density": Number("Density"),
            "fidelity.coverage": Number("Coverage"),
            "fidelity.class_coverage": Number(
                "Class coverage",
                "The generated images cover {:.0%} of the classes: each "
                "of these has at least a tenth of its expected share.",
            ),
            "fidelity.class_entropy": Number("Class entropy (nats)"),
            "fidelity.category_agreement.all": Number(
                "Generated images of the class of their category"
            ),
            "fidelity.feature_extractor_accuracy": Number(
                "Accuracy of the feature extractor"
            ),
        },
    ),
    Measure(
        measure_robustness,
        {
            "robustness.mean.encoder": Number(
                "Accuracy of the encoder on changed images"
            ),
            "robustness.mean.classifier": Number(
                "Accuracy of the feature extractor on changed images"
            ),
        },
    ),
    Measure(
        measure_factors,
        {
            f"disentanglement.{key}": Number(title)
            for metric in METRICS.values()
            for key, title in metric.titles.items()
        },
    ),
    Measure(measure_problems),
    Measure(fit_code_map),
]


def find_number(report: Mapping[str, Any], key: str) -> Any:
    """Looks up a key of `Measure.numbers`; `None` if there is no such value."""
    value: Any = report
    for part in key.split("."):
        value = (value or {}).get(part)
    return value
