"""A pose that is an angle: an InfoGAN with a category and a circle on COIL-20.

    python scripts/benchmarks/coil20.py --coil20 DIR

`DIR` has `coil20.npz`: 20 objects on a turntable, in 72 poses of 5 degrees. No
labels are used in training. Each seed leaves a JSON file; the same command
resumes after an interruption. The error of the angle is that of the code, after
the best offset and direction for each object.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan import ImageData
from keras_infogan import clustering_accuracy
from keras_infogan import confusion_matrix
from keras_infogan import match_clusters
from keras_infogan.evaluation.evaluate import find_versions
from keras_infogan.files import write_json
from keras_infogan.training.build import build_model
from keras_infogan.training.build import make_stream
from keras_infogan.training.build import steps_per_epoch
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset

RESULTS = Path(__file__).parents[1] / "results"
NUM_OBJECTS, NUM_POSES = 20, 72
# Offsets that are tried, in degrees.
OFFSETS = np.arange(0.0, 360.0, 1.0)


def configure(seed: int, args: argparse.Namespace) -> TrainingConfig:
    """Preset `images` with a circle, and little noise to hold the pose."""
    base = preset("images")
    return base.replace(
        seed=seed,
        epochs=args.epochs,
        image_size=32,
        noise_dim=args.noise_dim,
        codes={
            "category": {"type": "categorical", "num_categories": NUM_OBJECTS},
            "angle": {"type": "circular"},
        },
        information_weights={"category": 1.0, "angle": args.angle_weight},
        information_gradient=args.information_gradient,
    )


def angle_errors(angles: np.ndarray, poses: np.ndarray) -> dict[str, float]:
    """Of one object: the median error after the best offset and direction.

    Args:
        angles: Those of the code, in radians.
        poses: The true ones, in degrees.

    Returns:
        `median` in degrees, 45 to 90 by chance; the `direction`, 1 or -1, and
        the `offset` in degrees, by which the code becomes the pose.
    """
    found = []
    for direction in (1, -1):
        rest = direction * np.degrees(angles) - poses
        errors = (rest[:, None] + OFFSETS + 180.0) % 360.0 - 180.0
        medians = np.median(np.abs(errors), axis=0)
        best = int(medians.argmin())
        found.append((float(medians[best]), direction, float(OFFSETS[best])))
    return dict(zip(("median", "direction", "offset"), min(found), strict=True))


def run(
    arrays: dict[str, np.ndarray], seed: int, args: argparse.Namespace
) -> dict[str, Any]:
    """Trains on all images, and measures on the same ones, as there are few."""
    labels, poses = arrays["labels"], arrays["pose"] * (360.0 / NUM_POSES)
    names = tuple(map(str, range(1, NUM_OBJECTS + 1)))
    data = ImageData(arrays["images"][..., None], labels, "coil20", names)
    config = configure(seed, args)
    num_steps = config.epochs * steps_per_epoch(config.data, data)
    begin = time.perf_counter()
    model = build_model(config, num_steps=num_steps)
    stream = make_stream(config.data, data, model.latent_spec, seed=seed)
    model.fit(stream().take(num_steps), steps_per_epoch=num_steps, verbose=0)
    seconds = time.perf_counter() - begin
    folder = args.run_dir / f"coil20_seed_{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    posterior = model.encode(data.images)
    estimate = model.latent_spec.estimate(posterior)
    categories = estimate["category"].argmax(axis=1)
    confusion = confusion_matrix(
        labels, categories, num_classes=NUM_OBJECTS, num_clusters=NUM_OBJECTS
    )
    accuracy = clustering_accuracy(
        labels, categories, match_clusters(confusion)
    )
    objects = [
        angle_errors(estimate["angle"][rows, 0], poses[rows])
        for rows in (labels == number for number in range(NUM_OBJECTS))
    ]
    medians = [one["median"] for one in objects]
    return {
        "seed": seed,
        "command": "python scripts/benchmarks/coil20.py --coil20 DIR --seeds "
        f"{seed} --epochs {args.epochs} --noise-dim {args.noise_dim} "
        f"--angle-weight {args.angle_weight:g} --information-gradient "
        f"{args.information_gradient}",
        "clustering_accuracy": accuracy,
        "median_error_degrees": float(np.median(medians)),
        "objects_within_15_degrees": int(np.sum(np.array(medians) <= 15.0)),
        "objects": objects,
        # 0 if all images have one angle, 1 if all angles are equally often.
        "spread_of_the_angle": circular_spread(estimate["angle"][:, 0]),
        "steps": num_steps,
        "seconds": seconds,
        "configuration": config.to_json(),
        "versions": find_versions(),
    }


def circular_spread(angles: np.ndarray) -> float:
    """One minus the length of the mean direction."""
    return 1.0 - math.hypot(np.cos(angles).mean(), np.sin(angles).mean())


def main() -> None:
    """Makes the runs that are missing and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coil20", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--noise-dim", type=int, default=16)
    parser.add_argument("--angle-weight", type=float, default=0.3)
    parser.add_argument("--information-gradient", default="trunk")
    parser.add_argument("--run-dir", type=Path, default=Path("runs/coil20"))
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR")
    args = parser.parse_args()
    # The results depend on the number of threads, by rounding.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with np.load(args.coil20 / "coil20.npz") as file:
        arrays = dict(file)
    for seed in args.seeds:
        path = args.output / f"coil20_angle_seed_{seed}.json"
        if not path.exists():
            write_json(path, run(arrays, seed, args))
            keras.backend.clear_session()
        report = json.loads(path.read_text())
        print(
            f"seed {seed}: median error of the angle "
            f"{report['median_error_degrees']:.1f} degrees, at most 15 for "
            f"{report['objects_within_15_degrees']} of {NUM_OBJECTS} objects; "
            f"accuracy of the category {report['clustering_accuracy']:.3f}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
