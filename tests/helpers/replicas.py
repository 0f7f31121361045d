"""Trains the same models on one logical CPU, on two and on four.

    python -m tests.helpers.replicas RESULTS

A program, as TensorFlow makes logical devices only once in a process.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.models.distribution import distribute
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.layers import SpatialDropout2D
from tests.helpers.models import SHAPE
from tests.helpers.models import tiny_discriminator
from tests.helpers.models import tiny_generator
from tests.helpers.models import tiny_model

NUM_DEVICES = 4
RATE = 0.5
SPEC = LatentSpec(4, {"category": Categorical(3), "pose": Uniform(1)})
ALL_TERMS = Objective(
    label_smoothing=0.1,
    augmentation=Augmentation(
        erase=0.3, thickness=1.0, log_brightness=0.5, shift=0.2
    ),
    invariant_codes=["category"],
    equivariant_codes={"slant": {"pose": 1.0}},
    invariance_weight=2.0,
)
PENALTY = Objective(
    adversarial_loss="wasserstein", gradient_penalty_weight=10.0, r1_weight=1.0
)


def dropout_discriminator() -> keras.Model:
    """With the dropout of the write-up between two convolutions."""
    image = keras.Input(SHAPE)
    x = keras.layers.Conv2D(4, 3, 2, padding="same", name="first")(image)
    x = SpatialDropout2D(0.5, seed=3, name="dropout")(x)
    tail = tiny_discriminator(SPEC, dropout=0.0)
    x = keras.layers.Conv2DTranspose(1, 3, 2, padding="same", name="back")(x)
    return keras.Model(image, tail(x))


def with_dropout() -> InfoGAN:
    keras.utils.set_random_seed(1)
    return InfoGAN(
        tiny_generator(SPEC),
        dropout_discriminator(),
        SPEC,
        update="three_phase",
    )


MODELS: dict[str, Callable[[], InfoGAN]] = {
    "all_terms": lambda: tiny_model(ALL_TERMS, spec=SPEC, dropout=0.0),
    "dropout": with_dropout,
    "penalty": lambda: tiny_model(
        PENALTY, spec=SPEC, dropout=0.0, batch_norm=False
    ),
}

# Without batch normalization, four replicas are traced as fast as two with it.
COUNTS = {"all_terms": (1, 2), "dropout": (1, 2), "penalty": (1, 4)}


def images(count: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.uniform(-1, 1, (count, *SHAPE)).astype(np.float32)


def labeled_batch() -> dict[str, np.ndarray]:
    """12 images, and 5 with labels, which no two replicas share evenly."""
    return {
        "images": images(12),
        "positives": images(12, 1),
        "labeled_images": images(5, 2),
        "labels": np.array([0, 1, 2, 0, 1], np.int32),
    }


def make_strategy(count: int) -> tf.distribute.Strategy:
    if count == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy(
        [f"CPU:{number}" for number in range(count)],
        tf.distribute.ReductionToOneDevice(),
    )


def copies(variable: keras.Variable) -> list[np.ndarray]:
    """The value of a variable on each replica."""
    values = getattr(variable.value, "values", [variable.value])
    return [value.numpy() for value in values]


def same_on_all(model: InfoGAN) -> bool:
    return all(
        np.array_equal(first, other)
        for variable in [
            *model.variables,
            *model.discriminator_optimizer.variables,
        ]
        for first, *others in [copies(variable)]
        for other in others
    )


def are_averages(model: InfoGAN) -> bool:
    """Whether the weights of all replicas are the averages of optimizers."""
    pairs = (
        (model.generator, model.generator_optimizer),
        (model.discriminator, model.discriminator_optimizer),
    )
    return all(
        np.array_equal(one, other)
        for network, optimizer in pairs
        for variable, average in zip(
            network.trainable_variables,
            [v for v in optimizer.variables if v.path.endswith("_average")],
            strict=True,
        )
        for one, other in zip(copies(variable), copies(average), strict=True)
    )


def take_step(make: Callable[[], InfoGAN], count: int) -> dict[str, Any]:
    """The gradients of SGD by variable, other changes, and the metrics."""
    strategy = make_strategy(count)
    with strategy.scope():
        model = make()
        model.compile(
            *(keras.optimizers.SGD(RATE) for _ in range(2)), jit_compile=False
        )
    before = [copies(variable)[0] for variable in model.variables]
    batches = tf.data.Dataset.from_tensors(labeled_batch())
    if count > 1:
        batches = distribute(strategy, batches)
    model.make_train_function()
    metrics = model.train_function(iter(batches))
    return {
        "changes": {
            variable.path: ((copies(variable)[0] - old) / RATE).tolist()
            for variable, old in zip(model.variables, before, strict=True)
            if variable.trainable or "moving" in variable.path
        },
        "metrics": {name: float(value) for name, value in metrics.items()},
        "same_on_all": same_on_all(model),
    }


def fit(count: int) -> dict[str, Any]:
    """Two epochs of 19 images in batches of 8, with Adam, then evaluation.

    Two steps in a call; the last batch has 3 images. Weights are averaged.
    """
    with make_strategy(count).scope():
        model = tiny_model(dropout=0.0, batch_norm=False)
        model.compile(
            optimizer=keras.optimizers.Adam(use_ema=True, ema_momentum=0.5),
            steps_per_execution=2,
            jit_compile=False,
        )
    options: dict[str, Any] = {"batch_size": 8, "verbose": 0}
    history = model.fit(
        images(19),
        shuffle=False,
        epochs=2,
        callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True)],
        **options,
    ).history
    return {
        "history": history,
        "evaluation": model.evaluate(images(11), return_dict=True, **options),
        "num_steps": model.num_steps,
        "are_averages": are_averages(model),
        "same_on_all": same_on_all(model),
    }


def outcome(function: Callable[[], Any]) -> str:
    try:
        function()
    except ValueError as error:
        return str(error)
    return ""


def refusals() -> dict[str, str]:
    """What is refused before the training, and in which words."""
    strategy = make_strategy(2)
    outside = tiny_model(dropout=0.0)
    sgd = keras.optimizers.SGD()

    def compile_inside(
        optimizer: Any = "adam", **options: Any
    ) -> Callable[[], None]:
        def function() -> None:
            with strategy.scope():
                model = tiny_model(**{"dropout": 0.0, **options})
                made = optimizer() if callable(optimizer) else optimizer
                model.compile(made, "adam")

        return function

    def compile_outside() -> None:
        with strategy.scope():
            outside.compile()

    def networks_outside() -> None:
        with strategy.scope():
            model = InfoGAN(
                outside.generator, outside.discriminator, outside.latent_spec
            )
            model.compile()

    def fit_on(x: Any, **options: Any) -> Callable[[], None]:
        def function() -> None:
            with strategy.scope():
                model = tiny_model(dropout=0.0)
                model.compile()
            model.fit(x, **options)

        return function

    def train_on_batch() -> None:
        with strategy.scope():
            model = tiny_model(dropout=0.0)
            model.compile()
        model.train_on_batch(images(8))

    def predict_on_batch() -> None:
        with strategy.scope():
            model = tiny_model(dropout=0.0)
        model.predict_on_batch(images(3))

    attempts = {
        "train_on_batch": train_on_batch,
        "predict_on_batch": predict_on_batch,
        "split": fit_on(images(8), validation_split=0.5),
        "keras_dropout": compile_inside(dropout=0.25),
        "clipping": compile_inside(
            lambda: keras.optimizers.SGD(global_clipnorm=1.0)
        ),
        "accumulation": compile_inside(
            lambda: keras.optimizers.SGD(gradient_accumulation_steps=2)
        ),
        "optimizer_outside": compile_inside(sgd),
        "model_outside": compile_outside,
        "networks_outside": networks_outside,
        "generator": fit_on(iter([images(8)])),
        "uneven": fit_on(images(9), batch_size=8),
    }
    return {name: outcome(attempt) for name, attempt in attempts.items()}


def main() -> None:
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * NUM_DEVICES
    )
    results: dict[str, Any] = {
        name: {count: take_step(make, count) for count in COUNTS[name]}
        for name, make in MODELS.items()
    }
    results["fit"] = {count: fit(count) for count in (1, 2)}
    results["refusals"] = refusals()
    Path(sys.argv[1]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
