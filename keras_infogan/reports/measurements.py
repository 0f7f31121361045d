"""The numbers of a report as rows of a table."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from keras_infogan.evaluation.measures import MEASURES
from keras_infogan.evaluation.measures import find_number
from keras_infogan.reports.text import DEVIATIONS


class Measurement(NamedTuple):
    """A number of a report.

    Args:
        title: What it is, with its unit.
        value: The number.
        standard_error: Over images; `None` if it is unknown.
        floor: That of training images in place of generated ones, if measured.
    """

    title: str
    value: float
    standard_error: float | None = None
    floor: float | None = None


def find_measurements(report: Mapping[str, Any]) -> Iterator[Measurement]:
    """All numbers that `MEASURES` and the codes have in a report."""
    for measure in MEASURES:
        for key, number in measure.numbers.items():
            value, error, floor = (
                find_number(report, f"{key}{suffix}")
                for suffix in ("", "_standard_error", "_floor")
            )
            if value is not None:
                yield Measurement(number.title, value, error, floor)
    errors = report["mutual_information_standard_error"]
    for code, nats in report["mutual_information"].items():
        what = "all codes" if code == "total" else code
        title = f"Mutual information of {what} (nats)"
        yield Measurement(title, nats, errors.get(code))


def describe_measurement(measurement: Measurement) -> tuple[str, ...]:
    """Title, value, 95 % interval and floor; empty where there is none."""
    title, value, error, floor = measurement
    return (
        title,
        f"{value:.4g}",
        # That of a share of 0 or 1 is 0, and not informative.
        f"+/- {DEVIATIONS * error:.2g}" if error else "",
        "" if floor is None else f"{floor:.4g}",
    )
