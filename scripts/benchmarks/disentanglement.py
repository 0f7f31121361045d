"""Measures disentanglement on sprites: InfoGAN, InfoGAN-CR, a beta-TCVAE.

    python scripts/benchmarks/disentanglement.py --seeds 0-4

Each run leaves a JSON file and, in `--run-dir`, its model; the same command
resumes after an interruption. An InfoGAN-CR goes on from the checkpoint that
the InfoGAN of the same seed has where its regularizer starts, as the two are
the same run until then. Then ModelCentrality and UDR choose among the
runs of each method, without labels. Finally prints a table. The sprites are
rendered, unless `--dataset dsprites` is given, with its `--archives-dir`.
"""

import argparse
import functools
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import beta_tcvae
import keras
import numpy as np
import tensorflow as tf
from seeds import parse_seeds

from keras_infogan import ImageData
from keras_infogan import checksums
from keras_infogan import disentanglement_scores
from keras_infogan import load_model
from keras_infogan import model_centrality
from keras_infogan import open_images
from keras_infogan import udr_scores
from keras_infogan.evaluation.disentanglement import encode_in_chunks
from keras_infogan.evaluation.disentanglement.vectors import encode_vectors
from keras_infogan.evaluation.evaluate import find_versions
from keras_infogan.files import write_json
from keras_infogan.training.build import build_model
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset
from keras_infogan.training.run import train

RESULTS = Path(__file__).parents[1] / "results"
METHODS = ("infogan", "infogan_cr", "beta_tcvae")
# Those with a generator, which ModelCentrality needs.
CENTRAL = ("infogan", "infogan_cr")
# The columns of the table, in the order of the paper's.
COLUMNS = {
    "factor_vae_score": "FactorVAE",
    "disentanglement": "DCI",
    "sap_score": "SAP",
    "modularity": "modularity",
    "mutual_information_gap": "MIG",
    "beta_vae_score": "BetaVAE",
    "completeness": "completeness",
    "informativeness": "informativeness",
    "explicitness": "explicitness",
    "interventional_robustness": "IRS",
}
# Share of the steps after which the contrastive regularizer applies.
START = 0.9
# Images of UDR, and standard deviation of a code that carries information.
NUM_UDR_IMAGES = 1000
MIN_DEVIATION = 0.05


def configure(
    method: str, seed: int, args: argparse.Namespace
) -> TrainingConfig:
    """The options of a run of an InfoGAN."""
    base = preset("dsprites")
    config = base.replace(
        dataset=args.dataset,
        train_split=args.train_split,
        epochs=args.epochs or base.epochs,
        seed=seed,
        contrastive_weight=0.0,
        contrastive_start=0,
    )
    if args.information_weight is not None:
        weights = {"continuous": args.information_weight}
        config = config.replace(information_weights=weights)
    # A multiple of the steps of an execution.
    start = int(START * count_steps(config, args)) // 8 * 8
    config = config.replace(checkpoint_interval=start)
    if method == "infogan":
        return config
    weight = base.objective.contrastive_weight
    return config.replace(contrastive_weight=weight, contrastive_start=start)


def branch(
    config: TrainingConfig, folder: Path, plain: TrainingConfig, trunk: Path
) -> None:
    """Starts an InfoGAN-CR at the checkpoint of a plain one.

    Until its regularizer starts, the pair discriminator gets no gradients, so
    the state of such a run is that of the plain one, and a new pair
    discriminator.
    """
    step = config.objective.contrastive_start
    name = f"step_{step:08d}.weights.h5"
    old = build_model(plain)
    checksums.check(trunk / "checkpoints" / name, "Train the InfoGAN again.")
    old.load_weights(trunk / "checkpoints" / name)
    new = build_model(config)
    for source, target in (
        (old.generator, new.generator),
        (old.discriminator, new.discriminator),
        (old.generator_optimizer, new.generator_optimizer),
        # The moments of the pair discriminator come last, and are zeros.
        (old.discriminator_optimizer, new.discriminator_optimizer),
    ):
        for value, variable in zip(
            source.variables, target.variables, strict=False
        ):
            variable.assign(value)
    new.step.assign(old.step)
    checksums.write_recorded_json(folder / "config.json", config.to_json())
    with checksums.recorded_path(folder / "checkpoints" / name) as partial:
        new.save_weights(partial)


@functools.cache
def load(dataset: str, split: str, archives_dir: Path | None) -> ImageData:
    """Images with factors, at the size of the networks."""
    return open_images(
        dataset,
        split=split,
        image_size=preset("dsprites").data.image_shape[:2],
        channels=1,
        archives_dir=archives_dir,
        factors=True,
    )


def count_steps(config: TrainingConfig, args: argparse.Namespace) -> int:
    """The steps of a whole run."""
    data = load(args.dataset, args.train_split, args.archives_dir)
    return config.epochs * data.num_batches(config.data.batch_size)


def fit(
    method: str, seed: int, args: argparse.Namespace
) -> tuple[Callable[[np.ndarray], np.ndarray], dict[str, Any]]:
    """Trains once; returns the encoder, and what is known of the run."""
    config = configure(method, seed, args)
    folder = args.run_dir / stem(method, seed, args)
    num_steps = count_steps(config, args)
    begin = time.perf_counter()
    if method == "beta_tcvae":
        path = folder / "encoder.keras"
        if not path.exists():
            encoder = beta_tcvae.train(
                load(args.dataset, args.train_split, args.archives_dir),
                seed=seed,
                batch_size=config.data.batch_size,
                num_steps=num_steps,
            )
            folder.mkdir(parents=True, exist_ok=True)
            encoder.save(path)
        options = {"beta": beta_tcvae.BETA, "dimensions": beta_tcvae.DIMENSIONS}
    else:
        is_new = not folder.exists()
        trunk = args.run_dir / stem("infogan", seed, args)
        if is_new and method == "infogan_cr" and trunk.exists():
            plain = configure("infogan", seed, args)
            branch(config, folder, plain, trunk)
        train(config, folder, archives_dir=args.archives_dir, export=False)
        options = config.to_json()
        begin = begin if is_new else float("nan")
    seconds = time.perf_counter() - begin
    return find_encoder(folder), {
        "steps": num_steps,
        # Unknown for a resumed run.
        "seconds": seconds if seconds == seconds else None,
        "configuration": options,
    }


def find_encoder(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """From bytes of images to the means of their codes."""
    path = folder / "encoder.keras"
    if not path.exists():
        return functools.partial(encode_vectors, load_model(folder))
    encoder = keras.models.load_model(path)

    def encode(images: np.ndarray) -> np.ndarray:
        moments = encoder.predict(
            images.astype(np.float32) / 127.5 - 1.0, verbose=0, batch_size=500
        )
        return moments[:, : beta_tcvae.DIMENSIONS]

    return encode


def run(method: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Trains and measures once."""
    encode, about = fit(method, seed, args)
    data = load(args.dataset, "all", args.archives_dir)
    begin = time.perf_counter()
    codes = encode_in_chunks(encode, data.images)
    scores = disentanglement_scores(codes, data.factors)
    return {
        "method": method,
        "seed": seed,
        "dataset": args.dataset,
        "train_split": args.train_split,
        "command": "python scripts/benchmarks/disentanglement.py --dataset "
        f"{args.dataset} --train-split {args.train_split!r} --methods {method} "
        f"--seeds {seed} --name {args.name}"
        + (f" --epochs {args.epochs}" if args.epochs else "")
        + (
            ""
            if args.information_weight is None
            else f" --information-weight {args.information_weight:g}"
        ),
        **about,
        "seconds_of_the_metrics": time.perf_counter() - begin,
        "num_images": len(data.images),
        "scores": scores,
        "versions": find_versions(),
    }


def choose(method: str, args: argparse.Namespace) -> dict[str, Any]:
    """What ModelCentrality and UDR say of the runs of a method."""
    folders = [args.run_dir / stem(method, s, args) for s in args.seeds]
    images = load(args.dataset, "all", args.archives_dir).images
    rows = np.random.default_rng(0).choice(len(images), NUM_UDR_IMAGES)
    codes = [find_encoder(folder)(images[rows]) for folder in folders]
    informative = [one.std(axis=0) > MIN_DEVIATION for one in codes]
    result: dict[str, Any] = {
        "method": method,
        "seeds": args.seeds,
        "dataset": args.dataset,
        "udr": udr_scores(codes, informative=informative),
    }
    if method in CENTRAL:
        found = model_centrality([load_model(folder) for folder in folders])
        best = int(np.argmax(found["centralities"]))
        result |= {"model_centrality": found, "chosen_seed": args.seeds[best]}
    return result


def stem(method: str, seed: int | str, args: argparse.Namespace) -> str:
    """The name of the files of a run."""
    return f"{args.name}_{method}_seed_{seed}"


def table(args: argparse.Namespace) -> str:
    """All results of this name as Markdown."""
    lines = [
        f"| {args.dataset} | runs | {' | '.join(COLUMNS.values())} |",
        "|---" * (2 + len(COLUMNS)) + "|",
    ]
    for method in METHODS:
        paths = sorted(args.output.glob(f"{stem(method, '*', args)}.json"))
        reports = [json.loads(path.read_text()) for path in paths]
        rows = [(method, reports)] if reports else []
        choice = args.output / f"{args.name}_{method}_choice.json"
        if choice.exists():
            chosen = json.loads(choice.read_text()).get("chosen_seed")
            picked = [one for one in reports if one["seed"] == chosen]
            rows += [(f"{method}, chosen", picked)] if picked else []
        for title, group in rows:
            cells = [
                spread([one["scores"][key] for one in group]) for key in COLUMNS
            ]
            lines.append(f"| {title} | {len(group)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """The mean, and the deviation over several runs."""
    text = f"{statistics.mean(values):.3f}"
    return (
        f"{text} ± {statistics.stdev(values):.3f}" if len(values) > 1 else text
    )


def main() -> None:
    """Makes the runs that are missing, chooses, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="rendered_dsprites")
    parser.add_argument("--train-split", default="train[:90%]")
    parser.add_argument("--methods", nargs="+", choices=METHODS)
    parser.add_argument(
        "--seeds", type=parse_seeds, default="0-4", metavar="A-B"
    )
    parser.add_argument(
        "--epochs", type=int, default=0, help="default: those of the preset"
    )
    parser.add_argument(
        "--information-weight",
        type=float,
        metavar="W",
        help="default: that of the preset",
    )
    parser.add_argument(
        "--name", help="prefix of the files (default: that of the data set)"
    )
    parser.add_argument("--archives-dir", type=Path, metavar="DIR")
    parser.add_argument(
        "--run-dir", type=Path, default=Path("runs/disentanglement")
    )
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR")
    args = parser.parse_args()
    args.name = args.name or f"disentanglement_{args.dataset}"
    # The results depend on the number of threads, by rounding.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for method in args.methods or METHODS:
        for seed in args.seeds:
            path = args.output / f"{stem(method, seed, args)}.json"
            if not path.exists():
                report = run(method, seed, args)
                write_json(path, report)
                print(
                    f"{path.stem}: FactorVAE score "
                    f"{report['scores']['factor_vae_score']:.3f}",
                    file=sys.stderr,
                )
                keras.backend.clear_session()
        path = args.output / f"{args.name}_{method}_choice.json"
        if len(args.seeds) > 1 and not path.exists():
            write_json(path, choose(method, args))
    print(table(args))


if __name__ == "__main__":
    main()
