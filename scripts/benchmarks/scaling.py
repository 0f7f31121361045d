"""Measures two workers of one core each against one worker of one core.

    python scripts/benchmarks/scaling.py scripts/results/scaling.json
    python scripts/benchmarks/scaling.py scaling_256.json --batch-size 256

Takes less than 4 minutes on two idle cores. The networks of the paper, random
images, and batches of 128 images, or another number, for each worker. The two
workers train one model under `MultiWorkerMirroredStrategy` on loopback; both
kinds take turns, so that other load on the machine affects them alike. "xla" is
one worker with XLA, which is off under a strategy. The seconds of CPU of a step
of a worker say what communication costs even if the machine is busy. Two
workers that leave out the moments of batch normalization, or the gradients, do
not train one model; they tell what each costs:

    python scripts/benchmarks/scaling.py x.json --without moments,gradients
"""

import argparse
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

NUM_ROUNDS = 5
NUM_STEPS = 8
TARGET = 1.7


def work(batch_size: int, *, jit_compile: bool, without: list[str]) -> None:
    """Makes as many steps as each line on stdin says; answers with seconds."""
    import keras
    import numpy as np
    import tensorflow as tf

    from keras_infogan import ImageData
    from keras_infogan.models.distribution import distribute
    from keras_infogan.training.build import build_model
    from keras_infogan.training.devices import make_strategy
    from keras_infogan.training.presets import preset

    strategy = make_strategy()
    config = preset("paper").replace(jit_compile=jit_compile)
    with strategy.scope():
        model = build_model(config)
    if "moments" in without:
        for layer in (*model.generator.layers, *model.discriminator.layers):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = False
    if "gradients" in without:
        all_reduce = tf.distribute.ReplicaContext.all_reduce
        tf.distribute.ReplicaContext.all_reduce = (
            # Gradients alone come in a list.
            lambda self, op, value, options=None: (
                value
                if isinstance(value, list)
                else all_reduce(self, op, value, options)
            )
        )
    pixels = np.random.default_rng(0).integers(
        0, 256, (4096, *model.image_shape), np.uint8
    )
    count = strategy.num_replicas_in_sync
    batches = ImageData(pixels, None, "random").batches(batch_size * count)
    iterator = iter(distribute(strategy, batches) if count > 1 else batches)
    model.make_train_function()
    for line in sys.stdin:
        begin, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            logs = model.train_function(iterator)
        # Waits for the last step.
        float(logs["generator_loss"])
        seconds = {
            "wall": time.perf_counter() - begin,
            "cpu": time.process_time() - cpu,
        }
        print(json.dumps(seconds), flush=True)


class Contestant:
    """One worker, or several that train one model; each has a core."""

    def __init__(
        self,
        cores: list[int],
        batch_size: int,
        *options: str,
    ) -> None:
        self.batch_size = batch_size
        self.cpu_seconds: list[float] = []
        addresses = [f"127.0.0.1:{_free_port()}" for _ in cores]
        self.processes = [
            subprocess.Popen(
                [
                    *("taskset", "-c", str(core), sys.executable, __file__),
                    *("--batch-size", str(batch_size), "--worker", *options),
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
        # Of a step of a worker.
        self.cpu_seconds += [each["cpu"] / num_steps for each in seconds]
        images = self.batch_size * len(self.processes) * num_steps
        return images / max(each["wall"] for each in seconds)

    def close(self) -> None:
        for process in self.processes:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def compare(batch_size: int, without: str) -> dict[str, Any]:
    cores = sorted(os.sched_getaffinity(0))[:2]
    contestants = {
        "one": Contestant(cores[:1], batch_size),
        "two": Contestant(cores, batch_size, f"--without={without}"),
        "xla": Contestant(cores[:1], batch_size, "--xla"),
    }
    try:
        for contestant in contestants.values():
            # Compiles.
            contestant.train(2)
            contestant.cpu_seconds.clear()
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
        "batch_size_of_a_worker": batch_size,
        "without": without,
        "versions": {
            "python": platform.python_version(),
            **{
                name: metadata.version(name)
                for name in ("keras-infogan", "tensorflow", "keras")
            },
        },
        "images_per_second": rates,
        "median": medians,
        "cpu_seconds_of_a_step": {
            name: round(statistics.median(contestant.cpu_seconds), 3)
            for name, contestant in contestants.items()
        },
        "scaling": round(medians["two"] / medians["one"], 3),
        "scaling_against_xla": round(medians["two"] / medians["xla"], 3),
        "target": TARGET,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="?", type=Path, metavar="RESULTS.json")
    parser.add_argument("--batch-size", type=int, default=128, metavar="N")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--xla", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--without",
        default="",
        metavar="WHAT",
        help="what two workers do not exchange: moments, gradients, or both "
        "with a comma",
    )
    args = parser.parse_args()
    if args.worker:
        without = args.without.split(",")
        work(args.batch_size, jit_compile=args.xla, without=without)
        return
    if not args.results:
        parser.error("RESULTS.json is missing")
    results = compare(args.batch_size, args.without)
    text = json.dumps(results, indent=2)
    args.results.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
