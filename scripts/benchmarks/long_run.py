"""Trains for 20,000 small steps, and measures what must not grow.

    python scripts/benchmarks/long_run.py

Memory, open files and threads of the process, and the size of its log, every
1,000 steps; writes `scripts/results/long_run.json`. What is judged is the
second half: the allocator takes memory for the first one, and gives some of it
back. There, memory goes up and down by some percent: a leak would be a slope.
"""

import argparse
import platform
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import keras_infogan
from keras_infogan.files import write_json
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import preset

RESULTS = Path(__file__).parents[1] / "results"
_STEPS_PER_EPOCH = 2000
_EVERY = 1000


def small_run(dataset: Path, num_steps: int) -> TrainingConfig:
    """The preset `mnist` with images of 8 x 8 pixels and batches of 8."""
    return preset("mnist").replace(
        dataset=str(dataset),
        image_size=8,
        batch_size=8,
        min_epoch_steps=_STEPS_PER_EPOCH,
        epochs=num_steps // _STEPS_PER_EPOCH,
    )


class Observer(threading.Thread):
    """Measures this process whenever the log has 1,000 steps more."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(daemon=True)
        self._log = run_dir / "log.jsonl"
        self._ended = threading.Event()
        self.rows: list[dict[str, Any]] = []

    def run(self) -> None:
        process, begin = psutil.Process(), time.perf_counter()
        while not self._ended.wait(0.2):
            text = self._log.read_bytes() if self._log.exists() else b""
            # A line has 50 steps.
            step = 50 * text.count(b"\n")
            if step < _EVERY * (len(self.rows) + 1):
                continue
            self.rows.append(
                {
                    "step": step,
                    "memory_mib": round(process.memory_info().rss / 2**20, 1),
                    "open_files": process.num_fds(),
                    "threads": process.num_threads(),
                    "log_bytes": len(text),
                    "seconds": round(time.perf_counter() - begin),
                }
            )

    def end(self) -> list[dict[str, Any]]:
        self._ended.set()
        self.join()
        return self.rows


def summarize(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What has grown in the second half of a run.

    Returns:
        `memory_growth`: the mean of the last quarter against that of the third
        one, minus 1. `memory_spread`: the same of the largest value against the
        smallest one. `memory_mib_per_1000_steps`: the slope by least squares.
    """
    half = len(rows) // 2
    settled = rows[half:]
    memory = np.array([row["memory_mib"] for row in settled])
    steps = np.array([row["step"] for row in settled])
    third, last = memory[: half // 2].mean(), memory[half // 2 :].mean()
    return {
        "memory_growth": round(float(last / third) - 1, 4),
        "memory_spread": round(float(memory.max() / memory.min()) - 1, 4),
        "memory_mib_per_1000_steps": round(
            1000 * float(np.polyfit(steps, memory, 1)[0]), 2
        ),
        "largest_number_of_open_files": max(
            row["open_files"] for row in settled
        ),
        "largest_number_of_threads": max(row["threads"] for row in settled),
        "log_bytes_per_step": round(
            rows[-1]["log_bytes"] / rows[-1]["step"], 2
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20_000)
    args = parser.parse_args()
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        dataset, run_dir = Path(folder, "x.npz"), Path(folder, "run")
        images = random.integers(0, 256, (400, 8, 8, 1)).astype(np.uint8)
        np.savez(dataset, x=images, y=np.arange(400) % 10)
        observer = Observer(run_dir)
        observer.start()
        config = small_run(dataset, args.steps)
        keras_infogan.train(config, run_dir, export=False)
        rows = observer.end()
        num_files = sum(1 for path in run_dir.rglob("*") if path.is_file())
    write_json(
        RESULTS / "long_run.json",
        {
            "machine": platform.platform(),
            "steps": args.steps,
            **summarize(rows),
            "files_of_the_run": num_files,
            "rows": rows,
        },
    )


if __name__ == "__main__":
    main()
