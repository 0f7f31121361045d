"""Files that commands read, each read as the commands read it.

A reader is given a folder of `make_place`, and returns plain data that says
what was read. It raises what the command raises.
"""

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

import keras_infogan
from keras_infogan import checksums
from keras_infogan.cli import compilation_cache
from keras_infogan.data import sources
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.image_file import open_image
from keras_infogan.evaluation import feature_extractor
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.code_map import find_code_map
from keras_infogan.evaluation.report import find_report
from keras_infogan.evaluation.report import report_to_json
from keras_infogan.evaluation.report import write_report
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import load_model
from keras_infogan.reports.measurements import describe_measurement
from keras_infogan.reports.measurements import find_measurements
from keras_infogan.reports.text import describe_report
from keras_infogan.serving.deploy.config import write_serving_files
from keras_infogan.serving.deploy.labels import read_models_config
from keras_infogan.training.build import build_model
from keras_infogan.training.callbacks import Checkpoints
from keras_infogan.training.callbacks import Run
from keras_infogan.training.callbacks import restore
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset
from keras_infogan.training.run import lock_directory
from keras_infogan.training.run_log import read_log

PRETRAINED = Path(keras_infogan.__file__).parent / "models" / "saved_models"
RUN, OTHER_RUN, DATA = "run", "other_run", "data"
_SIDE = 8
CONFIG = preset("mnist").replace(
    image_size=_SIDE, batch_size=8, jit_compile=False, epochs=1
)


class FewImages(tfds.core.GeneratorBasedBuilder):
    """A prepared data set of 40 images."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(_SIDE, _SIDE, 1)),
                    "label": tfds.features.ClassLabel(names=["one", "two"]),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        del dl_manager
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for number, image in enumerate(_images()):
            yield number, {"image": image, "label": number % 2}


@dataclasses.dataclass(frozen=True)
class Target:
    """A file that a command reads.

    Args:
        path: In a folder of `make_place`; the first match of a pattern.
        read: Reads it.
        kind: Of `damage.BY_KIND`, if its structure can be damaged, too.
        is_recorded: Whether its checksum stays beside it. Without it, content
            that is valid may be another one.
        can_tell: Whether the file itself shows that it is damaged.
    """

    path: str
    read: Callable[[Path], Any]
    kind: str = ""
    is_recorded: bool = True
    can_tell: bool = True


def _images() -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (40, _SIDE, _SIDE, 1)).astype(np.uint8)


def make_place(folder: Path) -> None:
    """Makes two runs and all else that commands read, without training."""
    _make_run(folder / OTHER_RUN, CONFIG.replace(seed=1))
    # Last, as it leaves the seed of Keras.
    _make_run(folder / RUN, CONFIG)
    _make_data(folder / DATA)
    version = folder / "served" / "1" / "saved_model.pb"
    version.parent.mkdir(parents=True)
    version.touch()
    write_serving_files(
        folder / "serving",
        model_name="served",
        model_dir=folder / "served",
        stable=1,
    )
    programs = folder / "programs"
    programs.mkdir()
    (programs / "program.pb").write_bytes(_images().tobytes())
    compilation_cache.write_checksums(programs, set())


def _make_run(run_dir: Path, config: TrainingConfig) -> None:
    """Files as those of a run, all of them other ones with another seed."""
    with lock_directory(run_dir, config):
        pass
    run = checksums.find_run(run_dir / "config.json")
    model = build_model(config)
    for step in (1, 2):
        model.step.assign(step)
        saver = Checkpoints(Run(run_dir, 0, 9, 9), 1)
        saver.set_model(model)
        saver.run_step = step
        saver.save()
    with checksums.recorded_path(run_dir / "model.keras", run) as partial:
        model.save(partial)
    report = json.loads((PRETRAINED / "mnist_report.json").read_text())
    codes = CodeMap.from_json(report["code_map"]).codes
    code_map = CodeMap(dict([*codes.items()][config.seed :]))
    report |= {"code_map": code_map, "seed": config.seed}
    write_report(run_dir / "report.json", report, run)
    checksums.write_recorded_json(
        run_dir / "code_map.json", code_map.to_json(), run
    )
    lines = (
        {"step": step, "generator_loss": (1.0 + config.seed) / step}
        for step in range(1, 8)
    )
    log = run_dir / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    checksums.record(log, checksums.find_identity(run_dir))


def _make_data(folder: Path) -> None:
    images, labels = _images(), np.arange(40) % 2
    for number, image in enumerate(images):
        path = folder / "pictures" / str(number % 2) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    for suffix in ("jpg", "gif", "tif", "webp", "bmp"):
        Image.fromarray(images[0, ..., 0]).save(folder / f"image.{suffix}")
    np.save(folder / "images.npy", images)
    np.savez_compressed(folder / "images.npz", x=images, y=labels)
    read_prepared(folder.parent)
    read_cached(folder.parent)
    read_extractor(folder.parent)


def _digest(*arrays: Any) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(repr((array.shape, array.dtype)).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _describe_model(model: InfoGAN) -> Any:
    weights = [variable.value.numpy() for variable in model.variables]
    return {"weights": _digest(*weights), "config": str(model.get_config())}


def _describe_data(data: Any) -> Any:
    labels = [] if data.labels is None else data.labels
    return [_digest(data.images, labels), data.class_names, data.name]


def read_model(place: Path) -> Any:
    """As all commands that take a model."""
    keras.backend.clear_session()
    return _describe_model(load_model(place / RUN))


_untrained: list[Any] = []


def read_checkpoint(place: Path) -> Any:
    """As `train`, which falls back to an older one; all but its step."""
    if not _untrained:
        _untrained.append(build_model(CONFIG))
    (model,) = _untrained
    for variable in model.variables:
        variable.assign(tf.zeros_like(variable.value))
    step = restore(model, place / RUN / "checkpoints")
    if step not in (1, 2):
        return step
    model.step.assign(0)
    return _describe_model(model)["weights"]


def read_config(place: Path) -> Any:
    """As `train`, `evaluate`, `encode` and `export`."""
    return TrainingConfig.load(place / RUN / "config.json").to_json()


def read_run_report(place: Path) -> Any:
    """As `train`, `compare` and `export`, which make another one of `None`."""
    report = find_report(place / RUN)
    if report is None:
        raise ValueError("It is not a report.")
    numbers = [*map(describe_measurement, find_measurements(report))]
    return [describe_report(report), numbers, report_to_json(report)]


def read_code_map(place: Path) -> Any:
    """As `sample`, `encode`, `traverse`, `export` and `explore`."""
    if not _untrained:
        _untrained.append(build_model(CONFIG))
    spec = _untrained[0].latent_spec
    code_map = find_code_map(place / RUN, spec)
    if code_map is None:
        raise ValueError("There is none.")
    meaning = code_map.interpret(
        {"category": [0.1] * 10, "pose": [0.5], "style": [-0.9]}
    )
    return [code_map.to_json(), meaning, code_map.category_order("category")]


def read_run_log(place: Path) -> Any:
    """As `train` and `evaluate`."""
    return read_log(place / RUN / "log.jsonl")


def read_prepared(place: Path) -> Any:
    """As `train`, from records of tfds."""
    return _describe_data(
        sources.open_images(
            "few_images", split="train", data_dir=place / DATA / "tfds"
        )
    )


def read_cached(place: Path) -> Any:
    """As `train`, from the cache of a large folder."""
    sources._MIN_CACHED = 1
    data = place / DATA
    opened = sources.open_images(
        data / "pictures", split="all", data_dir=data / "cache"
    )
    return _describe_data(opened)


def read_extractor(place: Path) -> Any:
    """As `train` and `evaluate`; one that is damaged is trained anew."""
    data = ImageData(_images(), np.arange(40) % 2, "few", ("one", "two"))
    folder = place / DATA / "extractors"
    keras.backend.clear_session()
    feature_extractor._EPOCHS = 1
    extractor = feature_extractor.load_feature_extractor(data, folder)
    return _digest(extractor.extract(data.scaled()).classes)


def read_pictures(place: Path) -> Any:
    """As `train` with a folder of images, without its cache."""
    sources._MIN_CACHED = 1000
    with tempfile.TemporaryDirectory() as cache:
        opened = sources.open_images(
            place / DATA / "pictures", split="all", data_dir=cache
        )
    return _describe_data(opened)


def read_arrays(place: Path, suffix: str) -> Any:
    """As `train` and `embed`."""
    path = place / DATA / f"images.{suffix}"
    return _describe_data(sources.open_images(path, split="all"))


def read_picture(place: Path, suffix: str) -> Any:
    """As `encode`."""
    image = open_image(place / DATA / f"image.{suffix}")
    return _digest(np.asarray(image))


def read_serving(place: Path) -> Any:
    """As `canary`."""
    config = read_models_config(place / "serving")
    config.check_versions(place / "serving")
    return repr(config)


def read_programs(place: Path) -> Any:
    """As `train`; a damaged program is removed, and compiled again."""
    folder = place / "programs"
    compilation_cache.remove_unverified(folder)
    programs = compilation_cache._programs(folder)
    if not programs:
        raise ValueError("It was removed.")
    return [path.read_bytes().hex() for path in programs]


def _run_files() -> list[Target]:
    """The files of a run, with and without their checksums."""
    files = (
        ("model.keras", read_model, "model"),
        ("checkpoints/step_00000002.weights.h5", read_checkpoint, "weights"),
        ("config.json", read_config, "json"),
        ("report.json", read_run_report, "json"),
        ("code_map.json", read_code_map, "json"),
        ("log.jsonl", read_run_log, "json"),
    )
    return [
        Target(f"{RUN}/{path}", read, kind, is_recorded)
        for path, read, kind in files
        for is_recorded in (True, False)
    ] + [
        Target(f"{RUN}/{checksums.checksum_path(Path(path))}", read)
        for path, read, _ in files
    ]


def _pictures(suffix: str) -> Callable[[Path], Any]:
    return lambda place: read_picture(place, suffix)


_PREPARED = "data/tfds/few_images/1.0.0"
_CACHE = "data/cache/keras_infogan"
TARGETS = (
    *_run_files(),
    Target(f"{_PREPARED}/dataset_info.json", read_prepared, "json"),
    Target(f"{_PREPARED}/features.json", read_prepared, "json"),
    Target(f"{_PREPARED}/label.labels.txt", read_prepared),
    Target(f"{_PREPARED}/*.tfrecord*", read_prepared),
    Target(
        f"{_PREPARED}/dataset_info.json",
        read_prepared,
        "json",
        is_recorded=False,
    ),
    Target(f"{_CACHE}/*[!s].npy", read_cached, "array"),
    Target(f"{_CACHE}/*.labels.npy", read_cached, "array"),
    Target(f"{_CACHE}/*.labels.npy", read_cached, "array", is_recorded=False),
    Target("data/extractors/*.keras", read_extractor, "model"),
    Target(
        "data/extractors/*.keras", read_extractor, "model", is_recorded=False
    ),
    Target("data/images.npz", lambda place: read_arrays(place, "npz")),
    Target(
        "data/images.npy",
        lambda place: read_arrays(place, "npy"),
        "array",
        can_tell=False,
    ),
    Target("data/pictures/0/0.png", read_pictures),
    *(
        Target(f"data/image.{suffix}", _pictures(suffix), can_tell=False)
        for suffix in ("jpg", "gif", "tif", "webp", "bmp")
    ),
    Target("serving/models.config", read_serving),
    Target("programs/program.pb", read_programs),
)


def find(place: Path, target: Target) -> Path:
    """The file of a target."""
    return min(
        path
        for path in place.glob(target.path)
        if checksums.is_checksum(path)
        == checksums.is_checksum(Path(target.path))
    )


class Snapshot:
    """The files of a folder, to be as they were after a damage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._content = {
            path: path.read_bytes()
            for path in folder.iterdir()
            if path.is_file()
        }
        self._times = {path: _times(path) for path in self._content}

    def restore(self) -> None:
        """Rewrites what has changed, and removes what is new."""
        for path in self._folder.iterdir():
            if path.is_file() and path not in self._content:
                path.unlink()
        for path, content in self._content.items():
            if path.is_dir():
                shutil.rmtree(path)
            if not path.exists() or _times(path) != self._times[path]:
                path.write_bytes(content)
                self._times[path] = _times(path)


def _times(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
