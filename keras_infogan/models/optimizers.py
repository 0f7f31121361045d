"""The optimizers, their learning rates, and which variables are whose."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


# "LinearEnd" in saved files.
@keras.saving.register_keras_serializable("keras_infogan", "LinearEnd")
class LinearDecayAtEnd(keras.optimizers.schedules.LearningRateSchedule):
    """A constant learning rate, then linear decay to 0 over the end of a run.

    Args:
        learning_rate: The constant part.
        num_steps: Steps of the whole run.
        decay_share: Share of the steps, in [0, 1], in which the rate decays;
            with 0 it never does.
    """

    def __init__(
        self, learning_rate: float, num_steps: int, decay_share: float
    ):
        self.learning_rate = learning_rate
        self.num_steps = num_steps
        self.decay_share = decay_share

    def __call__(self, step):
        falling = self.decay_share * self.num_steps
        if not falling:
            return tf.constant(self.learning_rate, tf.float32)
        rest = tf.maximum(self.num_steps - tf.cast(step, tf.float32), 0.0)
        return self.learning_rate * tf.minimum(rest / falling, 1.0)

    def get_config(self):
        return dict(vars(self))


class Optimizers:
    """The optimizers of a model, as Keras's callbacks expect several.

    `LearningRateScheduler`, `ReduceLROnPlateau`, `SwapEMAWeights` and
    `TensorBoard` take each of `model.optimizer.optimizers` in turn, as of a
    `keras.optimizers.MultiOptimizer`. That class assigns each variable to one
    optimizer, but in a third phase two of ours train the same.

    Args:
        optimizers: Of the generator, of the discriminator, and perhaps one for
            the information.
    """

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer]):
        # LossScaleOptimizer has no learning rate that can be set.
        self.optimizers = [
            getattr(optimizer, "inner_optimizer", optimizer)
            for optimizer in optimizers
        ]

    @property
    def built(self) -> bool:
        return all(optimizer.built for optimizer in self.optimizers)

    @property
    def variables(self) -> list[keras.Variable]:
        return [v for optimizer in self.optimizers for v in optimizer.variables]

    @property
    def iterations(self) -> keras.Variable:
        """Steps of the first one; all make as many."""
        return self.optimizers[0].iterations

    @property
    def learning_rates_are_fixed(self) -> bool:
        """Whether a schedule sets one, which callbacks then cannot."""
        schedule = keras.optimizers.schedules.LearningRateSchedule
        return any(
            isinstance(optimizer._learning_rate, schedule)
            for optimizer in self.optimizers
        )

    def check_averages(self, *, is_supported: bool) -> None:
        """Raises a `ValueError` for `use_ema` where it is not supported.

        Keras averages weights by their position in a step, so that a step has
        to train all of them, in their order, and no other step the same ones.
        """
        if is_supported or not any(one.use_ema for one in self.optimizers):
            return
        raise ValueError(
            '`use_ema` needs update="fused" and information_gradient="trunk". '
            "Received: another step. Leave use_ema out, or make the model with "
            "these."
        )

    def finalize_variable_values(self) -> None:
        """Ends the training, as Keras does: `use_ema` assigns the averages."""
        for optimizer in self.optimizers:
            optimizer.finalize_variable_values(optimizer._trainable_variables)


def choose_optimizers(generator: Any, discriminator: Any, both: Any) -> Any:
    """The optimizers of the two networks, from the arguments of `compile`.

    Raises:
        ValueError: If there are both one for each and one for `both`.
    """
    if both is None:
        return generator or "adam", discriminator or "adam"
    if generator is not None or discriminator is not None:
        raise ValueError(
            "compile takes `optimizer` for both networks, or one for each. "
            "Received: `optimizer` and `generator_optimizer` or "
            "`discriminator_optimizer`. Leave one out."
        )
    optimizer = keras.optimizers.get(both)
    # An optimizer has the state of one network: the other gets a copy.
    return optimizer, keras.optimizers.serialize(optimizer)


def build_optimizer(
    identifier: Any,
    variables: list[keras.Variable],
    *,
    name: str,
    scale_losses: bool,
) -> keras.optimizers.Optimizer:
    """Makes an optimizer and its slots.

    Args:
        identifier: A Keras optimizer, its configuration or its name.
        variables: What it trains.
        name: Its name, for logs, unless it was given one.
        scale_losses: Whether it scales losses, as float16 requires.
    """
    optimizer = keras.optimizers.get(identifier)
    # Keras's own names are those of the class, perhaps with a number.
    if optimizer.name.lower().startswith(type(optimizer).__name__.lower()):
        optimizer.name = name
    if scale_losses and not isinstance(
        optimizer, keras.optimizers.LossScaleOptimizer
    ):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    # Built at once, so that `load_model` finds slots to fill.
    optimizer.build(variables)
    return optimizer


def partition_variables(
    discriminator: keras.Model,
) -> tuple[list[keras.Variable], list[keras.Variable]]:
    """The trainable variables that only `Q(c|x)` uses, and the others.

    Both in the order of the discriminator; the `logits` depend on the others.
    """
    # Temporary, because two models that share layers cannot be saved.
    adversarial = keras.Model(
        discriminator.input, discriminator.output["logits"]
    )
    # Not by their paths, which nested models may share.
    shared = {id(variable) for variable in adversarial.trainable_variables}
    heads: list[keras.Variable] = []
    others: list[keras.Variable] = []
    for variable in discriminator.trainable_variables:
        (others if id(variable) in shared else heads).append(variable)
    return heads, others
