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
td + td { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 2rem 0; }
figcaption { opacity: .75; }
"""
# The numbers that a reader asks for first, and where a report has them.
_NUMBERS = (
    ("One-to-one accuracy (test images)", ("clustering_accuracy",)),
    ("Normalized mutual information", ("normalized_mutual_information",)),
    ("Adjusted Rand index", ("adjusted_rand_index",)),
    ("Frechet distance", ("quality", "frechet_distance")),
    ("... of real images", ("quality", "frechet_distance_floor")),
    ("Precision", ("quality", "precision")),
    ("Recall", ("quality", "recall")),
    ("Class coverage", ("quality", "class_coverage")),
)


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
    rows = []
    for name, keys in _NUMBERS:
        value: Any = report
        for key in keys:
            value = None if value is None else value.get(key)
        if value is not None:
            rows.append(f"<tr><td>{name}</td><td>{value:.4g}</td></tr>")
    for name, nats in report["mutual_information"].items():
        text = html.escape(f"Information of {name} (nats)")
        rows.append(f"<tr><td>{text}</td><td>{nats:.3f}</td></tr>")
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
        *figures,
        "</body></html>",
    ]
    with atomic_path(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
