"""Optimizers: building them, their learning rates, and who trains what."""

from typing import Any

import keras
import tensorflow as tf

from keras_infogan.models.validation import find_head_variables

INFORMATION_GRADIENTS = ("trunk", "head")


@keras.saving.register_keras_serializable(package="keras_infogan")
class LinearEnd(keras.optimizers.schedules.LearningRateSchedule):
    """A constant learning rate that decays linearly to 0 at the end of a run.

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
        return {
            "learning_rate": self.learning_rate,
            "num_steps": self.num_steps,
            "decay_share": self.decay_share,
        }


def build_optimizer(
    identifier: Any, variables: list[keras.Variable], *, scale_loss: bool
) -> keras.optimizers.Optimizer:
    """Makes an optimizer with its slots, so that `load_model` can fill them.

    Args:
        identifier: A Keras optimizer, its configuration or its name.
        variables: What it trains.
        scale_loss: Whether to scale the loss, as float16 requires.
    """
    optimizer = keras.optimizers.get(identifier)
    if scale_loss and not isinstance(
        optimizer, keras.optimizers.LossScaleOptimizer
    ):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(variables)
    return optimizer


def split_variables(
    discriminator: keras.Model, information_gradient: str
) -> tuple[list[keras.Variable], list[keras.Variable]]:
    """Splits the discriminator by what the information loss trains.

    Args:
        discriminator: The discriminator with the heads of `Q`.
        information_gradient: `"trunk"` for all trainable variables, `"head"`
            for those that only `Q` uses.

    Returns:
        The variables that the information loss trains, and the others.
    """
    variables = discriminator.trainable_variables
    if information_gradient == "trunk":
        return variables, []
    heads = find_head_variables(discriminator)
    # Not by their paths, which nested models may share.
    return heads, [v for v in variables if all(v is not h for h in heads)]
