"""The end of a run: its evaluation, and the report with all its files."""

import logging
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_infogan import checksums
from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.evaluate import evaluate
from keras_infogan.evaluation.report import write_report
from keras_infogan.evaluation.seeds import surest_seeds
from keras_infogan.files import KeptFolder
from keras_infogan.files import check_writable
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import load_model
from keras_infogan.reports.grids import draw_run
from keras_infogan.reports.images import save_image
from keras_infogan.reports.players import draw_players
from keras_infogan.reports.run_page import write_page
from keras_infogan.reports.text import describe_report
from keras_infogan.reports.traversals import NUM_PLAIN_ROWS
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.run_log import read_log

_logger = logging.getLogger(__name__)


def finish(
    config: TrainingConfig,
    run: Path,
    train_data: ImageData,
    test_data: ImageData,
    *,
    model: InfoGAN | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Evaluates a run and writes its report, code map, images and page.

    The files of a pretrained model stay as they are.

    Args:
        config: The configuration.
        run: See `load_model`.
        train_data: The training split.
        test_data: The test split.
        model: The model of the run, if it is loaded already.
        **options: `cache_dir`, `num_naming_labels` and `factored` of
            `evaluate`.

    Returns:
        The report of `evaluate`, with `num_labels`, the `warnings` of the
        training, its `steps`, the `configuration` and `traversal_seeds`, the
        noise of traversals, which `surest_seeds` has chosen.

    Raises:
        ValueError: If there is no such model, or there are too few labels.
    """
    model = model or load_model(run)
    log = read_log(run / "log.jsonl")
    folder = None
    if run.is_dir():
        # Before the evaluation, which takes long.
        folder = KeptFolder(run)
        check_writable(run / "report.json")
    _logger.info("Evaluating ...")
    report = {
        **evaluate(model, train_data, test_data, seed=config.seed, **options),
        "num_labels": config.data.num_labels,
        "warnings": [
            f"After step {line['step']}: {warning}"
            for line in log
            for warning in line.get("warnings", [])
        ],
        "steps": model.num_steps,
        "traversal_seeds": surest_seeds(model, NUM_PLAIN_ROWS),
        "configuration": config.to_json(),
    }
    if folder is not None:
        folder.check()
        _write_files(run, model, report, log)
        folder.check()
    return report


def _write_files(
    run_dir: Path,
    model: InfoGAN,
    report: dict[str, Any],
    log: list[dict[str, Any]],
) -> None:
    """Writes `report.json` last, as it says that the run is complete."""
    seeds = report["traversal_seeds"]
    images = draw_run(model, report, log, seed=seeds)
    for name, image in images.items():
        save_image(run_dir / f"{name}.png", image)
    with tf.summary.create_file_writer(str(run_dir)).as_default():
        for name in ("curves", "confusion", "attributes", "factors"):
            if name in images:
                tf.summary.image(name, images[name][None], step=model.num_steps)
    code_map = report["code_map"]
    write_page(
        run_dir / "report.html",
        report,
        describe_report(report),
        {name: (run_dir / f"{name}.png").read_bytes() for name in images},
        draw_players(model, report, seed=seeds),
    )
    identity = checksums.find_run(run_dir / "config.json")
    checksums.write_recorded_json(
        run_dir / "code_map.json", code_map.to_json(), identity
    )
    write_report(run_dir / "report.json", report, identity)
