"""ONNX files: the numbers of Keras, the same bytes, or nothing at all."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from keras import layers

import keras_infogan
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.export.onnx import FLOAT16_TOLERANCE
from keras_infogan.export.onnx import OPSET
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator

EXPORTS = {"generator": export_onnx, "encoder": export_onnx_encoder}
SPEC = LatentSpec(62, {"category": Categorical(10), "continuous": Uniform(2)})
# Not in the order of the alphabet, which is that of dictionaries in Keras.
MANY_CODES = LatentSpec(
    8,
    {
        "style": Normal(2, stddev=0.5),
        "category": Categorical(10),
        "bits": Bernoulli(3),
        "another": Categorical(3),
        "continuous": Uniform(2),
    },
)


class Case(NamedTuple):
    """How to build a model."""

    spec: LatentSpec = SPEC
    shape: tuple[int, int, int] = (28, 28, 1)
    architecture: str = "compact"
    normalization: str = "batch"
    policy: str = "float32"

    def build(self, policy: str | None = None) -> InfoGAN:
        """The model, under its own policy or another; always these weights."""
        keras.utils.set_random_seed(0)
        with dtype_policy(policy or self.policy):
            model = InfoGAN(
                build_generator(
                    self.spec, self.shape, architecture=self.architecture
                ),
                build_discriminator(
                    self.spec,
                    self.shape,
                    architecture=self.architecture,
                    normalization=self.normalization,
                ),
                self.spec,
            )
        imitate_training(model)
        return model


CASES = {
    "compact": Case(),
    "writeup-32": Case(shape=(32, 32, 1), architecture="writeup"),
    "paper-rgb": Case(shape=(16, 16, 3), architecture="paper"),
    "rgb-64": Case(shape=(64, 64, 3)),
    "many-codes": Case(MANY_CODES, (16, 16, 1), normalization="layer"),
    "mixed_float16": Case(MANY_CODES, policy="mixed_float16"),
    "mixed_bfloat16": Case(policy="mixed_bfloat16"),
}


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def imitate_training(model: InfoGAN) -> None:
    """Batch normalization is not the identity, and no layer fades out."""
    random = np.random.default_rng(0)
    for network in (model.generator, model.discriminator):
        for layer in network.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights(
                    [random.uniform(0.5, 1.5, w.shape) for w in layer.weights]
                )
            elif isinstance(layer, layers.Conv2D):
                fan_in = np.prod(layer.kernel.shape[:-1])
                stddev = np.sqrt(2.0 / fan_in)
                kernel = random.normal(0.0, stddev, layer.kernel.shape)
                layer.kernel.assign(kernel)


def random_latents(spec: LatentSpec, count: int) -> dict[str, np.ndarray]:
    """As a user draws them who has nothing but numpy."""
    random = np.random.default_rng(1)
    latents: dict[str, np.ndarray] = {
        "noise": random.standard_normal((count, spec.noise_dim))
    }
    for name, code in spec.codes.items():
        if isinstance(code, Categorical):
            latents[name] = np.eye(code.dim)[
                random.integers(code.dim, size=count)
            ]
        elif isinstance(code, Bernoulli):
            latents[name] = random.integers(2, size=(count, code.dim))
        else:
            latents[name] = random.uniform(-1, 1, (count, code.dim))
    return {name: rows.astype(np.float32) for name, rows in latents.items()}


def random_images(shape: tuple[int, ...], count: int) -> np.ndarray:
    random = np.random.default_rng(2)
    return random.uniform(-1, 1, (count, *shape)).astype(np.float32)


def run(path: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(
        path, providers=["CPUExecutionProvider"]
    )
    names = [end.name for end in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def shapes(ends: Any) -> dict[str, list[str | int]]:
    """Names and shapes of a session's inputs or outputs, all of float32."""
    assert {end.type for end in ends} == {"tensor(float)"}
    return {end.name: end.shape for end in ends}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def exported(case, tmp_path_factory):
    """A model and its two files."""
    folder = tmp_path_factory.mktemp("onnx")
    model = case.build()
    files = {
        name: export(model, folder / f"{name}.onnx")
        for name, export in EXPORTS.items()
    }
    assert sorted(path.name for path in folder.iterdir()) == [
        "encoder.onnx",
        "generator.onnx",
    ]
    return model, files


def test_generator_gives_the_images_of_keras(case, exported):
    """Those of the same weights in float32, built as such, to 1e-5.

    float32 has a relative precision of 6e-8, and tanh no output above 1; 1e-5
    leaves room for the hundreds of roundings on the way there. The mixed
    policies themselves would be off by a thousandth.
    """
    _, files = exported
    latents = random_latents(case.spec, 7)
    expected = case.build("float32").generate_from(latents)
    assert expected.std() > 0.01
    received = run(files["generator"], latents)
    assert list(received) == ["image"]
    np.testing.assert_allclose(received["image"], expected, rtol=0, atol=1e-5)


def test_encoder_gives_the_posterior_of_keras(case, exported):
    """With the same tolerance, as untrained logits are about 1."""
    _, files = exported
    images = random_images(case.shape, 7)
    expected = case.build("float32").encode(images)
    received = run(files["encoder"], {"image": images})
    assert received.keys() == expected.keys()
    for name, values in expected.items():
        # A constant would not pass.
        assert values.std(axis=0).max() > 1e-3, name
        np.testing.assert_allclose(
            received[name], values, rtol=1e-5, atol=1e-5, err_msg=name
        )


def test_names_and_shapes(case, exported):
    _, files = exported
    sessions = {
        name: onnxruntime.InferenceSession(path) for name, path in files.items()
    }
    generator, encoder = sessions["generator"], sessions["encoder"]
    images = {"image": ["batch", *case.shape]}
    inputs = shapes(generator.get_inputs())
    assert list(inputs.items()) == [
        (name, ["batch", dim]) for name, dim in case.spec.input_dims.items()
    ]
    assert shapes(generator.get_outputs()) == images
    assert shapes(encoder.get_inputs()) == images
    probabilities = {
        f"{name}_probabilities": ["batch", code.dim]
        for name, code in case.spec.codes.items()
        if isinstance(code, Categorical | Bernoulli)
    }
    assert shapes(encoder.get_outputs()) == {
        **{
            name: ["batch", dim]
            for name, dim in case.spec.posterior_dims.items()
        },
        **probabilities,
    }


def test_ignored_inputs_stay(tmp_path):
    """A generator may be blind to a code; who feeds all of them need not care.

    onnxslim would leave the input out.
    """
    model = tiny_model(layers.ReLU(), "category")
    path = export_onnx(model, tmp_path / "x.onnx")
    latents = random_latents(model.latent_spec, 3)
    assert list(latents) == ["noise", "category"]
    np.testing.assert_allclose(
        run(path, latents)["image"],
        model.generate_from(latents),
        rtol=0,
        atol=1e-5,
    )


def test_files_are_of_the_standard(exported):
    """Old runtimes read them: no operator of later, or of another, set."""
    _, files = exported
    for path in files.values():
        content = onnx.load(path)
        onnx.checker.check_model(content, full_check=True)
        assert [(o.domain, o.version) for o in content.opset_import] == [
            ("", OPSET)
        ]
        assert content.ir_version == 8
        (image,) = (
            end
            for end in (*content.graph.input, *content.graph.output)
            if end.name == "image"
        )
        assert image.type.denotation == "IMAGE"
        # The adversarial head is not in them.
        sizes = [tensor.dims for tensor in content.graph.initializer]
        assert [256, 1] not in sizes


# Metadata


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_metadata(export, tmp_path):
    """All that a person needs who has the file alone."""
    code_map = {
        "codes": {
            "category": {
                "type": "categorical",
                "categories": [{"name": "sieben — 7", "purity": 0.98}],
            }
        }
    }
    model = Case(MANY_CODES, (16, 16, 1)).build()
    path = export(
        model,
        tmp_path / "x.onnx",
        code_map=code_map,
        model_card="# Card\n",
        version=3,
    )
    session = onnxruntime.InferenceSession(path)
    meta = session.get_modelmeta()
    metadata = dict(meta.custom_metadata_map)
    config = json.loads(metadata.pop("keras_infogan.latent_spec"))
    assert LatentSpec.from_config(config) == MANY_CODES
    assert json.loads(metadata.pop("keras_infogan.code_map")) == code_map
    priors = json.loads(metadata.pop("keras_infogan.priors"))
    assert priors.pop("noise") == {
        "distribution": "normal",
        "mean": 0,
        "stddev": 1,
        "dim": 8,
    }
    assert list(priors) == list(MANY_CODES.codes)
    for name, values in model.sample_latents(1000, seed=0).items():
        if name == "noise":
            continue
        drawn, prior = values.numpy(), priors[name]
        assert drawn.shape == (1000, prior["dim"])
        if "low" in prior:
            # A thousand draws come that near to both ends, surely: .9^1000.
            width = prior["high"] - prior["low"]
            ends = (drawn.min(), drawn.max())
            assert prior["low"] <= ends[0] < prior["low"] + 0.1 * width, name
            assert prior["high"] >= ends[1] > prior["high"] - 0.1 * width, name
        else:
            # Standard errors of 2,000 draws: 0.022 and 0.016; four of them.
            assert drawn.mean() == pytest.approx(prior["mean"], abs=0.09)
            assert drawn.std() == pytest.approx(prior["stddev"], abs=0.065)
    assert metadata == {
        "Image.BitmapPixelFormat": "Gray8",
        "Image.ColorSpaceGamma": "SRGB",
        "Image.NominalPixelRange": "Normalized_1_1",
        "keras_infogan.model_card": "# Card\n",
        "keras_infogan.version": keras_infogan.__version__,
        "model_license": "Apache-2.0",
    }
    assert meta.producer_name == "keras_infogan"
    assert meta.version == 3
    assert "[-1, 1]" in meta.description
    for field in fields(CategoryMeaning) + fields(DimensionMeaning):
        assert field.name in meta.description
    if export is export_onnx_encoder:
        for end in session.get_outputs():
            assert f"{end.name}, " in meta.description
        assert "0.5" in meta.description  # the fixed deviation of style


@pytest.mark.parametrize("version", [0, 2**63])
def test_a_version_that_cannot_be(version, tmp_path):
    with pytest.raises(ValueError, match=f"Received: version={version}"):
        export_onnx(
            Case(shape=(8, 8, 1)).build(), tmp_path / "x.onnx", version=version
        )
    assert not list(tmp_path.iterdir())


def test_metadata_that_is_not_given_is_not_there(exported):
    model, files = exported
    session = onnxruntime.InferenceSession(files["generator"])
    metadata = session.get_modelmeta().custom_metadata_map
    assert not {"keras_infogan.code_map", "keras_infogan.model_card"} & set(
        metadata
    )
    assert "code_map" not in session.get_modelmeta().description
    assert session.get_modelmeta().version == 1
    assert metadata["Image.BitmapPixelFormat"] == (
        "Gray8" if model.image_shape[-1] == 1 else "Rgb8"
    )


# float16


@pytest.mark.parametrize("name", EXPORTS)
def test_float16_weights_take_half_the_size(name, tmp_path):
    """The large ones are rounded, and all the arithmetic is float32."""
    model = CASES["compact"].build()
    export = EXPORTS[name]
    whole = export(model, tmp_path / "whole.onnx")
    half = export(model, tmp_path / "half.onnx", float16_weights=True)
    # Half of the 3.4 MB of weights; what is not halved is under 40 kB.
    ratio = half.stat().st_size / whole.stat().st_size
    assert 0.5 < ratio < 0.52
    tensors, halved = (
        {
            tensor.name: onnx.numpy_helper.to_array(tensor)
            for tensor in onnx.load(path).graph.initializer
        }
        for path in (whole, half)
    )
    large = {name for name, values in tensors.items() if values.size >= 1024}
    assert {f"{name}_float16" for name in large} == halved.keys() - tensors
    for tensor in large:
        np.testing.assert_array_equal(
            halved[f"{tensor}_float16"], tensors[tensor].astype(np.float16)
        )
    inputs = (
        random_latents(SPEC, 7)
        if name == "generator"
        else {"image": random_images((28, 28, 1), 7)}
    )
    expected, received = run(whole, inputs), run(half, inputs)
    for output, values in expected.items():
        assert received[output].dtype == np.float32
        difference = np.abs(received[output] - values).max()
        assert 0 < difference < FLOAT16_TOLERANCE, output


# The same bytes

ELSEWHERE = """
import sys
import keras
from keras_infogan.export.onnx import export_onnx, export_onnx_encoder
model = keras.saving.load_model(sys.argv[1])
export_onnx(model, sys.argv[2] + "/generator.onnx")
export_onnx_encoder(model, sys.argv[2] + "/encoder.onnx")
"""


def test_the_same_weights_give_the_same_bytes(tmp_path):
    """Again in this process, and in two others that hash otherwise.

    tf2onnx alone gives this encoder two different graphs under these seeds.
    """
    model = Case(MANY_CODES, normalization="layer").build()
    model.compile()
    model.save(tmp_path / "model.keras")
    folders = [tmp_path / name for name in ("here", "again", "0", "3")]
    for folder in folders[:2]:
        for name, export in EXPORTS.items():
            export(model, folder / f"{name}.onnx")
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                ELSEWHERE,
                str(tmp_path / "model.keras"),
                str(folder),
            ],
            env={**os.environ, "PYTHONHASHSEED": folder.name},
        )
        for folder in folders[2:]
    ]
    assert [process.wait() for process in processes] == [0, 0]
    for name in EXPORTS:
        contents = {
            (folder / f"{name}.onnx").read_bytes() for folder in folders
        }
        assert len(contents) == 1, name


def test_other_weights_give_other_bytes(tmp_path):
    """The hash of a file tells one model from another."""
    model = Case(shape=(8, 8, 1)).build()
    before = export_onnx(model, tmp_path / "x.onnx").read_bytes()
    kernel = model.generator.trainable_variables[0]
    kernel.assign(kernel * 1.001)
    assert export_onnx(model, tmp_path / "x.onnx").read_bytes() != before


# Errors


def test_exports_make_folders_and_take_text(tmp_path):
    path = export_onnx(Case(shape=(8, 8, 1)).build(), f"{tmp_path}/a/b.onnx")
    assert path == tmp_path / "a" / "b.onnx"
    assert path.is_file()


@keras.saving.register_keras_serializable(package="test_export_onnx")
class EagerOffset(layers.Layer):
    """A layer that is another one in a graph, as those with bugs are."""

    def call(self, x):
        return x + 0.1 if tf.executing_eagerly() else x


def tiny_model(layer: Any, *ignored: str) -> InfoGAN:
    """A model with this layer in both networks, which ignores some inputs."""
    spec = LatentSpec(4, {"category": Categorical(3)})
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in spec.input_dims.items()
    }
    read = [inputs[name] for name in inputs if name not in ignored]
    x = layers.Dense(64)(layers.Concatenate()([*read, read[0]]))
    x = layers.Reshape((8, 8, 1))(layers.Activation("tanh")(layer(x)))
    generator = keras.Model(inputs, x)
    image = keras.Input((8, 8, 1), name="image")
    x = layer(layers.Dense(16)(layers.Flatten()(image)))
    outputs = {
        name: layers.Dense(dim, name=name)(x)
        for name, dim in {"logits": 1, **spec.posterior_dims}.items()
    }
    return InfoGAN(generator, keras.Model(image, outputs), spec)


def gelu() -> Any:
    return layers.Activation(keras.activations.gelu)


FAILURES = {
    # The exact one, with the error function; tf2onnx has none for it.
    "unsupported": (gelu, {}, "should exist in ONNX.*Received: .*Erfc"),
    "different": (
        EagerOffset,
        {},
        r"within 1e-05\. Received: a difference of 0\.",
    ),
    "not JSON": (
        layers.ReLU,
        {"code_map": {"purity": np.float32(1)}},
        "`code_map` should be plain data.*float32 is not JSON serializable",
    ),
    "not a number": (
        layers.ReLU,
        {"code_map": {"purity": float("nan")}},
        "`code_map` should be plain data",
    ),
}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize(
    ("layer", "options", "message"), FAILURES.values(), ids=FAILURES
)
def test_a_failed_export_leaves_the_old_file(
    export, layer, options, message, tmp_path, caplog
):
    """And tf2onnx does not say the same in its own words beside it."""
    path = tmp_path / "x.onnx"
    path.write_bytes(b"old")
    model = tiny_model(layer())
    with pytest.raises(ValueError, match=message) as caught:
        export(model, path, **options)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.onnx"]
    assert not caplog.records


def test_float16_weights_that_are_too_large(tmp_path):
    """Beyond 65504 is infinity, and the difference of infinities is none."""
    model = Case(shape=(8, 8, 1)).build()
    kernel = model.generator.trainable_variables[0]
    kernel.assign(tf.sign(kernel) * 1e5)
    with pytest.raises(ValueError, match=r"within 0\.016.*Store float32"):
        export_onnx(model, tmp_path / "x.onnx", float16_weights=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize(
    "package", ["onnx", "onnxruntime", "onnxslim", "tf2onnx"]
)
def test_a_missing_package_is_named(export, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    model = tiny_model(layers.ReLU())
    with pytest.raises(
        ValueError, match=rf"{package}.*pip install \"keras-infogan\[onnx\]\""
    ):
        export(model, tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


def test_a_path_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        export_onnx(tiny_model(layers.ReLU()), tmp_path / "file" / "x.onnx")
