"""Learning rates over the steps of a run."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_infogan")
class LinearEnd(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then a straight line to 0 at the end of the run.

    Args:
        learning_rate: The constant part.
        num_steps: Steps of the whole run.
        decay_share: Share of the steps, in [0, 1], in which it falls; with 0
            it never does.
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
