"""Images for the replicas of a `tf.distribute` strategy."""

import inspect
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_infogan.models.keras_internals import set_cardinality


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
    if arguments.get("validation_split"):
        raise ValueError(
            "Under a strategy of several replicas, validation images should be "
            "given as `validation_data`. Received: validation_split="
            f"{arguments['validation_split']}."
        )
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
    set_cardinality(distributed, batches.cardinality().numpy())
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
