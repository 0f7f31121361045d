"""What this package uses of Keras that is not public, in one place.

Keras 3.15 has no public name for it. `tests/models/test_keras_internals.py`
fails if a release changes one of these, and `setup.cfg` admits no release that
it was not run with. One more is in `models/fitting.py`, a method to override:
`keras.Model._maybe_symbolic_build`.
"""

from collections.abc import Iterator
from typing import Any

import keras

# Of an optimizer, set by `exclude_from_weight_decay`, and in no configuration.
_EXCLUSIONS = (
    "_exclude_from_weight_decay",
    "_exclude_from_weight_decay_pattern",
)


def copy_exclusions(
    source: keras.optimizers.Optimizer, target: keras.optimizers.Optimizer
) -> None:
    """Gives an optimizer what another one excludes from weight decay."""
    for name in _EXCLUSIONS:
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))


def all_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a network, those in other models and wrappers too."""
    return network._flatten_layers(include_self=False)


def set_cardinality(distributed: Any, number: int) -> None:
    """Sets the batches of a distributed data set: the steps of an epoch."""
    distributed._cardinality = number
