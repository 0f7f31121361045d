"""The arguments of `compile`: which optimizers they mean, and what is refused.

All of it is checked before the model changes.
"""

import warnings
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras

from keras_infogan.models.keras_internals import copy_exclusions


def check_compile_options(options: Mapping[str, Any]) -> None:
    """Raises a `ValueError` if `compile` is given losses or metrics."""
    own = ("loss", "loss_weights", "metrics", "weighted_metrics")
    given = [name for name in own if options.get(name) is not None]
    if given:
        raise ValueError(
            "InfoGAN has losses and metrics of its own: choose them by "
            "`InfoGAN(..., objective=Objective(...))`, and measure more by "
            f"callbacks. Received: {', '.join(given)}. Leave it out."
        )


def choose_optimizers(
    generator: Any, discriminator: Any, information: Any, both: Any, update: str
) -> dict[str, keras.optimizers.Optimizer]:
    """The optimizers by what they train, from the arguments of `compile`.

    Raises:
        ValueError: If one is none, serves two networks, or does not go together
            with another argument.
    """
    if both is not None and not generator is discriminator is None:
        raise ValueError(
            "compile takes `optimizer` for both networks, or one for each. "
            "Received: `optimizer` and `generator_optimizer` or "
            "`discriminator_optimizer`. Leave one out."
        )
    if information is not None and update != "three_phase":
        raise ValueError(
            'information_optimizer is for update="three_phase". '
            f"Received: update={update!r}."
        )
    chosen = {"generator": _get(generator or both or "adam")}
    # An optimizer has the state of one network.
    chosen["discriminator"] = (
        _copy(chosen["generator"], "discriminator")
        if discriminator is None
        else _get(discriminator)
    )
    if update == "three_phase":
        chosen["information"] = (
            _copy(chosen["discriminator"], "information")
            if information is None
            else _get(information)
        )
    _check(chosen, update)
    return chosen


def plain_optimizers(
    optimizer: keras.optimizers.Optimizer,
) -> Iterator[keras.optimizers.Optimizer]:
    """Those with a learning rate: the parts of one that wraps others."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if _is_multiple(optimizer):
        yield from optimizer.optimizers
    else:
        yield optimizer


def needs_all_gradients(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether each step must train all variables that an optimizer has."""
    return _is_multiple(optimizer) or any(
        # Keras averages them by their position in a step.
        plain.use_ema
        for plain in plain_optimizers(optimizer)
    )


def _is_multiple(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether this is a `MultiOptimizer`, with or without loss scaling."""
    return hasattr(
        getattr(optimizer, "inner_optimizer", optimizer), "optimizers"
    )


def _get(identifier: Any) -> keras.optimizers.Optimizer:
    """An optimizer from itself, its name or its configuration."""
    # Keras finds most of its own by name, but not all (Lamb).
    names = {
        name.lower(): kind
        for name, kind in vars(keras.optimizers).items()
        if isinstance(kind, type)
        and issubclass(kind, keras.optimizers.Optimizer)
    }
    try:
        if isinstance(identifier, str):
            return names[identifier.lower()]()
        if isinstance(identifier, Mapping):
            identifier = keras.saving.deserialize_keras_object(dict(identifier))
        return keras.optimizers.get(identifier)
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            "An optimizer should be one of Keras, its name, such as 'adam', or "
            f"its configuration. Received: {identifier!r}."
        ) from None


def _copy(
    optimizer: keras.optimizers.Optimizer, purpose: str
) -> keras.optimizers.Optimizer:
    """Another optimizer of the same configuration, without its state."""
    try:
        with warnings.catch_warnings():
            # Keras warns of functions, which it then refuses.
            warnings.simplefilter("ignore")
            copy = type(optimizer).from_config(optimizer.get_config())
    except (NotImplementedError, TypeError, ValueError):
        raise ValueError(
            f"The {purpose}'s optimizer is a copy by `get_config` and "
            f"`from_config`. Received: {type(optimizer).__name__}, of which "
            "they make none, such as one with a function. Give compile a "
            f"`{purpose}_optimizer`."
        ) from None
    for one, other in zip(
        plain_optimizers(optimizer), plain_optimizers(copy), strict=True
    ):
        copy_exclusions(one, other)
    return copy


def _check(
    chosen: Mapping[str, keras.optimizers.Optimizer], update: str
) -> None:
    owners: dict[int, str] = {}
    for purpose, optimizer in chosen.items():
        if _is_multiple(optimizer) and update == "three_phase":
            raise ValueError(
                "A MultiOptimizer trains all of its weights in each step, and "
                'so needs update="fused". Received: '
                f"{purpose}_optimizer={optimizer.name!r} and update={update!r}."
            )
        for one in plain_optimizers(optimizer):
            other = owners.setdefault(id(one), purpose)
            if other != purpose:
                raise ValueError(
                    "An optimizer has the state of one network. Received: the "
                    f"same {type(one).__name__} for {other}_optimizer and "
                    f"{purpose}_optimizer. Give it as `optimizer`, which is "
                    "copied for each, or make two."
                )
