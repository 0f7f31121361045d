"""Models to publish, and programs that run a SavedModel."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator

TESTS = Path(__file__).parents[1]
# Of the sums of float32 products, in another order in each program and batch.
TOLERANCE = 1e-5
MNIST = LatentSpec(62, {"category": Categorical(10), "continuous": Uniform(2)})
ALL_CODES = LatentSpec(
    5,
    {
        "style": Uniform(2),
        "category": Categorical(3),
        "shape": Normal(3, stddev=0.5),
        "bits": Bernoulli(2),
        "kind": Categorical(4),
        "size": Normal(1),
        "heading": Circular(),
    },
)

Arrays = dict[str, np.ndarray]
# The name of a signature, and its inputs by name.
Call = tuple[str, Arrays]


@dataclass(frozen=True)
class Kind:
    """What a model can be, as far as an export sees it."""

    spec: LatentSpec = MNIST
    shape: tuple[int, int, int] = (28, 28, 1)
    architecture: str = "compact"
    policy: str = "float32"


KINDS = {
    "mnist": Kind(),
    "all_codes": Kind(ALL_CODES, (29, 34, 3), "writeup"),
    "mixed": Kind(policy="mixed_bfloat16"),
}


def build(kind: Kind) -> InfoGAN:
    """A model with moving statistics that give images of all grays."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(kind.policy)
    try:
        generator, discriminator = (
            builder(kind.spec, kind.shape, architecture=kind.architecture)
            for builder in (build_generator, build_discriminator)
        )
        model = InfoGAN(generator, discriminator, kind.spec)
    finally:
        keras.config.set_dtype_policy("float32")
    random = np.random.default_rng(0)
    for variable in model.non_trainable_variables:
        if variable.path.endswith("moving_mean"):
            variable.assign(random.normal(0.0, 0.1, variable.shape))
        elif variable.path.endswith("moving_variance"):
            variable.assign(random.uniform(0.02, 0.2, variable.shape))
    return model


@dataclass
class Published:
    """A version, and the model in float32 that it should answer as."""

    path: Path
    model: InfoGAN
    kind: Kind


def signatures_of(version: Path) -> Any:
    proto = saved_model_pb2.SavedModel()
    proto.ParseFromString((version / "saved_model.pb").read_bytes())
    (graph,) = proto.meta_graphs
    assert list(graph.meta_info_def.tags) == ["serve"]
    return {
        name: signature
        for name, signature in graph.signature_def.items()
        if not name.startswith("__")
    }


def run_in_python(version: Path, calls: list[Call]) -> list[Arrays]:
    signatures = tf.saved_model.load(str(version)).signatures
    return [
        {
            name: rows.numpy()
            for name, rows in signatures[signature](
                **{name: tf.constant(rows) for name, rows in inputs.items()}
            ).items()
        }
        for signature, inputs in calls
    ]


def run_in_keras(version: Path, calls: list[Call]) -> list[Arrays]:
    layers = {
        signature: keras.layers.TFSMLayer(version, signature)
        for signature, _ in calls
    }
    return [
        {name: rows.numpy() for name, rows in layers[signature](inputs).items()}
        for signature, inputs in calls
    ]


def run_in_c(version: Path, calls: list[Call]) -> list[Arrays]:
    """By TensorFlow's C library; see `c_library.py`."""
    signatures = signatures_of(version)
    answers = version.parent / "answers.npz"
    with_names = version.parent / "calls.npz"
    arrays: dict[str, Any] = {}
    wanted = []
    for number, (name, inputs) in enumerate(calls):
        signature = signatures[name]
        wanted.append([end.name for end in signature.outputs.values()])
        for key, rows in inputs.items():
            # Files of images do not end with zeros, which NumPy drops.
            if rows.dtype == object:
                rows = rows.astype("S")
            arrays[f"{number}|{signature.inputs[key].name}"] = rows
    np.savez(with_names, **arrays)
    done = subprocess.run(
        [
            sys.executable,
            TESTS / "helpers" / "c_library.py",
            tf.sysconfig.get_lib(),
            version,
            with_names,
            answers,
            json.dumps(wanted),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OSError(done.stderr)
    with np.load(answers) as values:
        return [
            {
                key: values[f"{number}|{end.name}"]
                for key, end in signatures[name].outputs.items()
            }
            for number, (name, _) in enumerate(calls)
        ]


RUNNERS: dict[str, Callable[[Path, list[Call]], list[Arrays]]] = {
    "python": run_in_python,
    "keras": run_in_keras,
    "c": run_in_c,
}


SEEDS = np.array([0, 7, -1, 2**63 - 1, -(2**63), 7, 12345678901])


def codes_for(spec: LatentSpec, count: int) -> Arrays:
    """Draws codes as the signature `sample` takes them."""
    latents = spec.sample(count, tf.constant([3, 5], tf.int64))
    return {
        name: code.to_served(latents[name]).numpy()
        for name, code in spec.codes.items()
    }


def sample_inputs(spec: LatentSpec) -> Arrays:
    return {"seed": SEEDS, **codes_for(spec, len(SEEDS))}


def take(inputs: Arrays, rows: Any) -> Arrays:
    return {name: values[rows] for name, values in inputs.items()}


def expected_images(model: InfoGAN, inputs: Arrays) -> np.ndarray:
    """By Keras, one by one."""
    return np.concatenate(
        [
            model.generate(
                1,
                codes={
                    name: inputs[name][row : row + 1]
                    for name in model.latent_spec.codes
                },
                seed=int(seed),
            )
            for row, seed in enumerate(inputs["seed"])
        ]
    )


def assert_close(received: np.ndarray, expected: np.ndarray) -> None:
    assert received.dtype == np.float32
    np.testing.assert_allclose(
        received, expected, rtol=TOLERANCE, atol=TOLERANCE
    )
