"""One run: from a configuration to a directory that tells all about it."""

import contextlib
import fcntl
import functools
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.tfds import cache_directory
from keras_infogan.data.tfds import load_images
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.evaluate import evaluate
from keras_infogan.evaluation.evaluate import read_report
from keras_infogan.files import atomic_path
from keras_infogan.files import is_partial
from keras_infogan.files import write_json
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator
from keras_infogan.models.optimizers import LinearEnd
from keras_infogan.models.pretrained import load_model
from keras_infogan.reports import images as visualization
from keras_infogan.reports.html import write_page
from keras_infogan.reports.run_images import caption
from keras_infogan.reports.run_images import draw_run
from keras_infogan.reports.text import describe_report
from keras_infogan.training import callbacks
from keras_infogan.training import diagnostics as health
from keras_infogan.training.config import TrainingConfig


class Interrupted(KeyboardInterrupt):
    """A run was asked to stop, and saved all that it needs to go on.

    Args:
        number: The signal.
        step: The steps that are done.
    """

    def __init__(self, number: int, step: int) -> None:
        super().__init__(
            f"stopped after step {step}; the same command resumes."
        )
        # 128 plus the signal, as shells have it.
        self.exit_status = 128 + number


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def build_model(config: TrainingConfig, *, num_steps: int = 1) -> InfoGAN:
    """Builds and compiles the model of a configuration, untrained.

    Sets the global seed and dtype policy of Keras.

    Args:
        config: The options.
        num_steps: Steps of the whole run, which the learning rates depend on.

    Raises:
        ValueError: If the options do not go together.
    """
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(config.dtype_policy)
    spec = LatentSpec.from_config(
        {"noise_dim": config.noise_dim, "codes": config.codes}
    )
    if config.num_labels and not spec.categorical_names:
        raise ValueError(
            "Labels need a categorical code that learns them. "
            f"Received: num_labels={config.num_labels} and the codes "
            f"{', '.join(spec.codes)}, none of them categorical."
        )
    image_shape = (config.image_size, config.image_size, config.channels)
    model = InfoGAN(
        build_generator(spec, image_shape, architecture=config.architecture),
        build_discriminator(
            spec,
            image_shape,
            architecture=config.architecture,
            normalization=config.normalization,
        ),
        spec,
        Objective(
            adversarial_loss=config.adversarial_loss,
            label_smoothing=config.label_smoothing,
            r1_weight=config.r1_weight,
            gradient_penalty_weight=config.gradient_penalty_weight,
            information_weights=config.information_weights,
            augmentation=(
                Augmentation.from_config(config.warp) if config.warp else None
            ),
            invariant_codes=config.warped_codes,
            equivariant_codes={
                "slant": config.slant_gains,
                "thickness": config.thickness_gains,
            },
            invariance_weight=config.invariance_weight,
            label_weight=config.label_weight,
        ),
        information_gradient=config.information_gradient,
        update=config.update,
        seed=config.seed,
    )

    def optimizer(learning_rate: float) -> keras.optimizers.Optimizer:
        schedule = LinearEnd(learning_rate, num_steps, config.decay_share)
        return keras.optimizers.Adam(schedule, beta_1=config.beta_1)

    model.compile(
        optimizer(config.generator_learning_rate),
        optimizer(config.discriminator_learning_rate),
        jit_compile=config.jit_compile,
        steps_per_execution=config.steps_per_execution,
    )
    return model


def load_data(
    config: TrainingConfig,
    *,
    data_dir: Path | None = None,
    archives_dir: Path | None = None,
) -> tuple[ImageData, ImageData]:
    """The training and the test images of a configuration.

    `load_images` explains the folders and the errors.
    """
    _say(f"Reading {config.dataset} ...")
    train_data, test_data = (
        load_images(
            config.dataset,
            split=split,
            image_size=config.image_size,
            channels=config.channels,
            data_dir=data_dir,
            archives_dir=archives_dir,
        )
        for split in (config.train_split, config.test_split)
    )
    return train_data, test_data


def train(
    config: TrainingConfig,
    run_dir: Path | str,
    *,
    data_dir: Path | None = None,
    archives_dir: Path | None = None,
) -> dict[str, Any]:
    """Trains, evaluates and draws, or goes on where an earlier call stopped.

    The directory holds `config.json`, `log.jsonl`, `events.*` of TensorBoard,
    `samples/`, `checkpoints/`, and at the end `model.keras`, `report.json`,
    `code_map.json`, the pictures, and `report.html` with all of it. A run that
    was interrupted or killed ends with the same weights as one that was not (on
    a CPU; the deterministic operations that a GPU would need exclude XLA). Sets
    the global seed and
    dtype policy of Keras.

    Args:
        config: The options.
        run_dir: The directory, which is made if it is missing.
        data_dir: Where tfds keeps prepared data sets.
        archives_dir: Where the original archives of the data set are.

    Returns:
        The report; see `finish`.

    Raises:
        ValueError: If the options do not go together, or the directory belongs
            to a run with other options.
        OSError: If data cannot be had, or a file cannot be written.
        Unhealthy: At NaN, and with `stop_when_unhealthy` at the first problem.
        Interrupted: After SIGINT or SIGTERM, with a checkpoint.
    """
    run_dir = Path(run_dir)
    check_directory(run_dir, config)
    report_path = run_dir / "report.json"
    if report_path.exists():
        report = read_report(report_path)
        if report is not None:
            _say(f"The run in {run_dir} is complete.")
            return report
        _say(f"{report_path} is no report of this version.")
    # Data and model first: what is wrong with the options shall be said before
    # a directory is made for them.
    data, test_data = load_data(
        config, data_dir=data_dir, archives_dir=archives_dir
    )
    steps_per_epoch = data.num_batches(config.batch_size)
    num_steps = config.epochs * steps_per_epoch
    model = build_model(config, num_steps=num_steps)
    batches = functools.partial(
        data.batches,
        config.batch_size,
        seed=config.seed,
        num_labels=config.num_labels,
        neighbor_share=config.neighbor_share,
    )
    # Finds faults of the options; near images are looked for later.
    batches(neighbor_share=0.0)
    _check_labels(config, model.latent_spec, data)
    with _locked(run_dir, config):
        if not (run_dir / "model.keras").exists():
            position = callbacks.RunPosition(
                callbacks.restore(model, run_dir / "checkpoints"),
                num_steps,
                steps_per_epoch,
            )
            sample = data.scaled(slice(health.NUM_IMAGES))
            _fit(config, run_dir, model, batches, position, sample)
            with atomic_path(run_dir / "model.keras") as partial:
                model.save(partial)
        return finish(
            config,
            run_dir,
            data,
            test_data,
            cache_dir=cache_directory(data_dir),
        )


def _check_labels(
    config: TrainingConfig, spec: LatentSpec, data: ImageData
) -> None:
    """Raises a `ValueError` if there are classes that no category can learn."""
    if not config.num_labels:
        return
    name = spec.categorical_names[0]
    num_categories = spec.codes[name].dim
    if len(data.class_names) > num_categories:
        raise ValueError(
            f"The code {name!r} should have a category for each of the "
            f"{len(data.class_names)} classes of {config.dataset} to learn "
            f"them from labels. Received: num_categories={num_categories}."
        )


def check_directory(run_dir: Path, config: TrainingConfig) -> None:
    """Raises a `ValueError` if the directory is not of this run, or empty."""
    path = run_dir / "config.json"
    if path.exists():
        changes = TrainingConfig.load(path).differences(config)
        if changes:
            raise ValueError(
                f"{run_dir} holds a run with other options "
                f"({'; '.join(changes)}). Choose another --run-dir, or give "
                "the same options to resume."
            )
    elif run_dir.exists() and (
        not run_dir.is_dir()
        or any(
            entry.name != ".lock" and not is_partial(entry)
            for entry in run_dir.iterdir()
        )
    ):
        raise ValueError(
            f"{run_dir} should be a run directory, empty or new. Received: "
            + ("files, but no config.json" if run_dir.is_dir() else "a file")
            + ". Choose another --run-dir."
        )


@contextlib.contextmanager
def _locked(run_dir: Path, config: TrainingConfig) -> Iterator[None]:
    """Makes the directory the run's own as long as the context lasts."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"Another process is at work in {run_dir}. Wait for it, or "
                "choose another --run-dir."
            ) from None
        for path in run_dir.rglob("*"):
            if is_partial(path):
                path.unlink()
        # Again, as another process may have been quicker.
        check_directory(run_dir, config)
        if not (run_dir / "config.json").exists():
            write_json(run_dir / "config.json", config.to_json())
        yield


def _fit(
    config: TrainingConfig,
    run_dir: Path,
    model: InfoGAN,
    batches: Callable[..., tf.data.Dataset],
    position: callbacks.RunPosition,
    sample: np.ndarray,
) -> None:
    """Trains from a position to the end, and looks at a sample of images."""
    if position.first_step:
        _say(
            f"Resuming after step {position.first_step} of "
            f"{position.num_steps}."
        )
    else:
        _say(
            f"Training for {_count(config.epochs, 'epoch')} of "
            f"{_count(position.steps_per_epoch, 'step')}; the first step takes "
            "longer, as it is compiled. The information is what Q reads of all "
            "codes, in nats."
        )
    num_steps = position.num_steps - position.first_step
    if not num_steps:
        return
    writer = tf.summary.create_file_writer(str(run_dir))
    log = callbacks.RunLog(
        run_dir / "log.jsonl",
        writer,
        position,
        interval=config.log_interval,
        batch_size=config.batch_size,
    )
    pictures = callbacks.Pictures(
        run_dir / "samples", writer, position, interval=config.sample_interval
    )
    checkpoints = callbacks.Checkpoints(
        run_dir / "checkpoints", position, interval=config.checkpoint_interval
    )
    watch = health.Health(
        sample,
        position,
        interval=config.log_interval,
        stop=config.stop_when_unhealthy,
    )
    with contextlib.closing(log), callbacks.CleanStop(checkpoints.save) as stop:
        model.fit(
            batches(start=position.first_step).take(num_steps),
            steps_per_epoch=num_steps,
            verbose=0,
            callbacks=[watch, log, pictures, checkpoints, stop],
        )
    if stop.signal is not None:
        raise Interrupted(stop.signal, checkpoints.run_step)
    if watch.is_broken or (config.stop_when_unhealthy and watch.problems):
        raise health.Unhealthy(
            f"Stopped after step {watch.run_step}: {' '.join(watch.problems)} "
            "The same command would end alike: give other options, and another "
            "--run-dir."
        )


def measure_run(
    config: TrainingConfig,
    run: Path,
    train_data: ImageData,
    test_data: ImageData,
    *,
    cache_dir: Path | None = None,
    num_naming_labels: int | None = None,
) -> dict[str, Any]:
    """Evaluates the model of a run, or a published one, and writes nothing.

    Args:
        config: The options.
        run: What `load_model` takes.
        train_data: The training split.
        test_data: The test split.
        cache_dir: Where the classifier of the data set is kept.
        num_naming_labels: How many labels name the categories; all by default.

    Returns:
        The report: that of `evaluation.evaluate`, with `num_labels`, the
        `warnings` of the training, its `steps` and the `configuration`.

    Raises:
        ValueError: If there is no such model, or not as many labels.
    """
    return _measure(
        config,
        load_model(run),
        callbacks.read_log(run / "log.jsonl"),
        train_data,
        test_data,
        cache_dir=cache_dir,
        num_naming_labels=num_naming_labels,
    )


def _measure(
    config: TrainingConfig,
    model: InfoGAN,
    log: list[dict[str, Any]],
    train_data: ImageData,
    test_data: ImageData,
    **options: Any,
) -> dict[str, Any]:
    _say("Evaluating ...")
    return {
        **evaluate(model, train_data, test_data, seed=config.seed, **options),
        "num_labels": config.num_labels,
        "warnings": [
            f"After step {line['step']}: {warning}"
            for line in log
            for warning in line.get("warnings", [])
        ],
        "steps": int(model.step),
        "configuration": config.to_json(),
    }


def finish(
    config: TrainingConfig,
    run_dir: Path,
    train_data: ImageData,
    test_data: ImageData,
    *,
    cache_dir: Path | None = None,
    num_naming_labels: int | None = None,
) -> dict[str, Any]:
    """Evaluates the model of a run and writes its report and pictures.

    Arguments and result as for `measure_run`, of a directory.
    """
    model = load_model(run_dir)
    log = callbacks.read_log(run_dir / "log.jsonl")
    report = _measure(
        config,
        model,
        log,
        train_data,
        test_data,
        cache_dir=cache_dir,
        num_naming_labels=num_naming_labels,
    )
    pictures = draw_run(model, report, log)
    for name, picture in pictures.items():
        visualization.save_picture(run_dir / f"{name}.png", picture)
    with tf.summary.create_file_writer(str(run_dir)).as_default():
        for name in ("curves", "confusion", "attributes"):
            if name in pictures:
                tf.summary.image(
                    name, pictures[name][None], step=int(model.step)
                )
    code_map = CodeMap.from_json(report["code_map"])
    write_page(
        run_dir / "report.html",
        report,
        describe_report(report),
        {caption(name, code_map): run_dir / f"{name}.png" for name in pictures},
    )
    write_json(run_dir / "code_map.json", report["code_map"])
    write_json(run_dir / "report.json", report)
    return report
