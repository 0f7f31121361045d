"""Trains a preset with several seeds and summarizes the results.

    python scripts/benchmarks/seeds.py --preset mnist --seeds 0-4

Each seed leaves a JSON file; the same command resumes after an interruption.
Other options are passed on to `keras-infogan train`.
"""

import argparse
import json
import re
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment


def category_nats(report: dict[str, Any]) -> float | None:
    """Returns the information of the first discrete code, if there is one."""
    for name, ceiling in report["mutual_information_ceiling"].items():
        if ceiling is not None:
            return report["mutual_information"][name]
    return None


def attribute_correlation(report: dict[str, Any]) -> float | None:
    """Returns the least |rho| of a code's dimension with its attribute.

    Each dimension is matched with a different attribute, such that the sum of
    |rho| is the largest.
    """
    if not report["traversals"]:
        return None
    sizes = np.abs(
        [
            list(dimension["correlation"].values())
            for dimensions in report["traversals"].values()
            for dimension in dimensions
        ]
    )
    return float(sizes[linear_sum_assignment(sizes, maximize=True)].min())


def fidelity(*keys: str) -> Callable[[dict[str, Any]], float | None]:
    """Returns a function that looks up a fidelity measure, if there is one."""

    def find(report: dict[str, Any]) -> float | None:
        value: Any = report["fidelity"]
        for key in keys:
            value = None if value is None else value[key]
        return value

    return find


# None for a data set without labels or a model without discrete codes.
SUMMED_UP: dict[str, Callable[[dict[str, Any]], float | None]] = {
    "accuracy": lambda report: report["clustering_accuracy"],
    "nmi": lambda report: report["normalized_mutual_information"],
    "ari": lambda report: report["adjusted_rand_index"],
    "category_nats": category_nats,
    "frechet_distance": fidelity("frechet_distance"),
    "category_agreement": fidelity("category_agreement", "all"),
    "attribute_correlation": attribute_correlation,
    "seconds": lambda report: report["seconds"],
}
# The largest is the worst of these.
LESS_IS_BETTER = {"frechet_distance", "seconds"}


def parse_seeds(text: str) -> list[int]:
    """Parses `0-4`, `0,2,7` and combinations of both."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if not match:
            raise argparse.ArgumentTypeError(
                f"expected seeds such as 0-4 or 0,2,7, got {text!r}"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise argparse.ArgumentTypeError(
                f"expected the lower seed first, got {part!r}"
            )
        seeds += range(first, last + 1)
    return list(dict.fromkeys(seeds))


def write(path: Path, content: Any) -> None:
    """Writes JSON atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    partial.write_text(json.dumps(content, indent=2) + "\n")
    partial.replace(path)


def options_of(seed: int, args: argparse.Namespace) -> list[str]:
    """Returns the options of `keras-infogan train` for a seed."""
    return ["--preset", args.preset, "--seed", str(seed), *args.options]


def command_of(seed: int, args: argparse.Namespace) -> str:
    """Returns the shell command for a seed."""
    return shlex.join(["keras-infogan", "train", *options_of(seed, args)])


def read(path: Path, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Reads an existing report, if it has the same command."""
    report: dict[str, Any] = json.loads(path.read_text())
    expected = command_of(seed, args)
    if report["command"] != expected:
        raise SystemExit(
            f"{path} should be a result of `{expected}`. Received: one of "
            f"`{report['command']}`. Choose another --name or --output."
        )
    return report


def train(name: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Trains a seed; returns its report, command and duration."""
    run_dir = args.run_dir / f"{name}_seed_{seed}"
    is_resumed = run_dir.exists()
    begin = time.perf_counter()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "keras_infogan",
            "train",
            "--run-dir",
            str(run_dir),
            *options_of(seed, args),
            "--no-export",
            # Local folders are not part of the recorded command.
            *(["--archives-dir", args.archives_dir] * bool(args.archives_dir)),
        ],
        stdout=subprocess.DEVNULL,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    report = json.loads((run_dir / "report.json").read_text())
    return {
        **report,
        "command": command_of(seed, args),
        # Unknown for a resumed run.
        "seconds": None if is_resumed else time.perf_counter() - begin,
    }


def summarize(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns mean, sample deviation, worst and all values over the seeds.

    Measures that no report has are left out; those that only some have are
    summarized over these.
    """
    summary: dict[str, Any] = {}
    for name, value_of in SUMMED_UP.items():
        found = [value_of(report) for report in reports]
        values = [value for value in found if value is not None]
        if not values:
            continue
        worst = max if name in LESS_IS_BETTER else min
        summary[name] = {
            "mean": statistics.mean(values),
            "deviation": statistics.stdev(values) if len(values) > 1 else None,
            "worst": worst(values),
            "values": found,
        }
    return summary


def main() -> None:
    """Trains the missing seeds and writes the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="mnist", metavar="NAME")
    parser.add_argument(
        "--seeds", type=parse_seeds, default="0-4", metavar="A-B"
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="prefix of the files (default: the preset)",
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
            report = read(path, seed, args)
            print(f"{path} exists.", file=sys.stderr)
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
        entry = summary.get(key)
        if entry is None:
            continue
        deviation = entry["deviation"]
        print(
            f"| {key} | {entry['mean']:.4f} "
            f"| {'' if deviation is None else f'{deviation:.4f}'} "
            f"| {entry['worst']:.4f} |"
        )


if __name__ == "__main__":
    main()
