"""Measures how fast this machine trains and generates.

    python scripts/benchmarks/speed.py --quick --json quick.json
    python scripts/benchmarks/speed.py --json scripts/results/speed.json

Everything that is compared runs in a process of its own (`workers.py`). All
processes are alive at once and take turns, so that other load on the machine
affects them alike. PyTorch takes part if `--torch-python`, by default this
Python, can import it.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from contest import log
from sections import QUICK_SECTIONS
from sections import SECTIONS
from sections import Setting
from tables import draw
from tables import summarize
from tables import table


def has_torch(python: str) -> bool:
    done = subprocess.run(
        [python, "-c", "import torch"], stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def run_sections(args: argparse.Namespace) -> dict[str, Any]:
    """Measures the requested sections; `--resume` keeps the others."""
    setting = Setting(
        args.quick,
        4 if args.quick else 7,
        args.torch_python if has_torch(args.torch_python) else None,
    )
    facts = {
        "command": "python scripts/benchmarks/speed.py"
        + " --quick" * args.quick,
        "versions": versions(),
        "cores": len(os.sched_getaffinity(0)),
        "torch": setting.torch_python is not None,
        # quickstart.sh sets glibc.malloc.hugetlb=1, which is a tenth faster.
        "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES"),
    }
    results: dict[str, Any] = {}
    if args.resume and args.json and args.json.exists():
        results = json.loads(args.json.read_text())
        if {name: results.get(name) for name in facts} != facts:
            log(f"{args.json} has results of another command; starting over.")
            results = {}
    results |= facts
    names = args.sections or (QUICK_SECTIONS if args.quick else SECTIONS)
    for name in names:
        title, measure = SECTIONS[name]
        if name in results and not args.sections:
            continue
        log(title)
        begin = time.perf_counter()
        results[name] = measure(setting)
        results.setdefault("seconds", {})[name] = time.perf_counter() - begin
        results["summary"] = summarize(results)
        if args.json:
            partial = args.json.with_name(f".partial-{args.json.name}")
            partial.write_text(json.dumps(results, indent=2) + "\n")
            partial.replace(args.json)
    return results


def versions() -> dict[str, str]:
    names = ("keras-infogan", "tensorflow", "keras", "numpy")
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in names},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"what to measure (default: all): {', '.join(SECTIONS)}",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep the results that the file has, and measure the rest",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only what the summary needs; takes minutes",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="file for the results"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="PNG", help="file for a bar chart"
    )
    parser.add_argument(
        "--torch-python",
        default=sys.executable,
        metavar="PYTHON",
        help="a Python that can import torch",
    )
    args = parser.parse_args()
    unknown = sorted(set(args.sections) - set(SECTIONS))
    if unknown:
        parser.error(
            f"SECTION should be one of {', '.join(SECTIONS)}. "
            f"Received: {', '.join(unknown)}"
        )
    results = run_sections(args)
    print(table(results))
    print(json.dumps(results["summary"], indent=2))
    if args.plot:
        draw(results, args.plot)


if __name__ == "__main__":
    main()
