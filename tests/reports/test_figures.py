"""Grids with labels, pixel by pixel where it can be said, and image files."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_infogan.reports import plots
from keras_infogan.reports.figures import plot_grid
from keras_infogan.reports.figures import render
from keras_infogan.reports.images import image_grid
from keras_infogan.reports.images import save_image
from tests.helpers.code_maps import CODE_MAP

RNG = np.random.default_rng(0)
# What plot_grid has around and between images.
PADDING = 4


def random_images(count, height=28, width=28, channels=1):
    return RNG.uniform(-1, 1, (count, height, width, channels)).astype(
        np.float32
    )


def ink_box(image):
    """Left, top, right and bottom of all that is not white."""
    rows, columns = np.nonzero((image != 255).any(axis=-1))
    return (
        int(columns.min()),
        int(rows.min()),
        int(columns.max()) + 1,
        int(rows.max()) + 1,
    )


def ink_size(text):
    """Width and height of a label on a sheet with room for it."""
    figure = Figure((800 / 128, 100 / 128), dpi=128)
    figure.text(0.1, 0.5, text, fontsize=8)
    left, top, right, bottom = ink_box(render(figure))
    return right - left, bottom - top


def labeled(images, **options):
    return render(plot_grid(images, **options))


def marks(ink):
    return "".join("x" if mark else " " for mark in ink)


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"in \[-1, 1\]. Received: .* 1.1 to"):
        plot_grid(np.full((1, 4, 4, 1), 1.1), num_columns=1)
    with pytest.raises(ValueError, match="one column.*: num_columns=0"):
        plot_grid(random_images(1), num_columns=0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("rows", "columns", "size"), [(10, 10, 28), (1, 1, 32), (3, 5, 128)]
)
def test_captions_leave_the_images_alone(rows, columns, size, channels):
    """The lower right part is the grid without captions, pixel by pixel."""
    images = random_images(rows * columns, size, size, channels)
    grid = image_grid(images, num_columns=columns, padding=PADDING)
    image = labeled(
        images,
        num_columns=columns,
        row_labels=[f"category {row}" for row in range(rows)],
        column_labels=[f"{column:+d}" for column in range(columns)],
        title="c",
    )
    height, width, _ = grid.shape
    np.testing.assert_array_equal(image[-height:, -width:], grid)


def test_no_captions_is_image_grid():
    images = random_images(7)
    np.testing.assert_array_equal(
        labeled(images, num_columns=3),
        image_grid(images, num_columns=3, padding=PADDING),
    )


@pytest.mark.parametrize("shape", [(28, 28), (4, 128), (128, 4)])
@pytest.mark.parametrize(
    "captions",
    [
        {"title": "Title, much longer than the image is wide (jpgqy)"},
        {"row_labels": ["category jpgqy", ""]},
        {"column_labels": ["a wide caption (jpgqy)", ""]},
        {"image_labels": ["", "", "", "a wide caption (jpgqy)"]},
    ],
    ids=["title", "row", "column", "image"],
)
def test_captions_are_whole(captions, shape):
    """White images leave the ink of the caption, as large as it is alone."""
    white = np.ones((4, *shape, 1), np.float32)
    image = labeled(white, num_columns=2, **captions)
    left, top, right, bottom = ink_box(image)
    (text,) = [
        label
        for value in captions.values()
        for label in ([value] if isinstance(value, str) else value)
        if label
    ]
    width, height = ink_size(text)
    # One pixel for the place of the letters between two pixels.
    assert abs(right - left - width) <= 1
    assert abs(bottom - top - height) <= 1


@pytest.mark.parametrize("shape", [(28, 28), (4, 128), (128, 4)])
def test_captions_do_not_touch(shape):
    """Wide captions move columns apart, flat images rows.

    Over white images, lines of white separate each caption from the next.
    """
    white = np.ones((4, *shape, 1), np.float32)
    wide = labeled(white, num_columns=4, column_labels=["continuous +1.0"] * 4)
    ink = (wide != 255).any(axis=(0, 2))
    gaps = re.findall("(?<=x) {8,}(?=x)", marks(ink))
    assert len(gaps) == 3
    high = labeled(white, num_columns=1, row_labels=["category"] * 4)
    ink = (high != 255).any(axis=(1, 2))
    assert len(re.findall("x +(?=x)", marks(ink))) == 3


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_caption_is_under_its_image(row, column):
    """In the middle of its column, right below its row, on no image."""
    labels = [""] * 6
    labels[3 * row + column] = "jpgqy"
    white = np.ones((6, 56, 56, 1), np.float32)
    image = labeled(white, num_columns=3, image_labels=labels)
    left, top, right, bottom = ink_box(image)
    step_x, step_y = image.shape[1] / 3, (image.shape[0] - 23) / 2
    assert abs((left + right) / 2 - (column + 0.5) * step_x) <= 4
    below = 23 + row * step_y + 56
    assert below <= top < bottom <= below + 23


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ({"row_labels": ["a"]}, "`row_labels` should have 2 entries.*1"),
        ({"column_labels": list("abcd")}, "`column_labels` should have 3"),
        ({"image_labels": list("abc")}, "`image_labels` should have 5"),
        ({"column_labels": []}, "`column_labels` should have 3.*Received: 0"),
    ],
)
def test_captions_should_fit(captions, message):
    with pytest.raises(ValueError, match=message):
        labeled(random_images(5), num_columns=3, **captions)


IMAGES = {
    "grid": lambda: plot_grid(
        np.zeros((4, 28, 28, 1)), num_columns=2, title="title"
    ),
    "curves": lambda: plots.plot_curves(
        [
            {
                "step": step,
                "discriminator_loss": 1.0 / step,
                "generator_loss": 0.5,
                "mutual_information_category": 2.0 - 5 / step,
            }
            for step in range(1, 50)
        ],
        ceilings={"category": 2.303},
    ),
    "confusion": lambda: plots.plot_confusion(
        {
            "confusion": [[5, 1, 0, 0], [0, 2, 9, 0]],
            "class_names": ["zero", "one"],
            "dataset": "digits",
            "code_map": CODE_MAP,
        }
    ),
}


@pytest.mark.parametrize("draw", IMAGES.values(), ids=IMAGES)
def test_files_are_images_and_the_same_bytes_twice(draw, tmp_path):
    """No time and no version is in them."""
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    save_image(first, render(draw()))
    save_image(second, render(draw()))
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as image:
        assert image.format == "PNG"
        assert not image.info
        levels = len(np.unique(np.array(image.convert("L"))))
    # White, ink, and more between them, as letters have smooth edges.
    assert levels > 5


def test_figures_show_themselves_in_notebooks():
    """IPython asks any object for this; a PNG file starts with these bytes."""
    figure = plot_grid(np.zeros((1, 4, 4, 1)), num_columns=1)
    assert figure._repr_png_().startswith(b"\x89PNG")
