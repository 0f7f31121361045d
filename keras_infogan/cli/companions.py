"""The files that lie beside the model of a run, or of a published one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from keras_infogan.models.pretrained import find_companion

if TYPE_CHECKING:
    from keras_infogan.evaluation.code_map import CodeMap


def load_code_map(run: Path) -> "CodeMap":
    """What the codes of a run mean, or a `ValueError` without."""
    from keras_infogan.evaluation.code_map import CodeMap

    path = find_companion(run, "code_map.json")
    if path is None:
        raise ValueError(
            "A class or an attribute is found by the code map of a run. "
            f"Received: {run}, without code_map.json. "
            f"`keras-infogan evaluate {run}` makes one."
        )
    return CodeMap.load(path)


def load_model_card(run: Path) -> str | None:
    """The card that belongs to a model, or what its report says."""
    from keras_infogan.reports.text import describe_report

    card = find_companion(run, "model_card.md")
    if card is not None:
        return card.read_text(encoding="utf-8")
    report = find_companion(run, "report.json")
    if report is None:
        return None
    sentences = describe_report(json.loads(report.read_text()))
    title = f"# {run.resolve().name}\n\nAn InfoGAN by keras-infogan.\n\n"
    return title + "".join(f"- {sentence}\n" for sentence in sentences)
