"""The measures of a report; each is a function in a module here.

To add one, write `measure_x(observations, report)` in a module of its own and
append it to `MEASURES`. `report` has the results of the measures before it. It
returns values under new keys, which are added to the report.
"""

from collections.abc import Callable
from typing import Any

from keras_infogan.evaluation.measures.clustering import measure_clustering
from keras_infogan.evaluation.measures.fidelity import measure_fidelity
from keras_infogan.evaluation.measures.information import measure_information
from keras_infogan.evaluation.measures.naming import fit_code_map
from keras_infogan.evaluation.measures.traversals import measure_traversals
from keras_infogan.evaluation.observations import Observations

Measure = Callable[[Observations, dict[str, Any]], dict[str, Any]]

MEASURES: tuple[Measure, ...] = (
    measure_clustering,
    measure_information,
    measure_traversals,
    measure_fidelity,
    fit_code_map,
)
