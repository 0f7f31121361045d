"""The recipe of a preset in one call, for images in memory."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_infogan.callbacks import ResplitCategories
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.sources import open_images
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.training.build import build_model
from keras_infogan.training.build import make_stream
from keras_infogan.training.build import steps_per_epoch
from keras_infogan.training.config import DEFAULT_PRESET
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.distillation import distill_as_configured
from keras_infogan.training.presets import preset as find_preset


def from_preset(
    preset: str = DEFAULT_PRESET,
    image_shape: tuple[int, int, int] | None = None,
    *,
    num_steps: int | None = None,
    **options: Any,
) -> InfoGAN:
    """Builds and compiles an untrained model with the options of a preset.

    Sets the global seed and dtype policy of Keras. `fit` it with images alone,
    and positive pairs are views of one image; `fit_images` pairs neighbors,
    too, and tells mixed categories apart, where the preset does.

    Args:
        preset: Its name, as in `keras-infogan presets`.
        image_shape: Height, width and channels; by default those of the preset.
        num_steps: Steps of the whole training, over whose end the learning
            rates decay; constant rates by default.
        **options: Other options, by the names of the flags of
            `keras-infogan train`, such as `num_categories=20` or `seed=1`.

    Raises:
        ValueError: If there is no such preset or option, or a value is refused.

    Example:
    ```python
    model = keras_infogan.from_preset("images", (32, 32, 3), num_categories=4)
    model.fit(images, batch_size=64, epochs=10)  # uint8 or floats in [-1, 1]
    ```
    """
    if num_steps is None:
        options = {**options, "decay_share": 0.0}
    config = find_preset(preset).replace(**options)
    return build_model(
        config, num_steps=num_steps or 1, image_shape=image_shape
    )


def fit_images(
    images: Any,
    preset: str = DEFAULT_PRESET,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
    **options: Any,
) -> InfoGAN:
    """Trains an InfoGAN on images with the whole recipe of a preset.

    What `keras-infogan train` does, without a run directory, checkpoints and
    evaluation. Warns of problems after each epoch (`callbacks.Diagnostics`).

    Args:
        images: `ImageData`, or a source of `open_images`, whose training split
            is used.
        preset: Its name: `"images"` for images of any kind.
        callbacks: Callbacks of Keras.
        verbose: As in `keras.Model.fit`.
        **options: See `from_preset`; for instance `epochs=2`.

    Returns:
        The trained model; `model.history.history` has the losses by epoch.

    Raises:
        ValueError: As `from_preset`, and if there are too few images.

    Example:
    ```python
    model = keras_infogan.fit_images("mnist", epochs=2)
    keras_infogan.plot.categories(model, "category").savefig("digits.png")
    ```
    """
    data = images if isinstance(images, ImageData) else open_images(images)
    config = find_preset(preset).replace(**options)
    epoch_steps = steps_per_epoch(config.data, data)
    num_steps = config.epochs * epoch_steps
    model = build_model(
        config, num_steps=num_steps, image_shape=data.image_shape
    )
    stream = make_stream(config.data, data, model.latent_spec, seed=config.seed)
    model.fit(
        stream().take(num_steps),
        steps_per_epoch=epoch_steps,
        epochs=config.epochs,
        callbacks=[*_resplitting(config, data), *callbacks],
        verbose=verbose,
    )
    if config.distillation_epochs:
        distill_as_configured(config, model, data)
    return model


def _resplitting(
    config: TrainingConfig, data: ImageData
) -> list[keras.callbacks.Callback]:
    """What tells mixed categories apart, as in a run of these options."""
    if not config.resplit_share:
        return []
    return [
        ResplitCategories(
            data.images, share=config.resplit_share, seed=config.seed
        )
    ]
