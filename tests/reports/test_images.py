"""Grids of images, pixel by pixel, and PNG files."""

import numpy as np
import pytest
from PIL import Image

from keras_infogan.reports.images import image_grid
from keras_infogan.reports.images import save_image
from keras_infogan.reports.images import tile

RNG = np.random.default_rng(0)
BLACK = np.zeros((4, 4, 3), np.uint8)


def random_images(count, height=28, width=28, channels=1):
    return RNG.uniform(-1, 1, (count, height, width, channels)).astype(
        np.float32
    )


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


def test_image_grid_to_the_pixel():
    """Three images of one pixel in two columns, enlarged to 56 x 56.

    -1, 0 and 1 are 0, 128 (127.5 rounded to even) and 255. With a padding of 1
    there are 1 + 56 + 1 + 56 + 1 = 115 pixels each way, and no fourth image.
    """
    images = np.array([-1.0, 0.0, -1.0], np.float32).reshape(3, 1, 1, 1)
    grid = image_grid(images, num_columns=2, padding=1)
    expected = np.full((115, 115), 255)
    expected[1:57, 1:57] = 0
    expected[1:57, 58:114] = 128
    expected[58:114, 1:57] = 0
    assert grid.dtype == np.uint8
    np.testing.assert_array_equal(
        grid, np.repeat(expected[..., None], 3, axis=-1)
    )


def test_image_grid_without_padding_is_the_image():
    images = random_images(1, 58, 62, 3)
    grid = image_grid(images, num_columns=1, padding=0)
    np.testing.assert_allclose(
        grid / 127.5 - 1.0,
        images[0],
        atol=0.5 / 127.5 + 1e-6,  # half a gray level
    )


@pytest.mark.parametrize(
    ("size", "cell"), [(28, 56), (32, 64), (64, 64), (128, 128), (20, 60)]
)
def test_small_images_are_enlarged_by_a_whole_number(size, cell):
    """To 56 pixels at least: 2 * 28, 2 * 32, 3 * 20; larger ones are kept."""
    grid = image_grid(random_images(6, size, size), num_columns=3)
    assert grid.shape == (2 * (cell + 2) + 2, 3 * (cell + 2) + 2, 3)


def test_a_grid_of_oblong_images():
    """The longer side counts: 14 x 28 becomes 28 x 56, in gaps of 2."""
    grid = image_grid(random_images(6, 14, 28), num_columns=3)
    assert grid.shape == (2 * (28 + 2) + 2, 3 * (56 + 2) + 2, 3)


def test_gaps_are_vertical_and_horizontal():
    """Two black cells of 1 x 1 in a row, with 1 above and 2 beside them."""
    grid = tile(np.zeros((2, 1, 1, 3), np.uint8), 2, (1, 2))
    expected = np.full((3, 8), 255)
    expected[1, [2, 5]] = 0
    np.testing.assert_array_equal(grid[..., 0], expected)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((28, 28, 1)), r"channels\).*: shape=\(28, 28, 1\)"),
        (
            np.zeros((2, 28, 28, 2)),
            r"or 3 \(RGB\).*\(2, 28, 28, 2\)",
        ),
        (np.zeros((0, 28, 28, 1)), r"Received: shape=\(0, 28, 28, 1\)"),
        (np.zeros((1, 28, 28, 1), np.uint8), "dtype=uint8. Scale bytes by"),
        (np.full((1, 4, 4, 1), 1.1), r"in \[-1, 1\]. Received: .* 1.1 to 1.1"),
        (np.full((1, 4, 4, 1), np.nan), r"in \[-1, 1\]. Received: NaN"),
        (np.full((1, 4, 4, 1), -np.inf), r"in \[-1, 1\]. Received: NaN"),
    ],
)
def test_grids_refuse_what_are_no_images(images, message):
    with pytest.raises(ValueError, match=message):
        image_grid(images, num_columns=1)


def test_a_grid_has_columns():
    with pytest.raises(ValueError, match="one column.*: num_columns=0"):
        image_grid(random_images(1), num_columns=0)


def test_files_are_their_pixels_and_the_same_bytes_twice(tmp_path):
    """No time and no version is in them."""
    image = RNG.integers(0, 256, (5, 7, 3), np.uint8)
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    save_image(first, image)
    save_image(second, image)
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as file:
        assert file.format == "PNG"
        assert not file.info
        np.testing.assert_array_equal(np.array(file), image)


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(ValueError, match="ends in .png. Received: .*x.jpg"):
        save_image(tmp_path / "x.jpg", BLACK)
    assert not leftovers(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def fail(self, target, **options):
        target.write_bytes(b"half an im")
        raise OSError("No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        save_image(path, BLACK)
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == ["x.png"]
