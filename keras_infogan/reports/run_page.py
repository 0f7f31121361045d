"""`report.html`: one page that shows a run, the images first."""

import json
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.reports import html
from keras_infogan.reports.grids import caption
from keras_infogan.reports.highlights import Highlight
from keras_infogan.reports.highlights import find_highlights
from keras_infogan.reports.measurements import describe_measurement
from keras_infogan.reports.measurements import find_measurements
from keras_infogan.reports.robustness import explain_robustness
from keras_infogan.reports.robustness import robustness_rows
from keras_infogan.reports.text import describe_factors

_WARNING = "Warning: "


def write_page(
    path: Path,
    report: Mapping[str, Any],
    sentences: Sequence[str],
    images: Mapping[str, bytes],
    players: Mapping[str, str],
) -> None:
    """Writes an HTML page that needs no other file.

    It opens with the categories, three numbers and the traversals; the rest is
    folded.

    Args:
        path: The page.
        report: What `evaluate` returns.
        sentences: What `describe_report` returns.
        images: PNG files by the names of `draw_run`.
        players: What `draw_players` returns, by the same names.
    """
    code_map = report["code_map"]

    # Images are named after dimensions, without a colon.
    known = {
        label.replace(":", "_"): f" {sentence}"
        for label, sentence in describe_factors(report).items()
    }

    def figure(name: str) -> str:
        text = caption(name, code_map)
        return html.figure(text, html.image(text, images[name]))

    categorical = [name for name, x in code_map.codes.items() if x.categories]
    grid = [name for name in categorical if name in images][:1]
    others = [x for x in images if x not in players and x not in grid]
    warnings = [x for x in sentences if x.startswith(_WARNING)]
    # Such as "`pose` controls slant".
    about_codes = [x for x in sentences if x.startswith("`")]
    findings = [x for x in sentences if x not in (*warnings, *about_codes)]
    html.write_document(
        path,
        f"InfoGAN on {report['dataset']}, seed {report['seed']}",
        [
            *map(figure, grid),
            numbers(find_highlights(report)),
            html.paragraphs(warnings, role="warning"),
            html.heading("What the codes change") if players else "",
            html.paragraphs(about_codes),
            *(
                traversal(
                    caption(name, code_map) + known.get(name, ""),
                    player,
                    images[name],
                )
                for name, player in players.items()
            ),
            html.details("Findings", [html.paragraphs(findings)]),
            html.details("All measurements", _measurements(report)),
            html.details("Robust reading", _robustness(report)),
            html.details(
                "Classes of the categories", map(html.table, _classes(report))
            ),
            html.details("Plots", map(figure, others)),
            html.details("How it was made", _origin(report)),
        ],
    )


def numbers(highlights: Sequence[Highlight]) -> str:
    """Numbers with their titles and meanings, side by side."""
    cells = "".join(
        f"<div><dt>{html.text(x.title)}</dt>"
        f'<dd class="value">{html.text(x.value)}</dd>'
        f"<dd>{html.text(x.meaning)}</dd></div>"
        for x in highlights
    )
    return f'<dl class="numbers">{cells}</dl>' if cells else ""


def traversal(text: str, player: str, grid: bytes) -> str:
    """A player and, for pages without JavaScript and paper, all its images."""
    return html.figure(
        text,
        f'{player}<details class="still" open><summary>Side by side</summary>'
        f"{html.image(text, grid)}</details>",
    )


def _measurements(report: Mapping[str, Any]) -> Iterator[str]:
    yield html.table(
        [
            ("", "value", "95 %", "real images"),
            *map(describe_measurement, find_measurements(report)),
        ]
    )
    fidelity = report["fidelity"]
    if fidelity is not None:
        yield html.paragraphs(
            [
                f"Distances are between {fidelity['num_images']:,} generated "
                "and as many test images; precision, recall, density and "
                "coverage are of "
                f"{fidelity['num_neighbored_images']:,}. The column of real "
                "images has training images in place of generated ones. "
                "Intervals are 1.96 standard errors over images, not over "
                "seeds."
            ]
        )


def _robustness(report: Mapping[str, Any]) -> Iterator[str]:
    if report.get("robustness"):
        yield html.paragraphs(explain_robustness(report))
        # Numbers that belong together stay in one line.
        yield html.table(
            [cell.replace(" ", "\u00a0") for cell in row]
            for row in robustness_rows(report)
        )


def _classes(report: Mapping[str, Any]) -> Iterator[list[Sequence[object]]]:
    """A table for each code whose categories have names."""
    code_map: CodeMap = report["code_map"]
    for code in dict.fromkeys(name for name, *_ in code_map.named_categories()):
        rows: list[Sequence[object]] = [
            (code, "class", "purity", "at least (95 %)", "labels")
        ]
        class_names = report["class_names"] or ()
        for number in code_map.category_order(code, class_names):
            category = code_map.codes[code].categories[number]
            shares = (category.purity, category.confidence)
            rows.append(
                (
                    number,
                    category.name or "unnamed",
                    *("" if x is None else f"{x:.0%}" for x in shares),
                    f"{category.num_labels:,}",
                )
            )
        yield rows


def _origin(report: Mapping[str, Any]) -> Iterator[str]:
    yield html.table(
        [
            ("made with", ""),
            ("seed", report["seed"]),
            ("steps", report.get("steps", "unknown")),
            *report["versions"].items(),
        ]
    )
    yield html.paragraphs(["The configuration:"])
    configuration = report.get("configuration", {})
    yield html.preformatted(json.dumps(configuration, indent=2))
