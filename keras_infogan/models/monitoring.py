"""The callbacks of `fit`: what they can monitor, and a progress bar."""

import string
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras

from keras_infogan.models.optimizers import Optimizers

# Whether a metric is better if it is higher; neither loss of two networks that
# work against each other is.
_HIGHER_IS_BETTER = ("mutual_information", "invariant_information", "accuracy")
_LOWER_IS_BETTER = ("label_loss",)
_RATE_SETTERS = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
)
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

    def on_train_batch_end(self, batch, logs=None):
        # Keras also counts the steps of an execution that ran out of data.
        if self.target is not None:
            batch = min(batch, self.target - 1)
        super().on_train_batch_end(batch, _shorten(logs))

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, _shorten(logs))


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


def list_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """The callbacks of an argument of `fit`, which may be nested.

    Raises:
        ValueError: If one is not a callback.
    """
    listed: list[Any] = []
    for one in keras.tree.flatten([] if callbacks is None else callbacks):
        is_list = isinstance(one, keras.callbacks.CallbackList)
        listed += list_callbacks(one.callbacks) if is_list else [one]
    for callback in listed:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                "`callbacks` should be a list of instances of "
                f"keras.callbacks.Callback. Received: {callback!r} in it."
            )
    return listed


def metric_names(model: Any, batch: Mapping[str, Any] | None) -> set[str]:
    """What a model logs for data like this batch; `None` if it is unknown."""
    names = {"loss", *(metric.name for metric in model.metrics)}
    objective = model.objective
    if not (objective.augmentation and objective.invariance_weight):
        names.discard("invariant_information")
    if batch is not None and "labels" not in batch:
        names.discard("label_loss")
    return names


def check_callbacks(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    names: set[str],
    rare: set[str],
) -> None:
    """Raises a `ValueError` for a callback that would fail during training.

    Sets the `mode` of those that monitor a metric of InfoGAN and leave it to
    Keras, which knows its own metrics only.

    Args:
        model: The model, compiled.
        callbacks: Those of `fit`. A callback adds to the logs the names in its
            attribute `adds`, if it has one.
        names: What is in the logs.
        rare: Those of them that are not there after each epoch.
    """
    names = set(names)
    all_known = all(map(_is_known, callbacks))
    for callback in callbacks:
        # Those after it see what it adds.
        names |= {*getattr(callback, "adds", ())}
        if isinstance(callback, _RATE_SETTERS):
            _check_learning_rate(model.optimizer, callback)
            names |= {
                f"learning_rate_{one.name}"
                for one in model.optimizer.optimizers
            }
        if isinstance(callback, keras.callbacks.SwapEMAWeights):
            _check_averages(model.optimizer)
        if isinstance(callback, keras.callbacks.ModelCheckpoint):
            _check_checkpoint(callback, names - rare if all_known else None)
        # As all callbacks of Keras have that monitor a metric.
        if not (hasattr(callback, "monitor") and hasattr(callback, "mode")):
            continue
        # ModelCheckpoint monitors nothing by default.
        if getattr(callback, "save_best_only", True):
            if all_known:
                _check_monitor(callback, names)
            _set_mode(callback)


def _is_known(callback: keras.callbacks.Callback) -> bool:
    """Whether what a callback adds to the logs is known."""
    package = type(callback).__module__.partition(".")[0]
    has_functions = isinstance(callback, keras.callbacks.LambdaCallback)
    return package in ("keras", "keras_infogan") and not has_functions


def _check_monitor(callback: Any, names: set[str]) -> None:
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


def _set_mode(callback: Any) -> None:
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
    if optimizers.learning_rates_are_fixed:
        raise ValueError(
            f"{type(callback).__name__} should be given optimizers whose "
            "`learning_rate` is a number. Received: a LearningRateSchedule or "
            "a function, which cannot be set. Compile the model with other "
            "optimizers, or leave the callback out."
        )
    is_scheduler = isinstance(callback, keras.callbacks.LearningRateScheduler)
    if is_scheduler and not callable(callback.schedule):
        raise ValueError(
            "LearningRateScheduler should be given a function of the epoch. "
            f"Received: {callback.schedule!r}."
        )


def _check_averages(optimizers: Optimizers) -> None:
    if not optimizers.have_averages:
        raise ValueError(
            "SwapEMAWeights needs an optimizer that averages weights, such as "
            "Adam(use_ema=True). Received: none. Compile the model with one, "
            "or leave the callback out."
        )


def _check_checkpoint(
    callback: keras.callbacks.ModelCheckpoint, names: Iterable[str] | None
) -> None:
    """Checks a checkpoint, and its file name if the names of logs are known."""
    if callback.save_best_only and callback.save_freq != "epoch":
        raise ValueError(
            'ModelCheckpoint with save_best_only=True needs save_freq="epoch". '
            f"Received: save_freq={callback.save_freq}."
        )
    path = str(callback.filepath)
    suffix = ".weights.h5" if callback.save_weights_only else ".keras"
    if not path.endswith(suffix):
        raise ValueError(
            f"The `filepath` of ModelCheckpoint should end with {suffix}. "
            f"Received: {path}."
        )
    parts = string.Formatter().parse(path)
    fields = {field for _, field, _, _ in parts if field is not None}
    known = {"epoch", *(fields if names is None else names)}
    if callback.save_freq != "epoch":
        known = {"batch", *(x for x in known if not x.startswith("val_"))}
    if unknown := sorted(fields - known):
        raise ValueError(
            "The `filepath` of ModelCheckpoint should name what is in the "
            f"logs: {', '.join(sorted(known))}. Received: "
            f"{', '.join(unknown)} in {path}."
        )
