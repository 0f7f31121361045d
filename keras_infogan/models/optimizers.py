"""The optimizers, their learning rates, and which variables are whose."""

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


def build_optimizer(
    identifier: Any, variables: list[keras.Variable], *, scale_losses: bool
) -> keras.optimizers.Optimizer:
    """Makes an optimizer and its slots.

    Args:
        identifier: A Keras optimizer, its configuration or its name.
        variables: What it trains.
        scale_losses: Whether it scales losses, as float16 requires.
    """
    optimizer = keras.optimizers.get(identifier)
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
