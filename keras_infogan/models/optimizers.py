"""The optimizers, their learning rates, and which variables are whose."""

import operator
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_infogan.models.compile_arguments import plain_optimizers


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

    Has no other attributes, so that none is set in vain.

    `LearningRateScheduler`, `ReduceLROnPlateau`, `SwapEMAWeights` and
    `TensorBoard` take each of `model.optimizer.optimizers` in turn, as of a
    `keras.optimizers.MultiOptimizer`. That class assigns each variable to one
    optimizer, but in a third phase two of ours train the same.

    Args:
        trained: Each optimizer, built, and the variables that it trains.
    """

    __slots__ = ("_trained", "optimizers")

    def __init__(
        self,
        trained: Sequence[
            tuple[keras.optimizers.Optimizer, list[keras.Variable]]
        ],
    ):
        self._trained = list(trained)
        # LossScaleOptimizer has no learning rate that can be set.
        self.optimizers = [
            plain
            for optimizer, _ in trained
            for plain in plain_optimizers(optimizer)
        ]

    @property
    def built(self) -> bool:
        return all(optimizer.built for optimizer, _ in self._trained)

    @property
    def variables(self) -> list[keras.Variable]:
        return [
            v for optimizer, _ in self._trained for v in optimizer.variables
        ]

    @property
    def iterations(self) -> keras.Variable:
        """Steps of the first one; all make as many."""
        return self._trained[0][0].iterations

    @property
    def learning_rate(self) -> float:
        """The rate of all of them; setting it sets that of each.

        Raises:
            AttributeError: If their rates differ, or, when it is set, if a
                schedule or function sets one, or the value is no number.
        """
        rates = [
            # A variable, a tensor or a number.
            float(tf.convert_to_tensor(getattr(rate, "value", rate)))
            for rate in (one.learning_rate for one in self.optimizers)
        ]
        if len(set(rates)) > 1:
            raise AttributeError(
                "The optimizers have different learning rates. Received: "
                f"{', '.join(map(str, rates))}. Take those of "
                "`model.optimizer.optimizers`."
            )
        return rates[0]

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value) or self.learning_rates_are_fixed:
            raise AttributeError(
                "A learning rate should be set to a number, and have been one. "
                "Received: a LearningRateSchedule or a function. Compile the "
                "model with other optimizers."
            )
        for optimizer in self.optimizers:
            optimizer.learning_rate = value

    @property
    def learning_rates_are_fixed(self) -> bool:
        """Whether a schedule or function sets one, which callbacks cannot."""
        return not all(
            isinstance(optimizer.learning_rate, keras.Variable)
            for optimizer in self.optimizers
        )

    @property
    def have_averages(self) -> bool:
        """Whether one averages weights, by `use_ema`."""
        return any(optimizer.use_ema for optimizer in self.optimizers)

    def has_trained(
        self,
        optimizer: keras.optimizers.Optimizer,
        variables: list[keras.Variable],
    ) -> bool:
        """Whether an optimizer, perhaps within another, is that of these."""
        return any(
            any(plain is optimizer for plain in plain_optimizers(one))
            and len(own) == len(variables)
            and all(map(operator.is_, own, variables))
            for one, own in self._trained
        )

    def finalize_variable_values(self) -> None:
        """Ends the training, as Keras does: `use_ema` assigns the averages."""
        for optimizer, variables in self._trained:
            optimizer.finalize_variable_values(variables)


def check_averages(
    optimizers: Iterable[keras.optimizers.Optimizer], *, is_supported: bool
) -> None:
    """Raises a `ValueError` for `use_ema` where it is not supported.

    Keras averages weights by their position in a step, so that a step has to
    train all of them, in their order, and no other step the same ones.
    """
    if is_supported or not any(
        plain.use_ema for one in optimizers for plain in plain_optimizers(one)
    ):
        return
    raise ValueError(
        '`use_ema` needs update="fused" and information_gradient="trunk". '
        "Received: another step. Leave use_ema out, or make the model with "
        "these."
    )


def check_reuse(
    chosen: Mapping[str, keras.optimizers.Optimizer],
    trained: Mapping[str, list[keras.Variable]],
    previous: Optimizers | None,
) -> None:
    """Raises a `ValueError` for an optimizer that has trained other variables.

    Args:
        chosen: The optimizers by what they train.
        trained: The variables that they are to train.
        previous: The model's own, if it was compiled before.
    """
    for name, optimizer in chosen.items():
        for plain in plain_optimizers(optimizer):
            if not plain.built or (
                previous and previous.has_trained(plain, trained[name])
            ):
                continue
            kind = type(plain).__name__
            raise ValueError(
                f"{name}_optimizer should be new, or that of the same weights. "
                f"Received: {kind} {plain.name!r}, which has the state of "
                f"others. Make another {kind}."
            )


def build_optimizer(
    optimizer: keras.optimizers.Optimizer,
    variables: list[keras.Variable],
    *,
    name: str,
    scale_losses: bool,
) -> keras.optimizers.Optimizer:
    """Names an optimizer and makes its slots.

    Args:
        optimizer: A Keras optimizer.
        variables: What it trains.
        name: Its name, for logs, unless it was given one.
        scale_losses: Whether it scales losses, as float16 requires.
    """
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
