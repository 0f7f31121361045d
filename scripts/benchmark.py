"""How fast the training step and the generator are, and what the hardware can.

    python scripts/benchmark.py --quick --json quick.json
    python scripts/benchmark.py --json scripts/results/benchmark.json

Everything that is compared is a process of its own, all of them alive at once;
they take turns (A B A B), so that what else the machine does hits all alike.
The images are random bytes. PyTorch takes part if it can be imported, by the
Python that `--torch-python` names or by this one.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any
from typing import NamedTuple

ROUND_SECONDS = 3.0


# One process: it is told what to do by its argument, warms up, and then does a
# round for each line on stdin. It answers each with a line of JSON.


def serve(
    work: Callable[[int], None],
    images: int,
    steps_per_call: int = 1,
    **facts: Any,
) -> None:
    """Answers lines with how long `work` of so many calls took.

    Args:
        work: Takes the number of calls.
        images: Images in a step.
        steps_per_call: Steps in a call.
        **facts: What to say first.
    """
    begin = time.perf_counter()
    work(1)
    first = time.perf_counter() - begin
    work(2)
    begin = time.perf_counter()
    work(1)
    once = time.perf_counter() - begin
    steps = max(1, round(ROUND_SECONDS / once))
    print(json.dumps({"first_step_s": first, **facts}), flush=True)
    for _ in sys.stdin:
        begin, cpu = time.perf_counter(), time.process_time()
        work(steps)
        line = {
            "wall_s": time.perf_counter() - begin,
            "cpu_s": time.process_time() - cpu,
            "steps": steps * steps_per_call,
            "images": steps * steps_per_call * images,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            / 1024,
        }
        print(json.dumps(line), flush=True)


def random_data(shape: tuple[int, int, int], num_images: int = 10_000) -> Any:
    import numpy as np

    from keras_infogan.data.dataset import ImageData

    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (num_images, *shape), np.uint8)
    return ImageData(images, None, "random")


def config_of(spec: Mapping[str, Any]) -> Any:
    import dataclasses

    from keras_infogan.training.config import preset

    return dataclasses.replace(
        preset(spec["preset"]), **spec.get("options", {})
    )


def batches_of(data: Any, config: Any) -> Any:
    return data.batches(config.batch_size, neighbor_share=config.neighbor_share)


def train_worker(spec: Mapping[str, Any]) -> None:
    """Steps of Keras's own training function, as `fit` calls it."""
    from keras_infogan.training import run as training

    config = config_of(spec)
    begin = time.perf_counter()
    model = training.build_model(config, num_steps=1000)
    built = time.perf_counter() - begin
    data = random_data(model.image_shape, spec.get("num_images", 10_000))
    iterator = iter(batches_of(data, config))
    model.make_train_function()

    def steps(count: int) -> None:
        for _ in range(count):
            logs = model.train_function(iterator)
        # `fit` makes numbers of them, too.
        for value in logs.values():
            float(value)

    serve(
        steps,
        config.batch_size,
        config.steps_per_execution,
        build_s=built,
        flops_per_image=step_flops(model),
    )


def fit_worker(spec: Mapping[str, Any]) -> None:
    """All of `fit`, with Keras's own callbacks."""
    from keras_infogan.training import run as training

    config = config_of(spec)
    model = training.build_model(config, num_steps=1000)
    batches = batches_of(random_data(model.image_shape), config)
    # So many that a call of `fit` and its first batch are no matter.
    steps = 20

    def run(count: int) -> None:
        for _ in range(count):
            model.fit(batches, steps_per_epoch=steps, verbose=0)

    serve(run, config.batch_size, steps)


def pipeline_worker(spec: Mapping[str, Any]) -> None:
    """The stream of batches alone."""
    config = config_of(spec)
    shape = (config.image_size, config.image_size, config.channels)
    iterator = iter(batches_of(random_data(shape, 60_000), config))

    def steps(count: int) -> None:
        for _ in range(100 * count):
            next(iterator)

    serve(steps, config.batch_size, 100)


def memory_worker(spec: Mapping[str, Any]) -> None:
    """What a stream from a file of images holds in memory of its own.

    The pages of the file that the system keeps meanwhile are not counted: they
    make room for whoever needs it.
    """
    import numpy as np

    from keras_infogan.data.dataset import ImageData

    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        images = np.lib.format.open_memmap(
            path, "w+", np.uint8, (spec["num_images"], 28, 28, 1)
        )
        for begin in range(0, len(images), 10_000):
            part = images[begin : begin + 10_000]
            part[:] = generator.integers(0, 256, part.shape, np.uint8)
        images.flush()
        del images, part
        data = ImageData(np.load(path, mmap_mode="r"), None, "random")
        for _ in data.batches(128).take(500):
            pass
        status = Path("/proc/self/status").read_text()
    kib = int(status.partition("RssAnon:")[2].split()[0])
    print(json.dumps({"memory_mib": kib / 1024}), flush=True)


def torch_worker(spec: Mapping[str, Any]) -> None:
    """The write-up's loop in PyTorch."""
    import torch_reference

    batch_size = spec["batch_size"]
    serve(torch_reference.make_trainer(batch_size), batch_size)


def generate_worker(spec: Mapping[str, Any]) -> None:
    """The generator alone."""
    batch_size = spec["batch_size"]
    if spec["by"] == "torch":
        import torch_reference

        generate = torch_reference.make_generator()
    else:
        from keras_infogan.training import run as training

        model = training.build_model(config_of(spec))
        latents = model.sample_latents(batch_size)
        if spec["by"] in ("onnxruntime", "SavedModel"):
            generate = exported(model, latents, spec["by"])
        elif spec["by"] == "generate":

            def generate(count: int) -> None:
                model.generate_from(latents)
        else:

            def generate(count: int) -> None:
                model.generator.predict(
                    latents, batch_size=batch_size, verbose=0
                )

    def steps(count: int) -> None:
        for _ in range(count):
            generate(batch_size)

    serve(steps, batch_size)


def exported(model: Any, latents: Any, kind: str) -> Callable[[int], None]:
    """The generator by one of its exports, as a user runs it."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "SavedModel":
            import tensorflow as tf

            from keras_infogan.export.saved_model import export_saved_model

            path = export_saved_model(model, Path(folder) / "model")
            loaded = tf.saved_model.load(str(path))
            call = loaded.signatures["serving_default"]

            def generate(count: int) -> None:
                call(**latents)["image"].numpy()

            # The variables are read by now, but the module must live.
            generate.loaded = loaded  # type: ignore[attr-defined]
            return generate
        import onnxruntime

        from keras_infogan.export.onnx import export_onnx

        path = export_onnx(model, Path(folder) / "x.onnx")
        session = onnxruntime.InferenceSession(path)
        inputs = {name: value.numpy() for name, value in latents.items()}

        def run(count: int) -> None:
            session.run(None, inputs)

        return run


def peak_worker(spec: Mapping[str, Any]) -> None:
    """Products of large matrices, and convolutions: the best that there is."""
    import tensorflow as tf

    def rates() -> dict[str, float]:
        found = {}
        for size in (1024, 2048, 4096):
            x = tf.random.normal((size, size))
            found[f"matmul_{size}"] = rate(
                lambda x=x: tf.matmul(x, x), 2 * size**3
            )
        for side, channels in ((56, 64), (28, 128), (14, 256)):
            x = tf.random.normal((32, side, side, channels))
            kernel = tf.random.normal((3, 3, channels, channels))
            found[f"convolution_{side}_{channels}"] = rate(
                lambda x=x, kernel=kernel: tf.nn.conv2d(x, kernel, 1, "SAME"),
                2 * 32 * side**2 * 9 * channels**2,
            )
        return found

    print(json.dumps({}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(rates()), flush=True)


def rate(compute: Callable[[], Any], flops: int) -> float:
    """The best of both compilers and several tries, in FLOPs a second."""
    import tensorflow as tf

    best = 0.0
    for jit_compile in (True, False):
        function = tf.function(compute, jit_compile=jit_compile)
        function()
        for _ in range(8):
            begin = time.perf_counter()
            function().numpy()
            best = max(best, flops / (time.perf_counter() - begin))
    return best


WORKERS = {
    "train": train_worker,
    "fit": fit_worker,
    "pipeline": pipeline_worker,
    "memory": memory_worker,
    "torch": torch_worker,
    "generate": generate_worker,
    "peak": peak_worker,
}


# The products of a step, by formula.


def network_flops(network: Any) -> tuple[int, int]:
    """Twice the products of one image, forward: of all layers, of the first.

    A product and its addition are two; normalization and activations are not
    counted, as they are by far fewer.
    """
    import math

    counts = []
    for layer in network.layers:
        kind = type(layer).__name__
        kernel = getattr(layer, "kernel", None)
        if kind == "Dense":
            counts.append(2 * math.prod(kernel.shape))
        elif kind in ("Conv2D", "HalvingConv2D", "NarrowConv2D"):
            pixels = math.prod(layer.output.shape[1:3])
            counts.append(2 * math.prod(kernel.shape) * pixels)
        elif kind == "Conv2DTranspose":
            pixels = math.prod(layer.input.shape[1:3])
            counts.append(2 * math.prod(kernel.shape) * pixels)
        elif kind == "UpsampledConv2D":
            # Four of nine products are left; so many must be made.
            pixels = math.prod(layer.output.shape[1:3])
            counts.append(2 * math.prod(kernel.shape) * pixels * 4 // 9)
    return sum(counts), counts[0]


def step_flops(model: Any) -> int:
    """What a step cannot do without, for one image.

    A pass backward is one product for the inputs and one for the weights. The
    fused step goes through the discriminator with generated images forward,
    and backward twice for the inputs (the two networks want different things of
    the logits) and once for the weights; so with their warped copies, if the
    networks want different things of the codes; with each other kind of images
    forward, and backward once for both. Real images need no gradient of
    themselves. The three phases make the sum of theirs. Where information
    stops at the heads, it goes backward for the inputs alone; the heads'
    own products are not counted then.
    """
    generator, _ = network_flops(model.generator)
    discriminator, first = network_flops(model.discriminator)
    objective = model.objective
    warped_codes = {
        *objective.warped_codes,
        *objective.slant_gains,
        *objective.thickness_gains,
    }
    warped = bool(warped_codes)
    differ = bool(warped_codes - set(model.latent_spec.categorical_names))
    real = 2 if objective.invariance_weight else 1
    if model.information_gradient == "head":
        # Passes with images of which information is learned, and how often
        # the first layer's gradient of its inputs is left out there.
        informed, left_out = 2, 0
    else:
        informed, left_out = 3 + differ, differ
    if model.update == "fused":
        return (
            3 * generator
            + (4 + informed * warped + 3 * real) * discriminator
            # Of one of the two backward passes, and of the real images.
            - first * (1 + real + left_out * warped)
        )
    # G against D: forward, inputs. D: real and generated. Both: all three.
    return (
        2 * 3 * generator
        + (2 + 3 * (1 + real) + informed * (1 + warped)) * discriminator
        - first * (1 + real + left_out * (1 + warped))
    )


# The parent: starts the processes, lets them take turns, and writes.


def command(python: str, kind: str, spec: Mapping[str, Any]) -> list[str]:
    return [python, __file__, "--worker", kind, json.dumps(spec)]


class Contestant:
    """A process that works when it is told to."""

    def __init__(
        self,
        kind: str,
        *,
        python: str = sys.executable,
        threads: int | None = None,
        **spec: Any,
    ) -> None:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        arguments = command(python, kind, spec)
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
            env=environment,
        )
        self.facts = self._read()
        self.rounds: list[dict[str, float]] = []

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise OSError(f"A process failed: {self.errors.read()[-2000:]}")
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
        say(f"  {name:32} {result['images_per_s']:10.0f} images/s")
    return results


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure_peak() -> dict[str, float]:
    contestant = Contestant("peak")
    # The first round warms up.
    contestant.work()
    found = contestant.work()
    contestant.close()
    return found


def seconds_of(arguments: list[str]) -> float:
    """The least CPU time of five runs of a command."""
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
    """What all sections are measured with."""

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
        say(f"  batches of {batch_size}")
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
    """And their share of the peak, measured before and after."""
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
        say(f"  {name}: {result['peak_share']:.0%} of {best / 1e9:.0f} GFLOP/s")
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
    """The write-up's generator by each way to run it."""
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
        say(f"  {num_images:9} {contestant.facts['memory_mib']:6.0f} MiB")
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


def summarize(results: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers that are asked for most; None where one is not there."""

    def find(*keys: str) -> Any:
        value: Any = results
        for key in keys:
            value = (value or {}).get(key)
        return value

    rate = "images_per_s"
    return {
        "writeup_fused_images_per_s": find("writeup", "64", "fused", rate),
        "writeup_three_phase_images_per_s": find(
            "writeup", "64", "three_phase", rate
        ),
        "writeup_torch_images_per_s": find("writeup", "64", "torch", rate),
        "default_images_per_s": find("presets", "mnist", rate),
        "default_peak_share": find("presets", "mnist", "peak_share"),
        "pipeline_images_per_s": find("pipeline", "mnist", rate),
    }


def has_torch(python: str) -> bool:
    done = subprocess.run(
        [python, "-c", "import torch"], stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def run_sections(args: argparse.Namespace) -> dict[str, Any]:
    """Measures what is asked for; to resume keeps the rest of the file."""
    setting = Setting(
        args.quick,
        4 if args.quick else 7,
        args.torch_python if has_torch(args.torch_python) else None,
    )
    facts = {
        "command": "python scripts/benchmark.py" + " --quick" * args.quick,
        "versions": versions(),
        "cores": len(os.sched_getaffinity(0)),
        "torch": setting.torch_python is not None,
        # glibc.malloc.hugetlb=1 is a tenth faster, as quickstart.sh has it.
        "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES"),
    }
    results: dict[str, Any] = {}
    if args.resume and args.json and args.json.exists():
        results = json.loads(args.json.read_text())
        if {name: results.get(name) for name in facts} != facts:
            say(f"{args.json} is of another command, and begun anew.")
            results = {}
    results |= facts
    names = args.sections or (QUICK_SECTIONS if args.quick else SECTIONS)
    for name in names:
        title, measure = SECTIONS[name]
        if name in results and not args.sections:
            continue
        say(title)
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


def table(results: Mapping[str, Any]) -> str:
    """The numbers as Markdown."""
    lines = [
        "| what | images/s | range | images/CPU s | step (ms) | MiB |",
        "|---|---|---|---|---|---|",
    ]
    groups = {
        **{
            f"write-up, batches of {size}: ": group
            for size, group in results.get("writeup", {}).items()
        },
        "preset ": results.get("presets", {}),
        "pipeline of ": results.get("pipeline", {}),
        "default preset, ": results.get("options", {}),
        "generator by ": results.get("generate", {}),
        "default preset, images ": results.get("growth", {}),
    }
    for prefix, group in groups.items():
        for name, one in group.items():
            low, high = one["images_per_s_range"]
            lines.append(
                f"| {prefix}{name} | {one['images_per_s']:,.0f} "
                f"| {low:,.0f} to {high:,.0f} | {one['images_per_cpu_s']:,.0f} "
                f"| {one['step_ms']:.1f} | {one['peak_mib']:,.0f} |"
            )
    return "\n".join(lines)


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Bars of the write-up's networks, the sizes of the batch side by side."""
    import matplotlib.pyplot as plt

    groups = results["writeup"]
    names = list(next(iter(groups.values())))
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    for number, name in enumerate(names):
        places = [
            place + (number - (len(names) - 1) / 2) * 0.25
            for place in range(len(groups))
        ]
        rates = [group[name]["images_per_s"] for group in groups.values()]
        bars = axes.bar(places, rates, 0.23, label=name.replace("_", " "))
        axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.set_xticks(range(len(groups)), [str(size) for size in groups])
    axes.set_xlabel("images in a batch")
    axes.set_ylabel("images a second")
    axes.set_title("Training of the write-up's networks, 32 x 32, two cores")
    figure.legend(loc="outside right upper")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Measure how fast this machine trains and generates."
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"what to measure, of {', '.join(SECTIONS)}; by default all",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep what the file has, of the same command on this machine, and "
        "measure the rest",
    )
    parser.add_argument(
        "--quick", action="store_true", help="the summary alone, in minutes"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where the numbers go"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="PNG", help="where the bars go"
    )
    parser.add_argument(
        "--torch-python",
        default=sys.executable,
        metavar="PYTHON",
        help="a Python that can import torch",
    )
    parser.add_argument(
        "--worker", nargs=2, metavar=("KIND", "SPEC"), help=argparse.SUPPRESS
    )
    args = parser.parse_args()
    if args.worker:
        kind, spec = args.worker
        WORKERS[kind](json.loads(spec))
        return
    unknown = sorted(set(args.sections) - set(SECTIONS))
    if unknown:
        parser.error(
            f"expected sections of {', '.join(SECTIONS)}, "
            f"got {', '.join(unknown)}"
        )
    results = run_sections(args)
    print(table(results))
    print(json.dumps(results["summary"], indent=2))
    if args.plot:
        draw(results, args.plot)


if __name__ == "__main__":
    main()
