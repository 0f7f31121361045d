"""Trains preset `images` and plain InfoGAN on images that are not digits.

    python scripts/benchmarks/images.py --coil20 DIR --fashion-mnist DIR

`DIR` has `coil20.npz` or the four archives of Fashion-MNIST. Each run leaves a
JSON file and an image grid with a row for each category; the same command
resumes after an interruption. Finally prints a table of all results.
"""

import argparse
import json
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import rendered_images
import tensorflow as tf

from keras_infogan import ImageData
from keras_infogan import evaluate
from keras_infogan import open_images
from keras_infogan.evaluation.report import write_report
from keras_infogan.reports.grids import draw_grids
from keras_infogan.reports.images import save_image
from keras_infogan.training.build import build_model
from keras_infogan.training.build import make_stream
from keras_infogan.training.build import steps_per_epoch
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset

RESULTS = Path(__file__).parents[1] / "results"
DATASETS = ("fashion_mnist", "coil20", "glyphs", "shapes")
METHODS = ("plain", "preset")


def load(name: str, args: argparse.Namespace) -> tuple[ImageData, ImageData]:
    """The training and the test split of a data set.

    Of Fashion-MNIST, the first 6,400 and 2,000 images. Of COIL-20, every fourth
    pose is a test image. Rendered images of two seeds are the two splits.
    """
    if name == "fashion_mnist":
        train, test = (
            open_images(name, split=split, archives_dir=args.fashion_mnist)
            for split in ("train[:6400]", "test[:2000]")
        )
        return train, test
    if name == "coil20":
        with np.load(args.coil20 / "coil20.npz") as arrays:
            images = arrays["images"][..., None]
            labels, is_test = arrays["labels"], arrays["pose"] % 4 == 0
        names = tuple(map(str, range(1, 21)))
        train, test = (
            ImageData(images[rows], labels[rows], name, names)
            for rows in (~is_test, is_test)
        )
        return train, test
    render = getattr(rendered_images, f"render_{name}")
    return render(6000, seed=0), render(2000, seed=1)


def configure(
    method: str, data: ImageData, seed: int, epochs: int
) -> TrainingConfig:
    """The options of a run; plain InfoGAN is that of the README."""
    height, _, channels = data.image_shape
    category = {"type": "categorical", "num_categories": len(data.class_names)}
    base = preset("images")
    if method == "plain":
        base = TrainingConfig(preset="images", epochs=base.epochs)
        base = base.replace(
            batch_size=preset("images").data.batch_size,
            min_epoch_steps=preset("images").data.min_epoch_steps,
        )
    return base.replace(
        seed=seed,
        epochs=epochs or base.epochs,
        image_size=height,
        channels=channels,
        codes={**base.to_json()["latents"]["codes"], "category": category},
    )


def run(
    method: str, name: str, seed: int, args: argparse.Namespace
) -> dict[str, Any]:
    """Trains and evaluates once; returns the report."""
    train, test = load(name, args)
    config = configure(method, train, seed, args.epochs)
    num_steps = config.epochs * steps_per_epoch(config.data, train)
    begin = time.perf_counter()
    model = build_model(config, num_steps=num_steps)
    stream = make_stream(config.data, train, model.latent_spec, seed=seed)
    model.fit(stream().take(num_steps), steps_per_epoch=num_steps, verbose=0)
    seconds = time.perf_counter() - begin
    report = evaluate(model, train, test, seed=seed, cache_dir=args.cache_dir)
    grid = draw_grids(model, code_map=report["code_map"])["category"]
    save_image(args.output / f"{stem(method, name, seed)}.png", grid)
    return {
        **report,
        "method": method,
        "command": "python scripts/benchmarks/images.py --methods "
        f"{method} --datasets {name} --seeds {seed}"
        + (f" --epochs {args.epochs}" if args.epochs else ""),
        "steps": num_steps,
        "seconds": seconds,
        "configuration": config.to_json(),
    }


def stem(method: str, name: str, seed: int) -> str:
    """The name of the files of a run."""
    return f"images_{name}_{method}_seed_{seed}"


def table(folder: Path) -> str:
    """The results in a folder as Markdown, a row for each data set."""
    lines = [
        "| data | method | accuracy (seeds) | mean | NMI | Fréchet distance "
        "| categories used | largest effect of each code (seeds) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in DATASETS:
        for method in METHODS:
            paths = sorted(folder.glob(f"{stem(method, name, 0)[:-1]}*.json"))
            reports = [json.loads(path.read_text()) for path in paths]
            if not reports:
                continue
            accuracies = [one["clustering_accuracy"] for one in reports]
            nmis = [one["normalized_mutual_information"] for one in reports]
            fidelity = [one["fidelity"] for one in reports]
            distance = [one["frechet_distance"] for one in fidelity]
            used = [math.exp(one["category_usage_entropy"]) for one in reports]
            lines.append(
                f"| {name} | {method} "
                f"| {', '.join(f'{value:.3f}' for value in accuracies)} "
                f"| {_spread(accuracies, 3)} | {_spread(nmis, 3)} "
                f"| {_spread(distance, 0)} "
                f"| {_spread(used, 1)} of {len(reports[0]['class_names'])} "
                f"| {'; '.join(map(_effects, reports))} |"
            )
    return "\n".join(lines)


def _effects(report: dict[str, Any]) -> str:
    """The attribute that each dimension changes most, in deviations."""
    words = []
    for dimension in sum(report["traversals"].values(), []):
        effect = dimension["effect"]
        most = max(effect, key=lambda name: abs(effect[name]))
        words.append(f"{most} {effect[most]:+.1f}")
    return ", ".join(words) or "not measured"


def _spread(values: list[float], digits: int) -> str:
    text = f"{statistics.mean(values):.{digits}f}"
    if len(values) > 1:
        text += f" ± {statistics.stdev(values):.{digits}f}"
    return text


def main() -> None:
    """Makes the runs that are missing and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", nargs="+", choices=DATASETS)
    parser.add_argument("--methods", nargs="+", choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--epochs", type=int, default=0, help="default: those of the preset"
    )
    for name in ("--coil20", "--fashion-mnist", "--cache-dir"):
        parser.add_argument(name, type=Path, metavar="DIR")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR")
    args = parser.parse_args()
    # The results depend on the number of threads, by rounding.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for seed in args.seeds:
        for name in args.datasets or DATASETS:
            for method in args.methods or METHODS:
                path = args.output / f"{stem(method, name, seed)}.json"
                if path.exists():
                    continue
                report = run(method, name, seed, args)
                write_report(path, report)
                print(
                    f"{path.stem}: accuracy {report['clustering_accuracy']:.3f}"
                    f" after {report['seconds']:.0f} s",
                    file=sys.stderr,
                )
                keras.backend.clear_session()
    print(table(args.output))


if __name__ == "__main__":
    main()
