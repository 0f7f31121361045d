"""Models small enough for tests that train for real."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.objective import Objective
from keras_infogan.models.blocks import discriminator_outputs
from keras_infogan.models.infogan import InfoGAN

SPEC = LatentSpec(4, {"category": Categorical(3), "continuous": Uniform(2)})
SHAPE = (8, 8, 1)


def tiny_generator(spec: LatentSpec = SPEC) -> keras.Model:
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in spec.input_dims.items()
    }
    x = keras.layers.Concatenate()(list(inputs.values()))
    x = keras.layers.Dense(64, name="dense")(x)
    x = keras.layers.BatchNormalization(name="normalization")(x)
    x = keras.layers.Reshape(SHAPE)(x)
    x = keras.layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, x)


def tiny_discriminator(
    spec: LatentSpec = SPEC, *, batch_norm: bool = True, dropout: float = 0.25
) -> keras.Model:
    image = keras.Input(SHAPE, name="image")
    x = keras.layers.Conv2D(4, 3, 2, padding="same", name="convolution")(image)
    x = keras.layers.LeakyReLU(0.2)(x)
    x = keras.layers.SpatialDropout2D(dropout)(x)
    if batch_norm:
        x = keras.layers.BatchNormalization(name="normalization")(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(image, discriminator_outputs(spec, x))


def tiny_model(
    objective: Objective | None = None,
    *,
    spec: LatentSpec = SPEC,
    batch_norm: bool = True,
    dropout: float = 0.25,
    **options: Any,
) -> InfoGAN:
    keras.utils.set_random_seed(1)
    return InfoGAN(
        tiny_generator(spec),
        tiny_discriminator(spec, batch_norm=batch_norm, dropout=dropout),
        spec,
        objective,
        **options,
    )


def adam() -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(1e-2, beta_1=0.5)


def batches(count: int) -> tf.data.Dataset:
    images = np.random.default_rng(0).uniform(-1, 1, (count * 4, *SHAPE))
    data = tf.data.Dataset.from_tensor_slices(images.astype(np.float32))
    return data.batch(4, drop_remainder=True)


def fit(model, callbacks, count, **options):
    if not model.compiled:
        model.compile(adam(), adam(), jit_compile=False, **options)
    model.fit(
        batches(count), steps_per_epoch=count, verbose=0, callbacks=callbacks
    )
