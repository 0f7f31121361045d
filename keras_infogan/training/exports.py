"""The exports of a run, in its folder `export`."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import Self

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.code_map import find_code_map
from keras_infogan.evaluation.report import find_report
from keras_infogan.export.everything import EXPLORER
from keras_infogan.export.everything import export_everything
from keras_infogan.export.everything import remove_files
from keras_infogan.files import write_json
from keras_infogan.json_text import read_json
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import find_companion
from keras_infogan.models.pretrained import load_model
from keras_infogan.reports.text import describe_report
from keras_infogan.training.config import TrainingConfig

FOLDER = "export"
# Written last: which exports there are.
_RESULTS = "exports.json"

_logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Companions:
    """What an export says about a model, beside its networks.

    Args:
        code_map: The meaning of each code, if it is known.
        model_card: A model card in Markdown.
        configuration: The training configuration, as JSON.
        seeds: The `traversal_seeds` of its report, for the explorer.
    """

    code_map: CodeMap | None = None
    model_card: str | None = None
    configuration: dict[str, Any] | None = None
    seeds: Sequence[int] | None = None

    @classmethod
    def find(cls, run: Path, spec: LatentSpec) -> Self:
        """Reads the files that belong to a model; see `find_companion`.

        Args:
            run: See `load_model`.
            spec: The codes of the model.

        Raises:
            ValueError: If one of them is damaged or of another model.
        """
        configuration = find_companion(run, "config.json")
        if configuration:
            TrainingConfig.load(configuration)
        report = find_report(run)
        return cls(
            find_code_map(run, spec),
            _model_card(run, report),
            read_json(configuration) if configuration else None,
            report.get("traversal_seeds") if report else None,
        )


def _model_card(run: Path, report: dict[str, Any] | None) -> str | None:
    """The card of a model; by default what its report says."""
    card = find_companion(run, "model_card.md")
    if card is not None:
        return card.read_text(encoding="utf-8")
    if report is None:
        return None
    sentences = describe_report(report)
    title = f"# {run.resolve().name}\n\nAn InfoGAN by keras-infogan.\n\n"
    return title + "".join(f"- {sentence}\n" for sentence in sentences)


def export_run(run_dir: Path, model: InfoGAN | None = None) -> None:
    """Exports the model of a finished run to `export` in its directory.

    Logs what cannot be exported, and why. See `export_everything`.

    Args:
        run_dir: The directory.
        model: Its model, if it is loaded already.

    Raises:
        OSError: If a file cannot be written.
    """
    _logger.info("Exporting ...")
    model = model or load_model(run_dir)
    companions = Companions.find(run_dir, model.latent_spec)
    results = export_everything(
        model,
        run_dir / FOLDER,
        run_dir.resolve().name,
        source=str(run_dir),
        code_map=companions.code_map,
        model_card=companions.model_card,
        configuration=companions.configuration,
        seeds=companions.seeds,
    )
    for kind, result in results.items():
        if isinstance(result, ValueError):
            _logger.warning("No %s: %s", kind, result)
    write_json(
        run_dir / FOLDER / _RESULTS,
        {
            kind: None if isinstance(result, ValueError) else result.name
            for kind, result in results.items()
        },
    )


def is_exported(run_dir: Path) -> bool:
    """Whether a run has its exports, as far as they were possible."""
    return (run_dir / FOLDER / _RESULTS).is_file()


def remove_exports(run_dir: Path) -> None:
    """Removes the exports, but the versions of the SavedModel."""
    (run_dir / FOLDER / _RESULTS).unlink(missing_ok=True)
    remove_files(run_dir / FOLDER)


def find_explorer(run_dir: Path) -> Path | None:
    """The explorer of a run, which is the last of its exports."""
    path = run_dir / FOLDER / EXPLORER
    return path if path.is_file() else None
