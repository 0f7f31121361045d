"""One page that shows a run to others: sentences, numbers, pictures."""

import base64
import html
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
figure { margin: 2rem 0; }
figcaption { opacity: .75; }
"""
# The numbers that a reader asks for first, and where a report has them. Beside
# each is looked for its standard error and its floor.
_NUMBERS = (
    ("One-to-one accuracy (test images)", ("clustering_accuracy",)),
    ("Normalized mutual information", ("normalized_mutual_information",)),
    ("Adjusted Rand index", ("adjusted_rand_index",)),
    ("Frechet distance", ("quality", "frechet_distance")),
    ("Kernel distance", ("quality", "kernel_distance")),
    ("Precision", ("quality", "precision")),
    ("Recall", ("quality", "recall")),
    ("Density", ("quality", "density")),
    ("Coverage", ("quality", "coverage")),
    ("Class coverage", ("quality", "class_coverage")),
    ("Class entropy (nats)", ("quality", "class_entropy")),
    (
        "Generated images read as the class of their category",
        ("quality", "category_agreement", "all"),
    ),
    ("Accuracy of the classifier", ("quality", "classifier_accuracy")),
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
        pictures: PNG files by their captions, in order.
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
        text = f"Information of {name} (nats)"
        rows.append(_row(text, nats, errors.get(name), None))
    quality = report.get("quality")
    note = []
    if quality is not None:
        note.append(
            f"<p>Distances are of {quality['num_images']:,} generated and as "
            "many test images, precision, recall, density and coverage of "
            f"{quality['num_neighbored_images']:,}; beside them, those of as "
            "many training images. The intervals are 1.96 standard errors, of "
            "the images, not of seeds.</p>"
        )
    figures = []
    for caption, picture in pictures.items():
        data = base64.b64encode(picture.read_bytes()).decode("ascii")
        text = html.escape(caption)
        figures.append(
            f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
            f"<figcaption>{text}</figcaption></figure>"
        )
    title = html.escape(
        f"InfoGAN on {report['dataset']}, seed {report['seed']}"
    )
    lines = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        *(f"<p>{html.escape(sentence)}</p>" for sentence in sentences),
        f"<table>{''.join(rows)}</table>",
        *note,
        *figures,
        "</body></html>",
    ]
    with atomic_path(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
