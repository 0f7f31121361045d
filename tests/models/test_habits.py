"""What people bring from other Keras models: callbacks, optimizers, export."""

import re
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks as keras_callbacks

from keras_infogan.callbacks import ClusteringAccuracy
from keras_infogan.callbacks import Diagnostics
from keras_infogan.callbacks import ImageGrid
from keras_infogan.models.layers import SpatialDropout2D
from tests.helpers.models import SHAPE
from tests.helpers.models import tiny_model

IMAGES = np.random.default_rng(0).integers(0, 256, (64, *SHAPE), np.uint8)
LABELS = np.arange(64) % 3


@pytest.fixture
def model():
    """Eager: to trace the step takes seconds, and changes nothing here."""
    model = tiny_model()
    model.compile(optimizer=keras.optimizers.Adam(0.01), run_eagerly=True)
    return model


def fit(model, *callbacks, epochs=2, **options):
    history = model.fit(
        IMAGES,
        batch_size=32,
        epochs=epochs,
        verbose=0,
        diagnostics=False,
        callbacks=list(callbacks),
        **options,
    )
    return history.history


def learning_rates(model):
    return [
        float(optimizer.learning_rate.value)
        for optimizer in model.optimizer.optimizers
    ]


def test_a_schedule_sets_the_rates_of_both_networks(model):
    """After two epochs, each halved once: 0.01 / 2 / 2."""
    schedule = keras_callbacks.LearningRateScheduler(lambda _, rate: rate / 2)
    history = fit(model, schedule)
    assert learning_rates(model) == pytest.approx([0.0025, 0.0025])
    assert history["learning_rate_generator"] == pytest.approx([0.005, 0.0025])
    assert history["learning_rate_discriminator"][1] == pytest.approx(0.0025)


def test_the_rate_that_is_set_is_used():
    """SGD without a rate leaves all weights of both networks as they are.

    In a graph, where a number would stay what it was when it was traced.
    """
    model = tiny_model()
    model.compile(optimizer=keras.optimizers.SGD(0.01), jit_compile=False)
    before = [np.array(weights) for weights in model.get_weights()]
    fit(model, keras_callbacks.LearningRateScheduler(lambda _: 0.0), epochs=1)
    trainable = {
        id(variable)
        for network in (model.generator, model.discriminator)
        for variable in network.trainable_variables
    }
    for variable, value in zip(model.weights, before, strict=True):
        if id(variable) in trainable:
            np.testing.assert_array_equal(variable.value, value)


def test_a_plateau_reduces_the_rates(model):
    """No improvement is large enough: after the second epoch, a tenth."""
    plateau = keras_callbacks.ReduceLROnPlateau(
        "loss", factor=0.1, patience=1, min_delta=1e6
    )
    fit(model, plateau)
    assert learning_rates(model) == pytest.approx([0.001, 0.001])


@pytest.mark.parametrize(
    "callback",
    [
        keras_callbacks.ReduceLROnPlateau("loss"),
        keras_callbacks.LearningRateScheduler(lambda epoch, rate: rate),
    ],
    ids=["plateau", "scheduler"],
)
def test_a_rate_with_a_schedule_of_its_own_is_refused(callback):
    model = tiny_model()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(optimizer=keras.optimizers.Adam(schedule), run_eagerly=True)
    with pytest.raises(
        ValueError, match="a LearningRateSchedule or a function"
    ):
        fit(model, callback)
    assert model.num_steps == 0


def test_one_number_sets_all_rates(model):
    model.optimizer.learning_rate = 0.005
    assert learning_rates(model) == pytest.approx([0.005, 0.005])
    model.optimizer.learning_rate *= 0.5
    assert learning_rates(model) == pytest.approx([0.0025, 0.0025])


def test_what_sets_no_rate_is_refused(model):
    """As an attribute of another name, or of a rate that cannot be set."""
    with pytest.raises(AttributeError, match="lr"):
        model.optimizer.lr = 0.005
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    with pytest.raises(AttributeError, match="should be set to a number"):
        model.optimizer.learning_rate = schedule
    model.compile(optimizer=keras.optimizers.SGD(schedule))
    assert model.optimizer.learning_rate == pytest.approx(0.01)
    with pytest.raises(AttributeError, match="should be set to a number"):
        model.optimizer.learning_rate = 0.005
    model.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.25))
    with pytest.raises(AttributeError, match="Received: 0.5, 0.25. Take"):
        _ = model.optimizer.learning_rate


WEIGHTS = np.ones(len(IMAGES), np.float32)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("fit", {"x": IMAGES, "sample_weight": WEIGHTS}),
        ("fit", {"x": IMAGES, "y": LABELS, "class_weight": {0: 2.0}}),
        ("fit", {"x": iter([(IMAGES, LABELS, WEIGHTS)])}),
        ("fit", {"x": IMAGES, "validation_data": (IMAGES, LABELS, WEIGHTS)}),
        ("evaluate", {"x": IMAGES, "sample_weight": WEIGHTS}),
        ("train_on_batch", {"x": IMAGES, "sample_weight": WEIGHTS}),
        ("test_on_batch", {"x": IMAGES, "sample_weight": WEIGHTS}),
    ],
)
def test_weights_of_images_are_refused(method, arguments, model):
    """They would have no effect."""
    with pytest.raises(ValueError, match="weights all images alike"):
        getattr(model, method)(**arguments)
    assert model.num_steps == 0


def test_results_have_the_names_of_metrics(model):
    """A list of losses is read by `metrics_names`."""
    assert {"loss", "label_loss"} <= set(model.metrics_names)
    losses = model.evaluate(IMAGES, verbose=0)
    named = dict(zip(model.metrics_names, losses, strict=True))
    assert named == model.evaluate(IMAGES, verbose=0, return_dict=True)


def test_nan_ends_the_training(model):
    """The loss that Keras looks at is NaN as soon as a network is."""
    kernel = model.generator.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.nan))
    fit(model, keras_callbacks.TerminateOnNaN(), epochs=3)
    assert model.num_steps == 1


def test_the_loss_is_the_negative_information(model):
    history = fit(model, validation_data=IMAGES)
    for prefix in ("", "val_"):
        np.testing.assert_allclose(
            history[f"{prefix}loss"],
            np.negative(history[f"{prefix}mutual_information"]),
        )


def test_stopping_early_with_validation_data(model):
    """By default on `val_loss`: no epoch improves by so much."""
    stop = keras_callbacks.EarlyStopping(patience=1, min_delta=1e6)
    history = fit(model, stop, epochs=5, validation_data=IMAGES)
    assert len(history["loss"]) == 2


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (
            keras_callbacks.EarlyStopping(),
            "monitor='val_loss'. Give `validation_data`, or add",
        ),
        (
            keras_callbacks.ModelCheckpoint("x.keras", save_best_only=True),
            "monitor='val_loss'. Give `validation_data`, or add",
        ),
        (
            keras_callbacks.EarlyStopping("accuracy"),
            "monitor='accuracy'. Choose one of these.",
        ),
        (
            keras_callbacks.EarlyStopping("label_loss"),
            "monitor='label_loss'. Choose one of these.",
        ),
        (
            keras_callbacks.EarlyStopping("invariant_information"),
            "monitor='invariant_information'. Choose one of these.",
        ),
        (
            keras_callbacks.EarlyStopping("generator_loss"),
            "a number that improves in one direction",
        ),
        (
            keras_callbacks.ModelCheckpoint("{epoch}_{val_loss:.2f}.keras"),
            "Received: val_loss in {epoch}_{val_loss:.2f}.keras.",
        ),
        (
            keras_callbacks.ModelCheckpoint("{batch}.keras"),
            "Received: batch in {batch}.keras.",
        ),
        (
            keras_callbacks.ModelCheckpoint("x.h5"),
            "should end with .keras. Received: x.h5.",
        ),
        (
            keras_callbacks.ModelCheckpoint(
                "x.keras", "loss", save_best_only=True, save_freq=1
            ),
            'needs save_freq="epoch". Received: save_freq=1.',
        ),
        (
            keras_callbacks.SwapEMAWeights(),
            "such as Adam(use_ema=True). Received: none.",
        ),
        (
            keras_callbacks.LearningRateScheduler(0.1),
            "a function of the epoch. Received: 0.1.",
        ),
        (keras_callbacks.EarlyStopping, "instances of keras.callbacks"),
        (
            keras_callbacks.CallbackList([keras_callbacks.SwapEMAWeights()]),
            "such as Adam(use_ema=True). Received: none.",
        ),
        (ImageGrid("x", code="no"), "one of category. Received: 'no'."),
        (ImageGrid("/dev/null/x"), "folders that can be written to"),
        (
            ImageGrid("x", seed="x"),  # type: ignore[arg-type]
            "seed should be a whole number",
        ),
        (Diagnostics(IMAGES[:, :4]), "should have shape (num_images, 8, 8, 1)"),
        (
            ClusteringAccuracy(IMAGES[:, :4], LABELS),
            "should have shape (num_images, 8, 8, 1)",
        ),
    ],
)
def test_what_would_fail_is_refused(
    callback, message, model, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=re.escape(message)):
        fit(model, callback)
    assert model.num_steps == 0


def test_a_file_is_named_after_what_is_always_there(model, tmp_path):
    path = str(tmp_path / "{val_loss:.2f}.keras")
    save = keras_callbacks.ModelCheckpoint(path)
    data: Any = [IMAGES, LABELS]
    with pytest.raises(ValueError, match="Received: val_loss in"):
        fit(model, save, validation_data=data, validation_freq=2)
    fit(model, save, validation_data=data, epochs=1)
    assert len(list(tmp_path.iterdir())) == 1


def test_callbacks_of_keras_work_together(model, tmp_path):
    """All of them, in two epochs; a new one of Keras is to be added here."""
    path = str(tmp_path)
    model.compile(
        optimizer=keras.optimizers.Adam(0.01, use_ema=True), jit_compile=False
    )
    callbacks = [
        keras_callbacks.SwapEMAWeights(swap_on_epoch=True),
        keras_callbacks.BackupAndRestore(f"{path}/backup"),
        keras_callbacks.LearningRateScheduler(lambda _, rate: rate / 2),
        keras_callbacks.ReduceLROnPlateau("loss"),
        keras_callbacks.CSVLogger(f"{path}/log.csv"),
        keras_callbacks.EarlyStopping("loss", patience=5),
        keras_callbacks.History(),
        keras_callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        keras_callbacks.ModelCheckpoint(
            path + "/{epoch}_{learning_rate_generator:.4f}.keras"
        ),
        keras_callbacks.ProgbarLogger(),
        keras_callbacks.TensorBoard(f"{path}/logs", update_freq=1),
        keras_callbacks.TerminateOnNaN(),
    ]
    tested = {type(callback).__name__ for callback in callbacks}
    # One needs a server, the other a package that Keras does not require.
    others = {"Callback", "CallbackList", "RemoteMonitor", "OrbaxCheckpoint"}
    assert {
        name for name in dir(keras_callbacks) if name[0] != "_"
    } <= tested | others
    callbacks = keras_callbacks.CallbackList(callbacks)
    history = fit(model, callbacks, validation_data=IMAGES)
    assert len(history["val_loss"]) == 2
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"1_0.0050.keras", "2_0.0025.keras", "log.csv", "logs"}


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("abc", "Images should be one array of numbers"),
        (None, "Images should be one array of numbers"),
        (IMAGES[0], "Images should have shape"),
        (IMAGES * 1.0, "values from 0 to 255"),
    ],
    ids=["str", "none", "one", "scale"],
)
def test_diagnostics_are_of_images(images, message):
    with pytest.raises(ValueError, match=message):
        Diagnostics(images)


def test_diagnostics_take_bytes():
    """0 is -1, and 255 is 1."""
    callback = Diagnostics(IMAGES)
    np.testing.assert_allclose(callback.images, IMAGES / 127.5 - 1.0, atol=1e-6)


def test_unknown_callbacks_may_log_what_they_want(model):
    class Own(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["own_accuracy"] = float(epoch)

    other = keras_callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(other_accuracy=1.0)
    )
    stops = [
        keras_callbacks.EarlyStopping(name, patience=3)
        for name in ("own_accuracy", "other_accuracy")
    ]
    fit(model, Own(), stops[0], epochs=3)
    fit(model, other, stops[1])
    assert [stop.best for stop in stops] == [2.0, 1.0]


def test_information_is_better_if_it_is_higher(model):
    stop = keras_callbacks.EarlyStopping("mutual_information", patience=5)
    history = fit(model, stop)
    assert stop.best == pytest.approx(max(history["mutual_information"]))


def test_clustering_accuracy_can_be_monitored(model):
    """As computed from the model at the end, of the last epoch."""
    from scipy.optimize import linear_sum_assignment

    stop = keras_callbacks.EarlyStopping("val_clustering_accuracy")
    history = fit(model, ClusteringAccuracy(IMAGES, LABELS), stop, epochs=1)
    clusters = model.encode(IMAGES)["category_probabilities"].argmax(axis=1)
    counts = np.zeros((3, clusters.max() + 1))
    np.add.at(counts, (LABELS, clusters), 1)
    best = counts[linear_sum_assignment(-counts)].sum() / len(LABELS)
    assert history["val_clustering_accuracy"] == [pytest.approx(best)]
    assert stop.monitor_op is keras.ops.greater


@pytest.mark.parametrize(
    "labels", [LABELS[:5], LABELS / 2, LABELS - 1], ids=["few", "float", "-1"]
)
def test_labels_are_checked(labels):
    with pytest.raises(ValueError, match="an integer label, from 0, for each"):
        ClusteringAccuracy(IMAGES, labels)


def test_fit_ends_with_the_averages_of_the_weights():
    """With a momentum of 1, they stay those after the first step."""
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=1.0)
    short, long = tiny_model(), tiny_model()
    for model, epochs in ((short, 1), (long, 2)):
        model.compile(
            optimizer=keras.optimizers.serialize(optimizer), run_eagerly=True
        )
        fit(model, epochs=epochs, steps_per_epoch=1)
    for network in ("generator", "discriminator"):
        for one, other in zip(
            getattr(short, network).trainable_variables,
            getattr(long, network).trainable_variables,
            strict=True,
        ):
            np.testing.assert_allclose(one.value, other.value, atol=1e-6)


def test_averages_are_swapped_in_for_validation(model, tmp_path):
    """A checkpoint after each epoch holds the averages, not the weights."""
    model.compile(
        optimizer=keras.optimizers.Adam(0.01, use_ema=True), run_eagerly=True
    )
    path = tmp_path / "{epoch}.weights.h5"
    fit(
        model,
        keras_callbacks.SwapEMAWeights(swap_on_epoch=True),
        keras_callbacks.ModelCheckpoint(path, save_weights_only=True),
    )
    end = [np.array(w) for w in model.generator.get_weights()]
    model.load_weights(tmp_path / "2.weights.h5")
    for one, other in zip(end, model.generator.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [{"update": "three_phase"}, {"information_gradient": "head"}],
    ids=["three_phase", "head"],
)
def test_averages_that_would_be_of_other_weights_are_refused(options):
    with pytest.raises(ValueError, match="`use_ema` needs update="):
        tiny_model(**options).compile(
            optimizer=keras.optimizers.Adam(use_ema=True)
        )


@pytest.mark.parametrize("name", ["loss", "metrics", "loss_weights"])
def test_losses_of_others_are_refused(name):
    with pytest.raises(ValueError, match=f"Received: {name}. Leave it out"):
        tiny_model().compile(optimizer="adam", **{name: ["mse"]})


def test_a_first_argument_is_for_both_networks():
    """As in Keras, which calls it `optimizer`."""
    model = tiny_model()
    model.compile(keras.optimizers.RMSprop(0.005))
    assert learning_rates(model) == pytest.approx([0.005, 0.005])
    kinds = {type(one) for one in model.optimizer.optimizers}
    assert kinds == {keras.optimizers.RMSprop}


def test_one_optimizer_trains_both_networks(model):
    assert [type(x).__name__ for x in model.optimizer.optimizers] == [
        "Adam"
    ] * 2
    assert model.generator_optimizer is not model.discriminator_optimizer
    assert learning_rates(model) == pytest.approx([0.01, 0.01])


def test_a_grid_is_drawn_after_each_epoch(model, tmp_path):
    fit(model, ImageGrid(tmp_path / "grids", log_dir=tmp_path / "logs"))
    names = sorted(path.name for path in (tmp_path / "grids").iterdir())
    assert names == ["epoch_0001.png", "epoch_0002.png"]
    (events,) = (tmp_path / "logs").iterdir()
    records = tf.data.TFRecordDataset(str(events))
    assert sum(1 for _ in records) == 3


def test_a_grid_is_shown_in_a_notebook(model, monkeypatch):
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    fit(model, ImageGrid())
    assert [type(figure).__name__ for figure in shown] == ["Figure"] * 2


def test_the_progress_bar_has_one_line(model, capsys):
    model.fit(IMAGES, batch_size=32, diagnostics=False)
    last = capsys.readouterr().out.rstrip().rpartition("\x08")[2]
    last = last.rpartition("\r")[2]
    for part in ("- D: ", "- G: ", "- nats: "):
        assert part in last
    assert "mutual_information" not in last


def test_the_progress_bar_ends_at_the_last_step(model, capsys):
    """Keras counts all steps of an execution that had data for two of four."""
    model.compile(steps_per_execution=4, jit_compile=False)
    model.fit(IMAGES, batch_size=32, diagnostics=False)
    assert "2/2" in (out := capsys.readouterr().out)
    assert "4/2" not in out


def test_the_generator_is_exported_by_keras(model, tmp_path):
    """The images of both are the same: from the same latents."""
    fit(model, epochs=1)
    model.export(tmp_path / "generator", verbose=False)
    layer = tf.saved_model.load(str(tmp_path / "generator"))
    latents = model.sample_latents(5, seed=1)
    np.testing.assert_allclose(
        layer.serve(latents), model.generate(5, seed=1), atol=1e-5
    )


@pytest.mark.filterwarnings("ignore:.*np.object:FutureWarning")
def test_the_encoder_is_exported_to_onnx_by_keras(model, tmp_path):
    import onnxruntime

    path = tmp_path / "encoder.onnx"
    model.export(path, "onnx", network="encoder", verbose=False)
    session = onnxruntime.InferenceSession(path)
    images = model.generate(5)
    outputs = session.run(None, {session.get_inputs()[0].name: images})
    expected = model.encode(images)
    shapes = sorted(x.shape for x in expected.values())
    assert sorted(x.shape for x in outputs) == shapes
    probabilities = expected["category_probabilities"]
    assert any(
        x.shape == probabilities.shape and np.allclose(x, probabilities, 1e-4)
        for x in outputs
    )


# TensorFlow 2.21 says that its interpreter moves to another package.
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter:UserWarning")
def test_the_generator_is_exported_to_litert_by_keras(model, tmp_path):
    path = tmp_path / "generator.tflite"
    model.export(path, "litert", verbose=False)
    run = tf.lite.Interpreter(str(path)).get_signature_runner()
    latents = model.sample_latents(5, seed=1)
    (images,) = run(**{k: v.numpy() for k, v in latents.items()}).values()
    np.testing.assert_allclose(images, model.generate(5, seed=1), atol=1e-5)


def test_a_missing_exporter_is_named(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModuleNotFoundError, match="pip install openvino"):
        model.export(tmp_path / "generator.xml", "openvino")


def test_the_older_format_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match="should end with .keras, and one"):
        model.save(tmp_path / "model.h5")


def test_other_networks_are_refused(model, tmp_path):
    with pytest.raises(ValueError, match="one of generator, encoder"):
        model.export(tmp_path / "x", network="discriminator")


def test_optimizers_are_given_once():
    """For both networks, or one for each."""
    with pytest.raises(ValueError, match="Leave one out"):
        tiny_model().compile("sgd", optimizer="adam")


def test_restored_weights_stay(model):
    """`EarlyStopping` restores after Keras would have applied averages."""
    model.compile(
        optimizer=keras.optimizers.Adam(0.01, use_ema=True), run_eagerly=True
    )
    seen = []

    class Remember(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.generator.get_weights())

    # No epoch is better than the first by so much.
    stop = keras_callbacks.EarlyStopping(
        "loss", min_delta=1e6, patience=1, restore_best_weights=True
    )
    fit(model, Remember(), stop, epochs=3)
    for one, other in zip(seen[0], model.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_step_applies_no_averages():
    model = tiny_model()
    model.compile(optimizer=keras.optimizers.Adam(0.01, use_ema=True))
    before = model.generator.get_weights()
    fit(model, epochs=0)
    for one, other in zip(before, model.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_frozen_network_stays(model):
    model.generator.trainable = False
    before = model.generator.get_weights()
    names = [variable.path for variable in model.generator.weights]
    fit(model, epochs=1)
    for name, one, other in zip(
        names, before, model.generator.get_weights(), strict=True
    ):
        if "seed" not in name and "moving" not in name:
            np.testing.assert_array_equal(one, other)


def test_fit_needs_compile():
    with pytest.raises(ValueError, match="compile"):
        fit(tiny_model())


def test_dropout_keeps_its_policy():
    """Keras saves the type of its weights instead."""
    layer = SpatialDropout2D(0.5, dtype="mixed_bfloat16")
    copy = SpatialDropout2D.from_config(layer.get_config())
    assert copy.compute_dtype == "bfloat16"
