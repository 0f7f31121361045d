"""Fits a code map: which class a category is, which attribute a dimension."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.measures.clustering import count_naming_labels
from keras_infogan.evaluation.observations import Observations

# A dimension changes an attribute steadily if the mean |rho| is at least this.
# Of eleven values in order, all but one, it is .98; of noise it is near 0.
_MIN_CORRELATION = 0.8
# In standard deviations over real images. A smaller change is not visible, and
# rho alone does not show it: the order along a traversal ignores the size.
_MIN_EFFECT = 1.0
# A category has the name of its majority class, if there is one.
_MIN_MAJORITY = 0.5


def fit_code_map(
    observations: Observations, report: dict[str, Any]
) -> dict[str, CodeMap]:
    """Names the codes of a model.

    Categories are named on the training split, dimensions along traversals;
    these are compared with the attributes of the test images. `report` needs
    `traversals` and `mutual_information`.

    Returns:
        `code_map`: the `CodeMap`.
    """
    spec = observations.model.latent_spec
    dimensions = name_dimensions(
        report["traversals"], report["mutual_information"]
    )
    codes = {}
    for name, code in spec.codes.items():
        kind = spec.get_config()["codes"][name]["type"]
        if not code.has_categories:
            unknown = (DimensionMeaning(),) * code.num_dimensions
            codes[name] = CodeMeaning((), dimensions.get(name, unknown), kind)
            continue
        categories = (CategoryMeaning(),) * code.dim
        counts = count_naming_labels(observations, name)
        if counts is not None:
            categories = name_categories(counts, observations.train.class_names)
        codes[name] = CodeMeaning(categories, (), kind)
    code_map = CodeMap(codes)
    if observations.attributes:
        estimates = spec.estimate(observations.test_posterior)
        for name, code in spec.codes.items():
            if not code.is_linear:
                del estimates[name]
        code_map = fit_to_real_images(
            code_map, estimates, observations.attributes
        )
    return {"code_map": code_map}


def name_categories(
    confusion: np.ndarray, class_names: Sequence[str]
) -> tuple[CategoryMeaning, ...]:
    """Names each category after its majority class.

    Without a name where no class has half of its labeled images.

    Args:
        confusion: Integer array of shape `(num_classes, num_categories)` of
            labeled images; a handful of them is enough.
        class_names: The names of the classes.
    """
    meanings = []
    for counts in np.asarray(confusion).T:
        total, best = int(counts.sum()), int(counts.argmax())
        hits = int(counts[best])
        meaning = CategoryMeaning(num_labels=total)
        if total and hits >= _MIN_MAJORITY * total:
            confidence = stats.beta.ppf(0.025, hits, total - hits + 1)
            meaning = CategoryMeaning(
                class_names[best], hits / total, float(confidence), total
            )
        meanings.append(meaning)
    return tuple(meanings)


def name_dimensions(
    traversals: Mapping[str, Sequence[Mapping[str, Any]]],
    information: Mapping[str, float],
) -> dict[str, tuple[DimensionMeaning, ...]]:
    """Names each dimension after the attribute that it changes most.

    Changes are compared in standard deviations of the attribute over real
    images, among the attributes that the dimension changes steadily. Each
    attribute names at most one dimension, the one with the largest effect.

    Args:
        traversals: What `measure_traversals` returns.
        information: Lower bound of the mutual information of each code, in
            nats. A code without information gets no name.
    """
    candidates = sorted(
        (
            (abs(traversal["effect"][attribute]), name, index, attribute)
            for name, dimensions in traversals.items()
            for index, traversal in enumerate(dimensions)
            for attribute, entry in ATTRIBUTES.items()
            if entry.names_codes
            and information[name] > 0.0
            and abs(traversal["effect"][attribute]) >= _MIN_EFFECT
            and abs(traversal["correlation"][attribute]) >= _MIN_CORRELATION
        ),
        reverse=True,
    )
    meanings = {
        name: [DimensionMeaning()] * len(dimensions)
        for name, dimensions in traversals.items()
    }
    taken = set()
    for _, name, index, attribute in candidates:
        if meanings[name][index].attribute is None and attribute not in taken:
            taken.add(attribute)
            traversal = traversals[name][index]
            rho = traversal["correlation"][attribute]
            low, high = traversal["range"][attribute]
            meanings[name][index] = DimensionMeaning(
                attribute,
                1 if rho > 0 else -1,
                rho,
                low,
                high,
                ATTRIBUTES[attribute].unit,
            )
    return {name: tuple(entries) for name, entries in meanings.items()}


def fit_to_real_images(
    code_map: CodeMap,
    estimates: Mapping[str, np.ndarray],
    measured: Mapping[str, np.ndarray],
) -> CodeMap:
    """Relates the named dimensions to the attributes of real images.

    Args:
        code_map: A code map whose dimensions have names.
        estimates: By code, its best guess for real images, of shape
            `(num_images, num_dimensions)`.
        measured: What `morphology.measure` returns for the first of these
            images; NaN, where there is nothing to measure, is left out.

    Returns:
        The code map with the fields from `read_low` to `agreement` filled in,
        where a dimension has a name and estimates, and both vary.
    """
    codes = dict(code_map.codes)
    for name, index, dimension in code_map.named_dimensions():
        if name not in estimates:
            continue
        values = measured[str(dimension.attribute)]
        finite = np.isfinite(values)
        guesses = estimates[name][: len(values), index]
        guesses, values = guesses[finite].astype(float), values[finite]
        if len(values) < 2 or not np.ptp(guesses) or not np.ptp(values):
            continue
        line = stats.linregress(guesses, values)
        lower, upper = np.quantile(values, [0.25, 0.75])
        rho = stats.spearmanr(guesses, values).statistic
        dimensions = list(codes[name].dimensions)
        dimensions[index] = replace(
            dimension,
            read_low=float(line.intercept - line.slope),
            read_high=float(line.intercept + line.slope),
            lower_quartile=float(lower),
            upper_quartile=float(upper),
            agreement=float(dimension.sign * rho),
        )
        codes[name] = replace(codes[name], dimensions=tuple(dimensions))
    return CodeMap(codes)
