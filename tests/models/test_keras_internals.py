"""What is used of Keras that is not public is still there, and does the same.

If one of these fails with a new Keras, see `models/keras_internals.py`.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.models.fitting import MonitoredModel
from keras_infogan.models.keras_internals import all_layers
from keras_infogan.models.keras_internals import copy_exclusions
from keras_infogan.models.strategy import is_seed


def test_layers_in_wrappers_and_models():
    inner = keras.layers.Dense(2)
    wrapped = keras.layers.Dense(2)
    network = keras.Sequential(
        [
            keras.Sequential([inner]),
            keras.layers.SpectralNormalization(wrapped),
        ]
    )
    found = [id(layer) for layer in all_layers(network)]
    assert {id(inner), id(wrapped)} <= set(found)


def test_exclusions_from_weight_decay():
    """`exclude_from_weight_decay` makes exactly what is copied."""
    source, plain, target = (keras.optimizers.SGD() for _ in range(3))
    source.exclude_from_weight_decay(var_names=["bias"])
    new = set(vars(source)) - set(vars(plain))
    copy_exclusions(source, target)
    assert set(vars(target)) - set(vars(plain)) == {
        name for name in new if not name.endswith("_cache")
    }


def test_overridden_methods_exist():
    for name in (
        "_maybe_symbolic_build",
        "make_train_function",
        "make_test_function",
    ):
        assert callable(getattr(keras.Model, name))
        assert getattr(MonitoredModel, name) is not getattr(keras.Model, name)


def test_the_number_of_batches_of_a_distributed_data_set():
    """Keras asks for it to know the steps of an epoch."""
    assert isinstance(tf.distribute.DistributedDataset, type)
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    distributed = strategy.experimental_distribute_dataset(
        tf.data.Dataset.range(6).batch(2)
    )
    assert int(distributed.cardinality) == distributed._cardinality == 3


def test_seeds_are_named():
    layer = keras.layers.Dropout(0.5)
    layer(np.ones((1, 2), np.float32), training=True)
    assert [is_seed(variable) for variable in layer.variables] == [True]
