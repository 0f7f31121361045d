"""The numbers of a GPU that are worth reporting, in one command.

    python scripts/benchmarks/gpu.py gpu.json

For each preset, precision and size of batch, with and without XLA: images a
second, seconds to the end of the first step, the peak memory of the GPU, and
where the weights are. Then whether two runs end bit for bit alike, with and
without deterministic kernels; and, with several GPUs, how training scales.
Without a GPU, `--device CPU --quick` shows that the command works. Each row is
a process of its own, as TensorFlow keeps memory and settings; one that fails
reports its error and the others go on.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

SECONDS = 5.0


def rows(*, quick: bool, num_devices: int) -> Iterator[dict[str, Any]]:
    """The settings of each row, by the names of options of `train`."""
    sizes = (32,) if quick else (128, 512, 2048)
    for preset in ("paper",) if quick else ("paper", "mnist", "writeup"):
        for dtype_policy in ("float32", "mixed_bfloat16"):
            for jit_compile in (False, True):
                for batch_size in sizes:
                    yield {
                        "preset": preset,
                        "dtype_policy": dtype_policy,
                        "jit_compile": jit_compile,
                        "batch_size": batch_size,
                    }
    base = {"preset": "paper", "batch_size": sizes[0], "jit_compile": True}
    for deterministic in (False, True):
        yield {**base, "twice": True, "deterministic": deterministic}
    for count in range(2, num_devices + 1):
        for batch_size in (sizes[-1], sizes[-1] * count):
            yield {
                **base,
                "jit_compile": False,
                "batch_size": batch_size,
                "num_devices": count,
            }


def measure(
    *,
    device: str,
    twice: bool = False,
    deterministic: bool = False,
    num_devices: int = 1,
    **options: Any,
) -> dict[str, Any]:
    """One row, in this process."""
    import tensorflow as tf

    from keras_infogan.training.devices import make_strategy

    if device == "CPU":
        tf.config.set_visible_devices([], "GPU")
    for gpu in tf.config.get_visible_devices("GPU"):
        # So that the peak is what is needed, and rows do not starve others.
        tf.config.experimental.set_memory_growth(gpu, enable=True)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = make_strategy(num_devices)
    if twice:
        digests = [_train(strategy, options, num_steps=20) for _ in range(2)]
        return {"bit_for_bit_alike": digests[0] == digests[1]}
    return _time_steps(strategy, options)


def _build(strategy: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    """A model and an iterator of batches of random images."""
    import numpy as np

    from keras_infogan import ImageData
    from keras_infogan.models.distribution import distribute
    from keras_infogan.training.build import build_model
    from keras_infogan.training.presets import preset

    options = dict(options)
    config = preset(options.pop("preset")).replace(**options)
    with strategy.scope():
        model = build_model(config, num_steps=10_000)
    pixels = np.random.default_rng(0).integers(
        0, 256, (8192, *model.image_shape), np.uint8
    )
    batches = ImageData(pixels, None, "random").batches(config.data.batch_size)
    if strategy.num_replicas_in_sync > 1:
        batches = distribute(strategy, batches)
    model.make_train_function()
    return model, iter(batches)


def _train(strategy: Any, options: dict[str, Any], num_steps: int) -> str:
    """The digest of all weights after some steps."""
    model, iterator = _build(strategy, options)
    for _ in range(num_steps):
        model.train_function(iterator)
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(variable.value.numpy().tobytes())
    return digest.hexdigest()


def _time_steps(strategy: Any, options: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    begin = time.perf_counter()
    model, iterator = _build(strategy, options)

    def steps(count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            logs = model.train_function(iterator)
        # The kernels of a GPU run behind; this waits for the last one.
        float(logs["generator_loss"])
        return time.perf_counter() - start

    steps(1)
    first = time.perf_counter() - begin
    count = max(1, round(SECONDS / (steps(5) / 5)))
    seconds = steps(count)
    gpus = tf.config.list_logical_devices("GPU")
    return {
        "images_per_second": round(options["batch_size"] * count / seconds, 1),
        "first_step_s": round(first, 1),
        "peak_mib": [
            round(
                tf.config.experimental.get_memory_info(gpu.name[8:])["peak"]
                / 2**20
            )
            for gpu in gpus
        ],
        "weights_on": sorted(
            {v.value.device for v in model.trainable_variables}
        ),
    }


def facts(device: str) -> dict[str, Any]:
    """The machine and the versions; in a process of its own."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU") if device == "GPU" else []
    build = tf.sysconfig.get_build_info()
    return {
        "gpus": [
            tf.config.experimental.get_device_details(gpu) for gpu in gpus
        ],
        "num_devices": len(gpus),
        "cuda": build.get("cuda_version"),
        "cudnn": build.get("cudnn_version"),
        "cores": len(os.sched_getaffinity(0)),
        "versions": {
            "python": platform.python_version(),
            **{
                name: metadata.version(name)
                for name in ("keras-infogan", "tensorflow", "keras")
            },
        },
    }


def in_process(kind: str, **spec: Any) -> dict[str, Any]:
    """The result of a function in a new process, or its error."""
    done = subprocess.run(
        [sys.executable, __file__, f"--{kind}", json.dumps(spec)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:500]}
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="?", type=Path, metavar="RESULTS.json")
    parser.add_argument("--device", choices=("GPU", "CPU"), default="GPU")
    parser.add_argument("--quick", action="store_true", help="a few rows only")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--facts", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(**json.loads(args.measure))))
        return
    if args.facts:
        print(json.dumps(facts(**json.loads(args.facts)), default=str))
        return
    if not args.results:
        parser.error("RESULTS.json is missing")
    results = in_process("facts", device=args.device)
    if args.device == "GPU" and not results.get("num_devices"):
        parser.error(
            "TensorFlow finds no GPU: `pip install 'tensorflow[and-cuda]'`, "
            f"or --device CPU. Received: {results}"
        )
    results["command"] = " ".join(["python", *sys.argv])
    results["rows"] = []
    for row in rows(quick=args.quick, num_devices=results["num_devices"]):
        outcome = in_process("measure", device=args.device, **row)
        results["rows"].append(row | outcome)
        print(json.dumps(row | outcome), file=sys.stderr, flush=True)
        # After each row, so that what is measured is kept.
        args.results.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
