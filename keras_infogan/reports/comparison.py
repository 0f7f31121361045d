"""A page that shows runs side by side: images, numbers and options."""

import json
import math
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports import html
from keras_infogan.reports.grids import caption
from keras_infogan.reports.grids import draw_grids
from keras_infogan.reports.images import encode_png
from keras_infogan.reports.measurements import Measurement
from keras_infogan.reports.measurements import find_measurements
from keras_infogan.reports.players import draw_players
from keras_infogan.reports.run_page import traversal
from keras_infogan.reports.text import DEVIATIONS
from keras_infogan.reports.traversals import row_seeds


@dataclass(frozen=True)
class ComparedRun:
    """A run of a comparison.

    Args:
        name: How the page calls it.
        report: What `evaluate` returns, with the `configuration`.
        images: PNG files by the names of `draw_grids`.
        players: What `draw_players` returns, by the same names.
    """

    name: str
    report: Mapping[str, Any]
    images: Mapping[str, bytes]
    players: Mapping[str, str]


def draw_compared_run(
    name: str, model: InfoGAN, report: Mapping[str, Any]
) -> ComparedRun:
    """Draws the images of a run for `write_comparison`."""
    seeds = row_seeds(model, report.get("traversal_seeds"))
    grids = draw_grids(
        model,
        code_map=report["code_map"],
        class_names=report["class_names"] or (),
        seed=seeds,
    )
    return ComparedRun(
        name,
        report,
        {key: encode_png(image) for key, image in grids.items()},
        draw_players(model, report, seed=seeds),
    )


def write_comparison(path: Path, runs: Sequence[ComparedRun]) -> None:
    """Writes an HTML page that needs no other file.

    Args:
        path: The page.
        runs: At least two runs; differences are to the first.
    """
    names = [run.name for run in runs]
    data_sets = dict.fromkeys(run.report["dataset"] for run in runs)
    warnings = (
        [
            f"Warning: The data sets differ ({', '.join(data_sets)}), and with "
            "them the scales of the numbers."
        ]
        if len(data_sets) > 1
        else []
    )
    options = list(_different_options([run.report for run in runs]))
    html.write_document(
        path,
        f"{', '.join(names[:-1])} and {names[-1]}",
        [
            html.paragraphs(warnings, role="warning"),
            *_categories(runs),
            html.heading("Numbers"),
            html.table(_numbers(runs)),
            html.paragraphs(
                [
                    "Intervals are 1.96 standard errors over images, not over "
                    "seeds: another seed may change a number by more."
                ]
            ),
            html.heading("Options that differ"),
            html.table([("", *names), *options])
            if options
            else html.paragraphs(["None."]),
            *_traversals(runs),
        ],
    )


def _categories(runs: Sequence[ComparedRun]) -> Iterator[str]:
    names = [name for run in runs for name in run.images]
    for name in dict.fromkeys(names):
        if not any(name in run.players for run in runs):
            yield html.sides(
                _heading(run) + _figure(run, name)
                for run in runs
                if name in run.images
            )


def _traversals(runs: Sequence[ComparedRun]) -> Iterator[str]:
    """Each dimension, whose sliders move together."""
    names = dict.fromkeys(name for run in runs for name in run.players)
    if names:
        yield html.heading("What the codes change")
    for name in names:
        yield html.sides(
            _heading(run)
            + traversal(
                caption(name, run.report["code_map"]),
                run.players[name],
                run.images[name],
            )
            for run in runs
            if name in run.players
        )


def _heading(run: ComparedRun) -> str:
    return f"<h3>{html.text(run.name)}</h3>"


def _figure(run: ComparedRun, name: str) -> str:
    text = caption(name, run.report["code_map"])
    return html.figure(text, html.image(text, run.images[name]))


def _numbers(runs: Sequence[ComparedRun]) -> Iterator[Sequence[str]]:
    """A row for each number that any of the runs has."""
    first, *others = (run.name for run in runs)
    yield ("", first, *(x for y in others for x in (y, "difference")))
    columns = [
        {x.title: x for x in find_measurements(run.report)} for run in runs
    ]
    for title in dict.fromkeys(title for x in columns for title in x):
        base, *compared = (column.get(title) for column in columns)
        row = [title, f"{base.value:.4g}" if base else ""]
        for number in compared:
            row.append(f"{number.value:.4g}" if number else "")
            row.append(_difference(base, number))
        yield row


def _difference(base: Measurement | None, other: Measurement | None) -> str:
    """Such as "+0.01 +/- 0.002", the 95 % interval of independent errors."""
    if base is None or other is None:
        return ""
    text = f"{other.value - base.value:+.3g}"
    if base.standard_error and other.standard_error:
        error = math.hypot(base.standard_error, other.standard_error)
        text += f" +/- {DEVIATIONS * error:.2g}"
    return text


def _different_options(
    reports: Sequence[Mapping[str, Any]],
) -> Iterator[Sequence[str]]:
    """Name and values of options and versions; empty where there is none."""
    columns = [
        dict(_flatten(report["configuration"]))
        | dict(_flatten({"version": report["versions"]}))
        for report in reports
    ]
    for name in dict.fromkeys(name for column in columns for name in column):
        values = [column.get(name, "") for column in columns]
        if len(set(values)) > 1:
            yield (name, *values)


def _flatten(
    options: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str]]:
    """Names such as `data.batch_size`, and values as in JSON."""
    for name, value in options.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            yield f"{prefix}{name}", text
