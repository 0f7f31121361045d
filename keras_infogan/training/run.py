"""One run: from a configuration to a directory with model and report."""

import logging
from pathlib import Path
from typing import Any

from keras_infogan.data.tfds import cache_directory
from keras_infogan.evaluation.report import read_report
from keras_infogan.files import atomic_path
from keras_infogan.reports.text import describe_report
from keras_infogan.training.build import build_model
from keras_infogan.training.build import load_data
from keras_infogan.training.build import make_stream
from keras_infogan.training.callbacks.checkpoints import restore
from keras_infogan.training.callbacks.steps import RunPosition
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.diagnostics import NUM_IMAGES
from keras_infogan.training.directory import check_directory
from keras_infogan.training.directory import lock_directory
from keras_infogan.training.finish import finish
from keras_infogan.training.fit import fit

_logger = logging.getLogger(__name__)


def train(
    config: TrainingConfig,
    run_dir: Path | str,
    *,
    data_dir: Path | None = None,
    archives_dir: Path | None = None,
) -> dict[str, Any]:
    """Trains and evaluates a model, or resumes a run that was stopped.

    The directory holds `config.json`, `log.jsonl`, TensorBoard's `events.*`,
    `samples/` and `checkpoints/`, and finally `model.keras`, `report.json`,
    `code_map.json`, images, and `report.html` with all of them. On a CPU, a run
    that was interrupted or killed ends with the same weights as one that was
    not. Sets the global seed and dtype policy of Keras.

    Args:
        config: The configuration.
        run_dir: The directory, which is created if it does not exist.
        data_dir: Where tfds keeps prepared data sets.
        archives_dir: Folder of the original archives of the data set.

    Returns:
        The report; see `measure_run`.

    Raises:
        ValueError: If options contradict each other, or the directory belongs
            to a run with other options.
        OSError: If data cannot be loaded, or a file cannot be written.
        TrainingFailed: At NaN; with `stop_when_unhealthy` at any problem.
        Interrupted: After SIGINT or SIGTERM, with a checkpoint.
    """
    run_dir = Path(run_dir)
    check_directory(run_dir, config)
    report = _finished_report(run_dir)
    if report is not None:
        return report
    # Data and model first: errors in the options should leave no directory.
    data = load_data(config.data, data_dir=data_dir, archives_dir=archives_dir)
    steps_per_epoch = data[0].num_batches(config.data.batch_size)
    num_steps = config.epochs * steps_per_epoch
    model = build_model(config, num_steps=num_steps)
    stream = make_stream(
        config.data, data[0], model.latent_spec, seed=config.seed
    )
    with lock_directory(run_dir, config):
        if not (run_dir / "model.keras").exists():
            first_step = restore(model, run_dir / "checkpoints")
            position = RunPosition(first_step, num_steps, steps_per_epoch)
            _announce(position)
            fit(
                model,
                stream,
                position,
                run_dir,
                config.callbacks,
                sample=data[0].scaled(slice(NUM_IMAGES)),
                batch_size=config.data.batch_size,
            )
            with atomic_path(run_dir / "model.keras") as partial:
                model.save(partial)
        cache_dir = cache_directory(data_dir)
        return finish(config, run_dir, *data, cache_dir=cache_dir)


def _finished_report(run_dir: Path) -> dict[str, Any] | None:
    """The report of a complete run, or nothing if there is work left."""
    path = run_dir / "report.json"
    if not path.exists():
        return None
    report = read_report(path)
    try:
        describe_report(report or {})
    except (KeyError, TypeError, AttributeError, ValueError):
        report = None
    if report is None:
        _logger.info("%s is not a report of this version.", path)
    else:
        _logger.info("The run in %s is complete.", run_dir)
    return report


def _announce(position: RunPosition) -> None:
    if position.first_step:
        _logger.info(
            "Resuming after step %d of %d.",
            position.first_step,
            position.num_steps,
        )
        return

    def count(number: int, what: str) -> str:
        return f"{number} {what}{'s' * (number != 1)}"

    epochs = position.num_steps // position.steps_per_epoch
    _logger.info(
        "Training for %s of %s; the first step takes longer, as it is "
        "compiled. `information` is a lower bound on the mutual information of "
        "all codes, in nats.",
        count(epochs, "epoch"),
        count(position.steps_per_epoch, "step"),
    )
