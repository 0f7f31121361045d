"""Models to export, random inputs for them, and onnxruntime."""

import contextlib
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import onnxruntime
from keras import layers

from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator

SPEC = LatentSpec(62, {"category": Categorical(10), "continuous": Uniform(2)})
# Not in the order of the alphabet, which is that of dictionaries in Keras.
MANY_CODES = LatentSpec(
    8,
    {
        "style": Normal(2, stddev=0.5),
        "category": Categorical(10),
        "bits": Bernoulli(3),
        "another": Categorical(3, [0.2, 0.3, 0.5]),
        "heading": Circular(),
        "continuous": Uniform(2),
    },
)


class Case(NamedTuple):
    """A model to build."""

    spec: LatentSpec = SPEC
    shape: tuple[int, int, int] = (28, 28, 1)
    architecture: str = "compact"
    normalization: str = "batch"
    policy: str = "float32"

    def build(self, policy: str | None = None) -> InfoGAN:
        """Builds the model, always with the same weights.

        Args:
            policy: A dtype policy instead of its own.
        """
        keras.utils.set_random_seed(0)
        with dtype_policy(policy or self.policy):
            model = InfoGAN(
                build_generator(
                    self.spec, self.shape, architecture=self.architecture
                ),
                build_discriminator(
                    self.spec,
                    self.shape,
                    architecture=self.architecture,
                    normalization=self.normalization,
                ),
                self.spec,
            )
        imitate_training(model)
        return model


CASES = {
    "compact": Case(),
    "writeup-32": Case(shape=(32, 32, 1), architecture="writeup"),
    "paper-rgb": Case(shape=(16, 16, 3), architecture="paper"),
    "rgb-64": Case(shape=(64, 64, 3)),
    "rgb-18x19": Case(shape=(18, 19, 3)),
    "writeup-21x26": Case(shape=(21, 26, 1), architecture="writeup"),
    "many-codes": Case(MANY_CODES, (16, 16, 1), normalization="layer"),
    "mixed_float16": Case(MANY_CODES, policy="mixed_float16"),
    "mixed_bfloat16": Case(policy="mixed_bfloat16"),
}


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def imitate_training(model: InfoGAN) -> None:
    """Makes normalization no identity, and keeps the scale in all layers."""
    random = np.random.default_rng(0)
    for network in (model.generator, model.discriminator):
        for layer in network.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights(
                    [random.uniform(0.5, 1.5, w.shape) for w in layer.weights]
                )
            elif isinstance(layer, layers.Conv2D):
                fan_in = np.prod(layer.kernel.shape[:-1])
                stddev = np.sqrt(2.0 / fan_in)
                kernel = random.normal(0.0, stddev, layer.kernel.shape)
                layer.kernel.assign(kernel)


def random_latents(spec: LatentSpec, count: int) -> dict[str, np.ndarray]:
    """Draws latents as a user does who has only NumPy."""
    random = np.random.default_rng(1)
    latents: dict[str, np.ndarray] = {
        "noise": random.standard_normal((count, spec.noise_dim))
    }
    for name, code in spec.codes.items():
        if isinstance(code, Categorical):
            latents[name] = np.eye(code.dim)[
                random.integers(code.dim, size=count)
            ]
        elif isinstance(code, Bernoulli):
            latents[name] = random.integers(2, size=(count, code.dim))
        else:
            latents[name] = random.uniform(-1, 1, (count, code.dim))
    return {name: rows.astype(np.float32) for name, rows in latents.items()}


def random_images(shape: tuple[int, ...], count: int) -> np.ndarray:
    random = np.random.default_rng(2)
    return random.uniform(-1, 1, (count, *shape)).astype(np.float32)


def run(path: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(
        path, providers=["CPUExecutionProvider"]
    )
    names = [end.name for end in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def tiny_model(layer: Any, *ignored: str) -> InfoGAN:
    """A model with this layer in both networks, ignoring some inputs."""
    spec = LatentSpec(4, {"category": Categorical(3)})
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in spec.input_dims.items()
    }
    read = [inputs[name] for name in inputs if name not in ignored]
    x = layers.Dense(64)(layers.Concatenate()([*read, read[0]]))
    x = layers.Reshape((8, 8, 1))(layers.Activation("tanh")(layer(x)))
    generator = keras.Model(inputs, x)
    image = keras.Input((8, 8, 1), name="image")
    x = layer(layers.Dense(16)(layers.Flatten()(image)))
    outputs = {
        name: layers.Dense(dim, name=name)(x)
        for name, dim in {"logits": 1, **spec.posterior_dims}.items()
    }
    return InfoGAN(generator, keras.Model(image, outputs), spec)
