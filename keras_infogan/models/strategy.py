"""Training under a `tf.distribute` strategy: networks, batches, functions.

See `keras_infogan.replicas` for what a step computes.
"""

import inspect
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from keras_infogan.models.layers import SpatialDropout2D


class GlobalMean(keras.metrics.Mean):
    """A mean of values that are the same on all replicas.

    The variables of Keras's own metrics are sums over the replicas.
    """

    def add_variable(self, shape, initializer, dtype=None, name=None, **_):
        # Metrics track the variables that are set as attributes.
        return keras.Variable(
            keras.initializers.get(initializer)(shape),
            dtype=dtype,
            trainable=False,
            aggregation="only_first_replica",
            name=name,
        )


def check_compilation(model: keras.Model, optimizers: Iterable[Any]) -> None:
    """Raises a `ValueError` if a model cannot be trained under its strategy.

    Args:
        model: It was made in the scope of the strategy.
        optimizers: Those of `compile`, or their names.
    """
    strategy = model.distribute_strategy
    if tf.distribute.get_strategy() is not strategy:
        raise ValueError(
            "The networks, the InfoGAN and its optimizers should be made, and "
            "compile be called, in the same `strategy.scope()`. Received: "
            f"compile in {type(tf.distribute.get_strategy()).__name__} and a "
            f"model of {type(strategy).__name__}."
        )
    if strategy.num_replicas_in_sync == 1:
        return
    if not all(
        isinstance(variable.value, tf.distribute.DistributedValues)
        for variable in model.variables
    ):
        raise ValueError(
            "The networks should be made in the `strategy.scope()` of their "
            "InfoGAN. Received: networks that were made outside of it."
        )
    if keras.config.dtype_policy().name == "mixed_float16":
        raise ValueError(
            "Under a strategy of several replicas, the dtype policy should be "
            "float32 or mixed_bfloat16. Received: mixed_float16, whose loss "
            "scaling looks at the gradients of the first replica only."
        )
    for optimizer in optimizers:
        _check_optimizer(strategy, optimizer)


def _check_optimizer(strategy: tf.distribute.Strategy, optimizer: Any) -> None:
    if isinstance(optimizer, Mapping):
        optimizer = keras.optimizers.get(optimizer)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            "Under a strategy of several replicas, an optimizer should not "
            "scale losses: it looks at the gradients of the first replica "
            "only. Received: a LossScaleOptimizer."
        )
    if optimizer._distribution_strategy is not strategy:
        raise ValueError(
            "Optimizers should be made in the `strategy.scope()` of their "
            f"InfoGAN. Received: {type(optimizer).__name__} from outside of it."
        )
    # Keras applies these to the gradient of each replica, before their sum.
    for name in (
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
        "gradient_accumulation_steps",
    ):
        value = getattr(optimizer, name)
        if value:
            raise ValueError(
                f"Under a strategy of several replicas, `{name}` should be "
                "None: Keras applies it to the gradient of each replica, not "
                f"to that of the global batch. Received: {name}={value}."
            )


def prepare_networks(*networks: keras.Model) -> None:
    """Makes layers that mix images do so across replicas, or refuses them.

    Sets `synchronized` of batch normalization, so that its statistics are those
    of the global batch.

    Raises:
        ValueError: If a layer draws the same random numbers on all replicas.
    """
    for network in networks:
        for layer in network._flatten_layers(include_self=False):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
            if isinstance(layer, keras.Model | SpatialDropout2D):
                continue
            if any(map(is_seed, layer.variables)):
                raise ValueError(
                    "Under a strategy of several replicas, layers should draw "
                    "other random numbers on each. Received: "
                    f"{type(layer).__name__} {layer.name!r}, which draws the "
                    "same. Remove it, or take keras_infogan.models.layers."
                    "SpatialDropout2D."
                )


def is_seed(variable: keras.Variable) -> bool:
    """Whether a variable is the state of a layer's random numbers."""
    return variable.path.endswith("seed_generator_state")


def make_function(
    strategy: tf.distribute.Strategy,
    step: Callable[[Any], dict[str, tf.Tensor]],
    num_steps: int,
) -> Callable[[Any], dict[str, tf.Tensor]]:
    """The function that `fit` calls with an iterator: some steps in one graph.

    In place of Keras's own, which cannot reduce scalars over several workers,
    and not repeat a step under a strategy (Keras 3.15).

    Args:
        strategy: The strategy, of several replicas.
        step: From the data of a replica to metrics, which are the same on all.
        num_steps: The most steps of a call; data may run out earlier.

    Returns:
        From a distributed iterator to the metrics of the last step.
    """
    # AutoGraph is for the loop alone.
    step = tf.autograph.experimental.do_not_convert(step)

    def run(data: Any) -> dict[str, tf.Tensor]:
        logs = strategy.run(step, args=(data,))
        return {
            name: strategy.experimental_local_results(value)[0]
            for name, value in logs.items()
        }

    @tf.function(reduce_retracing=True)
    def function(iterator: Any) -> dict[str, tf.Tensor]:
        logs = run(iterator.get_next())
        for _ in tf.range(num_steps - 1):
            following = iterator.get_next_as_optional()
            if not following.has_value():
                break
            logs = run(following.get_value())
        return logs

    return function


def distribute_arguments(
    strategy: tf.distribute.Strategy,
    method: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> dict[str, Any]:
    """The arguments of `fit` or `evaluate`, with images by replica.

    Targets and sample weights are left out.
    """
    signature = inspect.signature(method)
    arguments = signature.bind(*args, **kwargs).arguments
    # Those of `evaluate` that have no name in its signature.
    arguments |= arguments.pop("kwargs", {})
    for name in ("y", "sample_weight"):
        arguments.pop(name, None)
    batch_size = arguments.pop("batch_size", None)
    shuffle = False
    if "shuffle" in signature.parameters:
        shuffle = arguments.pop("shuffle", True)
        # Keras would warn that it cannot shuffle batches.
        arguments["shuffle"] = False
    arguments["x"] = _to_replicas(
        strategy, arguments["x"], batch_size=batch_size, shuffle=shuffle
    )
    validation_data = arguments.get("validation_data")
    if validation_data is not None:
        if isinstance(validation_data, tuple):
            validation_data = validation_data[0]
        arguments["validation_data"] = _to_replicas(
            strategy,
            validation_data,
            batch_size=arguments.pop("validation_batch_size", batch_size),
            shuffle=False,
        )
    return arguments


def _to_replicas(
    strategy: tf.distribute.Strategy,
    x: Any,
    *,
    batch_size: int | None,
    shuffle: bool,
) -> tf.distribute.DistributedDataset:
    """Distributes a data set, or arrays in batches; 32 images as in Keras."""
    if isinstance(x, tf.distribute.DistributedDataset):
        return x
    if isinstance(x, tf.data.Dataset):
        return distribute(strategy, x)
    arrays = tf.nest.flatten(x)
    if not all(hasattr(array, "shape") for array in arrays):
        raise ValueError(
            "Under a strategy of several replicas, images should be arrays or "
            f"a `tf.data.Dataset` of global batches. Received: "
            f"{type(x).__name__}. `tf.data.Dataset.from_generator` makes one."
        )
    num_images, batch_size = len(arrays[0]), batch_size or 32
    count = strategy.num_replicas_in_sync
    if 0 < num_images % batch_size < count:
        raise ValueError(
            f"Each of the {count} replicas should have an image of each batch. "
            f"Received: {num_images} images and batch_size={batch_size}, which "
            f"leaves {num_images % batch_size} for the last. Choose another "
            "batch_size, or leave these images out."
        )
    rows = tf.data.Dataset.from_tensor_slices(x)
    if shuffle:
        rows = rows.shuffle(num_images)
    return distribute(strategy, rows.batch(batch_size))


def distribute(
    strategy: tf.distribute.Strategy, batches: tf.data.Dataset
) -> tf.distribute.DistributedDataset:
    """Gives each replica its rows of each batch.

    The rows stay in order, and their numbers on two replicas differ by at most
    one. (`experimental_distribute_dataset` splits some batches otherwise.) A
    batch with fewer rows than replicas is an error when it is read, as the
    kernels of TensorFlow do not all take a batch of 0.

    Args:
        strategy: The strategy, of several replicas.
        batches: Tensors, or structures of them, of the rows of a global batch.
    """
    count = strategy.num_replicas_in_sync

    def pieces(context: tf.distribute.InputContext) -> tf.data.Dataset:
        num_local = count // context.num_input_pipelines
        first = num_local * context.input_pipeline_id
        # In one flat order, as each replica takes the next element.
        return batches.flat_map(
            lambda *batch: _split(batch, count, slice(first, first + num_local))
        ).prefetch(2 * num_local)

    distributed = strategy.distribute_datasets_from_function(pieces)
    # Of batches, not of their pieces: `fit` takes it for the steps of an epoch.
    distributed._cardinality = batches.cardinality().numpy()
    return distributed


def _split(
    batch: tuple[Any, ...], count: int, replicas: slice
) -> tf.data.Dataset:
    """The rows of a batch for some of `count` replicas."""
    # A data set passes tuples as several arguments.
    structure = batch[0] if len(batch) == 1 else batch
    sizes = [x.shape[0] for x in tf.nest.flatten(structure)]
    if all(size and size % count == 0 for size in sizes):
        # This keeps the shapes static.
        return tf.data.Dataset.from_tensor_slices(
            tf.nest.map_structure(
                lambda x: tf.reshape(x, (count, -1, *x.shape[1:]))[replicas],
                structure,
            )
        )
    return tf.data.Dataset.range(replicas.start, replicas.stop).map(
        lambda replica: tf.nest.map_structure(
            lambda x: _rows_of(x, replica, count), structure
        )
    )


def _rows_of(x: tf.Tensor, replica: tf.Tensor, count: int) -> tf.Tensor:
    num_rows = tf.shape(x, tf.int64)[0]
    tf.debugging.assert_greater_equal(
        num_rows,
        tf.constant(count, tf.int64),
        "A batch should have at least one image for each of the "
        f"{count} replicas. Drop a smaller one at the end of the data set with "
        "`.batch(batch_size, drop_remainder=True)`.",
    )
    return x[replica * num_rows // count : (replica + 1) * num_rows // count]
