"""A report as a file: `report.json`."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NotRequired
from typing import TypedDict

from keras_infogan import checksums
from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.json_text import check_schema
from keras_infogan.json_text import read_json
from keras_infogan.models.pretrained import check_run
from keras_infogan.models.pretrained import find_companion

# The versions that write this schema.
_READABLE = re.compile(r"0\.[12]\..+")

_logger = logging.getLogger(__name__)


class _Traversal(TypedDict):
    correlation: dict[str, float]
    range: dict[str, list[float]]
    effect: dict[str, float]
    leakage: float | None
    class_changes: float | None


class _Agreement(TypedDict):
    accuracy: float | None
    normalized_mutual_information: NotRequired[float | None]


class _CategoryAgreement(TypedDict):
    all: float
    all_standard_error: float


class _Fidelity(TypedDict):
    frechet_distance: float
    frechet_distance_standard_error: float
    frechet_distance_floor: float
    kernel_distance: float
    kernel_distance_standard_error: float
    kernel_distance_floor: float
    precision: float
    precision_standard_error: float
    precision_floor: float
    recall: float
    recall_standard_error: float
    recall_floor: float
    density: float
    density_floor: float
    coverage: float
    coverage_standard_error: float
    coverage_floor: float
    num_images: int
    num_neighbored_images: int
    category_agreement: _CategoryAgreement | None
    class_coverage: NotRequired[float | None]
    class_entropy: NotRequired[float | None]
    feature_extractor_accuracy: NotRequired[float | None]


class _Disentanglement(TypedDict):
    codes: list[str]
    factors: list[str]
    factor_shares: list[list[float]]
    dataset: str


class _Accuracies(TypedDict):
    encoder: float
    classifier: float


class _Corruption(TypedDict):
    strengths: list[float]
    encoder: list[float]
    classifier: list[float]


class _Robustness(TypedDict):
    unchanged: _Accuracies
    corruptions: dict[str, _Corruption]
    mean: _Accuracies
    num_images: int


class _Report(TypedDict):
    """The schema of `report.json`, as far as it is read again."""

    problems: NotRequired[list[str]]
    warnings: NotRequired[list[str]]
    clustering_accuracy: float | None
    clustering_accuracy_standard_error: NotRequired[float | None]
    normalized_mutual_information: float | None
    adjusted_rand_index: float | None
    category_to_class: list[int | None] | None
    confusion: list[list[int]] | None
    class_names: list[str] | None
    categorical_codes: dict[str, _Agreement] | None
    mutual_information: dict[str, float]
    mutual_information_standard_error: dict[str, float]
    mutual_information_ceiling: dict[str, float | None]
    priors: NotRequired[dict[str, list[float]]]
    traversals: dict[str, list[_Traversal]]
    fidelity: _Fidelity | None
    code_map: dict[str, Any]
    num_naming_labels: int | None
    dataset: str
    num_train_images: int
    num_test_images: int
    seed: int
    num_labels: NotRequired[int]
    steps: NotRequired[int]
    disentanglement: NotRequired[_Disentanglement | None]
    robustness: NotRequired[_Robustness | None]
    traversal_seeds: NotRequired[list[int] | None]
    configuration: NotRequired[dict[str, Any]]
    versions: dict[str, str]


def report_to_json(report: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a report as plain data, with its code map."""
    return {**report, "code_map": report["code_map"].to_json()}


def write_report(
    path: Path, report: Mapping[str, Any], run: str | None = None
) -> None:
    """Writes what `evaluate` returns as JSON; see `checksums.recorded_path`."""
    checksums.write_recorded_json(path, report_to_json(report), run)


def load_report(path: Path) -> dict[str, Any]:
    """The inverse of `write_report`; reports of version 0.1 are the same.

    Raises:
        ValueError: If it is no report, one of another version, or damaged.
    """
    checksums.check(path, "`keras-infogan evaluate` writes it again.")
    report = read_json(path)
    check_schema(report, _Report, "A report")
    version = report["versions"].get("keras-infogan", "")
    if not _READABLE.fullmatch(version):
        raise ValueError(
            f"A report should be of version 0.1 or 0.2. Received: {version!r}."
        )
    return {**report, "code_map": _check_parts(report)}


def read_report(path: Path) -> dict[str, Any] | None:
    """Is `load_report`, but returns `None`, and logs why, instead of errors."""
    try:
        return load_report(path)
    except ValueError as error:
        _logger.info("%s is not a report of this version: %s", path, error)
        return None


def find_report(run: Path | str) -> dict[str, Any] | None:
    """The report of a model; see `find_companion` and `read_report`.

    Raises:
        ValueError: If it is of another run.
    """
    path = find_companion(run, "report.json")
    if path is None:
        return None
    check_run(run, path)
    return read_report(path)


def _check_parts(report: Mapping[str, Any]) -> CodeMap:
    """The code map, if the parts of a report fit together."""
    code_map = CodeMap.from_json(report["code_map"])
    information = report["mutual_information"].keys() - {"total"}
    if not information <= report["mutual_information_ceiling"].keys():
        raise ValueError(
            "A report should have a ceiling of the information of each code. "
            f"Received: {', '.join(report['mutual_information_ceiling'])}."
        )
    categorical = [x for x, code in code_map.codes.items() if code.categories]
    if len(categorical) > 1 and report["clustering_accuracy"] is not None:
        known = (report["categorical_codes"] or {}).keys()
        if not {*categorical} <= known:
            raise ValueError(
                "A report should have the accuracy of each of the codes "
                f"{', '.join(categorical)}. Received: {', '.join(known)}."
            )
    if found := report.get("disentanglement"):
        _check_factors(found)
    if found := report.get("robustness"):
        _check_strengths(found)
    seeds = report.get("traversal_seeds")
    if seeds is not None and not (seeds and max(map(abs, seeds)) < 2**63):
        raise ValueError(
            "The traversal_seeds of a report should be numbers below 2^63. "
            f"Received: {seeds}."
        )
    if report["class_names"] is not None and not report["class_names"]:
        raise ValueError("A report should name classes. Received: [].")
    for dimensions in report["traversals"].values():
        for traversal in dimensions:
            names = traversal["effect"].keys() | traversal["correlation"].keys()
            if (
                not names <= ATTRIBUTES.keys()
                or traversal["effect"].keys() != traversal["correlation"].keys()
            ):
                raise ValueError(
                    "The traversals of a report should have effect and "
                    f"correlation of attributes among {', '.join(ATTRIBUTES)}. "
                    f"Received: {', '.join(names)}."
                )
    return code_map


def _check_factors(found: Mapping[str, Any]) -> None:
    """Raises a `ValueError` unless all factors have a share of each code."""
    shares = found["factor_shares"]
    widths = {len(row) for row in shares} or {len(found["factors"])}
    if len(shares) != len(found["codes"]) or widths != {len(found["factors"])}:
        raise ValueError(
            "The factor_shares of a report should be of codes by factors, "
            f"{len(found['codes'])} x {len(found['factors'])}. "
            f"Received: {len(shares)} x {sorted(widths)}."
        )
    for name, value in found.items():
        if name not in _Disentanglement.__annotations__:
            check_schema(
                value, float | None, f"A report.disentanglement.{name}"
            )


def _check_strengths(found: Mapping[str, Any]) -> None:
    """Raises a `ValueError` unless each kind has accuracies by strength."""
    if not found["corruptions"] or found["num_images"] < 1:
        raise ValueError(
            "The robustness of a report should be of at least one corruption "
            f"and one image. Received: {len(found['corruptions'])} and "
            f"{found['num_images']}."
        )
    for name, values in found["corruptions"].items():
        sizes = [len(values[x]) for x in ("strengths", "encoder", "classifier")]
        if not sizes[0] or len(set(sizes)) > 1:
            raise ValueError(
                "A corruption of a report should have two accuracies for each "
                f"strength. Received: {sizes} of {name!r:.30}."
            )
