"""From a configuration to the objects it describes: data, model, optimizers."""

import dataclasses
import functools
import logging
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.tfds import load_images
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator
from keras_infogan.models.optimizers import LinearEnd
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.sections import DataConfig
from keras_infogan.training.sections import NetworkConfig
from keras_infogan.training.sections import OptimizerConfig

_logger = logging.getLogger(__name__)


def load_data(
    config: DataConfig,
    *,
    data_dir: Path | None = None,
    archives_dir: Path | None = None,
) -> tuple[ImageData, ImageData]:
    """Loads the training and the test images.

    See `load_images` for the folders and the errors.
    """
    _logger.info("Reading %s ...", config.dataset)
    train_data, test_data = (
        load_images(
            config.dataset,
            split=split,
            image_size=config.image_size,
            channels=config.channels,
            data_dir=data_dir,
            archives_dir=archives_dir,
        )
        for split in (config.train_split, config.test_split)
    )
    return train_data, test_data


def make_stream(
    config: DataConfig, data: ImageData, spec: LatentSpec, *, seed: int
) -> Callable[..., tf.data.Dataset]:
    """The stream of training batches, as a function of the first step.

    Raises:
        ValueError: If the images or labels do not suffice for the options.
    """
    stream = functools.partial(
        data.batches,
        config.batch_size,
        seed=seed,
        num_labels=config.num_labels,
        neighbor_share=config.neighbor_share,
    )
    # Checks the options. Without the search for neighbors, which takes seconds.
    stream(neighbor_share=0.0)
    if config.num_labels:
        name = spec.categorical_names[0]
        num_categories = spec.codes[name].dim
        if len(data.class_names) > num_categories:
            raise ValueError(
                f"The code {name!r} should have a category for each of the "
                f"{len(data.class_names)} classes of {config.dataset} to learn "
                f"them from labels. Received: num_categories={num_categories}."
            )
    return stream


def build_model(config: TrainingConfig, *, num_steps: int = 1) -> InfoGAN:
    """Builds and compiles an untrained model.

    Sets the global seed and dtype policy of Keras.

    Args:
        config: The configuration.
        num_steps: Steps of the whole run, for the learning rate schedules.

    Raises:
        ValueError: If options contradict each other.
    """
    keras.utils.set_random_seed(config.seed)
    spec = LatentSpec.from_config(dataclasses.asdict(config.latents))
    if config.data.num_labels and not spec.categorical_names:
        raise ValueError(
            "Labels need a categorical code that learns them. "
            f"Received: num_labels={config.data.num_labels} and the codes "
            f"{', '.join(spec.codes)}, none of them categorical."
        )
    networks = build_networks(config.networks, spec, config.data.image_shape)
    optimizers = build_optimizers(config.optimizers, num_steps)
    model = InfoGAN(
        *networks,
        spec,
        config.objective,
        seed=config.seed,
        **dataclasses.asdict(config.step),
    )
    model.compile(*optimizers, **dataclasses.asdict(config.execution))
    return model


def build_networks(
    config: NetworkConfig, spec: LatentSpec, image_shape: tuple[int, int, int]
) -> tuple[keras.Model, keras.Model]:
    """The generator and the discriminator."""
    keras.config.set_dtype_policy(config.dtype_policy)
    return (
        build_generator(spec, image_shape, architecture=config.architecture),
        build_discriminator(
            spec,
            image_shape,
            architecture=config.architecture,
            normalization=config.normalization,
        ),
    )


def build_optimizers(
    config: OptimizerConfig, num_steps: int
) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
    """Adam for the generator and for the discriminator."""

    def adam(learning_rate: float) -> keras.optimizers.Optimizer:
        schedule = LinearEnd(learning_rate, num_steps, config.decay_share)
        return keras.optimizers.Adam(schedule, beta_1=config.beta_1)

    return (
        adam(config.generator_learning_rate),
        adam(config.discriminator_learning_rate),
    )
