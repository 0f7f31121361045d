"""Training under a `tf.distribute` strategy: networks, batches, functions.

See `keras_infogan.replicas` for what a step computes.
"""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from keras_infogan.models.compile_arguments import plain_optimizers
from keras_infogan.models.keras_internals import all_layers
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


def check_compilation(
    model: keras.Model, optimizers: Iterable[keras.optimizers.Optimizer]
) -> None:
    """Raises a `ValueError` if a model cannot be trained under its strategy.

    Args:
        model: It was made in the scope of the strategy.
        optimizers: Those of `compile`.
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
    if getattr(model, "pair_discriminator", None) is not None:
        raise ValueError(
            "Under a strategy of several replicas, contrastive_weight should "
            f"be 0. Received: {model.objective.contrastive_weight}. Train on "
            "one device."
        )
    if keras.config.dtype_policy().name == "mixed_float16":
        raise ValueError(
            "Under a strategy of several replicas, the dtype policy should be "
            "float32 or mixed_bfloat16. Received: mixed_float16, whose loss "
            "scaling looks at the gradients of the first replica only."
        )
    for optimizer in optimizers:
        _check_optimizer(strategy, optimizer)


def _check_optimizer(
    strategy: tf.distribute.Strategy, optimizer: keras.optimizers.Optimizer
) -> None:
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            "Under a strategy of several replicas, an optimizer should not "
            "scale losses: it looks at the gradients of the first replica "
            "only. Received: a LossScaleOptimizer."
        )
    if not strategy.extended.variable_created_in_scope(
        optimizer.variables[0].value
    ):
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
        for plain in plain_optimizers(optimizer):
            value = getattr(plain, name)
            if value:
                raise ValueError(
                    f"Under a strategy of several replicas, `{name}` should be "
                    "None: Keras applies it to the gradient of each replica, "
                    f"not to that of the global batch. Received: {name}="
                    f"{value}."
                )


def prepare_networks(*networks: keras.Model) -> None:
    """Makes layers that mix images do so across replicas, or refuses them.

    Sets `synchronized` of batch normalization, so that its statistics are those
    of the global batch.

    Raises:
        ValueError: If a layer draws the same random numbers on all replicas.
    """
    for network in networks:
        for layer in all_layers(network):
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
