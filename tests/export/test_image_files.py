"""Image files that a served model reads, by the signature `encode_image`."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_infogan import load_model
from keras_infogan import open_images
from keras_infogan.data.image_file import read_image
from keras_infogan.export.image_files import MAX_PIXELS
from keras_infogan.export.image_files import encode_pngs
from keras_infogan.export.image_files import find_frame
from keras_infogan.export.image_files import make_reader
from keras_infogan.export.saved_model import export_saved_model
from tests.helpers.saved_models import KINDS
from tests.helpers.saved_models import assert_close
from tests.helpers.saved_models import build
from tests.helpers.saved_models import run_in_c
from tests.helpers.saved_models import run_in_python


def file_of(pixels, kind="PNG", **options):
    """An image file of a Pillow image or of uint8 pixels."""
    content = io.BytesIO()
    if isinstance(pixels, np.ndarray):
        pixels = Image.fromarray(pixels)
    pixels.save(content, kind, **options)
    return content.getvalue()


@pytest.fixture(scope="module")
def pretrained():
    return load_model("mnist")


@pytest.fixture(scope="module")
def version(pretrained, tmp_path_factory):
    return export_saved_model(pretrained, tmp_path_factory.mktemp("m") / "m")


@pytest.fixture(scope="module")
def digits():
    return np.asarray(open_images("mnist", split="test").scaled(slice(60)))


def encode(version, files, runner=run_in_python):
    call = ("encode_image", {"image_bytes": np.array(files, object)})
    (outputs,) = runner(version, [call])
    return outputs


@pytest.mark.parametrize("runner", [run_in_python, run_in_c])
def test_files_of_the_right_size(version, pretrained, digits, runner):
    """Read as they are: the posterior is that of their pixels."""
    files = encode_pngs(tf.constant(digits)).numpy().tolist()
    outputs = encode(version, files, runner)
    assert outputs["valid"].all()
    for name, values in pretrained.encode(digits).items():
        assert_close(outputs[name], values)


def test_digits_anywhere_in_a_photograph(version, pretrained, digits):
    """Of any size and place, as JPEG: the class is that of the image itself.

    Resized twice, the pixels differ, so pose and style only to a tenth of their
    range; scaled as a whole, the digits would be read right by chance.
    """
    random = np.random.default_rng(0)
    files = []
    for digit in digits:
        pixels = Image.fromarray(np.uint8(127.5 * (digit[..., 0] + 1)))
        side = int(random.integers(60, 200))
        canvas = Image.new("L", (400, 300))
        at = random.integers(0, (400 - side, 300 - side))
        canvas.paste(pixels.resize((side, side)), tuple(at.tolist()))
        files.append(file_of(canvas, "JPEG", quality=90))
    outputs = encode(version, files)
    assert outputs["valid"].all()
    expected = pretrained.encode(digits)
    np.testing.assert_array_equal(
        outputs["category_probabilities"].argmax(axis=1),
        expected["category_probabilities"].argmax(axis=1),
    )
    for name in ("pose_mean", "style_mean"):
        difference = np.abs(outputs[name] - expected[name])
        assert np.median(difference) < 0.2


def test_bad_files_among_good(version, digits):
    """They are marked, and have no effect on the others."""
    good = file_of(np.uint8(127.5 * (digits[0, ..., 0] + 1)))
    jpeg = file_of(np.full((99, 99), 40, np.uint8), "JPEG")
    too_large = file_of(np.zeros((4097, 4097), np.uint8))
    assert 4097**2 > MAX_PIXELS
    bad = [
        b"",
        b"text",
        good[:8],
        good[:-20],
        good[:60] + bytes(4) + good[64:],
        jpeg[:300],
        too_large,
        # Blank, and ink on paper.
        file_of(np.zeros((50, 60), np.uint8)),
        file_of(255 - np.uint8(127.5 * (digits[0, ..., 0] + 1))),
    ]
    alone = encode(version, [good])
    outputs = encode(version, [good, *bad, good])
    assert outputs["valid"].tolist() == [True, *[False] * len(bad), True]
    for name in ("category_logits", "pose_mean"):
        assert_close(outputs[name][[0, -1]], alone[name][[0, 0]])
        assert np.isfinite(outputs[name]).all()
    assert encode(version, bad)["valid"].tolist() == [False] * len(bad)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (24, 32, 3)])
@pytest.mark.parametrize("size", [(100, 140), (57, 33), (32, 24)])
@pytest.mark.parametrize(
    ("mode", "resize"),
    [
        *((mode, "crop") for mode in ("RGB", "RGBA", "L", "P", "LA")),
        ("RGB", "pad"),
        ("RGB", "stretch"),
    ],
)
def test_as_the_command_reads_files(shape, size, mode, resize, tmp_path):
    """Without a frame: fitted and resized as `keras-infogan encode` does.

    Pillow rounds to whole levels in each direction and of gray values, which
    makes two levels; it also clips between the directions, so the image has no
    black and white to overshoot.
    """
    random = np.random.default_rng(0)
    small = Image.fromarray(
        random.integers(80, 180, (6, 6, 4), np.uint8), "RGBA"
    )
    image = small.resize(size, Image.Resampling.BICUBIC).convert(mode)
    path = tmp_path / "image.png"
    path.write_bytes(file_of(image))
    expected, _ = read_image(path, shape, resize=resize)
    read = make_reader(shape, None, resize)
    images, valid = read(tf.constant([path.read_bytes()]))
    assert valid.numpy().tolist() == [True]
    np.testing.assert_allclose(images[0], expected, rtol=0, atol=2 / 127.5)


def test_only_centered_gray_images_have_a_frame(pretrained):
    """MNIST's: 20 pixels, around half a pixel below and right of the middle."""
    frame = find_frame(pretrained)
    assert frame is not None
    assert float(frame.extent) == 20.0
    # Within the rounding of MNIST's centers to whole pixels, 0.3.
    np.testing.assert_allclose(frame.center, 14.5, atol=0.1)
    assert find_frame(build(KINDS["all_codes"])) is None
    # Untrained: all gray, to the border.
    assert find_frame(build(KINDS["mnist"])) is None
