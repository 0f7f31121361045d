"""Measures two workers of one core each against one worker of one core.

    python scripts/benchmarks/scaling.py scripts/results/scaling.json

Takes less than 4 minutes on two idle cores. The networks of the paper, 128
images in a batch for each worker, on random images. The two workers train one
model under `MultiWorkerMirroredStrategy` on loopback; both kinds take turns, so
that other load on the machine affects them alike. "xla" is one worker with
XLA, which is off under a strategy.
"""

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

BATCH_SIZE = 128
NUM_ROUNDS = 5
NUM_STEPS = 8
TARGET = 1.7


def work(*, jit_compile: bool) -> None:
    """Makes as many steps as each line on stdin says; answers with seconds."""
    import numpy as np

    from keras_infogan import ImageData
    from keras_infogan.models.strategy import distribute
    from keras_infogan.training.build import build_model
    from keras_infogan.training.devices import make_strategy
    from keras_infogan.training.presets import preset

    strategy = make_strategy()
    config = preset("paper").replace(jit_compile=jit_compile)
    with strategy.scope():
        model = build_model(config)
    pixels = np.random.default_rng(0).integers(
        0, 256, (4096, *model.image_shape), np.uint8
    )
    count = strategy.num_replicas_in_sync
    batches = ImageData(pixels, None, "random").batches(BATCH_SIZE * count)
    iterator = iter(distribute(strategy, batches) if count > 1 else batches)
    model.make_train_function()
    for line in sys.stdin:
        begin = time.perf_counter()
        for _ in range(int(line)):
            logs = model.train_function(iterator)
        # Waits for the last step.
        float(logs["generator_loss"])
        print(json.dumps(time.perf_counter() - begin), flush=True)


class Contestant:
    """One worker, or several that train one model; each has a core."""

    def __init__(self, cores: list[int], *, xla: bool = False) -> None:
        addresses = [f"127.0.0.1:{_free_port()}" for _ in cores]
        self.processes = [
            subprocess.Popen(
                [
                    *("taskset", "-c", str(core), sys.executable, __file__),
                    "--xla" if xla else "--worker",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={
                    **os.environ,
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                    "TF_CONFIG": json.dumps(
                        {
                            "cluster": {"worker": addresses},
                            "task": {"type": "worker", "index": index},
                        }
                    ),
                },
            )
            for index, core in enumerate(cores)
        ]

    def train(self, num_steps: int) -> float:
        """Images a second of all workers together."""
        for process in self.processes:
            assert process.stdin
            process.stdin.write(f"{num_steps}\n")
            process.stdin.flush()
        seconds = []
        for process in self.processes:
            assert process.stdout
            seconds.append(json.loads(process.stdout.readline()))
        return BATCH_SIZE * len(self.processes) * num_steps / max(seconds)

    def close(self) -> None:
        for process in self.processes:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def compare() -> dict[str, Any]:
    cores = sorted(os.sched_getaffinity(0))[:2]
    contestants = {
        "one": Contestant(cores[:1]),
        "two": Contestant(cores),
        "xla": Contestant(cores[:1], xla=True),
    }
    try:
        for contestant in contestants.values():
            # Compiles.
            contestant.train(2)
        rates: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(NUM_ROUNDS):
            for name, contestant in contestants.items():
                rates[name].append(round(contestant.train(NUM_STEPS), 1))
    finally:
        for contestant in contestants.values():
            contestant.close()
    medians = {
        name: statistics.median(rounds) for name, rounds in rates.items()
    }
    return {
        "command": "python scripts/benchmarks/scaling.py",
        "cores": len(cores),
        "load_average": os.getloadavg()[0],
        "batch_size_of_a_worker": BATCH_SIZE,
        "versions": {
            "python": platform.python_version(),
            **{
                name: metadata.version(name)
                for name in ("keras-infogan", "tensorflow", "keras")
            },
        },
        "images_per_second": rates,
        "median": medians,
        "scaling": round(medians["two"] / medians["one"], 3),
        "scaling_against_xla": round(medians["two"] / medians["xla"], 3),
        "target": TARGET,
    }


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} RESULTS.json")
    if sys.argv[1] in ("--worker", "--xla"):
        work(jit_compile=sys.argv[1] == "--xla")
        return
    results = compare()
    text = json.dumps(results, indent=2)
    Path(sys.argv[1]).write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
