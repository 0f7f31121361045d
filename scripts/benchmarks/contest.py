"""Runs worker processes in turns (A B A B), and sums up their rounds."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

WORKERS = Path(__file__).with_name("workers.py")


class Contestant:
    """A worker process of `workers.py` that works on request."""

    def __init__(
        self,
        kind: str,
        *,
        python: str = sys.executable,
        threads: int | None = None,
        **spec: Any,
    ) -> None:
        arguments = [python, str(WORKERS), kind, json.dumps(spec)]
        if threads:
            cores = sorted(os.sched_getaffinity(0))[:threads]
            arguments = [
                "taskset", "-c", ",".join(map(str, cores)), *arguments,
            ]  # fmt: skip
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.facts = self._read()
        self.rounds: list[dict[str, float]] = []

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise OSError(f"A worker failed: {self.errors.read()[-2000:]}")
        return json.loads(line)

    def work(self) -> dict[str, float]:
        """Lets it do a round."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.rounds.append(self._read())
        return self.rounds[-1]

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def summary(self) -> dict[str, Any]:
        """Median and range over the rounds."""
        rates = [line["images"] / line["wall_s"] for line in self.rounds]
        return {
            "images_per_s": median(rates),
            "images_per_s_range": [min(rates), max(rates)],
            "images_per_cpu_s": median(
                line["images"] / line["cpu_s"] for line in self.rounds
            ),
            "step_ms": median(
                1e3 * line["wall_s"] / line["steps"] for line in self.rounds
            ),
            "peak_mib": self.rounds[-1]["peak_mib"],
            "rounds": len(self.rounds),
            **self.facts,
        }


def compare(
    contestants: Mapping[str, Callable[[], Contestant]], rounds: int
) -> dict[str, dict[str, Any]]:
    """Starts all, lets them take turns, and sums up."""
    started = {name: start() for name, start in contestants.items()}
    for _ in range(rounds):
        for contestant in started.values():
            contestant.work()
    for contestant in started.values():
        contestant.close()
    results = {name: one.summary() for name, one in started.items()}
    for name, result in results.items():
        log(f"  {name:32} {result['images_per_s']:10.0f} images/s")
    return results


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
