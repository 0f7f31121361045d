"""The processes that `speed.py` compares, one kind of work each.

    python scripts/benchmarks/workers.py KIND SPEC

Each warms up, and then does a round of work for each line on stdin and answers
with a line of JSON. Images are random bytes.
"""

import contextlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flops

ROUND_SECONDS = 3.0


def serve(
    work: Callable[[int], None],
    images: int,
    steps_per_call: int = 1,
    **facts: Any,
) -> None:
    """Answers each line on stdin with the time that a round of `work` took.

    Args:
        work: Takes the number of calls.
        images: Images in a step.
        steps_per_call: Steps in a call.
        **facts: Printed with the time of the first step.
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

    from keras_infogan import ImageData

    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (num_images, *shape), np.uint8)
    return ImageData(images, None, "random")


def config_of(spec: Mapping[str, Any]) -> Any:
    from keras_infogan.training.presets import preset

    return preset(spec["preset"]).replace(**spec.get("options", {}))


def batches_of(data: Any, config: Any) -> Any:
    return data.batches(
        config.data.batch_size, neighbor_share=config.data.neighbor_share
    )


def build_model(config: Any) -> Any:
    from keras_infogan.training import build

    return build.build_model(config, num_steps=1000)


def train(spec: Mapping[str, Any]) -> None:
    """Steps of Keras's own training function, as `fit` calls it."""
    config = config_of(spec)
    begin = time.perf_counter()
    model = build_model(config)
    built = time.perf_counter() - begin
    data = random_data(model.image_shape, spec.get("num_images", 10_000))
    iterator = iter(batches_of(data, config))
    model.make_train_function()

    def steps(count: int) -> None:
        for _ in range(count):
            logs = model.train_function(iterator)
        # `fit` converts them to numbers, too.
        for value in logs.values():
            float(value)

    serve(
        steps,
        config.data.batch_size,
        config.execution.steps_per_execution,
        build_s=built,
        flops_per_image=flops.step_flops(model),
    )


def fit(spec: Mapping[str, Any]) -> None:
    """All of `fit`, with Keras's own callbacks."""
    config = config_of(spec)
    model = build_model(config)
    batches = batches_of(random_data(model.image_shape), config)
    # Enough steps to make the overhead of a call and its first batch small.
    steps = 20

    def run(count: int) -> None:
        for _ in range(count):
            model.fit(batches, steps_per_epoch=steps, verbose=0)

    serve(run, config.data.batch_size, steps)


def pipeline(spec: Mapping[str, Any]) -> None:
    """The stream of batches alone."""
    config = config_of(spec)
    data = random_data(config.data.image_shape, 60_000)
    iterator = iter(batches_of(data, config))

    def steps(count: int) -> None:
        for _ in range(100 * count):
            next(iterator)

    serve(steps, config.data.batch_size, 100)


def memory(spec: Mapping[str, Any]) -> None:
    """The private memory of a stream from a memory-mapped file of images.

    Pages of the file that the system caches are not counted: they are released
    when memory is needed.
    """
    import numpy as np

    from keras_infogan import ImageData

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


def torch(spec: Mapping[str, Any]) -> None:
    """The training loop in PyTorch."""
    import torch_reference

    batch_size = spec["batch_size"]
    serve(torch_reference.make_trainer(batch_size), batch_size)


def generate(spec: Mapping[str, Any]) -> None:
    """The generator alone, run as `spec["by"]` says."""
    batch_size = spec["batch_size"]
    with contextlib.ExitStack() as stack:
        if spec["by"] == "torch":
            import torch_reference

            call = torch_reference.make_generator()
        else:
            model = build_model(config_of(spec))
            latents = model.sample_latents(batch_size)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            call = GENERATORS[spec["by"]](model, latents, folder)

        def steps(count: int) -> None:
            for _ in range(count):
                call(batch_size)

        serve(steps, batch_size)


def by_generate(model: Any, latents: Any, folder: Path) -> Callable[[int], Any]:
    return lambda count: model.generate_from(latents)


def by_predict(model: Any, latents: Any, folder: Path) -> Callable[[int], Any]:
    return lambda count: model.generator.predict(
        latents, batch_size=count, verbose=0
    )


def by_saved_model(
    model: Any, latents: Any, folder: Path
) -> Callable[[int], Any]:
    import tensorflow as tf

    from keras_infogan import export_saved_model

    loaded = tf.saved_model.load(export_saved_model(model, folder / "model"))
    return lambda count: loaded.signatures["serving_default"](**latents)[
        "image"
    ].numpy()


def by_onnxruntime(
    model: Any, latents: Any, folder: Path
) -> Callable[[int], Any]:
    from keras_infogan import export_onnx
    from keras_infogan.models.onnx_networks import open_session

    session = open_session(export_onnx(model, folder / "x.onnx").read_bytes())
    inputs = {name: value.numpy() for name, value in latents.items()}
    return lambda count: session.run(None, inputs)


GENERATORS = {
    "generate": by_generate,
    "predict": by_predict,
    "SavedModel": by_saved_model,
    "onnxruntime": by_onnxruntime,
}


def peak(spec: Mapping[str, Any]) -> None:
    """Large matrix products and convolutions: the best the machine can do."""
    print(json.dumps({}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(flops.measure_peak()), flush=True)


WORKERS = {
    worker.__name__: worker
    for worker in (train, fit, pipeline, memory, torch, generate, peak)
}


if __name__ == "__main__":
    kind, spec = sys.argv[1:]
    WORKERS[kind](json.loads(spec))
