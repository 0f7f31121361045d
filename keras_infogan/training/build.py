"""From a configuration to the objects it describes: data, model, optimizers."""

import dataclasses
import functools
import logging
import math
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from keras_infogan.data.dataset import ImageData
from keras_infogan.data.sources import open_images
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.memory import check_memory
from keras_infogan.models.blocks import ImageShape
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator
from keras_infogan.models.optimizers import LinearDecayAtEnd
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.sections import DataConfig
from keras_infogan.training.sections import NetworkConfig

_logger = logging.getLogger(__name__)


def load_data(
    config: DataConfig,
    *,
    data_dir: Path | None = None,
    archives_dir: Path | None = None,
) -> tuple[ImageData, ImageData]:
    """Loads the training and the test images; see `open_images`."""
    _logger.info("Reading %s ...", config.dataset)
    train_data, test_data = (
        open_images(
            config.dataset,
            split=split,
            image_size=config.image_shape[:2],
            channels=config.channels,
            resize=config.resize,
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
        name = spec.first_categorical("num_labels")
        num_categories = spec.codes[name].dim
        if len(data.class_names) > num_categories:
            raise ValueError(
                f"The code {name!r} should have a category for each of the "
                f"{len(data.class_names)} classes of {config.dataset} to learn "
                f"them from labels. Received: num_categories={num_categories}."
            )
    return stream


def steps_per_epoch(config: DataConfig, data: ImageData) -> int:
    """Steps of an epoch; raises a `ValueError` if no batch is full."""
    return max(data.num_batches(config.batch_size), config.min_epoch_steps)


def build_model(
    config: TrainingConfig,
    *,
    num_steps: int = 1,
    image_shape: tuple[int, int, int] | None = None,
) -> InfoGAN:
    """Builds and compiles an untrained model.

    Sets the global seed and dtype policy of Keras.

    Args:
        config: The configuration.
        num_steps: Steps of the whole run, for the learning rate schedules.
        image_shape: Shape of the images, if not that of the configuration.

    Raises:
        ValueError: If options contradict each other.
        MemoryError: If the training needs more memory than is free.
    """
    networks, optimizers = config.networks, config.optimizers
    shape = image_shape or config.data.image_shape
    spec = LatentSpec.from_config(dataclasses.asdict(config.latents))
    if config.data.num_labels:
        spec.first_categorical("num_labels")
    if config.distillation_epochs:
        spec.first_categorical("distillation_epochs")
    if config.resplit_share:
        spec.first_categorical("resplit_share")
    build = functools.partial(_build_networks, config.networks, spec, shape)
    _check_memory(build, config.data.batch_size)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(networks.dtype_policy)

    def adam(learning_rate: float) -> keras.optimizers.Optimizer:
        schedule = LinearDecayAtEnd(
            learning_rate, num_steps, optimizers.decay_share
        )
        return keras.optimizers.Adam(schedule, beta_1=optimizers.beta_1)

    model = InfoGAN(
        *build(),
        spec,
        config.objective,
        seed=config.seed,
        **dataclasses.asdict(config.step),
    )
    model.compile(
        adam(optimizers.generator_learning_rate),
        adam(optimizers.discriminator_learning_rate),
        **dataclasses.asdict(config.execution),
    )
    return model


def _build_networks(
    networks: NetworkConfig, spec: LatentSpec, shape: ImageShape
) -> tuple[keras.Model, keras.Model]:
    """The generator and the discriminator."""
    return (
        build_generator(spec, shape, architecture=networks.architecture),
        build_discriminator(
            spec,
            shape,
            architecture=networks.architecture,
            normalization=networks.normalization,
        ),
    )


def _check_memory(
    build: Callable[[], tuple[keras.Model, keras.Model]], batch_size: int
) -> None:
    """Raises a `MemoryError` if networks are too large to train.

    A lower bound: weights, their gradients and two moments of Adam, and the
    outputs of all layers in 2 bytes for one batch. TensorFlow looks after the
    memory of a GPU itself.
    """
    if tf.config.list_physical_devices("GPU"):
        return
    # Only shapes: the variables get no values.
    with keras.StatelessScope(initialize_variables=False):
        networks = build()
    num_weights = sum(network.count_params() for network in networks)
    num_outputs = sum(
        math.prod(side for side in output.shape if side)
        for network in networks
        for layer in network.layers
        for output in keras.tree.flatten(layer.output)
    )
    check_memory(
        16 * num_weights + 2 * batch_size * num_outputs,
        f"A model of {num_weights:,} weights, with batches of {batch_size:,} "
        "images,",
    )
