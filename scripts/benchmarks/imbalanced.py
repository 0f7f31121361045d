"""Digits that are not equally frequent: a uniform prior and a learned one.

    python scripts/benchmarks/imbalanced.py --counts FILE

`FILE`, a `.npy`, has a row of ten class counts for each data set, as published
by Ojha et al., 2020 (Elastic-InfoGAN). Of MNIST's training split, as many
images of each class are drawn, or all where there are fewer. No labels are used
in training. Each run leaves a JSON file; the same command resumes after an
interruption. Finally prints a table of all results.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.special import rel_entr
from seeds import parse_seeds
from sklearn.metrics import normalized_mutual_info_score

from keras_infogan import ImageData
from keras_infogan import clustering_accuracy
from keras_infogan import confusion_matrix
from keras_infogan import match_clusters
from keras_infogan import open_images
from keras_infogan.evaluation.evaluate import find_versions
from keras_infogan.files import write_json
from keras_infogan.training.build import build_model
from keras_infogan.training.build import make_stream
from keras_infogan.training.build import steps_per_epoch
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset

RESULTS = Path(__file__).parents[1] / "results"
# The options beside the preset.
PRIORS: dict[str, dict[str, Any]] = {
    "uniform": {},
    "learned": {"prior_rate": 0.005},
}
# Epochs before the prior is learned.
START = 2


def choose(data: ImageData, counts: np.ndarray, number: int) -> ImageData:
    """The images of a data set: so many of each class, in a random order."""
    rng = np.random.default_rng(number)
    assert data.labels is not None
    rows = [
        rng.permutation(np.flatnonzero(data.labels == label))[: int(count)]
        for label, count in enumerate(counts)
    ]
    chosen = rng.permutation(np.concatenate(rows))
    return ImageData(
        data.images[chosen], data.labels[chosen], data.name, data.class_names
    )


def configure(
    prior: str, data: ImageData, seed: int, epochs: int
) -> TrainingConfig:
    """Preset `mnist` with one of the priors."""
    config = preset("mnist").replace(seed=seed, **PRIORS[prior])
    if epochs:
        config = config.replace(epochs=epochs)
    if not config.objective.prior_rate:
        return config
    steps = START * steps_per_epoch(config.data, data)
    return config.replace(prior_start=steps)


def run(
    prior: str, number: int, data: ImageData, test: ImageData, args: Any
) -> dict[str, Any]:
    """Trains once; measures on the training images, and on the test split."""
    config = configure(prior, data, args.seed, args.epochs)
    epoch_steps = steps_per_epoch(config.data, data)
    num_steps = config.epochs * epoch_steps
    begin = time.perf_counter()
    model = build_model(config, num_steps=num_steps)
    stream = make_stream(config.data, data, model.latent_spec, seed=args.seed)
    model.fit(
        stream().take(num_steps),
        steps_per_epoch=epoch_steps,
        epochs=config.epochs,
        verbose=0,
    )
    seconds = time.perf_counter() - begin
    folder = args.run_dir / f"{prior}_{number}"
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    (name,) = model.latent_spec.categorical_names
    num_classes = len(data.class_names)
    clusters = {
        split: model.encode(one.images)[f"{name}_logits"].argmax(axis=1)
        for split, one in (("train", data), ("test", test))
    }
    assert data.labels is not None
    assert test.labels is not None
    mapping = match_clusters(
        confusion_matrix(
            data.labels,
            clusters["train"],
            num_classes=num_classes,
            num_clusters=model.latent_spec.code(name).dim,
        )
    )
    shares = np.bincount(data.labels, minlength=num_classes) / len(data.labels)
    uniform = [1.0 / num_classes] * num_classes
    of_classes = np.zeros(num_classes)
    of_classes[mapping] = model.latent_spec.priors.get(name, uniform)
    return {
        "prior": prior,
        "vector": number,
        "seed": args.seed,
        "command": "python scripts/benchmarks/imbalanced.py --counts FILE "
        f"--vectors {number} --priors {prior} --seed {args.seed}"
        + (f" --epochs {args.epochs}" if args.epochs else ""),
        "clustering_accuracy": clustering_accuracy(
            data.labels, clusters["train"], mapping
        ),
        "normalized_mutual_information": float(
            normalized_mutual_info_score(data.labels, clusters["train"])
        ),
        "test_clustering_accuracy": clustering_accuracy(
            test.labels, clusters["test"], mapping
        ),
        "divergence_of_the_prior": float(rel_entr(shares, of_classes).sum()),
        "class_shares": shares.tolist(),
        "prior_of_classes": of_classes.tolist(),
        "images": len(data.labels),
        "steps": num_steps,
        "seconds": seconds,
        "configuration": config.to_json(),
        "versions": find_versions(),
    }


def table(folder: Path) -> str:
    """The results in a folder as Markdown, a row for each prior."""
    lines = [
        "| prior of the category | vectors | accuracy: mean, worst "
        "| NMI: mean, worst | KL (nats): mean, worst | test split: accuracy |",
        "|---|---|---|---|---|---|",
    ]
    for prior in PRIORS:
        paths = sorted(folder.glob(f"imbalanced_{prior}_vector_*.json"))
        reports = [json.loads(path.read_text()) for path in paths]
        if not reports:
            continue

        def values(key: str, reports: Any = reports) -> list[float]:
            return [report[key] for report in reports]

        accuracy = values("clustering_accuracy")
        nmi = values("normalized_mutual_information")
        divergence = values("divergence_of_the_prior")
        test = values("test_clustering_accuracy")
        lines.append(
            f"| {prior} | {len(reports)} "
            f"| {statistics.mean(accuracy):.4f}, {min(accuracy):.4f} "
            f"| {statistics.mean(nmi):.4f}, {min(nmi):.4f} "
            f"| {statistics.mean(divergence):.4f}, {max(divergence):.4f} "
            f"| {statistics.mean(test):.4f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Makes the runs that are missing and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=Path, required=True, metavar="FILE")
    parser.add_argument("--vectors", type=parse_seeds, default=range(10))
    parser.add_argument("--priors", nargs="+", choices=PRIORS, default=PRIORS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--epochs", type=int, default=0, help="default: those of the preset"
    )
    parser.add_argument("--archives-dir", type=Path, metavar="DIR")
    parser.add_argument("--run-dir", type=Path, default=Path("runs/imbalanced"))
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR")
    args = parser.parse_args()
    # The results depend on the number of threads, by rounding.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    counts = np.load(args.counts, allow_pickle=False)
    train, test = (
        open_images("mnist", split=split, archives_dir=args.archives_dir)
        for split in ("train", "test")
    )
    for prior in args.priors:
        for number in args.vectors:
            path = args.output / f"imbalanced_{prior}_vector_{number}.json"
            if path.exists():
                continue
            data = choose(train, counts[number], number)
            result = run(prior, number, data, test, args)
            write_json(path, result)
            print(
                f"{path.stem}: accuracy {result['clustering_accuracy']:.4f} "
                f"after {result['seconds']:.0f} s",
                file=sys.stderr,
            )
            keras.backend.clear_session()
    print(table(args.output))


if __name__ == "__main__":
    main()
