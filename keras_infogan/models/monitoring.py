"""The callbacks of `fit`: what they can monitor, and a progress bar."""

from collections.abc import Sequence
from typing import Any

import keras
from keras.src.callbacks.monitor_callback import MonitorCallback

from keras_infogan.models.optimizers import Optimizers

# Whether a metric is better if it is higher; neither loss of two networks that
# work against each other is.
_HIGHER_IS_BETTER = ("mutual_information", "invariant_information", "accuracy")
_LOWER_IS_BETTER = ("label_loss",)
# What the progress bar shows, and how it names it.
_SHOWN = {
    "discriminator_loss": "D",
    "generator_loss": "G",
    "mutual_information": "nats",
    "val_mutual_information": "val_nats",
}


class ProgressBar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar with a line for each epoch.

    Shows the losses of `D` and `G`, and the bound on the mutual information of
    all codes in nats. `History` and other callbacks get all of the logs.
    """

    def _update_progbar(self, batch, logs=None):
        super()._update_progbar(batch, _shorten(logs))

    def _finalize_progbar(self, logs):
        super()._finalize_progbar(_shorten(logs))


class ApplyAverages(keras.callbacks.Callback):
    """Ends the training with averaged weights, for optimizers with `use_ema`.

    Keras does so before `on_train_end` for an optimizer of its own. So this is
    the first callback: what others restore then stays.
    """

    def on_train_begin(self, logs=None):
        self._num_steps = self.model.num_steps

    def on_train_end(self, logs=None):
        # Without a step, there is no average.
        if self.model.num_steps > self._num_steps:
            self.model.optimizer.finalize_variable_values()


def _shorten(logs: dict[str, Any] | None) -> dict[str, Any]:
    shown = {}
    for name, value in (logs or {}).items():
        if name in _SHOWN:
            shown[_SHOWN[name]] = value
        elif name.endswith("accuracy"):
            shown[name] = value
    return shown


def check_callbacks(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    has_validation: bool,
) -> None:
    """Raises a `ValueError` for a callback that would fail during training.

    Sets the `mode` of those that monitor a metric of InfoGAN and leave it to
    Keras, which knows its own metrics only.

    Args:
        model: The model, compiled.
        callbacks: Those of `fit`. A callback adds to the logs the names in its
            attribute `adds`, if it has one.
        has_validation: Whether `fit` is given validation data.
    """
    names = {"loss", *(metric.name for metric in model.metrics)}
    if has_validation:
        names |= {f"val_{name}" for name in names}
    for callback in callbacks:
        # Those after it see what it adds.
        names |= {*getattr(callback, "adds", ())}
        _check_learning_rate(model.optimizer, callback)
        if not isinstance(callback, MonitorCallback):
            continue
        # ModelCheckpoint monitors nothing by default.
        if getattr(callback, "save_best_only", True):
            if all(map(_is_known, callbacks)):
                _check_monitor(callback, names)
            _set_mode(callback)


def _is_known(callback: keras.callbacks.Callback) -> bool:
    """Whether what a callback adds to the logs is known."""
    package = type(callback).__module__.partition(".")[0]
    return package in ("keras", "keras_infogan")


def _check_monitor(callback: MonitorCallback, names: set[str]) -> None:
    if callback.monitor in names:
        return
    remedy = "Choose one of these."
    if callback.monitor.startswith("val_"):
        remedy = (
            "Give `validation_data`, or add "
            "keras_infogan.callbacks.ClusteringAccuracy to the callbacks."
        )
    raise ValueError(
        f"{type(callback).__name__} should monitor what is in the logs: "
        f"{', '.join(sorted(names))}. Received: monitor={callback.monitor!r}. "
        f"{remedy}"
    )


def _set_mode(callback: MonitorCallback) -> None:
    name = callback.monitor.removeprefix("val_")
    if callback.mode != "auto" or name == "loss":
        return
    if name.startswith(_HIGHER_IS_BETTER) or name.endswith(_HIGHER_IS_BETTER):
        callback.mode = "max"
    elif name in _LOWER_IS_BETTER:
        callback.mode = "min"
    else:
        raise ValueError(
            f"{type(callback).__name__} should monitor a number that improves "
            "in one direction, such as 'loss', 'mutual_information' or "
            "'val_clustering_accuracy', or be given a `mode`. Received: "
            f"monitor={callback.monitor!r}, mode='auto'."
        )


def _check_learning_rate(
    optimizers: Optimizers, callback: keras.callbacks.Callback
) -> None:
    setters = (
        keras.callbacks.LearningRateScheduler,
        keras.callbacks.ReduceLROnPlateau,
    )
    if isinstance(callback, setters) and optimizers.learning_rates_are_fixed:
        raise ValueError(
            f"{type(callback).__name__} should be given optimizers whose "
            "`learning_rate` is a number. Received: a LearningRateSchedule, "
            "which cannot be set. Compile the model with other optimizers, or "
            "leave the callback out."
        )
