"""InfoGAN as a Keras model: fit, evaluate, save, load, generate, encode."""

import dataclasses
import functools
import subprocess
import sys
import warnings
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.models import UPDATES
from keras_infogan.models import steps
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator
from keras_infogan.models.optimizers import LinearDecayAtEnd
from keras_infogan.models.optimizers import partition_variables
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import adam
from tests.helpers.models import tiny_discriminator
from tests.helpers.models import tiny_generator
from tests.helpers.models import tiny_model

ALL_CODES = LatentSpec(
    3,
    {
        "a": Categorical(2),
        "b": Categorical(5),
        "u": Uniform(1, stddev=0.5),
        "n": Normal(2),
        "bits": Bernoulli(3),
    },
)
INVARIANT = Objective(
    augmentation=Augmentation(),
    invariant_codes=["category"],
    invariance_weight=1.0,
)


@pytest.fixture
def images() -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.uniform(-1, 1, (32, *SHAPE)).astype(np.float32)


@pytest.fixture
def batches(images: np.ndarray) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(images).batch(
        8, drop_remainder=True
    )


def everything(model: InfoGAN) -> dict[str, np.ndarray]:
    """All that training changes: weights, slots, counters, seeds, metrics."""
    optimizers = [
        optimizer
        for optimizer in (
            model.generator_optimizer,
            model.discriminator_optimizer,
            model.information_optimizer,
        )
        if optimizer is not None
    ]
    variables = list(model.variables)
    for optimizer in optimizers:
        variables += optimizer.variables
    return {
        f"{number} {variable.path}": variable.value.numpy()
        for number, variable in enumerate(variables)
    }


def assert_same(one: InfoGAN, other: InfoGAN) -> None:
    left, right = everything(one), everything(other)
    assert len(left) == len(right)
    for (name, a), b in zip(left.items(), right.values(), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "three_phase": {"update": "three_phase"},
    "head": {"information_gradient": "head"},
    "three_phase_head": {
        "update": "three_phase",
        "information_gradient": "head",
    },
    "invariant": {"objective": INVARIANT},
    "all_codes": {
        "objective": dataclasses.replace(
            INVARIANT, invariant_codes=list(ALL_CODES.codes)
        ),
        "spec": ALL_CODES,
    },
    "least_squares": {
        "objective": Objective(
            adversarial_loss="least_squares", label_smoothing=0.1
        )
    },
    "hinge": {"objective": Objective(adversarial_loss="hinge")},
    "wasserstein": {
        "objective": Objective(
            adversarial_loss="wasserstein", gradient_penalty_weight=10.0
        ),
        "batch_norm": False,
    },
    "r1": {"objective": Objective(r1_weight=1.0), "batch_norm": False},
}


@pytest.mark.parametrize(
    ("name", "jit_compile"),
    [
        *((name, False) for name in OPTIONS),
        # A compilation takes seconds: each update, views, second derivatives.
        *((name, True) for name in ("three_phase", "all_codes", "wasserstein")),
    ],
)
def test_fit_moves_every_weight(name, jit_compile, batches):
    """Each trainable weight of both networks gets a gradient.

    But for one: a bias of the critic adds the same to real and generated
    images, and the Wasserstein loss takes the difference. What isn't compiled
    is eager: to trace it takes longer than its steps.
    """
    model = tiny_model(**OPTIONS[name])
    before = [w.value.numpy() for w in model.trainable_variables]
    model.compile(
        adam(), adam(), jit_compile=jit_compile, run_eagerly=not jit_compile
    )
    history = model.fit(batches, epochs=1, verbose=0).history
    for variable, old in zip(model.trainable_variables, before, strict=True):
        unmoved = np.array_equal(variable.value.numpy(), old)
        without_effect = (
            model.objective.adversarial_loss == "wasserstein"
            and variable.path == "logits/bias"
        )
        assert unmoved == without_effect, variable.path
    assert all(np.isfinite(values).all() for values in history.values())
    for code in model.latent_spec.codes:
        assert f"mutual_information_{code}" in history
    assert int(model.step) == 4


def test_history_has_our_metrics(batches):
    model = tiny_model()
    model.compile(adam(), adam(), run_eagerly=True)
    history = model.fit(batches, validation_data=batches, verbose=0).history
    names = {
        "loss",
        "discriminator_loss",
        "generator_loss",
        "mutual_information",
        "mutual_information_category",
        "mutual_information_continuous",
    }
    assert set(history) == names | {f"val_{name}" for name in names}
    # The total is the sum of the codes, by definition.
    assert history["mutual_information"][0] == pytest.approx(
        history["mutual_information_category"][0]
        + history["mutual_information_continuous"][0],
        rel=1e-5,
    )


def test_eager_graph_and_several_steps_agree(batches):
    """The way a step is executed changes rounding, not the algorithm.

    Adam divides a gradient by its own size, so a rounding error of 1e-7 in a
    gradient near 0 can change a step by up to the learning rate, 1e-2. Plain
    SGD has no such division: 4 steps agree to a few float32 epsilons. Keras
    draws dropout otherwise under XLA, so there is none here.
    """
    trained = []
    for options in (
        {"jit_compile": False},
        {"jit_compile": True},
        {"run_eagerly": True},
        {"jit_compile": False, "steps_per_execution": 2},
    ):
        model = tiny_model(dropout=0.0)
        model.compile(
            keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3), **options
        )
        model.fit(batches, verbose=0)
        trained.append(
            np.concatenate(
                [
                    weight.value.numpy().ravel()
                    for weight in model.trainable_variables
                ]
            )
        )
    for other in trained[1:]:
        np.testing.assert_allclose(other, trained[0], atol=2e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy, batches):
    """The losses are scaled in a graph, where it's a condition of it."""
    keras.config.set_dtype_policy(policy)
    try:
        model = tiny_model(INVARIANT, update="three_phase")
        model.compile(
            adam(),
            adam(),
            jit_compile=False,
            run_eagerly=policy != "mixed_float16",
        )
        before = [w.value.numpy() for w in model.trainable_variables]
        history = model.fit(batches, epochs=2, verbose=0).history
    finally:
        keras.config.set_dtype_policy("float32")
    for optimizer in (
        model.generator_optimizer,
        model.discriminator_optimizer,
        model.information_optimizer,
    ):
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert scaled == (policy == "mixed_float16")
    assert np.isfinite(history["generator_loss"]).all()
    assert any(
        not np.array_equal(variable.value.numpy(), old)
        for variable, old in zip(model.trainable_variables, before, strict=True)
    )
    assert model.generate(2).dtype == np.float32


def test_saved_and_loaded_goes_on_bit_for_bit(batches, tmp_path):
    """Save, load, one more epoch is one more epoch, with dropout and Adam.

    In three phases, which have an optimizer more. Fused, `test_contrastive.py`
    goes on from a file, and `test_resuming.py`, with views, from a checkpoint.

    With XLA: TensorFlow's own kernels add up in an order that varies between
    runs, whatever `enable_op_determinism` says (README).
    """
    model = tiny_model(update="three_phase")
    model.compile(adam(), adam(), jit_compile=True)
    model.fit(batches, verbose=0)
    model.save(tmp_path / "model.keras")
    # Keras only warns of optimizers that it cannot restore.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(model, loaded)
    model.fit(batches, verbose=0)
    loaded.fit(batches, verbose=0)
    assert int(loaded.step) == 8
    assert_same(model, loaded)


def test_config_round_trip():
    model = tiny_model(
        Objective(
            adversarial_loss="least_squares",
            information_weights={"continuous": 0.1},
            augmentation=Augmentation(rotation=0.1),
            invariant_codes=["category", "continuous"],
        ),
        update="three_phase",
        information_gradient="head",
        seed=3,
    )
    copy = InfoGAN.from_config(model.get_config())
    assert copy.get_config() == model.get_config()
    assert copy.objective == model.objective
    assert copy.latent_spec == model.latent_spec


def test_labels_teach_the_category():
    """Three kinds of images that the labels tell apart are learned."""
    generator = np.random.default_rng(0)
    labels = np.arange(30) % 3
    images = generator.normal(0, 0.1, (30, *SHAPE)).astype(np.float32)
    for label in range(3):
        images[labels == label, :, 2 * label : 2 * label + 2] += 0.8
    images = np.clip(images, -1, 1)
    data = tf.data.Dataset.from_tensors(
        {
            "images": images,
            "labeled_images": images,
            "labels": labels.astype(np.int32),
        }
    ).repeat(60)
    model = tiny_model()
    model.compile(adam(), adam(), jit_compile=False)
    history = model.fit(data, verbose=0).history
    assert "label_loss" in history
    found = model.encode(images)["category_logits"].argmax(axis=1)
    # Category k is class k: labels name it, so there is nothing to match.
    assert (found == labels).mean() > 0.9


def test_targets_are_ignored(images):
    """A data set of (image, label) trains without the labels.

    With SGD, two equal runs differ by a few float32 epsilons; a loss of labels
    would change the heads of `Q` by about the learning rate.
    """
    runs = []
    for labels in (np.zeros(32, int), np.arange(32)):
        model = tiny_model()
        sgd = [keras.optimizers.SGD(1e-2) for _ in range(2)]
        model.compile(*sgd, run_eagerly=True)
        data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)
        model.fit(data, verbose=0)
        runs.append(model)
    for one, other in zip(*(run.weights for run in runs), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-6)


def test_weight_zero_is_a_plain_gan(batches):
    """Without weight the bound trains nothing: the heads of Q stay."""
    model = tiny_model(
        Objective(information_weights={"category": 0.0, "continuous": 0.0})
    )
    sgd = [keras.optimizers.SGD(0.1) for _ in range(2)]
    model.compile(*sgd, run_eagerly=True)
    heads, _ = partition_variables(model.discriminator)
    before = [variable.value.numpy() for variable in heads]
    model.fit(batches, verbose=0)
    assert len(before) == 6  # kernel and bias of logits, mean, log stddev
    for variable, old in zip(heads, before, strict=True):
        np.testing.assert_array_equal(variable.value.numpy(), old)


def test_real_images_never_meet_a_code(images):
    """The bound is of generated images: it does not depend on real ones.

    In inference mode, so that batch normalization does not mix the batches.
    """
    model = tiny_model()
    model.compile(adam(), adam(), run_eagerly=True)
    one = model.evaluate(images, verbose=0, return_dict=True)
    other = model.evaluate(-images, verbose=0, return_dict=True)
    assert one["mutual_information"] == other["mutual_information"]
    assert one["discriminator_loss"] != other["discriminator_loss"]


def test_evaluate_draws_other_latents_for_each_batch(images):
    model = tiny_model()
    model.compile(adam(), adam(), run_eagerly=True)
    values = [
        model.evaluate(
            images[:8], batch_size=size, verbose=0, return_dict=True
        )["mutual_information"]
        for size in (8, 4)
    ]
    again = model.evaluate(
        images[:8], batch_size=8, verbose=0, return_dict=True
    )["mutual_information"]
    assert values[0] == again
    assert values[0] != values[1]


def test_fit_does_not_retrace(batches):
    """One trace for any number of epochs and calls."""
    traces = []

    class Counting(InfoGAN):
        def train_step(self, data):
            traces.append(1)
            return super().train_step(data)

    model = Counting(tiny_generator(), tiny_discriminator(), SPEC)
    model.compile(adam(), adam(), jit_compile=False)
    model.fit(batches, epochs=3, verbose=0)
    first = len(traces)
    model.fit(batches, epochs=2, verbose=0)
    assert len(traces) == first
    # Keras itself traces the first step once; a graph of its own may be made
    # to initialize variables.
    assert first <= 2


def test_a_fixed_deviation_is_no_output():
    model = tiny_model(spec=ALL_CODES)
    posterior = model.encode(model.generate(2))
    assert {"u_mean", "n_log_stddev"} <= set(posterior)
    assert "u_log_stddev" not in posterior


def test_real_architecture_on_real_mnist(mnist_train):
    """Half a minute of training: Q reads the category from its own images.

    The bound starts near 0 and cannot pass log 10 = 2.303.
    """
    spec = LatentSpec(62, {"category": Categorical(10)})
    keras.utils.set_random_seed(0)
    model = InfoGAN(build_generator(spec), build_discriminator(spec), spec)
    model.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(5e-4, beta_1=0.5),
        jit_compile=False,
    )
    history = model.fit(
        mnist_train.batches(64), steps_per_epoch=40, epochs=3, verbose=0
    ).history["mutual_information_category"]
    assert history[0] < 1.0
    assert 1.5 < history[-1] < np.log(10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"update": "both"}, "update should be one of fused, three_phase"),
        (
            {"information_gradient": "no"},
            "information_gradient should be one of trunk, head",
        ),
        (
            {"objective": Objective(r1_weight=1.0)},
            'Build the discriminator with normalization="layer"',
        ),
        (
            {"objective": Objective(information_weights={"x": 1.0})},
            "should name codes of category, continuous. Received: x",
        ),
        ({"seed": 2**64}, "seed should be a whole number"),
        ({"seed": "1"}, "seed should be a whole number"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        tiny_model(**options)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "encode"])
def test_every_method_checks_its_images(method, images):
    """In [0, 1], `fit` and `evaluate` refuse them, the others warn."""
    model = tiny_model()
    model.compile(adam(), adam(), jit_compile=False)
    call = getattr(model, method)
    with pytest.raises(ValueError, match="Pass uint8 as it is, or"):
        call((images + 1.0) * 127.5)
    expected = (
        pytest.raises(ValueError, match=r"as of images in \[0, 1\]")
        if method in ("fit", "evaluate")
        else pytest.warns(UserWarning, match=r"as of images in \[0, 1\]")
    )
    with expected:
        call((images + 1.0) / 2.0)


def test_validation_data_are_checked(images):
    model = tiny_model()
    model.compile(adam(), adam(), jit_compile=False)
    wrong = (images + 1.0) / 2.0
    for data in (wrong, (wrong, None), tf.data.Dataset.from_tensors(wrong)):
        with pytest.raises(ValueError, match=r"as of images in \[0, 1\]"):
            model.fit(images, validation_data=data, verbose=0)
    assert int(model.step) == 0


def test_bytes_are_scaled_by_every_method(images):
    """0 is -1 and 255 is 1, in the graph: equal but for rounding there.

    The step comes last and is the only one, as Adam makes much of little.
    """
    pixels = np.rint((images + 1.0) * 127.5).astype(np.uint8)
    floats = pixels.astype(np.float32) / 127.5 - 1.0
    results = []
    for x in (pixels, floats):
        model = tiny_model()
        model.compile(adam(), adam(), jit_compile=False)
        found = {
            **model.predict(x, verbose=0),
            **{f"encode_{k}": v for k, v in model.encode(x).items()},
            "evaluate": model.evaluate(x, verbose=0),
        }
        logs = model.fit(x, batch_size=len(x), shuffle=False, verbose=0).history
        results.append({**found, "fit": list(logs.values())})
    for name, value in results[0].items():
        np.testing.assert_allclose(value, results[1][name], 1e-4, 1e-5)


def test_the_shortest_program(images):
    """A data set as tfds gives it, with a last batch that is smaller."""
    pixels = np.rint((images + 1.0) * 127.5).astype(np.uint8)
    labels = np.zeros(len(pixels), np.int64)
    data = tf.data.Dataset.from_tensor_slices((pixels, labels))
    model = tiny_model()
    model.compile(adam(), adam(), jit_compile=True)
    history = model.fit(data.shuffle(100).batch(12), verbose=0).history
    assert len(pixels) % 12
    assert int(model.step) == -(-len(pixels) // 12)
    assert all(np.isfinite(values).all() for values in history.values())


@pytest.mark.parametrize("update", UPDATES)
def test_a_step_is_that_of_its_update(update, images, monkeypatch):
    """Called with all that it needs, and with the key of its number.

    The key is `[seed, 0]` folded with the number of the step, so that it
    depends on nothing else; the counter is 1 more after each step.
    """
    calls = []

    def record(name, *arguments):
        calls.append((name, *arguments))
        return {"generator_loss": tf.constant(7.0)}

    for name in UPDATES:
        monkeypatch.setattr(
            steps, f"{name}_update", functools.partial(record, name)
        )
    model = tiny_model(INVARIANT, update=update, seed=5)
    model.compile(adam(), adam(), run_eagerly=True)
    history = model.fit(images, batch_size=16, shuffle=False, verbose=0).history
    assert history["generator_loss"] == [7.0]
    assert int(model.step) == len(calls) == 2
    for number, (name, state, batch, key) in enumerate(calls):
        assert name == update
        assert state.generator is model.generator
        assert state.discriminator is model.discriminator
        assert state.spec == model.latent_spec
        assert state.objective == INVARIANT
        np.testing.assert_array_equal(
            batch["images"], images[16 * number : 16 * number + 16]
        )
        expected = tf.random.experimental.stateless_fold_in(
            tf.constant([5, 0], tf.int64),
            tf.constant(number, tf.int64),
            alg="philox",
        )
        np.testing.assert_array_equal(key, expected)


def test_compile_takes_each_optimizer_for_its_network(tmp_path):
    """In the order of the arguments, and from a file, too.

    Also how the step is executed is in the file.
    """
    model = tiny_model(update="three_phase")
    model.compile(
        *map(keras.optimizers.SGD, (0.25, 0.5, 0.125)),
        jit_compile=True,
        steps_per_execution=3,
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        rates = [
            float(optimizer.learning_rate.value)
            for optimizer in (
                one.generator_optimizer,
                one.discriminator_optimizer,
                one.information_optimizer,
            )
        ]
        assert rates == [0.25, 0.5, 0.125]
        assert one._state.generator_optimizer is one.generator_optimizer
        assert one._state.discriminator_optimizer is one.discriminator_optimizer
        assert one._state.information_optimizer is one.information_optimizer
        assert (one.jit_compile, one.steps_per_execution) == (True, 3)
        assert not one.run_eagerly


def test_information_optimizer_needs_its_phase():
    with pytest.raises(
        ValueError, match=r"is for update=.three_phase.. Received: update='fus"
    ):
        tiny_model().compile(adam(), adam(), adam())


@pytest.mark.parametrize("information_gradient", ["trunk", "head"])
def test_the_information_gradient_is_honored(information_gradient):
    """What the information trains: all of the discriminator, or the heads."""
    model = tiny_model(information_gradient=information_gradient)
    model.compile(adam(), adam())
    informed = {v.path for v in model._state.informed_variables}
    everything_ = {v.path for v in model.discriminator.trainable_variables}
    heads = {
        f"{name}/{part}"
        for name in SPEC.posterior_dims
        for part in ("kernel", "bias")
    }
    assert informed == (
        heads if information_gradient == "head" else everything_
    )


def test_directory_of_a_path(tmp_path, batches):
    """A model that was never compiled can be saved, loaded and used."""
    model = tiny_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.generate(3), loaded.generate(3))


@pytest.mark.parametrize(
    "load",
    [
        "import keras_infogan; load = keras_infogan.load_model",
        "import keras; from keras_infogan import InfoGAN;"
        "load = keras.models.load_model",
    ],
    ids=["ours", "keras"],
)
def test_load_in_a_fresh_process(load, tmp_path):
    """All that a run's file names is registered: code, objective, schedule."""
    model = tiny_model(INVARIANT)
    model.compile(
        keras.optimizers.Adam(LinearDecayAtEnd(1e-3, 10, 0.5)),
        adam(),
        jit_compile=False,
    )
    path = tmp_path / "model.keras"
    model.save(path)
    done = subprocess.run(
        [sys.executable, "-c", f"{load}; print(load({str(path)!r}).name)"],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "infogan\n", done.stderr
