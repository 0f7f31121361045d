"""One HTML page that shows a run: sentences, numbers, images."""

import base64
import html
import json
import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.measures import MEASURES
from keras_infogan.evaluation.measures import find_number
from keras_infogan.files import atomic_path
from keras_infogan.reports.text import DEVIATIONS

_TEMPLATE = Path(__file__).with_name("page.html")


def write_page(
    path: Path,
    report: Mapping[str, Any],
    sentences: Sequence[str],
    images: Mapping[str, Path],
) -> None:
    """Writes an HTML page that needs no other file.

    Args:
        path: The page.
        report: What `evaluate` returns.
        sentences: What `describe_report` returns.
        images: PNG files by their captions, in order. In captions and
            sentences, text in backticks is code.
    """
    page = Template(_TEMPLATE.read_text("utf-8")).substitute(
        title=html.escape(
            f"InfoGAN on {report['dataset']}, seed {report['seed']}"
        ),
        sentences="\n".join(f"<p>{_text(x)}</p>" for x in sentences),
        measures=_table(
            [("", "value", "95 %", "real images"), *_measures(report)]
        ),
        note=_note(report["fidelity"]),
        categories="\n".join(map(_table, _categories(report["code_map"]))),
        images="\n".join(
            _image(caption, image) for caption, image in images.items()
        ),
        origin=_table(
            [
                ("made with", ""),
                ("seed", report["seed"]),
                ("steps", report.get("steps", "unknown")),
                *report["versions"].items(),
            ]
        ),
        configuration=html.escape(
            json.dumps(report.get("configuration", {}), indent=2)
        ),
    )
    with atomic_path(path) as partial:
        partial.write_text(page, encoding="utf-8")


def _text(sentence: str) -> str:
    """A sentence as HTML, what is in backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(sentence))


def _table(rows: Sequence[Sequence[object]]) -> str:
    """A table of texts; the first row is its head."""
    lines = []
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        cells = (f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row)
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _image(caption: str, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    alt = html.escape(caption.replace("`", ""))
    return (
        f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
        f"<figcaption>{_text(caption)}</figcaption></figure>"
    )


def _measures(report: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """Rows of a name, its value, the 95 % interval and that of real images."""
    rows: list[tuple[Any, ...]] = [
        (
            number.title,
            *(
                find_number(report, f"{key}{x}")
                for x in ("", "_standard_error", "_floor")
            ),
        )
        for measure in MEASURES
        for key, number in measure.numbers.items()
    ]
    errors = report["mutual_information_standard_error"]
    for code, nats in report["mutual_information"].items():
        what = "all codes" if code == "total" else code
        name = f"Mutual information of {what} (nats)"
        rows.append((name, nats, errors.get(code), None))
    for name, value, error, floor in rows:
        if value is not None:
            yield (
                name,
                f"{value:.4g}",
                # That of a share of 0 or 1 is 0, and not informative.
                f"+/- {DEVIATIONS * error:.2g}" if error else "",
                "" if floor is None else f"{floor:.4g}",
            )


def _note(fidelity: Mapping[str, Any] | None) -> str:
    if fidelity is None:
        return ""
    return (
        f"<p>Distances are between {fidelity['num_images']:,} generated and as "
        "many test images; precision, recall, density and coverage are of "
        f"{fidelity['num_neighbored_images']:,}. The column of real images has "
        "training images in place of generated ones. Intervals are 1.96 "
        "standard errors over images, not over seeds.</p>"
    )


def _categories(code_map: CodeMap) -> Iterator[Sequence[Sequence[object]]]:
    """A table for each code whose categories have names."""
    named = dict.fromkeys(name for name, _, _ in code_map.named_categories())
    for name in named:
        rows: list[Sequence[object]] = [
            (name, "class", "purity", "at least (95 %)", "labels")
        ]
        for number, category in enumerate(code_map.codes[name].categories):
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
