"""Trains a preset with several seeds, and sums up what came out.

    python scripts/benchmark_seeds.py --preset mnist --seeds 0-4

One JSON file a seed, as soon as it is there; the same command again goes on.
Options that this script does not know go to `keras-infogan train`.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment


def attribute_correlation(report: dict[str, Any]) -> float | None:
    """The least |rho| of a code's dimension with an attribute of its own.

    No two dimensions have the same one; they are given out so that the sum is
    the largest. Without such codes, `None`.
    """
    if not report["sweeps"]:
        return None
    sizes = np.abs(
        [
            list(dimension["correlation"].values())
            for dimensions in report["sweeps"].values()
            for dimension in dimensions
        ]
    )
    return float(sizes[linear_sum_assignment(sizes, maximize=True)].min())


SUMMED_UP = {
    "accuracy": lambda report: report["clustering_accuracy"],
    "nmi": lambda report: report["normalized_mutual_information"],
    "ari": lambda report: report["adjusted_rand_index"],
    "category_nats": lambda report: next(
        nats
        for name, nats in report["mutual_information"].items()
        if report["mutual_information_ceiling"].get(name) is not None
    ),
    "frechet_distance": lambda report: report["quality"]["frechet_distance"],
    "category_agreement": lambda report: report["quality"][
        "category_agreement"
    ]["all"],
    "attribute_correlation": attribute_correlation,
    "seconds": lambda report: report["seconds"],
}
# Of these, the largest is the worst.
LESS_IS_BETTER = {"frechet_distance", "seconds"}


def parse_seeds(text: str) -> list[int]:
    """`0-4` and `0,2,7`, and both together."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if not match:
            raise argparse.ArgumentTypeError(
                f"expected seeds such as 0-4 or 0,2,7, got {text!r}"
            )
        first, last = match[1], match[2] or match[1]
        seeds += range(int(first), int(last) + 1)
    return seeds


def write(path: Path, content: Any) -> None:
    """Writes JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    partial.write_text(json.dumps(content, indent=2) + "\n")
    partial.replace(path)


def train(name: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """The report of a seed, with the command and its duration."""
    run_dir = args.run_dir / f"{name}_seed_{seed}"
    options = ["--preset", args.preset, "--seed", str(seed), *args.options]
    # A folder of this machine is no part of the command that others repeat.
    folder = ["--archives-dir", args.archives_dir] if args.archives_dir else []
    begin = time.perf_counter()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "keras_infogan",
            "train",
            "--run-dir",
            str(run_dir),
            *options,
            *folder,
        ],
        stdout=subprocess.DEVNULL,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    report = json.loads((run_dir / "report.json").read_text())
    return {
        **report,
        "command": " ".join(["keras-infogan", "train", *options]),
        # From the start of the process; less if it was resumed.
        "seconds": time.perf_counter() - begin,
    }


def summarize(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean, deviation over seeds (of the sample), worst and all values."""
    summary: dict[str, Any] = {}
    for name, value_of in SUMMED_UP.items():
        values = [value_of(report) for report in reports]
        if None in values:
            continue
        worst = max if name in LESS_IS_BETTER else min
        summary[name] = {
            "mean": statistics.mean(values),
            "deviation": statistics.stdev(values) if len(values) > 1 else None,
            "worst": worst(values),
            "values": values,
        }
    return summary


def main() -> None:
    """Trains what is missing, and writes the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="mnist", metavar="NAME")
    parser.add_argument(
        "--seeds", type=parse_seeds, default="0-4", metavar="A-B"
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="of the files, if it is not that of the preset",
    )
    parser.add_argument(
        "--run-dir", type=Path, default=Path("runs/seeds"), metavar="DIR"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("scripts/results"), metavar="DIR"
    )
    parser.add_argument(
        "--archives-dir",
        metavar="DIR",
        help="folder with the original archives of the data set",
    )
    args, args.options = parser.parse_known_args()
    name = args.name or args.preset
    reports = []
    for seed in args.seeds:
        path = args.output / f"{name}_seed_{seed}.json"
        if path.exists():
            report = json.loads(path.read_text())
            print(f"{path} is there.", file=sys.stderr)
        else:
            report = train(name, seed, args)
            write(path, report)
        reports.append(report)
    summary = {
        "command": reports[0]["command"].replace(
            f"--seed {args.seeds[0]}", "--seed S"
        ),
        "seeds": args.seeds,
        "versions": reports[0]["versions"],
        **summarize(reports),
    }
    write(args.output / f"{name}_summary.json", summary)
    print("| | mean | deviation | worst |")
    print("|---|---|---|---|")
    for key in SUMMED_UP:
        entry = summary[key]
        deviation = entry["deviation"]
        print(
            f"| {key} | {entry['mean']:.4f} "
            f"| {'' if deviation is None else f'{deviation:.4f}'} "
            f"| {entry['worst']:.4f} |"
        )


if __name__ == "__main__":
    main()
