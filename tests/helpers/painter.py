"""A model that paints columns and reads them, so that its report is known."""

import keras
import numpy as np

from keras_infogan.data.dataset import ImageData
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN

NUM_CLASSES = 4
# Surer than float32 can tell from certain: exp(-100) is lost beside 1.
SURE = 100.0


def one_hot_images(labels: np.ndarray) -> np.ndarray:
    """Images of one row, white in the column of the label."""
    images = np.zeros((len(labels), 1, NUM_CLASSES, 1), np.uint8)
    images[np.arange(len(labels)), 0, labels] = 255
    return images


def data_of(labels: np.ndarray, *, labeled: bool = True) -> ImageData:
    return ImageData(
        one_hot_images(labels),
        labels if labeled else None,
        "columns",
        tuple("abcd") if labeled else (),
    )


TRAIN = data_of(np.arange(400) % NUM_CLASSES)
TEST_LABELS = np.arange(100) % NUM_CLASSES
TEST = data_of(TEST_LABELS)


def painter(readout: np.ndarray) -> InfoGAN:
    """A generator that paints its category, and a linear reader of columns.

    Args:
        readout: Matrix of shape `(columns, categories)`, times `SURE`.
    """
    spec = LatentSpec(1, {"category": Categorical(readout.shape[1])})
    inputs = {
        "noise": keras.Input((1,), name="noise"),
        "category": keras.Input((readout.shape[1],), name="category"),
    }
    paint = keras.layers.Dense(NUM_CLASSES, use_bias=False)
    x = paint(inputs["category"])
    x = keras.layers.Rescaling(2.0, offset=-1.0)(x)
    # Noise without effect: Keras wants each input to reach the image.
    still = keras.layers.Dense(
        NUM_CLASSES, use_bias=False, kernel_initializer="zeros"
    )
    x = keras.layers.Add()([x, still(inputs["noise"])])
    x = keras.layers.Reshape((1, NUM_CLASSES, 1))(x)
    generator = keras.Model(inputs, x)
    paint.set_weights([np.eye(readout.shape[1], NUM_CLASSES)])
    image = keras.Input((1, NUM_CLASSES, 1))
    flat = keras.layers.Flatten()(image)
    read = keras.layers.Dense(readout.shape[1], use_bias=False)
    judge = keras.layers.Dense(1)
    outputs = {"logits": judge(flat), "category_logits": read(flat)}
    discriminator = keras.Model(image, outputs)
    read.set_weights([SURE * readout])
    return InfoGAN(generator, discriminator, spec)
