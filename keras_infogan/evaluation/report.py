"""A report as a file: `report.json`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_infogan import __version__
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.files import write_json
from keras_infogan.models.pretrained import find_companion


def report_to_json(report: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a report as plain data, with its code map."""
    return {**report, "code_map": report["code_map"].to_json()}


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Writes what `evaluate` returns as JSON, atomically."""
    write_json(path, report_to_json(report))


def read_report(path: Path) -> dict[str, Any] | None:
    """The inverse of `write_report`; `None` if another version wrote it."""
    try:
        report = json.loads(path.read_text())
        if report["versions"]["keras-infogan"] != __version__:
            return None
        return {**report, "code_map": CodeMap.from_json(report["code_map"])}
    except (ValueError, KeyError, TypeError):
        return None


def find_report(run: Path | str) -> dict[str, Any] | None:
    """The report of a model; see `find_companion` and `read_report`."""
    path = find_companion(run, "report.json")
    return read_report(path) if path else None
