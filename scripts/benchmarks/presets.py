"""Runs the presets whose data sets need a download, on synthetic data.

    python scripts/benchmarks/presets.py

Prepares each data set with its own tfds builder, so with its name, splits and
features, but of synthetic images: a random pattern for each class. Then it
trains a few steps by the command line, stops the run by a signal, resumes it,
draws from the model, and runs its exports. Writes `presets.json`. This shows
that a preset works, not what it learns.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from keras_infogan import __version__
from keras_infogan.files import write_json
from keras_infogan.models.onnx_networks import open_session
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.exports import find_explorer
from keras_infogan.training.presets import PRESETS
from keras_infogan.training.presets import preset

RESULTS = Path(__file__).parents[1] / "results"
NAMES = ("kmnist", "emnist", "svhn", "celeba", "dsprites")
# Of the batches of 128 of these presets, five are an epoch.
NUM_IMAGES = {"train": 640, "test": 240}
_TIMEOUT_SECONDS = 1800.0


def prepare_synthetic(
    name: str, data_dir: Path, num_images: dict[str, int] | None = None
) -> None:
    """Prepares a data set of tfds with synthetic images.

    Args:
        name: Its name, such as `"svhn_cropped"`.
        data_dir: Where it is prepared.
        num_images: Number of images by split.
    """
    builder = tfds.builder(name, data_dir=data_dir)
    splits = num_images or NUM_IMAGES
    if name == "dsprites":
        splits = {"train": sum(splits.values())}
    features = builder.info.features
    # Images of dSprites are zeros and ones.
    is_binary = name == "dsprites"
    builder._split_generators = lambda *_, **options: {
        split: _make_examples(features, count, seed, is_binary=is_binary)
        for seed, (split, count) in enumerate(splits.items())
    }
    builder.download_and_prepare()


def _make_examples(
    features: Any, count: int, seed: int, *, is_binary: bool
) -> Iterator[tuple[int, Any]]:
    random = np.random.default_rng(seed)
    for number in range(count):
        example = _make_value(features, number, random)
        if is_binary:
            example["image"] = (example["image"] > 127).astype(np.uint8)
        yield number, example


def _make_value(feature: Any, number: int, random: np.random.Generator) -> Any:
    """A value of a feature; images show the class of their number."""
    if isinstance(feature, tfds.features.FeaturesDict):
        return {
            key: _make_value(inner, number, random)
            for key, inner in feature.items()
        }
    if isinstance(feature, tfds.features.Image):
        return _make_image(feature.shape, number % 10, random)
    if isinstance(feature, tfds.features.ClassLabel):
        return number % feature.num_classes
    return "" if feature.tf_dtype == tf.string else feature.np_dtype(0)


def _make_image(
    shape: tuple[int, int, int], label: int, random: np.random.Generator
) -> np.ndarray:
    """A smooth pattern for each label, moved a little, of random brightness."""
    height, width, channels = shape
    coarse = np.random.default_rng(label).integers(0, 256, (5, 5, channels))
    side = 2 * max(height, width)
    large = np.stack(
        [
            np.asarray(
                Image.fromarray(plane.astype(np.uint8)).resize((side, side))
            )
            for plane in np.moveaxis(coarse, -1, 0)
        ],
        axis=-1,
    )
    top, left = random.integers(0, side // 8, 2)
    window = large[top : top + height, left : left + width]
    return (window * random.uniform(0.6, 1.0)).astype(np.uint8)


def _command(*words: Any, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "keras_infogan", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        **options,
    )


def _finish(process: subprocess.Popen[str], status: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=_TIMEOUT_SECONDS)
    if process.returncode != status:
        raise RuntimeError(f"Exit status {process.returncode}: {err[-2000:]}")
    return out, err


def train_and_resume(
    name: str, run_dir: Path, data_dir: Path, num_steps: int
) -> dict[str, Any]:
    """Trains until the first checkpoint, stops by SIGINT, and resumes."""
    words = (
        *("train", "--preset", name, "--epochs", 2),
        *("--min-epoch-steps", num_steps // 2, "--checkpoint-interval", 4),
        *("--run-dir", run_dir, "--data-dir", data_dir),
    )
    process = _command(*words)
    while not any(run_dir.glob("checkpoints/*.h5")):
        if process.poll() is not None:
            _finish(process, status=-1)
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _finish(process, status=130)
    out, err = _finish(_command(*words))
    (resumed,) = (x for x in err.splitlines() if x.startswith("Resuming"))
    report = json.loads((run_dir / "report.json").read_text())
    return {
        "stopped_and_resumed": resumed,
        "steps": report["steps"],
        "num_train_images": report["num_train_images"],
        "summary": {
            name: value
            for name, value in json.loads(out).items()
            if isinstance(value, int | float | dict)
        },
    }


def run_exports(run_dir: Path, config: TrainingConfig) -> dict[str, Any]:
    """Runs the exports of a run; returns the shapes of their images."""
    (version,) = (run_dir / "export").glob("*/1")
    served = tf.saved_model.load(version).signatures["sample"]
    inputs = {
        name: tf.zeros([2, *spec.shape[1:]], spec.dtype)
        for name, spec in served.structured_input_signature[1].items()
    }
    image = served(**inputs)["image"]
    (path,) = (
        path
        for path in (run_dir / "export").glob("*.onnx")
        if "encoder" not in path.name
    )
    session = open_session(path.read_bytes())
    zeros = {
        x.name: np.zeros((3, x.shape[1]), np.float32)
        for x in session.get_inputs()
    }
    (drawn,) = session.run(None, zeros)
    shape = config.data.image_shape
    if image.shape[1:] != shape or drawn.shape[1:] != shape:
        raise RuntimeError(f"Expected {shape}, got {image.shape, drawn.shape}")
    if not find_explorer(run_dir):
        raise RuntimeError("Expected an explorer.")
    return {
        "saved_model_sample": list(image.shape),
        "onnx_image": list(drawn.shape),
    }


def run_preset(name: str, folder: Path, num_steps: int) -> dict[str, Any]:
    """Runs one preset from data to exports."""
    begin = time.perf_counter()
    config, run_dir, data_dir = preset(name), folder / name, folder / "data"
    prepare_synthetic(config.data.dataset, data_dir)
    result = train_and_resume(name, run_dir, data_dir, num_steps)
    _finish(_command("sample", run_dir, "-o", folder / f"{name}.png"))
    embedded, _ = _finish(
        _command(
            *("embed", run_dir, config.data.dataset, "--split", "train[:99]"),
            *("--data-dir", data_dir, "-o", folder / f"{name}.csv"),
        )
    )
    return {
        **result,
        "embedded": json.loads(embedded)["num_images"],
        "exports": run_exports(run_dir, config),
        "images": sorted(x.stem for x in run_dir.glob("*.png")),
        "seconds": round(time.perf_counter() - begin),
    }


def main() -> None:
    """Runs the presets, and prints what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES, metavar="PRESET")
    parser.add_argument("--num-steps", type=int, default=40, metavar="N")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR")
    args = parser.parse_args()
    path = args.output / "presets.json"
    content = json.loads(path.read_text()) if path.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names:
            content[name] = {
                "keras-infogan": __version__,
                **run_preset(name, Path(folder), args.num_steps),
            }
            print(json.dumps({name: content[name]}, indent=2))
            write_json(path, {x: content[x] for x in PRESETS if x in content})


if __name__ == "__main__":
    main()
