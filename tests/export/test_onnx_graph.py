"""The graph: the same bytes, float16 weights, and refused networks."""

import functools
import os
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from keras import layers

from keras_infogan.export.onnx import FLOAT16_TOLERANCE
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from tests.helpers.onnx_models import CASES
from tests.helpers.onnx_models import MANY_CODES
from tests.helpers.onnx_models import SPEC
from tests.helpers.onnx_models import Case
from tests.helpers.onnx_models import random_images
from tests.helpers.onnx_models import random_latents
from tests.helpers.onnx_models import run
from tests.helpers.onnx_models import tiny_model

EXPORTS = {"generator": export_onnx, "encoder": export_onnx_encoder}


@pytest.mark.parametrize("name", EXPORTS)
def test_float16_weights_halve_the_file(name, tmp_path):
    """Large weights are rounded; the arithmetic stays float32."""
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


ELSEWHERE = """
import sys
import keras
from keras_infogan.export.onnx import export_onnx, export_onnx_encoder
model = keras.saving.load_model(sys.argv[1])
export_onnx(model, sys.argv[2] + "/generator.onnx")
export_onnx_encoder(model, sys.argv[2] + "/encoder.onnx")
"""


def test_the_same_weights_give_the_same_bytes(tmp_path):
    """In this process, and in two others with other hash seeds.

    tf2onnx alone gives this encoder two different graphs for these seeds.
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
    """The hash of a file identifies its model."""
    model = Case(shape=(8, 8, 1)).build()
    before = export_onnx(model, tmp_path / "x.onnx").read_bytes()
    kernel = model.generator.trainable_variables[0]
    kernel.assign(kernel * 1.001)
    assert export_onnx(model, tmp_path / "x.onnx").read_bytes() != before


@keras.saving.register_keras_serializable(package="test_export_onnx")
class EagerOffset(layers.Layer):
    """A buggy layer, which differs between a graph and eager execution.

    Args:
        batch_size: The only batch size at which it differs; by default all.
    """

    def __init__(self, batch_size=None, **kwargs):
        super().__init__(**kwargs)
        self.batch_size = batch_size

    def call(self, x):
        if tf.executing_eagerly() and self.batch_size in (None, len(x)):
            return x + 0.1
        return x

    def get_config(self):
        return {**super().get_config(), "batch_size": self.batch_size}


def gelu() -> Any:
    return layers.Activation(keras.activations.gelu)


FAILURES: dict[str, Any] = {
    # The exact one, with the error function; tf2onnx has none for it.
    "unsupported": (gelu, {}, "should convert all.*Received: .*Erfc"),
    "different": (
        EagerOffset,
        {},
        r"within 1e-05 of the largest.* a difference of 0\.",
    ),
    # The comparison has batches of a single input, of two, and of more.
    **{
        f"different for batches of {batch_size}": (
            functools.partial(EagerOffset, batch_size),
            {},
            r"within 1e-05 of the largest.* a difference of 0\.",
        )
        for batch_size in (1, 2, 17)
    },
}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize(
    ("layer", "options", "message"), FAILURES.values(), ids=FAILURES
)
def test_a_failed_export_leaves_the_old_file(
    export, layer, options, message, tmp_path, caplog
):
    """tf2onnx does not log the same error in its own words."""
    path = tmp_path / "x.onnx"
    path.write_bytes(b"old")
    model = tiny_model(layer())
    with pytest.raises(ValueError, match=message) as caught:
        export(model, path, **options)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.onnx"]
    # TensorFlow may warn of functions that it traces for each model here.
    loggers = {record.name.partition(".")[0] for record in caplog.records}
    assert "tf2onnx" not in loggers


def test_float16_weights_that_are_too_large(tmp_path):
    """Beyond 65504 they are infinite, so the difference is NaN."""
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
