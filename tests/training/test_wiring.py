"""Every option of a configuration reaches what it configures."""

from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.tfds import cache_directory
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator
from keras_infogan.options import to_plain
from keras_infogan.training import build
from keras_infogan.training import distillation
from keras_infogan.training import finish
from keras_infogan.training import run as training
from keras_infogan.training.callbacks import Checkpoints
from keras_infogan.training.callbacks import Resplit
from keras_infogan.training.callbacks import SampleImages
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset
from keras_infogan.training.run import train
from keras_infogan.training.run_diagnostics import RunDiagnostics
from keras_infogan.training.run_log import RunLog
from tests.helpers.options import other_options

NUM_IMAGES = 256
# Of the preset's batches of 128 images.
STEPS_PER_EPOCH = 2


class Observed:
    """What a run did with its configuration; nothing is trained."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.batches: dict[str, Any] = {}
        self.model: InfoGAN
        self.fit: dict[str, Any] = {}
        self.distillation: dict[str, Any] = {}
        self.evaluation: dict[str, Any] = {}
        self.report: dict[str, Any] = {}

    def callback(self, kind: type) -> Any:
        (found,) = (x for x in self.fit["callbacks"] if isinstance(x, kind))
        return found

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        model = self.model
        return [model.generator_optimizer, model.discriminator_optimizer]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        height, width, channels = self.model.image_shape
        return (height, width, channels)

    @property
    def schedules(self) -> list[Any]:
        return [optimizer._learning_rate for optimizer in self.optimizers]


@pytest.fixture
def observe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Observed]:
    seen = Observed()

    def open_images(name: str, **options: Any) -> ImageData:
        seen.requests.append({"dataset": name, **options})
        shape = (NUM_IMAGES, *options["image_size"], options["channels"])
        return ImageData(
            np.full(
                shape, 255 * options["split"].startswith("train"), np.uint8
            ),
            np.arange(NUM_IMAGES) % 10,
            options["split"],
            tuple("0123456789"),
        )

    def batches(
        self: ImageData, batch_size: int, **options: Any
    ) -> tf.data.Dataset:
        seen.batches = {
            "batch_size": batch_size,
            "split": self.name,
            **options,
        }
        return tf.data.Dataset.range(1)

    def fit(self: InfoGAN, stream: tf.data.Dataset, **options: Any) -> None:
        seen.model, seen.fit = self, options

    def distill(model: InfoGAN, data: ImageData, **options: Any) -> InfoGAN:
        seen.distillation = {"split": data.name, **options}
        return model

    def evaluate(
        model: InfoGAN, train: ImageData, test: ImageData, **options: Any
    ) -> dict[str, Any]:
        seen.evaluation = {"train": train.name, "test": test.name, **options}
        return {"code_map": CodeMap()}

    monkeypatch.setattr(build, "open_images", open_images)
    monkeypatch.setattr(ImageData, "batches", batches)
    monkeypatch.setattr(InfoGAN, "fit", fit)
    monkeypatch.setattr(InfoGAN, "save", lambda self, path: path.touch())
    monkeypatch.setattr(training, "load_model", lambda run: seen.model)
    monkeypatch.setattr(distillation, "distill", distill)
    monkeypatch.setattr(finish, "evaluate", evaluate)
    monkeypatch.setattr(finish, "surest_seeds", lambda *args: [])
    monkeypatch.setattr(finish, "draw_run", lambda *args, **options: {})
    monkeypatch.setattr(finish, "draw_players", lambda *args, **options: {})
    monkeypatch.setattr(finish, "write_page", lambda *args: None)
    monkeypatch.setattr(finish, "describe_report", lambda report: [])

    def run(config: TrainingConfig, **folders: Any) -> Observed:
        try:
            seen.report = train(
                config, tmp_path / "run", **folders, export=False
            )
        finally:
            keras.config.set_dtype_policy("float32")
        return seen

    return run


def _images(name: str) -> Callable[[Observed], Iterable[Any]]:
    return lambda seen: [request[name] for request in seen.requests]


def _objective(name: str, key: str | None = None) -> Any:
    def find(seen: Observed) -> list[Any]:
        value = to_plain(seen.model.objective)[name]
        return [value if key is None else value.get(key)]

    return find


def _same_networks(seen: Observed) -> list[str]:
    """The architecture whose networks have as many weights."""
    model = seen.model
    found = []
    for name in ("compact", "paper"):
        expected = [
            make(
                model.latent_spec, seen.image_shape, architecture=name
            ).count_params()
            for make in (build_generator, build_discriminator)
        ]
        networks = (model.generator, model.discriminator)
        if expected == [network.count_params() for network in networks]:
            found.append(name)
    return found


def _normalizations(seen: Observed) -> list[str]:
    kinds = {type(layer) for layer in seen.model.discriminator.layers}
    names = {
        keras.layers.BatchNormalization: "batch",
        keras.layers.LayerNormalization: "layer",
    }
    return [name for kind, name in names.items() if kind in kinds] or ["none"]


def _seeds(seen: Observed) -> list[int]:
    model = seen.model
    keras.utils.set_random_seed(model.seed)
    again = build_generator(model.latent_spec, seen.image_shape)
    are_equal = np.array_equal(
        again.get_weights()[0], model.generator.get_weights()[0]
    )
    return [
        model.seed,
        seen.batches["seed"],
        seen.evaluation["seed"],
        model.seed if are_equal else -1,
    ]


# All places where a run should have the value of an option.
PLACES: dict[str, Callable[[Observed], Iterable[Any]]] = {
    "preset": lambda seen: [seen.report["configuration"]["preset"]],
    "epochs": lambda seen: [
        num_steps / STEPS_PER_EPOCH
        for num_steps in (
            seen.fit["steps_per_epoch"],
            seen.callback(RunLog).run.num_steps,
            *(schedule.num_steps for schedule in seen.schedules),
        )
    ],
    "distillation_epochs": lambda seen: [seen.distillation.get("epochs", 0)],
    "resplit_share": lambda seen: (
        [
            one.config.resplit_share
            for one in seen.fit["callbacks"]
            if isinstance(one, Resplit)
        ]
        or [0.0]
    ),
    "seed": _seeds,
    "dataset": _images("dataset"),
    "train_split": lambda seen: [
        seen.requests[0]["split"],
        seen.batches["split"],
        seen.evaluation["train"],
    ],
    "test_split": lambda seen: [
        seen.requests[1]["split"],
        seen.evaluation["test"],
    ],
    "image_size": lambda seen: [
        *(side for size in _images("image_size")(seen) for side in size),
        *seen.image_shape[:2],
    ],
    "resize": _images("resize"),
    "channels": lambda seen: [
        *_images("channels")(seen),
        seen.image_shape[2],
    ],
    "batch_size": lambda seen: [
        seen.batches["batch_size"],
        seen.callback(RunLog).batch_size,
        NUM_IMAGES / seen.callback(RunLog).run.steps_per_epoch,
    ],
    # 0 where the images fill more steps anyway.
    "min_epoch_steps": lambda seen: [
        steps if steps != STEPS_PER_EPOCH else 0
        for steps in [seen.callback(RunLog).run.steps_per_epoch]
    ],
    "neighbor_share": lambda seen: [seen.batches["neighbor_share"]],
    "num_labels": lambda seen: [
        seen.batches["num_labels"],
        seen.report["num_labels"],
    ],
    "noise_dim": lambda seen: [
        seen.model.latent_spec.noise_dim,
        seen.model.generator.input["noise"].shape[1],
    ],
    "codes": lambda seen: [
        {
            name: {key: x for key, x in code.items() if x is not None}
            for name, code in seen.model.latent_spec.get_config()[
                "codes"
            ].items()
        }
    ],
    "architecture": _same_networks,
    "normalization": _normalizations,
    "dtype_policy": lambda seen: [
        network.layers[2].dtype_policy.name
        for network in (seen.model.generator, seen.model.discriminator)
    ],
    "update": lambda seen: [seen.model.update],
    "information_gradient": lambda seen: [seen.model.information_gradient],
    "adversarial_loss": _objective("adversarial_loss"),
    "label_smoothing": _objective("label_smoothing"),
    "r1_weight": _objective("r1_weight"),
    "gradient_penalty_weight": _objective("gradient_penalty_weight"),
    "information_weights": _objective("information_weights"),
    "warp": _objective("augmentation"),
    "warped_codes": _objective("invariant_codes"),
    "slant_gains": _objective("equivariant_codes", "slant"),
    "rotation_gains": _objective("equivariant_codes", "rotation"),
    "thickness_gains": _objective("equivariant_codes", "thickness"),
    "invariance_weight": _objective("invariance_weight"),
    "label_weight": _objective("label_weight"),
    "prior_rate": _objective("prior_rate"),
    "prior_start": _objective("prior_start"),
    "contrastive_weight": _objective("contrastive_weight"),
    "contrastive_start": _objective("contrastive_start"),
    "generator_learning_rate": lambda seen: [
        float(seen.model.generator_optimizer.learning_rate)
    ],
    "discriminator_learning_rate": lambda seen: [
        float(seen.model.discriminator_optimizer.learning_rate)
    ],
    "beta_1": lambda seen: [x.beta_1 for x in seen.optimizers],
    "decay_share": lambda seen: [x.decay_share for x in seen.schedules],
    "jit_compile": lambda seen: [seen.model.jit_compile],
    "steps_per_execution": lambda seen: [seen.model.steps_per_execution],
    "log_interval": lambda seen: [
        seen.callback(RunLog).interval,
        seen.callback(RunDiagnostics).interval,
    ],
    "sample_interval": lambda seen: [seen.callback(SampleImages).interval],
    "checkpoint_interval": lambda seen: [seen.callback(Checkpoints).interval],
    "stop_when_unhealthy": lambda seen: [
        seen.callback(RunDiagnostics).diagnostics.stop
    ],
}


def check_places(name: str, seen: Observed, expected: Any) -> None:
    found = list(PLACES[name](seen))
    assert found, name
    for value in found:
        if isinstance(value, float):
            # Of the learning rates, which are float32.
            assert value == pytest.approx(expected, rel=1e-6), name
        else:
            assert value == expected, name


SETTINGS = {setting.name: setting for setting in TrainingConfig.settings()}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_option_reaches_what_it_configures(name, observe):
    """A new option needs another value and the places where it should arrive.

    One is changed at a time, so an option that takes another's place is found.
    """
    options = other_options(name)
    seen = observe(preset("mnist").replace(**options))
    check_places(name, seen, options[name])


def test_the_preset_reaches_what_it_configures(observe):
    """The other value of some options is what Keras or the model defaults to.

    The preset has another: such as `information_gradient`.
    """
    config = preset("mnist")
    seen = observe(config)
    for name, setting in SETTINGS.items():
        check_places(name, seen, setting.value(config.to_json()))


def test_the_options_of_the_distillation(observe):
    config = preset("mnist").replace(
        distillation_epochs=2, seed=5, batch_size=16, jit_compile=False
    )
    assert observe(config).distillation == {
        "split": "train",
        "epochs": 2,
        "batch_size": 16,
        "seed": 5,
        "jit_compile": False,
    }


def test_the_rest_of_a_run_is_passed_on_as_well(observe, tmp_path):
    """Folders, the real images of the diagnostics, and whom they inform.

    What the diagnostics add to a line of the log has to be there before it is
    written.
    """
    folders = {name: tmp_path / name for name in ("data_dir", "archives_dir")}
    config = preset("mnist").replace(resplit_share=0.1)
    seen = observe(config, **folders)
    assert len(seen.requests) == 2
    for request in seen.requests:
        assert {name: request[name] for name in folders} == folders
    cache_dir = seen.evaluation["cache_dir"]
    assert cache_dir == cache_directory(folders["data_dir"])
    diagnostics, log = seen.callback(RunDiagnostics), seen.callback(RunLog)
    # White, as the images of the training split are here.
    assert np.all(diagnostics.diagnostics.images == 1.0)
    callbacks = seen.fit["callbacks"]
    assert callbacks.index(diagnostics) < callbacks.index(log)
    # What it changes is in the checkpoint of the same step.
    resplit = seen.callback(Resplit)
    assert callbacks.index(resplit) < callbacks.index(
        seen.callback(Checkpoints)
    )
    assert np.all(resplit.images == 255)
