"""What distillation and the average over views add to runs of preset mnist.

    python scripts/benchmarks/distillation.py runs/seeds/distilled_seed_*

Of each run, made by `seeds.py --name distilled --distillation-epochs 3`, it reads the test images with
the last checkpoint, which is not distilled yet, and with the model, with one
view of each image and with the average over several. Categories are matched to
classes on the training split, as in the report of the run.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from keras_infogan.files import write_json
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import load_model
from keras_infogan.training.build import build_model
from keras_infogan.training.build import load_data
from keras_infogan.training.callbacks import restore
from keras_infogan.training.config import TrainingConfig

RESULTS = Path(__file__).parents[1] / "results"
NUM_VIEWS = 16


def accuracies(
    model: InfoGAN, images: np.ndarray, labels: np.ndarray, classes: np.ndarray
) -> dict[str, float]:
    """The share of right classes, with one view and with several."""
    found = {}
    for num_views in (1, NUM_VIEWS):
        posterior = model.encode(images, num_views=num_views)
        categories = posterior["category_probabilities"].argmax(axis=1)
        found[str(num_views)] = float((classes[categories] == labels).mean())
    return found


def measure(run: Path) -> dict[str, Any]:
    """The accuracies of one run, by the number of views."""
    report = json.loads((run / "report.json").read_text())
    config = TrainingConfig.load(run / "config.json")
    _, test = load_data(config.data)
    trained = build_model(config)
    restore(trained, run / "checkpoints")
    data = (
        test.scaled(),
        test.labels,
        np.asarray(report["category_to_class"]),
    )
    return {
        "seed": config.seed,
        "reported": report["clustering_accuracy"],
        "trained": accuracies(trained, *data),
        "distilled": accuracies(load_model(run), *data),
    }


def main() -> None:
    """Measures all runs, and prints and writes the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "distillation.json"
    )
    args = parser.parse_args()
    results = []
    for run in args.runs:
        results.append(measure(run))
        print(json.dumps(results[-1]), file=sys.stderr)
    columns = {
        f"{state}, {views} views": [one[state][views] for one in results]
        for state in ("trained", "distilled")
        for views in ("1", str(NUM_VIEWS))
    }
    summary = {
        name: {
            "mean": float(np.mean(values)),
            "deviation": float(np.std(values, ddof=1)) if values[1:] else None,
            "worst": min(values),
        }
        for name, values in columns.items()
    }
    write_json(
        args.output,
        {
            "command": "python scripts/benchmarks/distillation.py "
            "runs/seeds/distilled_seed_*",
            "runs": results,
            "summary": summary,
        },
    )
    for name, entry in summary.items():
        print(f"| {name} | {entry['mean']:.4f} | {entry['worst']:.4f} |")


if __name__ == "__main__":
    main()
