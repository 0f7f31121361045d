"""The optimizers, their learning rates, and what each of them trains."""

from typing import Any

import keras
import tensorflow as tf

from keras_infogan.models.steps import Players
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


def build_players(
    generator: keras.Model,
    discriminator: keras.Model,
    generator_optimizer: Any,
    discriminator_optimizer: Any,
    information_optimizer: Any = None,
    *,
    information_gradient: str,
    has_information_phase: bool,
    scale_losses: bool,
) -> Players:
    """Makes the optimizers of both networks and says what each trains.

    Args:
        generator: The generator.
        discriminator: The discriminator with the heads of `Q`.
        generator_optimizer: A Keras optimizer, its configuration or its name.
        discriminator_optimizer: The same.
        information_optimizer: The same; by default a copy of the
            discriminator's.
        information_gradient: `"trunk"` if the information trains the whole
            discriminator, `"head"` for what only `Q` uses.
        has_information_phase: Whether the information has an optimizer.
        scale_losses: Whether to scale the losses, as float16 requires.
    """

    def build(identifier: Any, variables: list[keras.Variable]) -> Any:
        optimizer = keras.optimizers.get(identifier)
        if scale_losses and not isinstance(
            optimizer, keras.optimizers.LossScaleOptimizer
        ):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # Built at once, so that `load_model` finds slots to fill.
        optimizer.build(variables)
        return optimizer

    generator_variables = generator.trainable_variables
    informed = variables = discriminator.trainable_variables
    if information_gradient == "head":
        informed = find_head_variables(discriminator)
    # Not by their paths, which nested models may share.
    others = [v for v in variables if all(v is not i for i in informed)]
    generator_optimizer = build(generator_optimizer, generator_variables)
    discriminator_optimizer = build(discriminator_optimizer, variables)
    if has_information_phase:
        information_optimizer = build(
            information_optimizer
            or keras.optimizers.serialize(discriminator_optimizer),
            generator_variables + informed,
        )
    return Players(
        generator,
        discriminator,
        informed,
        others,
        generator_optimizer,
        discriminator_optimizer,
        information_optimizer,
    )
