"""What a training step computes across the replicas of `tf.distribute`.

Each replica has some rows of the global batch, in the order of the replicas.
Losses on a replica are its parts of those of the global batch: the parts, and
so their gradients, add up. Random numbers are those of the global batch, of
which each replica takes its rows. Without a strategy, there is one replica, and
every function here is the plain operation, bit for bit.
"""

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf


def num_replicas() -> int:
    """The replicas that share the step; 1 outside of a replica context."""
    context = tf.distribute.get_replica_context()
    return context.num_replicas_in_sync if context else 1


def sum_over_replicas(tensors: Any) -> Any:
    """The sums over replicas of a tensor, or of a structure of tensors.

    The gradient of the sum is the sum of the gradients.
    """
    if num_replicas() == 1:
        return tensors
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensors)


def batch_mean(values: tf.Tensor) -> tf.Tensor:
    """This replica's part of the mean over the global batch.

    `values` are those of this replica's rows; their sum, divided by the number
    of values in the global batch, even where a replica has no rows at all.
    """
    if num_replicas() == 1:
        return tf.reduce_mean(values)
    count = num_global_rows(values) * math.prod(values.shape[1:])
    return tf.reduce_sum(values) / tf.cast(count, values.dtype)


def replica_part(value: Any) -> Any:
    """This replica's part of what all replicas have computed alike."""
    count = num_replicas()
    return value if count == 1 else value / count


def draw_rows(draw: Callable[[Any], Any], rows: tf.Tensor) -> Any:
    """Draws random rows of the global batch, and takes this replica's.

    Args:
        draw: From a number of rows to a tensor, or a structure of tensors, with
            as many rows.
        rows: The rows of this replica that the random ones are for.
    """
    count = rows.shape[0] or tf.shape(rows)[0]
    if num_replicas() == 1:
        return draw(count)
    start = _num_rows_before(rows)
    return tf.nest.map_structure(
        lambda drawn: drawn[start : start + count],
        draw(num_global_rows(rows)),
    )


def num_global_rows(rows: tf.Tensor) -> Any:
    """The rows of all replicas, as a number if it is static."""
    if rows.shape[0]:
        return rows.shape[0] * num_replicas()
    return sum_over_replicas(tf.shape(rows)[0])


def _num_rows_before(rows: tf.Tensor) -> Any:
    """The rows of the replicas before this one."""
    number = tf.distribute.get_replica_context().replica_id_in_sync_group
    if rows.shape[0]:
        return number * rows.shape[0]
    return tf.reduce_sum(_rows_by_replica(rows)[:number])


def _rows_by_replica(rows: tf.Tensor) -> tf.Tensor:
    """An int32 tensor, the same on all replicas."""
    number = tf.distribute.get_replica_context().replica_id_in_sync_group
    own = tf.one_hot(number, num_replicas(), dtype=tf.int32)
    return sum_over_replicas(own * tf.shape(rows)[0])
