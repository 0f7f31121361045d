"""What `speed.py` measures, section by section."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

from contest import Contestant
from contest import compare
from contest import log


def measure_peak() -> dict[str, float]:
    """Returns the machine's best rates, after a round of warm-up."""
    contestant = Contestant("peak")
    contestant.work()
    found = contestant.work()
    contestant.close()
    return found


def seconds_of(arguments: list[str]) -> float:
    """Returns the least CPU time of five runs of a command."""
    times = []
    for _ in range(5):
        before = os.times()
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        times.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    return min(times)


class Setting(NamedTuple):
    """The settings that all sections share."""

    quick: bool
    rounds: int
    # None where PyTorch cannot be imported.
    torch_python: str | None


def start(kind: str, **spec: Any) -> Callable[[], Contestant]:
    return lambda: Contestant(kind, **spec)


def default(**options: Any) -> Callable[[], Contestant]:
    return start("train", preset="mnist", options=options)


def measure_writeup(setting: Setting) -> dict[str, Any]:
    """The same networks by our two updates and by PyTorch."""
    results = {}
    for batch_size in (64,) if setting.quick else (32, 64, 128, 256, 512):
        log(f"  batches of {batch_size}")
        contestants = {
            update: start(
                "train",
                preset="writeup",
                options={"batch_size": batch_size, "update": update},
            )
            for update in ("fused", "three_phase")
        }
        if setting.torch_python:
            contestants["torch"] = start(
                "torch", python=setting.torch_python, batch_size=batch_size
            )
        results[str(batch_size)] = compare(contestants, setting.rounds)
    return results


def measure_presets(setting: Setting) -> dict[str, Any]:
    """Rates, and their share of the peak, measured before and after."""
    others = () if setting.quick else ("paper", "svhn", "dsprites")
    peaks = measure_peak()
    results = compare(
        {name: start("train", preset=name) for name in ("mnist", *others)},
        setting.rounds,
    )
    best = max(*peaks.values(), *measure_peak().values())
    for name, result in results.items():
        result["peak_flops"] = best
        result["peak_share"] = (
            result["images_per_s"] * result["flops_per_image"] / best
        )
        log(f"  {name}: {result['peak_share']:.0%} of {best / 1e9:.0f} GFLOP/s")
    return results


def measure_pipeline(setting: Setting) -> dict[str, Any]:
    return compare({"mnist": start("pipeline", preset="mnist")}, setting.rounds)


def measure_options(setting: Setting) -> dict[str, Any]:
    return compare(
        {
            "default": default(),
            "no XLA": default(jit_compile=False),
            "one core": start("train", preset="mnist", threads=1),
            "bfloat16": default(dtype_policy="mixed_bfloat16"),
            **{
                f"steps an execution: {steps}": default(
                    steps_per_execution=steps
                )
                for steps in (1, 16, 64)
            },
            "trunk": default(information_gradient="trunk"),
            "fit": start("fit", preset="mnist"),
        },
        setting.rounds,
    )


def measure_generators(setting: Setting) -> dict[str, Any]:
    """The write-up's generator, run in several ways."""
    results = {}
    for batch_size in (1, 16, 64, 1024):
        contestants = {
            f"{by}, {batch_size} at once": start(
                "generate", preset="writeup", by=by, batch_size=batch_size
            )
            for by in ("generate", "predict", "SavedModel", "onnxruntime")
        }
        if setting.torch_python:
            contestants[f"torch, {batch_size} at once"] = start(
                "generate",
                python=setting.torch_python,
                by="torch",
                batch_size=batch_size,
            )
        results |= compare(contestants, setting.rounds)
    return results


def measure_growth(setting: Setting) -> dict[str, Any]:
    shapes = ((28, 3), (32, 1), (64, 1), (64, 3), (128, 1))
    return compare(
        {
            **{
                f"batches of {batch_size}": default(batch_size=batch_size)
                for batch_size in (32, 64, 256, 512)
            },
            **{
                f"{size} x {size} x {channels}": default(
                    image_size=size, channels=channels
                )
                for size, channels in shapes
            },
        },
        max(2, setting.rounds // 2),
    )


def measure_memory(setting: Setting) -> dict[str, float]:
    results = {}
    for num_images in (10_000, 100_000, 1_000_000):
        contestant = Contestant("memory", num_images=num_images)
        contestant.close()
        results[str(num_images)] = contestant.facts["memory_mib"]
        log(f"  {num_images:9} {contestant.facts['memory_mib']:6.0f} MiB")
    return results


def measure_start(setting: Setting) -> dict[str, float]:
    python = sys.executable
    return {
        "python": seconds_of([python, "-c", "pass"]),
        "import keras_infogan": seconds_of(
            [python, "-c", "import keras_infogan"]
        ),
        "--help": seconds_of([python, "-m", "keras_infogan", "--help"]),
        "import tensorflow": seconds_of([python, "-c", "import tensorflow"]),
    }


QUICK_SECTIONS = ("writeup", "presets", "pipeline")
SECTIONS: dict[str, tuple[str, Callable[[Setting], dict[str, Any]]]] = {
    "writeup": ("The write-up's networks", measure_writeup),
    "presets": ("Presets", measure_presets),
    "pipeline": ("The input pipeline alone", measure_pipeline),
    "options": ("Options of the default preset", measure_options),
    "generate": ("The generator at work", measure_generators),
    "growth": (
        "Growth with the batch, the image and its colors",
        measure_growth,
    ),
    "memory_mib": (
        "Memory of a stream from a file, by the number of images",
        measure_memory,
    ),
    "start_cpu_s": ("CPU seconds to start", measure_start),
}
