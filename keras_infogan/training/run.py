"""One run: from a configuration to a directory with model and report."""

import contextlib
import dataclasses
import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_infogan import checksums
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.tfds import cache_directory
from keras_infogan.evaluation.report import read_report
from keras_infogan.files import KeptFolder
from keras_infogan.files import check_writable
from keras_infogan.files import is_partial
from keras_infogan.files import locked
from keras_infogan.models.diagnostics import NUM_IMAGES
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import check_run
from keras_infogan.models.pretrained import is_whole
from keras_infogan.models.pretrained import load_model
from keras_infogan.training.build import build_model
from keras_infogan.training.build import load_data
from keras_infogan.training.build import make_stream
from keras_infogan.training.build import steps_per_epoch
from keras_infogan.training.callbacks import Resplit
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import check_some_checkpoint
from keras_infogan.training.callbacks import restore
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.devices import from_chief
from keras_infogan.training.devices import is_chief
from keras_infogan.training.devices import make_strategy
from keras_infogan.training.devices import naming_lost_workers
from keras_infogan.training.distillation import distill_as_configured
from keras_infogan.training.exports import export_run
from keras_infogan.training.exports import is_exported
from keras_infogan.training.exports import remove_exports
from keras_infogan.training.finish import finish
from keras_infogan.training.fit import fit
from keras_infogan.training.run_log import check_log

_logger = logging.getLogger(__name__)


def train(
    config: TrainingConfig,
    run_dir: Path | str,
    *,
    data_dir: Path | None = None,
    archives_dir: Path | None = None,
    export: bool = True,
    num_devices: int = 1,
) -> dict[str, Any]:
    """Trains and evaluates a model, or resumes a run that was stopped.

    With more epochs than before and otherwise the same options, it continues.

    The directory holds `config.json`, `log.jsonl`, TensorBoard's `events.*`,
    `samples/` and `checkpoints/`, and finally `model.keras`, `report.json`,
    `code_map.json`, images, `report.html` with all of them, and `export/` with
    what `export_everything` writes. A run that was killed ends with the same
    weights as one that was not (on a CPU). Sets the global seed and dtype
    policy of Keras.

    Args:
        config: The configuration.
        run_dir: The directory, which is created if it does not exist.
        data_dir: Where tfds keeps prepared data sets.
        archives_dir: Folder of the original archives of the data set.
        export: Whether to write `export/`.
        num_devices: Devices of this machine; see `make_strategy`. A run may be
            resumed with others: they change the rounding only.

    Returns:
        The report; see `finish`. Empty on a worker that is not the chief.

    Raises:
        ValueError: If options contradict each other or those of the directory.
        OSError: If data cannot be loaded, or a file cannot be written.
        TrainingFailed: At NaN or infinity, in losses or weights; with
            `stop_when_unhealthy` at any problem.
        Interrupted: After SIGINT or SIGTERM, with a checkpoint.
        WorkerLost: If another worker of the job has stopped.
    """
    run_dir = Path(run_dir)
    check_directory(run_dir, config)
    if report := _read_finished(run_dir, config):
        if export and is_chief() and not is_exported(run_dir):
            with lock_directory(run_dir, config):
                export_run(run_dir)
        return report
    if not is_chief() and _is_trained(run_dir, config):
        return {}
    # The chief evaluates alone.
    strategy = (
        tf.distribute.get_strategy()
        if _is_trained(run_dir, config)
        else make_strategy(num_devices)
    )
    # Data and model first: errors in the options should leave no directory.
    data = load_data(config.data, data_dir=data_dir, archives_dir=archives_dir)
    epoch_steps = steps_per_epoch(config.data, data[0])
    num_steps = config.epochs * epoch_steps
    with strategy.scope():
        model = build_model(config, num_steps=num_steps)
    spec = model.latent_spec
    stream = make_stream(config.data, data[0], spec, seed=config.seed)

    def fit_to_the_end() -> None:
        with naming_lost_workers(strategy):
            first_step = _restore_on_all(model, run_dir)
            if first_step > num_steps:
                raise ValueError(
                    f"{run_dir} should have checkpoints of at most {num_steps} "
                    "steps, which is all that these images and options make. "
                    f"Received: one after step {first_step}. Give the images "
                    "that the run began with, or choose another --run-dir."
                )
            run = Run(run_dir, first_step, num_steps, epoch_steps)
            _announce(run)
            fit(
                model,
                stream,
                run,
                config.callbacks,
                sample=data[0].images[:NUM_IMAGES],
                batch_size=config.data.batch_size,
                is_chief=is_chief(),
                changes=(
                    [Resplit(run, data[0].images, config)]
                    if config.resplit_share
                    else []
                ),
            )

    if not is_chief():
        fit_to_the_end()
        return {}
    with lock_directory(run_dir, config):
        _check_places(run_dir)
        # Before the training, which would be in vain.
        check_log(run_dir / "log.jsonl")
        folder = KeptFolder(run_dir)
        if not _has_model(run_dir):
            if (run_dir / "model.keras").exists():
                _logger.warning(
                    "%s is damaged, and is made again from the newest "
                    "checkpoint.",
                    run_dir / "model.keras",
                )
            fit_to_the_end()
            if config.distillation_epochs:
                model = _distilled(config, run_dir, num_steps, data[0])
            folder.check()
            with checksums.recorded_path(
                run_dir / "model.keras",
                checksums.find_run(run_dir / "config.json"),
            ) as partial:
                model.save(partial)
        # The file, which is what others get.
        saved = load_model(run_dir)
        cache_dir = cache_directory(data_dir)
        report = finish(
            config, run_dir, *data, model=saved, cache_dir=cache_dir
        )
        folder.check()
        if export:
            export_run(run_dir, saved)
            folder.check()
        return report


def _check_places(run_dir: Path) -> None:
    """Raises an `OSError` if something is in the way of what a run writes.

    Before the training: the last of these are written after it.
    """
    for name in (
        *("log.jsonl", "model.keras", "code_map.json"),
        *("report.json", "report.html"),
    ):
        check_writable(run_dir / name)
    for name in ("checkpoints", "samples", "export"):
        path = run_dir / name
        if os.path.lexists(path) and not path.is_dir():
            raise NotADirectoryError(
                errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)
            )


def _distilled(
    config: TrainingConfig, run_dir: Path, num_steps: int, data: ImageData
) -> InfoGAN:
    """The model of the last checkpoint, distilled.

    On one device, like the evaluation. The checkpoint stays as it is, from
    which a run of more epochs continues.
    """
    model = build_model(config, num_steps=num_steps)
    restore(model, run_dir / "checkpoints")
    distill_as_configured(config, model, data)
    return model


def _has_model(run_dir: Path) -> bool:
    """Whether the model of a run is there, and not damaged.

    Raises:
        ValueError: If there is one of another run, which is not replaced.
    """
    path = run_dir / "model.keras"
    if not (path.exists() and is_whole(path)):
        return False
    check_run(run_dir, path)
    return True


def _is_trained(run_dir: Path, config: TrainingConfig) -> bool:
    """Whether the run has its model, and not of fewer epochs."""
    path = run_dir / "config.json"
    return (
        path.exists()
        and _has_model(run_dir)
        and TrainingConfig.load(path) == config
    )


def _restore_on_all(model: InfoGAN, run_dir: Path) -> int:
    """The step of the newest checkpoint, the same on all workers."""
    step = restore(model, run_dir / "checkpoints")
    step_of_chief = int(from_chief(model.distribute_strategy, step))
    if step != step_of_chief:
        raise ValueError(
            f"{run_dir} should be on a file system that all workers share. "
            f"Received: a checkpoint after step {step}; that of the chief is "
            f"after step {step_of_chief}."
        )
    return step


def _announce(run: Run) -> None:
    if run.first_step:
        _logger.info(
            "Resuming after step %d of %d.", run.first_step, run.num_steps
        )
        return
    _logger.info(
        "Training for %d steps, %d an epoch; the first one takes longer, as it "
        "is compiled. `information` is a lower bound on the mutual information "
        "of all codes, in nats.",
        run.num_steps,
        run.steps_per_epoch,
    )


def _read_finished(
    run_dir: Path, config: TrainingConfig
) -> dict[str, Any] | None:
    """The report of a complete run, or nothing if there is work left."""
    path = run_dir / "report.json"
    if not path.exists():
        return None
    report = read_report(path)
    if not report:
        return None
    if report.get("configuration") != config.to_json():
        _logger.info("%s is not a report of this run.", path)
        return None
    check_run(run_dir, path)
    if not _has_model(run_dir):
        return None
    _logger.info("The run in %s is complete.", run_dir)
    return report


def check_directory(run_dir: Path, config: TrainingConfig) -> None:
    """Raises a `ValueError` unless the directory is this run's, or empty.

    A run may have fewer epochs, and is continued then.
    """
    path = run_dir / "config.json"
    if path.exists():
        saved = TrainingConfig.load(path)
        changes = saved.differences(config)
        if changes and not _is_longer(config, saved):
            raise ValueError(
                f"{run_dir} holds a run with other options "
                f"({'; '.join(changes)}). Choose another --run-dir, or give "
                "the same options to resume, or more epochs to continue."
            )
    elif run_dir.exists() and (
        not run_dir.is_dir()
        or any(
            entry.name != ".lock"
            and not is_partial(entry)
            and not checksums.is_checksum(entry)
            for entry in run_dir.iterdir()
        )
    ):
        raise ValueError(
            f"{run_dir} should be a run directory, or empty or new. Received: "
            + ("files, but no config.json" if run_dir.is_dir() else "a file")
            + ". Choose another --run-dir."
        )


def _is_longer(config: TrainingConfig, saved: TrainingConfig) -> bool:
    """Whether a configuration is another one with more epochs."""
    same = dataclasses.replace(saved, epochs=config.epochs)
    return config == same and config.epochs > saved.epochs


def _continue(run_dir: Path, config: TrainingConfig) -> None:
    """Makes a run with fewer epochs one that is stopped after them."""
    path = run_dir / "config.json"
    saved = TrainingConfig.load(path)
    if not _is_longer(config, saved):
        return
    # Before anything is removed.
    if (run_dir / "model.keras").exists():
        check_some_checkpoint(run_dir / "checkpoints")
    share = config.optimizers.decay_share
    _logger.info(
        "The run in %s is continued from %d to %d epochs. %s",
        run_dir,
        saved.epochs,
        config.epochs,
        f"The learning rates, which decayed over the last {share:.0%} of the "
        "shorter run, follow the schedule of the longer one from here on."
        if share
        else "The learning rates stay constant.",
    )
    # The configuration last, as a run without its model is not complete.
    for name in ("report.json", "code_map.json", "model.keras"):
        checksums.remove(run_dir / name)
    remove_exports(run_dir)
    # It stays the same run. Those of earlier versions have no identity.
    identity = checksums.find_identity(run_dir) or config.identity()
    _write_config(path, config, identity)


def _write_config(path: Path, config: TrainingConfig, identity: str) -> None:
    checksums.write_recorded_json(
        path, config.to_json(), f"{identity} after epoch {config.epochs}"
    )


@contextlib.contextmanager
def lock_run(run_dir: Path) -> Iterator[None]:
    """Keeps other processes out of a directory; a `ValueError` if one works."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(run_dir / ".lock", wait=False))
        except BlockingIOError:
            raise ValueError(
                f"Another process is working in {run_dir}. Wait for it, or "
                "choose another --run-dir."
            ) from None
        yield


@contextlib.contextmanager
def lock_directory(run_dir: Path, config: TrainingConfig) -> Iterator[None]:
    """Makes the directory and keeps other processes out of it.

    Writes `config.json` and removes the unfinished files of a process that was
    killed.

    Raises:
        ValueError: If another process works in the directory, or it belongs to
            another run.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    with lock_run(run_dir):
        for path in run_dir.rglob("*"):
            if is_partial(path):
                path.unlink()
        # Again, as another process may have been faster.
        check_directory(run_dir, config)
        if (run_dir / "config.json").exists():
            _continue(run_dir, config)
        else:
            _write_config(run_dir / "config.json", config, config.identity())
        yield
