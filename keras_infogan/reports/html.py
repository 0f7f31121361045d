"""One page that shows a run to others: sentences, numbers, pictures."""

import base64
import html
import json
import re
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_infogan.files import atomic_path

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem; }
img { max-width: 100%; border-radius: 4px; background: white; }
table { border-collapse: collapse; }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
table { margin: 1rem 0; }
pre { overflow-x: auto; }
figure { margin: 2rem 0; }
figcaption { opacity: .75; }
"""
# The numbers that a reader asks for first, and where a report has them. Beside
# each is looked for its standard error and its floor.
_NUMBERS = (
    ("One-to-one accuracy (test images)", ("clustering_accuracy",)),
    ("Normalized mutual information", ("normalized_mutual_information",)),
    ("Adjusted Rand index", ("adjusted_rand_index",)),
    ("Frechet distance", ("fidelity", "frechet_distance")),
    ("Kernel distance", ("fidelity", "kernel_distance")),
    ("Precision", ("fidelity", "precision")),
    ("Recall", ("fidelity", "recall")),
    ("Density", ("fidelity", "density")),
    ("Coverage", ("fidelity", "coverage")),
    ("Class coverage", ("fidelity", "class_coverage")),
    ("Class entropy (nats)", ("fidelity", "class_entropy")),
    (
        "Generated images read as the class of their category",
        ("fidelity", "category_agreement", "all"),
    ),
    ("Accuracy of the classifier", ("fidelity", "feature_extractor_accuracy")),
)
# Of a normal distribution: 95 % lie within so many deviations.
_DEVIATIONS = 1.96


def _row(
    name: str, value: float, error: float | None, floor: float | None
) -> str:
    """Cells of a number, its interval and that of real images."""
    # An error of 0, of a share of 0 or 1, says nothing.
    cells = (
        html.escape(name),
        f"{value:.4g}",
        f"+/- {_DEVIATIONS * error:.2g}" if error else "",
        "" if floor is None else f"{floor:.4g}",
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _text(sentence: str) -> str:
    """A sentence as HTML, its `names` as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(sentence))


def _table(rows: Sequence[Sequence[object]]) -> str:
    """A table of texts, the first row its head."""
    lines = []
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        cells = (f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row)
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _categories(report: Mapping[str, Any]) -> list[str]:
    """A table of each code whose categories have names."""
    parts = []
    for code, meanings in report["code_map"]["codes"].items():
        categories = meanings.get("categories", ())
        if not any(meaning["name"] for meaning in categories):
            continue
        rows: list[Sequence[object]] = [
            (code, "class", "its share", "at least (95 %)", "labels")
        ]
        for number, meaning in enumerate(categories):
            shares = (meaning["purity"], meaning["confidence"])
            rows.append(
                (
                    number,
                    meaning["name"] or "unnamed",
                    *("" if x is None else f"{x:.0%}" for x in shares),
                    f"{meaning['num_labels']:,}",
                )
            )
        parts.append(_table(rows))
    return parts


def _origin(report: Mapping[str, Any]) -> list[str]:
    """Seed, steps, versions and options: what the numbers depend on."""
    rows: list[Sequence[object]] = [
        ("made with", ""),
        ("seed", report["seed"]),
        ("steps", report.get("steps", "unknown")),
        *report["versions"].items(),
    ]
    options = json.dumps(report.get("configuration", {}), indent=2)
    return [
        "<h2>How it was made</h2>",
        _table(rows),
        f"<p>The options:</p><pre>{html.escape(options)}</pre>",
    ]


def write_page(
    path: Path,
    report: Mapping[str, Any],
    sentences: Sequence[str],
    pictures: Mapping[str, Path],
) -> None:
    """Writes a page of HTML that needs no other file.

    Args:
        path: The page.
        report: Of `evaluation.evaluate`.
        sentences: What the numbers mean.
        pictures: PNG files by their captions, in order. In captions and
            sentences, what is in backticks is code.
    """
    rows = ["<tr><th></th><th>value</th><th>95 %</th><th>real images</th></tr>"]
    for name, (*folders, key) in _NUMBERS:
        place: Any = report
        for folder in folders:
            place = (place or {}).get(folder)
        value = (place or {}).get(key)
        if value is not None:
            error = place.get(f"{key}_standard_error")
            rows.append(_row(name, value, error, place.get(f"{key}_floor")))
    errors = report.get("mutual_information_standard_error", {})
    for name, nats in report["mutual_information"].items():
        what = "all codes" if name == "total" else name
        text = f"Information of {what} (nats)"
        rows.append(_row(text, nats, errors.get(name), None))
    fidelity = report.get("fidelity")
    note = []
    if fidelity is not None:
        note.append(
            f"<p>Distances are of {fidelity['num_images']:,} generated and as "
            "many test images, precision, recall, density and coverage of "
            f"{fidelity['num_neighbored_images']:,}; beside them, those of as "
            "many training images. The intervals are 1.96 standard errors, of "
            "the images, not of seeds.</p>"
        )
    figures = []
    for caption, picture in pictures.items():
        data = base64.b64encode(picture.read_bytes()).decode("ascii")
        alt = html.escape(caption.replace("`", ""))
        figures.append(
            f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
            f"<figcaption>{_text(caption)}</figcaption></figure>"
        )
    title = html.escape(
        f"InfoGAN on {report['dataset']}, seed {report['seed']}"
    )
    lines = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        *(f"<p>{_text(sentence)}</p>" for sentence in sentences),
        f"<table>{''.join(rows)}</table>",
        *note,
        *_categories(report),
        *figures,
        *_origin(report),
        "</body></html>",
    ]
    with atomic_path(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
