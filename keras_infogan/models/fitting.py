"""`fit`, `evaluate` and `predict`: they check images, and `fit` the model."""

import inspect
import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infogan.models.diagnostics import NUM_IMAGES
from keras_infogan.models.diagnostics import Diagnostics
from keras_infogan.models.diagnostics import find_model_problems
from keras_infogan.models.diagnostics import num_categories
from keras_infogan.models.distribution import distribute_arguments
from keras_infogan.models.inference import GeneratorEncoder
from keras_infogan.models.inputs import check_inputs
from keras_infogan.models.inputs import refuse_weights
from keras_infogan.models.inputs import scale_bytes
from keras_infogan.models.monitoring import ApplyAverages
from keras_infogan.models.monitoring import ProgressBar
from keras_infogan.models.monitoring import check_callbacks
from keras_infogan.models.monitoring import list_callbacks
from keras_infogan.models.monitoring import metric_names
from keras_infogan.models.strategy import make_function

_logger = logging.getLogger(__name__)


class MonitoredModel(GeneratorEncoder):
    """Checks the images it is given, and monitors its own training."""

    # As `keras.Model` has them.
    train_function: Any
    test_function: Any
    _is_fitting = False

    def fit(
        self,
        x: Any = None,
        *args: Any,
        callbacks: Any = None,
        validation_data: Any = None,
        diagnostics: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Trains both networks.

        Args:
            x: Images, as floats in [-1, 1] or uint8, or batches of them. The
                first batch is checked. Targets are ignored; weights of
                images or classes are refused.
            *args: See `keras.Model.fit`.
            callbacks: A list of callbacks.
            validation_data: What `evaluate` takes, or a tuple with targets.
            diagnostics: Whether to measure the model after each epoch, in a
                tenth of a second, and to warn of problems: see
                `keras_infogan.callbacks.Diagnostics`, which is added to the
                callbacks unless one is there.
            **kwargs: See `keras.Model.fit`.

        Returns:
            The `History` of Keras.

        Raises:
            ValueError: If the images have another shape, type or range.
        """
        _refuse_weights(super().fit, x, *args, **kwargs)
        x, batch = self._check(x)
        if isinstance(x, tf.data.Dataset | Iterator):
            # Keras would warn that it cannot shuffle batches.
            kwargs.setdefault("shuffle", False)
        if isinstance(validation_data, tuple | list):
            validation_data = tuple(validation_data)
            refuse_weights(*validation_data[2:])
            _, validated = self._check(validation_data[0])
        elif validation_data is not None:
            validation_data, validated = self._check(validation_data)
        callbacks = list_callbacks(callbacks)
        if diagnostics and batch is not None:
            if not any(isinstance(one, Diagnostics) for one in callbacks):
                callbacks = [Diagnostics(_sample(batch)), *callbacks]
        if self.compiled:
            of_validation: set[str] = set()
            if validation_data is not None:
                of_validation = metric_names(self, validated)
            elif kwargs.get("validation_split"):
                of_validation = metric_names(self, batch)
            of_validation = {f"val_{name}" for name in of_validation}
            is_rare = kwargs.get("validation_freq", 1) != 1
            check_callbacks(
                self,
                callbacks,
                names=metric_names(self, batch) | of_validation,
                rare=of_validation if is_rare else set(),
            )
            callbacks = [ApplyAverages(), *callbacks]
            if kwargs.get("verbose", "auto") != 0:
                bar = keras.callbacks.ProgbarLogger
                if not any(isinstance(one, bar) for one in callbacks):
                    callbacks = [*callbacks, ProgressBar()]
        kwargs |= {"callbacks": callbacks, "validation_data": validation_data}
        self._is_fitting = True
        try:
            return self._call(super().fit, x, *args, **kwargs)
        finally:
            self._is_fitting = False

    def evaluate(
        self,
        x: Any = None,
        *args: Any,
        diagnostics: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Measures the losses on images.

        Args:
            x: See `fit`.
            *args: See `keras.Model.evaluate`.
            diagnostics: Whether to warn of problems of the model, as `fit`
                does, by the first images.
            **kwargs: See `keras.Model.evaluate`.

        Returns:
            What Keras does: the losses.

        Raises:
            ValueError: If the images have another shape, type or range.
        """
        _refuse_weights(super().evaluate, x, *args, **kwargs)
        x, batch = self._check(x)
        losses = self._call(super().evaluate, x, *args, **kwargs)
        # `fit` monitors itself.
        if diagnostics and batch is not None and not self._is_fitting:
            for problem in find_model_problems(self, _sample(batch)):
                _logger.warning("Warning: %s", problem)
        return losses

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs of the discriminator; arguments are those of Keras."""
        x, _ = self._check(x, strict=False)
        return super().predict(x, *args, **kwargs)

    def train_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Trains on one batch; arguments are those of Keras."""
        self._check_one_replica("train_on_batch", "`fit` with one batch")
        _refuse_weights(super().train_on_batch, x, *args, **kwargs)
        x, _ = self._check(x)
        return super().train_on_batch(x, *args, **kwargs)

    def test_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Measures the losses on one batch; arguments are those of Keras."""
        self._check_one_replica("test_on_batch", "`evaluate` with one batch")
        _refuse_weights(super().test_on_batch, x, *args, **kwargs)
        x, _ = self._check(x)
        return super().test_on_batch(x, *args, **kwargs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs of the discriminator for one batch."""
        self._check_one_replica("predict_on_batch", "`predict`")
        x, _ = self._check(x, strict=False)
        return super().predict_on_batch(x)

    def _check(
        self, x: Any, **options: Any
    ) -> tuple[Any, dict[str, np.ndarray] | None]:
        return check_inputs(
            x,
            self.image_shape,
            num_categories=num_categories(self),
            **options,
        )

    # Under a strategy of several replicas.

    def _check_one_replica(self, method: str, remedy: str) -> None:
        count = self.distribute_strategy.num_replicas_in_sync
        if count > 1:
            raise ValueError(
                f"{method} is for one device, as it does not split a batch. "
                f"Received: a strategy of {count} replicas. Call {remedy}."
            )

    def _call(
        self, method: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        strategy = self.distribute_strategy
        if strategy.num_replicas_in_sync == 1:
            return method(*args, **kwargs)
        return method(**distribute_arguments(strategy, method, *args, **kwargs))

    def make_train_function(self, force=False):  # noqa: FBT002
        strategy = self.distribute_strategy
        if strategy.num_replicas_in_sync == 1:
            super().make_train_function(force)
        elif self.train_function is None or force:
            self.train_function = make_function(
                strategy, self.train_step, self.steps_per_execution
            )

    def make_test_function(self, force=False):  # noqa: FBT002
        strategy = self.distribute_strategy
        if strategy.num_replicas_in_sync == 1:
            super().make_test_function(force)
        elif self.test_function is None or force:
            self.test_function = make_function(
                strategy, self.test_step, self.steps_per_execution
            )

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Everything is built. Keras would average a batch over the replicas,
        # which fails if one of them has fewer images.
        del iterator, data_batch


def _refuse_weights(
    method: Callable[..., Any], *args: Any, **kwargs: Any
) -> None:
    """Raises a `ValueError` for weights in the arguments of a method."""
    given = inspect.signature(method).bind(*args, **kwargs).arguments
    refuse_weights(given.get("sample_weight"), given.get("class_weight"))


def _sample(batch: dict[str, np.ndarray]) -> np.ndarray:
    """The first images, as floats in [-1, 1], for the diagnostics."""
    return np.asarray(scale_bytes(batch["images"][:NUM_IMAGES]))
