"""Compares InfoGAN's codes with directions found by hand in a plain GAN.

    taskset -c 0 python scripts/benchmarks/directions.py

Trains a plain GAN on MNIST for each seed; the same command resumes after an
interruption. In its noise, finds the directions of slant and thickness, and
measures them beside `pose` and `style` of the pretrained InfoGAN, and of the
committed reports of preset `mnist` with the same seeds. Writes
`directions.json` and `directions.png`, and prints a table.
"""

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan import InfoGAN
from keras_infogan import __version__
from keras_infogan import load_model
from keras_infogan import open_images
from keras_infogan import train
from keras_infogan.evaluation.directions import direction_latents
from keras_infogan.evaluation.directions import find_direction
from keras_infogan.evaluation.directions import traverse_direction
from keras_infogan.evaluation.feature_extractor import load_feature_extractor
from keras_infogan.evaluation.measures.traversals import attribute_scales
from keras_infogan.evaluation.measures.traversals import traverse
from keras_infogan.evaluation.morphology import measure
from keras_infogan.files import write_json
from keras_infogan.reports.figures import plot_grid
from keras_infogan.reports.figures import render
from keras_infogan.reports.images import save_image
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset
from keras_infogan.training.run import check_directory

RESULTS = Path(__file__).parents[1] / "results"
# The code of preset `mnist` for each attribute.
CODES = {"slant": "pose", "thickness": "style"}
# Of a traversal, in multiples of the direction.
LENGTHS = (1.0, 2.0, 4.0)
# The 250 at each end are enough for the angle of a direction: a cosine of .985.
NUM_IMAGES = 5_000
MEASURES = ("effect", "leakage", "class_changes")
NUM_ROWS, NUM_COLUMNS = 3, 9


def configure(seed: int, epochs: int) -> TrainingConfig:
    """The networks and optimizers of preset `mnist`, trained as a plain GAN.

    With information weights of 0, the codes are three further random inputs.
    """
    return preset("mnist").replace(
        seed=seed,
        epochs=epochs,
        information_weights={"category": 0.0, "pose": 0.0, "style": 0.0},
        warp={},
        warped_codes=[],
        slant_gains={},
        thickness_gains={},
        invariance_weight=0.0,
        neighbor_share=0.0,
        resplit_share=0.0,
    )


def train_plain(seed: int, args: argparse.Namespace) -> InfoGAN:
    """Trains a plain GAN, unless that is done."""
    run_dir = args.run_dir / f"seed_{seed}"
    config = configure(seed, args.epochs)
    check_directory(run_dir, config)
    if not (run_dir / "model.keras").exists():
        train(config, run_dir, export=False)
        keras.backend.clear_session()
    return load_model(run_dir / "model.keras")


def select(attribute: str, traversal: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a traversal that are compared."""
    return {
        "effect": traversal["effect"][attribute],
        "leakage": traversal["leakage"],
        "class_changes": traversal["class_changes"],
        "correlation": traversal["correlation"][attribute],
        "effects": traversal["effect"],
    }


def measure_lengths(
    model: InfoGAN,
    attribute: str,
    direction: np.ndarray,
    effect: float,
    *measured_by: Any,
) -> dict[str, Any]:
    """Measures `LENGTHS`, and the one that should have the given effect.

    That is interpolated between the others; `None` if it is larger.
    """

    def at(length: float) -> dict[str, Any]:
        traversal = traverse_direction(
            model, direction, *measured_by, length=length
        )
        return {"length": length, **select(attribute, traversal)}

    measured: dict[str, Any] = {f"{length:g}": at(length) for length in LENGTHS}
    effects = [0.0, *(one["effect"] for one in measured.values())]
    # Beyond its maximum, an attribute may decrease again.
    peak = int(np.argmax(effects)) + 1
    measured["same effect"] = None
    if max(effects) >= effect:
        length = np.interp(effect, effects[:peak], [0.0, *LENGTHS][:peak])
        measured["same effect"] = at(float(length))
    return measured


def read_codes(seeds: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """The traversals of the codes in the committed reports of the preset."""
    reports = [
        json.loads((RESULTS / f"mnist_seed_{seed}.json").read_text())
        for seed in seeds
    ]
    return {
        attribute: [
            select(attribute, report["traversals"][code][0])
            for report in reports
        ]
        for attribute, code in CODES.items()
    }


def summarize(results: Sequence[dict[str, Any] | None]) -> dict[str, Any]:
    """Mean, sample deviation and values over the seeds that have them."""
    found = [one for one in results if one is not None]
    summary: dict[str, Any] = {"num_seeds": len(found)}
    for name in ("length", *MEASURES) if found else ():
        values = [one[name] for one in found if name in one]
        if values:
            summary[name] = {
                "mean": statistics.mean(values),
                "deviation": statistics.stdev(values)
                if len(values) > 1
                else None,
            }
    return summary


def plot(
    plain: InfoGAN,
    infogan: InfoGAN,
    directions: dict[str, np.ndarray],
    lengths: dict[str, float],
) -> np.ndarray:
    """Rows along each direction and along each code."""
    images, labels = [], []
    for attribute, code in CODES.items():
        half = lengths[attribute] / 2
        steps = np.linspace(-half, half, NUM_COLUMNS, dtype=np.float32)
        for model, latents, label in (
            (
                plain,
                direction_latents(
                    plain, directions[attribute], steps, num_rows=NUM_ROWS
                ),
                f"GAN, {attribute} direction",
            ),
            (
                infogan,
                infogan.traverse_latents(
                    code, num_rows=NUM_ROWS, num_columns=NUM_COLUMNS
                ),
                f"InfoGAN, {code}",
            ),
        ):
            images.append(model.generate_from(latents))
            labels += [label] * NUM_ROWS
    return render(
        plot_grid(
            np.concatenate(images), num_columns=NUM_COLUMNS, row_labels=labels
        )
    )


def table(content: dict[str, Any]) -> str:
    """The means as Markdown, a row for each traversal."""

    def cell(entry: dict[str, Any] | None) -> str:
        if entry is None:
            return ""
        text = f"{entry['mean']:.2f}"
        spread = entry["deviation"]
        return text if spread is None else f"{text} ± {spread:.2f}"

    lines = [
        "| attribute | what varies | seeds | length | effect | leakage "
        "| class changes |",
        "|---|---|---|---|---|---|---|",
    ]
    for attribute, rows in content["summary"].items():
        for what, row in rows.items():
            cells = [cell(row.get(name)) for name in ("length", *MEASURES)]
            lines.append(
                f"| {attribute} | {what} | {row['num_seeds']} "
                f"| {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def compare(args: argparse.Namespace) -> dict[str, Any]:
    """Trains and measures; returns what is written, and draws the image."""
    models = [train_plain(seed, args) for seed in args.seeds]
    infogan = load_model("mnist")
    data, test = (
        open_images("mnist", split=name) for name in ("train", "test")
    )
    scales = attribute_scales(measure(test.scaled(slice(2000))))
    measured_by = scales, load_feature_extractor(data)
    codes = {
        attribute: select(attribute, traverse(infogan, code, 0, *measured_by))
        for attribute, code in CODES.items()
    }
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in CODES}
    lengths, found = {}, {}
    # The last one is the first, which is drawn.
    for seed, model in reversed([*zip(args.seeds, models, strict=True)]):
        for attribute, target in codes.items():
            found[attribute] = find_direction(
                model, attribute, num_images=NUM_IMAGES
            )
            measured = measure_lengths(
                model,
                attribute,
                found[attribute],
                target["effect"],
                *measured_by,
            )
            same = measured["same effect"]
            lengths[attribute] = same["length"] if same else LENGTHS[-1]
            results[attribute].insert(0, {"seed": seed, **measured})
            print(f"seed {seed}, {attribute}: measured", file=sys.stderr)
    save_image(
        args.output / "directions.png",
        plot(models[0], infogan, found, lengths),
    )
    reported = read_codes(args.seeds)
    summary = {}
    for attribute, rows in results.items():
        code = CODES[attribute]
        summary[attribute] = {
            f"direction, {name}": summarize([row[name] for row in rows])
            for name in (*(f"{length:g}" for length in LENGTHS), "same effect")
        }
        summary[attribute] |= {
            f"code {code}, pretrained": summarize([codes[attribute]]),
            f"code {code}": summarize(reported[attribute]),
        }
    return {
        "command": "python scripts/benchmarks/directions.py --seeds "
        f"{' '.join(map(str, args.seeds))} --epochs {args.epochs}",
        "seeds": args.seeds,
        "epochs": args.epochs,
        "steps": [int(model.step) for model in models],
        "versions": {
            "keras-infogan": __version__,
            "python": platform.python_version(),
            **{
                name: metadata.version(name)
                for name in ("tensorflow", "keras", "numpy")
            },
        },
        "scales": scales,
        "summary": summary,
        "codes": {"pretrained": codes, "seeds": reported},
        "directions": results,
        "configuration": configure(args.seeds[0], args.epochs).to_json(),
    }


def main() -> None:
    """Makes the runs that are missing, measures, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument(
        "--run-dir", type=Path, default=Path("runs/directions"), metavar="DIR"
    )
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR")
    args = parser.parse_args()
    # The results depend on the number of threads, by rounding.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    content = compare(args)
    write_json(args.output / "directions.json", content)
    print(table(content))


if __name__ == "__main__":
    main()
