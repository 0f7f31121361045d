"""Image files of every kind, as a network takes them."""

import os

import numpy as np
import pytest
from PIL import Image

from keras_infogan.data import image_file

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 24, 3)])
def test_read_image_gives_back_what_was_saved(shape, tmp_path):
    """But for half a gray level of rounding, 0.5 / 127.5."""
    saved = RNG.uniform(-1, 1, shape)
    levels = np.rint((saved + 1) * 127.5).astype(np.uint8)
    path = save_array(tmp_path / "x.png", levels.squeeze())
    image = image_file.read_image(path, shape)[0]
    assert image.dtype == np.float32
    assert image.shape == shape
    np.testing.assert_allclose(image, saved, atol=0.5 / 127.5 + 1e-6)


def save_array(path, array):
    Image.fromarray(array).save(path)
    return path


def test_read_image_of_16_bits(tmp_path):
    """0, a half and 65535 are -1, 0 and 1, to half of one of 255 levels."""
    levels = np.array([[0, 32768, 65535]], np.uint16).repeat(3, axis=0)
    path = save_array(tmp_path / "deep.png", levels)
    image = image_file.read_image(path, (3, 3, 1))[0]
    np.testing.assert_allclose(
        image[..., 0], [[-1, 0, 1]] * 3, atol=0.5 / 127.5 + 1e-6
    )


def test_read_image_puts_transparency_on_black(tmp_path):
    """Alpha 0 is black, alpha 51 = 255 / 5 of white is a fifth: -0.6.

    A level of rounding, 1 / 127.5, is allowed.
    """
    path = save_array(
        tmp_path / "alpha.png",
        np.array([[[255] * 4, [255, 255, 255, 51], [255, 255, 255, 0]]] * 3)
        .astype(np.uint8)
        .reshape(3, 3, 4),
    )
    image = image_file.read_image(path, (3, 3, 1))[0]
    np.testing.assert_allclose(
        image[..., 0], [[1, -0.6, -1]] * 3, atol=1 / 127.5
    )


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA"])
def test_read_image_of_every_mode(mode, tmp_path):
    """White on the left, black on the right, whatever it is stored as."""
    image = Image.new("L", (8, 8), 0)
    image.paste(255, (0, 0, 4, 8))
    path = tmp_path / ("x.tiff" if mode == "PA" else "x.png")
    image.convert("P" if mode == "PA" else mode).convert(mode).save(path)
    for channels in (1, 3):
        image = image_file.read_image(path, (8, 8, channels))[0]
        assert (image[:, :4] == 1).all()
        assert (image[:, 4:] == -1).all()


def test_read_image_of_a_negative(tmp_path):
    """Ink on white or on transparent paper becomes light on black."""
    pixels = np.zeros((3, 3, 4), np.uint8)
    pixels[1, 1] = 0, 0, 0, 255
    expected = np.full((3, 3, 1), -1.0)
    expected[1, 1] = 1.0
    path = save_array(tmp_path / "x.png", pixels)
    image = image_file.read_image(path, (3, 3, 1), invert=True)[0]
    np.testing.assert_array_equal(image, expected)


def test_a_negative_is_padded_with_its_background(tmp_path):
    path = save_array(tmp_path / "x.png", np.full((4, 12), 255, np.uint8))
    shape = (12, 12, 1)
    padded = image_file.read_image(path, shape, invert=True, resize="pad")[0]
    assert (padded == -1).all()


def test_read_image_turns_photographs_upright(tmp_path):
    """Orientation 6: the camera was turned, what is left belongs on top."""
    image = Image.new("L", (40, 20), 0)
    image.paste(255, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "x.png", exif=exif)
    image = image_file.read_image(tmp_path / "x.png", (40, 20, 1))[0]
    assert (image[:20] == 1).all()
    assert (image[20:] == -1).all()


def test_read_image_crops_around_the_center(tmp_path):
    """Of 12 x 4 pixels, the middle 4 columns are kept for a square."""
    levels = np.zeros((4, 12), np.uint8)
    levels[:, 4:8] = 255
    path = save_array(tmp_path / "x.png", levels)
    assert (image_file.read_image(path, (4, 4, 1))[0] == 1).all()


def test_read_image_resizes_with_antialiasing(tmp_path):
    """A checkerboard, eight times too large, becomes gray, not a pattern.

    Half of 255 is 127.5; a window of Lanczos 3 over 8 pixels leaves less than
    a hundredth of the pattern away from the edges; two levels are allowed.
    """
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    path = save_array(tmp_path / "x.png", board)
    image = image_file.read_image(path, (8, 8, 1))[0]
    np.testing.assert_allclose(image, 0.0, atol=2 / 127.5)


def test_read_image_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*none\.png\.$"):
        image_file.read_image(tmp_path / "none.png", (28, 28, 1))


def test_read_image_names_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    """By a stand-in, as root may read every file."""

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "x.png").touch()
    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(
        PermissionError, match=r"No permission to read .*x\.png"
    ):
        image_file.read_image(tmp_path / "x.png", (28, 28, 1))


def _whole_png(tmp_path):
    path = save_array(
        tmp_path / "x.png", RNG.integers(0, 256, (64, 64), np.uint8)
    )
    return path.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda png: b"",
        lambda png: b"hello, I am a text\n" * 9,
        lambda png: png[:20],
        lambda png: png[: len(png) // 2],
        lambda png: png[:60] + bytes(200) + png[260:],
    ],
    ids=["empty", "text", "header", "half", "zeros"],
)
def test_read_image_refuses_damaged_files(damage, tmp_path):
    path = tmp_path / "bad.png"
    path.write_bytes(damage(_whole_png(tmp_path)))
    with pytest.raises(
        ValueError, match=r"bad\.png should be an image file.*Received: \S"
    ) as caught:
        image_file.read_image(path, (28, 28, 1))
    assert "\n" not in str(caught.value)


def test_read_image_refuses_a_folder(tmp_path):
    with pytest.raises(ValueError, match="an image file. Received: a folder"):
        image_file.read_image(tmp_path, (28, 28, 1))


def test_read_image_refuses_numbers_of_unknown_range(tmp_path):
    path = save_array(tmp_path / "x.tiff", np.zeros((4, 4), np.float32))
    with pytest.raises(ValueError, match="not of 8 or 16 bits"):
        image_file.read_image(path, (4, 4, 1))


@pytest.mark.parametrize("side", [8001, 10_000, 20_000])
def test_read_image_refuses_huge_images(side, tmp_path):
    """One row above 50 Mpx; where Pillow warns; and where Pillow refuses.

    The files are small: one color packs well. Nothing of it is unpacked.
    """
    path = tmp_path / "huge.png"
    Image.new("1", (side, side)).save(path)
    with pytest.raises(
        ValueError, match=r"huge\.png should have at most 64,000,000 pixels"
    ):
        image_file.read_image(path, (28, 28, 1))


def test_read_image_refuses_other_channels(tmp_path):
    with pytest.raises(ValueError, match="or 3 .RGB.. Received: image_sh"):
        image_file.read_image(tmp_path / "x.png", (28, 28, 2))


def test_the_size_is_that_of_the_upright_image(tmp_path):
    """Turned once, whoever turns it: Pillow itself turns TIFF.

    An orientation that there is not, or that is a text, is none.
    """
    for name, orientation, size in (
        ("six.jpg", 6, (50, 100)),
        ("six.tiff", 6, (50, 100)),
        ("one.jpg", 1, (100, 50)),
        ("nine.jpg", 9, (100, 50)),
    ):
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"compression": "tiff_lzw"} if "tiff" in name else {}
        Image.new("L", (100, 50)).save(tmp_path / name, exif=exif, **options)
        assert image_file.read_image(tmp_path / name, (8, 8, 1))[1] == size
    # After the number of the tag comes its type: 3 is a number, 2 a text.
    data = (tmp_path / "one.jpg").read_bytes()
    tag = data.index(b"\x01\x12\x00\x03")
    (tmp_path / "text.jpg").write_bytes(
        data[: tag + 3] + b"\x02" + data[tag + 4 :]
    )
    size = image_file.read_image(tmp_path / "text.jpg", (8, 8, 1))[1]
    assert size == (100, 50)


# describe_crop


@pytest.mark.parametrize(
    ("size", "shape", "read"),
    [
        ((28, 28), (28, 28, 1), None),
        # A tenth is left out, and more.
        ((1000, 900), (28, 28, 1), None),
        (
            (1000, 899),
            (28, 28, 1),
            "1000 x 899 pixels, of which only the central 899 x 899",
        ),
        (
            (40, 100),
            (28, 28, 1),
            "40 x 100 pixels, of which only the central 40 x 40",
        ),
        # Twice as wide as high is what the model takes.
        ((100, 50), (16, 32, 1), None),
        (
            (50, 50),
            (16, 32, 3),
            "50 x 50 pixels, of which only the central 50 x 25",
        ),
        ((1, 1), (100, 28, 1), "1 x 1 pixels, of which only the central 1 x 1"),
    ],
)
def test_describe_crop(size, shape, read):
    sentences = image_file.describe_crop(size, shape)
    assert bool(sentences) == bool(read)
    assert read is None or read in sentences[0]


def test_a_file_of_a_terabyte_is_not_read(tmp_path):
    """Pillow would read all of a WebP, which may have anything behind it."""
    path = tmp_path / "x.webp"
    Image.new("L", (8, 8)).save(path)
    os.truncate(path, 2**40)
    with pytest.raises(ValueError, match="1099512 MB, of which at most 400"):
        image_file.open_image(path)
