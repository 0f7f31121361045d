"""Image data sets that are rendered: letters of fonts and colored shapes.

Deterministic for a seed and the installed versions of Pillow and Matplotlib,
whose fonts (DejaVu, STIX, Computer Modern) are used.
"""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from keras_infogan import ImageData

FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic")),
    *("cmb10", "cmr10", "cmss10", "cmtt10"),
)
SHAPES = ("disk", "square", "triangle", "star")
# Shapes are drawn this much larger, then averaged, for smooth edges.
_OVERSAMPLING = 4


def render_glyphs(
    count: int, *, seed: int = 0, letters: str = "ABCDEFGHIJ", size: int = 28
) -> ImageData:
    """White letters on black, in a random font, size and place.

    Args:
        count: Number of images; classes are drawn at random.
        seed: Seed of classes, fonts, sizes and places.
        letters: The classes.
        size: Height and width of the gray images, in pixels. The size of a font
            is 0.7 to 1.0 of it (capitals are about 0.7 of that high), and a
            letter is off the center by up to 0.1 of it.
    """
    random = np.random.default_rng(seed)
    folder = Path(matplotlib.get_data_path()) / "fonts/ttf"
    heights = np.arange(round(0.7 * size), size + 1)
    fonts = [
        ImageFont.truetype(folder / f"{name}.ttf", int(height))
        for name in FONTS
        for height in heights
    ]
    labels = random.integers(len(letters), size=count)
    images = np.zeros((count, size, size, 1), np.uint8)
    for image, label in zip(images, labels, strict=True):
        font = fonts[random.integers(len(fonts))]
        letter = letters[label]
        left, top, right, bottom = font.getbbox(letter)
        x, y = random.uniform(0.4, 0.6, 2) * size
        canvas = Image.new("L", (size, size))
        ImageDraw.Draw(canvas).text(
            (x - (left + right) / 2, y - (top + bottom) / 2),
            letter,
            fill=255,
            font=font,
        )
        image[..., 0] = canvas
    return ImageData(images, labels, "glyphs", tuple(letters))


def render_shapes(count: int, *, seed: int = 0, size: int = 32) -> ImageData:
    """One bright shape on a dark color: all random but for the four shapes.

    Args:
        count: Number of images; classes are drawn at random.
        seed: Seed of shapes, colors, sizes, places and angles.
        size: Height and width of the RGB images, in pixels. The radius of the
            circle around a shape is 0.2 to 0.35 of it.
    """
    random = np.random.default_rng(seed)
    labels = random.integers(len(SHAPES), size=count)
    images = np.zeros((count, size, size, 3), np.uint8)
    for image, label in zip(images, labels, strict=True):
        background = random.integers(0, 64, 3)
        # At least one channel is bright.
        color = random.integers(64, 256, 3)
        color[random.integers(3)] = 255
        radius = random.uniform(0.2, 0.35)
        center = random.uniform(radius, 1.0 - radius, 2)
        outline = _outline(SHAPES[label], random.uniform(0.0, 2.0 * np.pi))
        canvas = Image.new(
            "RGB", (_OVERSAMPLING * size,) * 2, tuple(background.tolist())
        )
        ImageDraw.Draw(canvas).polygon(
            [
                tuple(point)
                for point in _OVERSAMPLING * size * (center + radius * outline)
            ],
            fill=tuple(color.tolist()),
        )
        image[:] = canvas.reduce(_OVERSAMPLING)
    return ImageData(images, labels, "shapes", SHAPES)


def _outline(shape: str, angle: float) -> np.ndarray:
    """The corners of a shape in the unit circle, of shape `(corners, 2)`."""
    corners = {"disk": 48, "square": 4, "triangle": 3, "star": 10}[shape]
    radii = np.ones(corners)
    if shape == "star":
        radii[1::2] = 0.4
    angles = angle + 2.0 * np.pi * np.arange(corners) / corners
    return (radii * [np.cos(angles), np.sin(angles)]).T
