"""Trains variants of the presets (ablations), and prints a table of them.

    python scripts/benchmarks/studies.py               # all; takes hours
    python scripts/benchmarks/studies.py no_neighbors  # one of them
    python scripts/benchmarks/studies.py --table       # existing results

Each study calls `seeds.py`, which resumes after an interruption. Each changes
one part of the default recipe and what depends on it, except for the studies
with labels, which have more epochs, and those of other presets. Few seeds show
what fails, not which of two working variants is better. What `no_neighbors`,
`free_pose` and `free_style` leave out was added after runs of earlier recipes
had failed without it.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from typing import NamedTuple

from keras_infogan.options import to_plain
from keras_infogan.training.presets import preset

SEEDS = Path(__file__).with_name("seeds.py")
RESULTS = Path(__file__).parents[1] / "results"
CATEGORY = {"type": "categorical", "num_categories": 10}
AUGMENTATION = to_plain(preset("mnist").objective.augmentation)
AUGMENTATION_WITH_ERASING = {
    **{name: value for name, value in AUGMENTATION.items() if value},
    "erase": 0.2,
}


class Study(NamedTuple):
    """A change, in words and in command-line flags."""

    title: str
    options: tuple[str, ...] = ()
    preset: str = "mnist"
    seeds: str = "0"


def _codes(**arguments: float) -> str:
    uniform = {"type": "uniform", "dim": 1, **arguments}
    return json.dumps({"category": CATEGORY, "pose": uniform, "style": uniform})


STUDIES = {
    "mnist": Study("the default recipe", seeds="0-4"),
    "mnist_100_labels": Study(
        "with the labels of 100 images, 12 epochs",
        ("--num-labels", "100", "--epochs", "12"),
        seeds="0-2",
    ),
    "fashion_mnist": Study("Fashion-MNIST", (), "fashion_mnist", "0-2"),
    # What each part of the recipe is for.
    "no_invariance": Study(
        "no invariance on real images",
        ("--invariance-weight", "0", "--neighbor-share", "0"),
    ),
    "no_neighbors": Study(
        "positive pairs without nearest neighbors", ("--neighbor-share", "0")
    ),
    "plain_category": Study(
        "category not invariant to augmentation", ("--warped-codes", "[]")
    ),
    "free_pose": Study(
        "pose not equivariant to slant",
        ("--slant-gains", "{}"),
        seeds="0-1",
    ),
    "free_style": Study(
        "style invariant, not equivariant to thickness",
        (
            *("--thickness-gains", "{}"),
            *("--warped-codes", json.dumps(["category", "style"])),
        ),
    ),
    "no_decay": Study("constant learning rates", ("--decay-share", "0")),
    "slow_discriminator": Study(
        "learning rate of D 2e-4, not 5e-4",
        ("--discriminator-learning-rate", "2e-4"),
    ),
    "full_weights": Study(
        "information weights of pose and style 1, not 0.1",
        ("--information-weights", "{}"),
    ),
    # Parts of an earlier recipe.
    "erasing": Study(
        "with random erasing", ("--warp", json.dumps(AUGMENTATION_WITH_ERASING))
    ),
    "trunk": Study(
        "information gradient reaches the trunk",
        ("--information-gradient", "trunk"),
    ),
    # As in other public implementations.
    "fixed_stddev": Study(
        "standard deviation of Q fixed at 1",
        ("--codes", _codes(stddev=1.0)),
        seeds="0-2",
    ),
    # The published settings, shortened for a few cores.
    "paper": Study("Chen et al., 2 epochs", ("--epochs", "2"), "paper"),
    "writeup": Study("the write-up, 1 epoch", ("--epochs", "1"), "writeup"),
}


def table() -> str:
    """Returns the existing summaries as Markdown, a row each."""
    lines = [
        "| study | seeds | accuracy | worst | NMI | category (nats) "
        "| Frechet distance | own attribute, least |rho| |".replace(
            "|rho|", "\\|rho\\|"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, study in STUDIES.items():
        path = RESULTS / f"{name}_summary.json"
        if not path.exists():
            continue
        summary = json.loads(path.read_text())

        def mean(key: str, digits: int, summary: Any = summary) -> str:
            one = summary.get(key)
            if one is None:
                return ""
            spread = one["deviation"]
            return f"{one['mean']:.{digits}f}" + (
                "" if spread is None else f" +/- {spread:.{digits}f}"
            )

        rho = summary.get("attribute_correlation")
        lines.append(
            f"| {study.title} | {len(summary['seeds'])} "
            f"| {mean('accuracy', 4)} | {summary['accuracy']['worst']:.4f} "
            f"| {mean('nmi', 3)} | {mean('category_nats', 2)} "
            f"| {mean('frechet_distance', 1)} "
            f"| {'' if rho is None else format(rho['worst'], '.2f')} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs studies, or prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which ones (default: all): {', '.join(STUDIES)}",
    )
    parser.add_argument(
        "--table", action="store_true", help="only print the table"
    )
    parser.add_argument(
        "--archives-dir",
        type=Path,
        metavar="DIR",
        help="folder with the archives of Fashion-MNIST, to avoid a download",
    )
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(STUDIES))
    if unknown:
        parser.error(
            f"NAME should be one of {', '.join(STUDIES)}. "
            f"Received: {', '.join(unknown)}"
        )
    for name in () if args.table else args.names or STUDIES:
        study = STUDIES[name]
        options = list(study.options)
        if study.preset == "fashion_mnist" and args.archives_dir:
            options += ["--archives-dir", str(args.archives_dir)]
        print(f"==> {name}: {study.title}", file=sys.stderr)
        subprocess.run(
            [
                sys.executable,
                str(SEEDS),
                *("--preset", study.preset, "--seeds", study.seeds),
                *("--name", name, *options),
            ],
            check=True,
        )
    print(table())


if __name__ == "__main__":
    main()
