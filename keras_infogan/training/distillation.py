"""The last phase of a training: `Q` learns what views agree on."""

import logging

import keras
import numpy as np

from keras_infogan.data.dataset import ImageData
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.models.agreement import SLIGHTNESS
from keras_infogan.models.agreement import average_probabilities
from keras_infogan.models.blocks import check_heads
from keras_infogan.models.distillation import SelfDistillation
from keras_infogan.models.distillation import refit_heads
from keras_infogan.models.distillation import refitted_heads
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.training.config import TrainingConfig

_NUM_VIEWS = 8
_LEARNING_RATE = 5e-4

_logger = logging.getLogger(__name__)


def distill(
    model: InfoGAN,
    data: ImageData,
    *,
    epochs: int = 3,
    refitting_steps: int = 600,
    batch_size: int = 128,
    seed: int = 0,
    jit_compile: bool = True,
) -> InfoGAN:
    """Teaches `Q` to say of one view of an image what several say on average.

    No labels are used. The targets are fixed: for each image, the mean
    probabilities of 8 views, made by the augmentation of the objective at six
    tenths of its ranges; see `models.distillation.SelfDistillation`. The trunk
    and the heads of `Q` learn, and the generator does not. So `D` no longer
    judges images: to train further, begin with the model from before. Then
    `refit_heads` fits all other codes to generated images.

    Args:
        model: A trained model whose objective has an augmentation; changed in
            place.
        data: The training images.
        epochs: Passes over them.
        refitting_steps: Steps of `refit_heads`; 0 for none.
        batch_size: Images in a batch.
        seed: Whole number of at most 64 bits.
        jit_compile: Whether to compile the step with XLA.

    Returns:
        The same model.

    Raises:
        ValueError: If the model has no categories, no augmentation or not the
            heads of `discriminator_outputs`.
    """
    spec, augmentation = model.latent_spec, model.objective.augmentation
    spec.first_categorical("distill")
    if augmentation is None:
        raise ValueError(
            "distill needs a model whose objective has an augmentation, which "
            "makes the views. Received: one without."
        )
    refitted = refitted_heads(spec) if refitting_steps else []
    check_heads(spec, model.discriminator, refitted, "distill")
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
    return refit_heads(
        model,
        num_steps=refitting_steps,
        batch_size=batch_size,
        seed=seed,
        jit_compile=jit_compile,
    )


def distill_as_configured(
    config: TrainingConfig, model: InfoGAN, data: ImageData
) -> None:
    """What `distill` does, with the options of a run."""
    distill(
        model,
        data,
        epochs=config.distillation_epochs,
        batch_size=config.data.batch_size,
        seed=config.seed,
        jit_compile=config.execution.jit_compile,
    )


def _find_targets(
    model: InfoGAN,
    augmentation: Augmentation,
    data: ImageData,
    *,
    seed: int,
    jit_compile: bool,
) -> dict[str, np.ndarray]:
    """What each output of `Q` should be; of categories, probabilities."""
    posterior = model.encode(data.images)
    targets = {
        name: posterior[name] for name in model.latent_spec.posterior_dims
    }
    averages = average_probabilities(
        model,
        data.images,
        augmentation.scaled(SLIGHTNESS),
        num_views=_NUM_VIEWS,
        seed=seed,
        jit_compile=jit_compile,
    )
    return targets | {f"{name}_logits": x for name, x in averages.items()}


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
