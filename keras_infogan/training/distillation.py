"""The last phase of a training: `Q` learns what views agree on."""

import logging

import keras
import numpy as np

from keras_infogan.data.dataset import ImageData
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.models.agreement import SLIGHTNESS
from keras_infogan.models.agreement import average_probabilities
from keras_infogan.models.distillation import SelfDistillation
from keras_infogan.models.infogan import InfoGAN

_NUM_VIEWS = 8
# Of the images that are read at once; four times as many as float32.
_PART_BYTES = 2**28
_LEARNING_RATE = 5e-4
# Generated images for each real one. Without them, the posterior of continuous
# codes drifts on generated images.
_GENERATED_SHARE = 0.5

_logger = logging.getLogger(__name__)


def distill(
    model: InfoGAN,
    data: ImageData,
    *,
    epochs: int = 3,
    batch_size: int = 128,
    seed: int = 0,
    jit_compile: bool = True,
) -> InfoGAN:
    """Teaches `Q` to say at once of an image what its views say on average.

    `models.SelfDistillation` without labels, of all images; the averages are
    those of 8 views that the augmentation of the objective makes, at six tenths
    of its ranges. The trunk, which both share, and the heads of `Q` learn; the
    generator and the state of its training stay as they are.

    Args:
        model: A trained model whose objective has an augmentation; changed in
            place.
        data: The training images.
        epochs: Passes over them.
        batch_size: Images in a batch.
        seed: Whole number of at most 64 bits.
        jit_compile: Whether to compile the step with XLA.

    Returns:
        The same model.

    Raises:
        ValueError: If the model has no categories or no augmentation.
    """
    spec, augmentation = model.latent_spec, model.objective.augmentation
    spec.first_categorical("distill")
    if augmentation is None:
        raise ValueError(
            "distill needs a model whose objective has an augmentation, which "
            "makes the views. Received: one without."
        )
    data = _with_generated(model, data, seed)
    _logger.info(
        "Distillation: Q reads %d views of each of %d images ...",
        _NUM_VIEWS,
        len(data.images),
    )
    student = SelfDistillation(
        model.discriminator, spec, augmentation, seed=seed
    )
    num_steps = data.num_batches(batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(
        _LEARNING_RATE, epochs * num_steps
    )
    student.compile(keras.optimizers.Adam(schedule), jit_compile=jit_compile)
    targets = _find_targets(
        model, augmentation, data, seed=seed, jit_compile=jit_compile
    )
    student.fit(
        data.batches_with(targets, batch_size),
        steps_per_epoch=num_steps,
        epochs=epochs,
        # The stream is shuffled.
        shuffle=False,
        verbose=0,
        callbacks=[_Progress(epochs)],
    )
    return model


def _with_generated(model: InfoGAN, data: ImageData, seed: int) -> ImageData:
    """The images, and half as many generated ones, whose codes must stay."""
    generated = model.generate(
        max(int(_GENERATED_SHARE * len(data.images)), 1), seed=seed
    )
    pixels = np.round((generated + 1.0) * 127.5).astype(np.uint8)
    return ImageData(np.concatenate([data.images, pixels]), None, data.name)


def _find_targets(
    model: InfoGAN,
    augmentation: Augmentation,
    data: ImageData,
    *,
    seed: int,
    jit_compile: bool,
) -> dict[str, np.ndarray]:
    """What each output of `Q` should be, by name; probabilities of categories.

    Read in parts, as the images may be in a mapped file.
    """
    spec = model.latent_spec
    parts = []
    size = max(_PART_BYTES // data.images[0].nbytes, 1)
    for start in range(0, len(data.images), size):
        images = data.images[start : start + size]
        posterior = model.encode(images)
        targets = {name: posterior[name] for name in spec.posterior_dims}
        averages = average_probabilities(
            model,
            images,
            augmentation.scaled(SLIGHTNESS),
            num_views=_NUM_VIEWS,
            seed=seed,
            jit_compile=jit_compile,
        )
        parts.append(
            targets | {f"{name}_logits": x for name, x in averages.items()}
        )
    return {
        name: np.concatenate([part[name] for part in parts])
        for name in parts[0]
    }


class _Progress(keras.callbacks.Callback):
    """A line after each epoch."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        _logger.info(
            "Distillation, epoch %d of %d: loss %.3f nats.",
            epoch + 1,
            self.epochs,
            logs["loss"],
        )
