"""A published version answers as the model does, wherever it runs."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan import load_model
from keras_infogan.export import saved_model
from keras_infogan.export.saved_model import _fingerprint
from keras_infogan.export.saved_model import export_saved_model
from tests.helpers.models import tiny_model
from tests.helpers.saved_models import ALL_CODES
from tests.helpers.saved_models import KINDS
from tests.helpers.saved_models import MNIST
from tests.helpers.saved_models import RUNNERS
from tests.helpers.saved_models import TESTS
from tests.helpers.saved_models import assert_close
from tests.helpers.saved_models import build
from tests.helpers.saved_models import codes_for
from tests.helpers.saved_models import expected_images
from tests.helpers.saved_models import run_in_c
from tests.helpers.saved_models import run_in_python
from tests.helpers.saved_models import sample_inputs
from tests.helpers.saved_models import signatures_of
from tests.helpers.saved_models import take

MARKS = ("valid", "fingerprint")


def decode(png: np.ndarray) -> np.ndarray:
    return np.stack([tf.io.decode_png(content).numpy() for content in png])


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_answers_are_those_of_keras(published, runner):
    """All signatures, alone and in batches: the same image for a seed."""
    model, spec = published.model, published.kind.spec
    latents = {
        name: rows.numpy() for name, rows in model.sample_latents(4).items()
    }
    inputs = sample_inputs(spec)
    images = expected_images(model, inputs)
    # They are no two alike, and not black and white alone.
    assert images.std(axis=0).mean() > 0.1
    assert np.mean(np.abs(images) < 0.9) > 0.1
    # All at once, one alone, and some of them in another order.
    selections: list[Any] = [slice(None), [3], [5, 0, 4, 1]]
    generated, encoded, *sampled = runner(
        published.path,
        [
            ("serving_default", latents),
            ("encode", {"image": images}),
            *(("sample", take(inputs, rows)) for rows in selections),
            *(("sample_png", take(inputs, rows)) for rows in selections),
        ],
    )
    assert set(generated) == {"image"}
    assert_close(generated["image"], model.generate_from(latents))
    posterior = model.encode(images)
    assert set(encoded) == {*posterior, *MARKS}
    assert encoded["valid"].all()
    for name, values in posterior.items():
        assert_close(encoded[name], values)
    for rows, image, png in zip(
        selections, sampled[:3], sampled[3:], strict=True
    ):
        assert set(image) == {"image", *MARKS}
        assert_close(image["image"], images[rows])
        assert set(png) == {"png_bytes", *MARKS}
        pixels = decode(png["png_bytes"])
        # Half a level for the rounding.
        levels = (images[rows] + 1.0) * 127.5
        np.testing.assert_allclose(pixels, levels, rtol=0, atol=0.501)
        for answer in (image, png):
            assert answer["valid"].dtype == np.bool_
            assert answer["valid"].all()


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_the_code_map_of_the_model(published, runner):
    """The file's own text, for each row, whatever its number."""
    call = ("code_map", {"row": np.array([0, -7, 2**63 - 1])})
    (outputs,) = runner(published.path, [call])
    content = (published.path / "assets" / "code_map.json").read_bytes()
    assert outputs["code_map"].tolist() == 3 * [content]
    (fingerprint,) = {*outputs["fingerprint"]}
    assert re.fullmatch(b"[0-9a-f]{16}", fingerprint)


@pytest.mark.parametrize("published", ["mnist"], indirect=True)
def test_fingerprints(published):
    """Of the weights and the code map, the same in all signatures.

    So the model card and the configuration that were published do not count.
    """
    code_map = (published.path / "assets" / "code_map.json").read_text()
    model = published.model
    calls = [("code_map", {"row": np.array([0])})]
    images = np.zeros((1, *model.image_shape), np.float32)
    calls.append(("encode", {"image": images}))
    expected = _fingerprint(model, code_map).encode()
    for outputs in run_in_python(published.path, calls):
        assert outputs["fingerprint"] == [expected]
    assert _fingerprint(model, code_map + " ").encode() != expected
    kernel = model.discriminator.trainable_variables[-1]
    before = kernel.numpy()
    kernel.assign(kernel + 1e-3)
    assert _fingerprint(model, code_map).encode() != expected
    # The model is that of other tests, too.
    kernel.assign(before)
    assert _fingerprint(model, code_map).encode() == expected


@pytest.mark.parametrize("onednn", ["0", "1"])
@pytest.mark.parametrize("published", ["mnist"], indirect=True)
def test_an_empty_batch(published, onednn, monkeypatch):
    """With oneDNN and without, which is chosen when TensorFlow starts.

    With it, the bias of a fused convolution would fail on an empty batch. The C
    library runs in a process of its own, and so does Python, where this process
    has the other setting.
    """
    shapes = "[(0,), (0,), (0, 2), (0, 2), (0, 10), (0, 10)]"
    calls = [("encode", {"image": np.zeros((0, 28, 28, 1), np.float32)})]
    as_here = onednn == os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", onednn)
    for run in (run_in_c, *([run_in_python] if as_here else [])):
        (outputs,) = run(published.path, calls)
        assert str(sorted(map(np.shape, outputs.values()))) == shapes
    if as_here:
        return
    code = (
        "import sys; import numpy as np; from pathlib import Path\n"
        "from tests.helpers.saved_models import run_in_python as run\n"
        "images = np.zeros((0, 28, 28, 1), np.float32)\n"
        "(outputs,) = run(Path(sys.argv[1]), [('encode', {'image': images})])\n"
        "print(sorted(np.shape(rows) for rows in outputs.values()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, published.path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == shapes + "\n", done.stderr


@pytest.mark.parametrize("published", ["all_codes"], indirect=True)
def test_images_out_of_range(published):
    """They are marked, and read as the nearest images; others are not."""
    good = published.model.generate(6)
    sent, taken = good.copy(), good.copy()
    for row, (bad, nearest) in enumerate(
        [(np.nan, 0.0), (255.0, 1.001), (-1.01, -1.001), (-np.inf, -1.001)]
    ):
        sent[row, 1, 2] = bad
        taken[row, 1, 2] = nearest
    # As resizing may overshoot.
    sent[4, 1, 2] = taken[4, 1, 2] = 1.0009
    calls = [("encode", {"image": images}) for images in (sent, taken)]
    marked, expected = run_in_python(published.path, calls)
    assert marked["valid"].tolist() == [False] * 4 + [True] * 2
    assert expected["valid"].all()
    for name, values in published.model.encode(taken).items():
        assert_close(marked[name], values)


def describe(signatures: Any) -> str:
    lines = []
    for name in sorted(signatures):
        for side in ("inputs", "outputs"):
            ends = getattr(signatures[name], side)
            for key in sorted(ends):
                shape = [dim.size for dim in ends[key].tensor_shape.dim]
                dtype = tf.dtypes.as_dtype(ends[key].dtype).name
                lines.append(f"{name} {side} {key} {dtype} {shape}\n")
    return "".join(lines)


DATA = Path(__file__).parent / "data"


def test_signatures(published):
    """What clients rely on: names, types and shapes, whatever the policy."""
    names = {MNIST: "mnist", ALL_CODES: "all_codes"}
    name = f"saved_model_{names[published.kind.spec]}.txt"
    expected = (DATA / name).read_text()
    assert describe(signatures_of(published.path)) == expected


def test_the_published_version():
    """Signatures, and the images of seeds, of what is in the repository."""
    version = TESTS.parent / "saved_models" / "mnist" / "1"
    expected = (DATA / "saved_model_published.txt").read_text()
    assert describe(signatures_of(version)) == expected
    model = load_model("mnist")
    inputs = sample_inputs(model.latent_spec)
    (outputs,) = run_in_python(version, [("sample", inputs)])
    assert outputs["valid"].all()
    assert_close(outputs["image"], expected_images(model, inputs))


BAD_VALUES = [
    # The code, what is wrong with it, and what it is taken for.
    ("category", -1, 0),
    ("category", 3, 2),
    ("kind", -(2**31), 0),
    ("kind", 2**31 - 1, 3),
    ("style", 1.0001, 1.0),
    ("style", -np.inf, 0.0),
    ("style", np.nan, 0.0),
    ("shape", np.inf, 0.0),
    ("shape", np.nan, 0.0),
    ("size", -np.inf, 0.0),
    ("bits", 0.75, 1.0),
    ("bits", -1.0, 0.0),
    ("bits", np.nan, 0.0),
    ("heading", np.inf, 0.0),
    ("heading", np.nan, 0.0),
]


@pytest.mark.parametrize("published", ["all_codes"], indirect=True)
def test_bad_rows_among_good(published):
    """Bad rows are marked, with the image of the nearest code; others are not.

    Good and bad rows take turns; what is bad is the last number of the code.
    """
    count = 2 * len(BAD_VALUES)
    seeds = np.arange(count)
    sent = {"seed": seeds, **codes_for(ALL_CODES, count)}
    taken = {name: rows.copy() for name, rows in sent.items()}
    for number, (name, bad, nearest) in enumerate(BAD_VALUES):
        row = 2 * number + 1
        sent[name].reshape(count, -1)[row, -1] = bad
        taken[name].reshape(count, -1)[row, -1] = nearest
    images, png = run_in_python(
        published.path, [("sample", sent), ("sample_png", sent)]
    )
    expected = expected_images(published.model, taken)
    assert_close(images["image"], expected)
    for outputs in (images, png):
        np.testing.assert_array_equal(outputs["valid"], seeds % 2 == 0)


def test_overflow(tmp_path):
    """A finite code that the generator cannot take is a gray image.

    The weights are made such that the first layer overflows, to infinities of
    both signs, and what is sent otherwise gives usual images.
    """
    model = build(KINDS["all_codes"])
    for name, factor in (("dense-1", 1e3), ("conv-3", 1e-3)):
        kernel = model.generator.get_layer(name).kernel
        kernel.assign(kernel * factor)
    sent = take(sample_inputs(ALL_CODES), slice(3))
    sent["shape"][1] = 3e38
    path = export_saved_model(model, tmp_path)
    # It is published without a code map, too.
    outputs, code_map = run_in_python(
        path, [("sample", sent), ("code_map", {"row": np.array([0])})]
    )
    assert code_map["code_map"].tolist() == [b""]
    np.testing.assert_array_equal(outputs["valid"], [True, False, True])
    np.testing.assert_array_equal(outputs["image"][1], 0.0)
    good = [0, 2]
    expected = expected_images(model, take(sent, good))
    assert_close(outputs["image"][good], expected)


@pytest.mark.parametrize("published", ["mnist"], indirect=True)
@pytest.mark.parametrize("runner", [run_in_python, run_in_c])
@pytest.mark.parametrize(
    ("signature", "changes", "message"),
    [
        (
            "encode",
            {"image": np.zeros((1, 32, 32, 1), np.float32)},
            # 64 channels of 8 x 8, where those of 7 x 7 should be.
            "4096 values, but the requested shape has 3136",
        ),
        (
            "sample",
            {"continuous": np.zeros((7, 3), np.float32)},
            r"Matrix size-incompatible: In\[0\]: \[7,75\], In\[1\]: \[74,",
        ),
        (
            "sample",
            {"category": np.zeros(6, np.int32)},
            # Two nodes read the batch sizes; whichever runs first refuses.
            r"\[6\] vs. \[7\]|\[7,62\] vs. shape\[1\] = \[6,10\]",
        ),
    ],
    ids=["image", "width", "batch"],
)
def test_wrong_shapes(published, runner, signature, changes, message):
    """TensorFlow refuses them, and names both shapes."""
    inputs = {} if signature == "encode" else sample_inputs(MNIST)
    call = (signature, {**inputs, **changes})
    with pytest.raises(
        (tf.errors.InvalidArgumentError, OSError), match=message
    ):
        runner(published.path, [call])


def test_another_result_is_not_published(tmp_path, monkeypatch):
    """No difference is small enough here, not even 0."""
    monkeypatch.setattr(saved_model, "TOLERANCE", -1.0)
    with pytest.raises(ValueError, match="should return what the model does"):
        export_saved_model(tiny_model(), tmp_path / "x")
    assert not (tmp_path / "x" / "1").exists()


def test_all_signatures_are_compared(tmp_path, monkeypatch):
    """Each in turn, with a model that returns something else, for two rows."""
    monkeypatch.setattr(saved_model, "WARMUP_BATCH_SIZES", (1, 2))
    model = tiny_model()
    signatures = saved_model._Signatures(model, "", "crop")
    path = export_saved_model(model, tmp_path / "x")
    written = tf.saved_model.load(str(path))
    saved_model._check(written, signatures)
    functions = signatures.functions
    for signature, output, change in (
        ("serving_default", "image", lambda x: x + 1e-3),
        ("sample", "valid", tf.logical_not),
        ("sample_png", "png_bytes", lambda x: x[::-1]),
        ("encode", "continuous_mean", lambda x: x + 1e-3),
        ("encode_image", "category_logits", lambda x: x[:, ::-1]),
        ("code_map", "fingerprint", lambda x: x + "x"),
    ):

        def changed(inputs, name=signature, output=output, change=change):
            outputs = functions[name](inputs)
            return {**outputs, output: change(outputs[output])}

        monkeypatch.setattr(
            saved_model._Signatures,
            "functions",
            {**functions, signature: changed},
        )
        message = f"of '{output}' from '{signature}'. Build"
        with pytest.raises(ValueError, match=message):
            saved_model._check(written, signatures)
    assert list(functions) == list(written.signatures)
