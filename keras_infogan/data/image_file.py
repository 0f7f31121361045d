"""Reads image files of every kind, and fits images to a shape."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL import ImageOps

from keras_infogan.files import check_regular
from keras_infogan.files import one_line
from keras_infogan.images import check_channels

# 64 million pixels are a large photograph; more is probably an attack.
MAX_PIXELS = 64_000_000
# Those pixels in RGB of 16 bits; Pillow reads some formats as a whole.
MAX_BYTES = 400_000_000


def read_image(
    path: Path,
    image_shape: tuple[int, ...],
    *,
    invert: bool = False,
    resize: str = "crop",
) -> tuple[np.ndarray, tuple[int, int]]:
    """Reads an image file into the shape and range that the networks use.

    The image is turned upright by its EXIF orientation, and transparent parts
    become black. Unless it already has the right size, it is fitted to it.

    Args:
        path: A file in any format that Pillow reads. Of several frames, the
            first one is used.
        image_shape: `(height, width, channels)`, with 1 channel for grayscale
            or 3 for RGB.
        invert: Whether to invert the brightness, for ink on paper.
        resize: How another aspect ratio is fitted, as by `fit_image`.

    Returns:
        float32 array of shape `image_shape` in [-1, 1], where black is -1; and
        the upright image's width and height in the file.

    Raises:
        OSError: If the file does not exist or cannot be opened.
        ValueError: If it is not an image, or has more than `MAX_PIXELS`.
    """
    height, width, channels = image_shape
    check_channels(channels, f"image_shape={tuple(image_shape)}")
    image = open_image(path, background="white" if invert else "black")
    if invert:
        # First, so that it is padded with what is background then.
        image = ImageOps.invert(image)
    fitted = fit_image(image, image_shape, resize)
    return fitted.astype(np.float32) / 127.5 - 1.0, image.size


def fit_image(
    image: Any, image_shape: tuple[int, ...], resize: str = "crop"
) -> np.ndarray:
    """Fits a Pillow image to `(height, width, channels)`, antialiased.

    Args:
        image: Of 8 bits, without transparent parts.
        image_shape: With 1 channel for grayscale or 3 for RGB.
        resize: What to do about another aspect ratio: `"crop"` around the
            center, `"pad"` with black, or `"stretch"`.

    Returns:
        uint8 array of shape `image_shape`.
    """
    height, width, channels = image_shape
    image = image.convert("L" if channels == 1 else "RGB")
    size, method = (width, height), Image.Resampling.LANCZOS
    if image.size == size:
        pass
    elif resize == "stretch":
        image = image.resize(size, method)
    elif resize == "pad":
        image = ImageOps.pad(image, size, method)
    else:
        image = ImageOps.fit(image, size, method)
    return np.asarray(image).reshape(image_shape)


def describe_crop(
    size: tuple[int, int], image_shape: tuple[int, ...]
) -> list[str]:
    """Describes what cropping takes from an image of this width and height.

    Returns:
        A list with one sentence that lacks its subject, or an empty list if a
        tenth or less is cropped.
    """
    width, height = size
    aspect = image_shape[1] / image_shape[0]
    read_width = min(width, height * aspect)
    read_height = min(height, width / aspect)
    if read_width * read_height >= 0.9 * width * height:
        return []
    return [
        f"has {width} x {height} pixels, of which only the central "
        f"{max(1, round(read_width))} x {max(1, round(read_height))} are used."
    ]


def open_image(path: Path, *, background: str = "black") -> Any:
    """Opens an image file as an upright 8-bit Pillow image, gray or RGB.

    Transparent parts get the color `background`.

    Raises:
        OSError: If the file does not exist or cannot be opened.
        ValueError: If it is not an image, or has more than `MAX_PIXELS`.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns about sizes that are refused below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            check_regular(path)
            if path.stat().st_size > MAX_BYTES:
                raise ValueError(
                    f"{path.stat().st_size / 1e6:.0f} MB, of which at most "
                    f"{MAX_BYTES / 1e6:.0f} are read."
                )
            image = Image.open(path)
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError(
                    f"{image.width} x {image.height}."
                )
            return _flatten(image, background)
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except PermissionError:
        raise PermissionError(f"No permission to read {path}.") from None
    except IsADirectoryError:
        raise ValueError(
            f"{path} should be an image file. Received: a folder."
        ) from None
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"{path} should have at most {MAX_PIXELS:,} pixels; scale it "
            f"down. Received: {one_line(error)}"
        ) from None
    # Decoders raise errors of all types on damaged files.
    except Exception as error:
        raise ValueError(
            f"{path} should be an image file, such as PNG or JPEG. "
            f"Received: {one_line(error)}"
        ) from None


def _flatten(image: Any, background: str) -> Any:
    """Converts any Pillow image to upright 8 bits, gray or RGB."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode.startswith("I"):
        deep = np.asarray(image)
        if image.mode == "F" or deep.min() < 0 or deep.max() > 65535:
            raise ValueError("numbers of unknown range, not of 8 or 16 bits")
        # Pillow's own conversion clips values above 255.
        image = Image.fromarray(np.rint(deep / 257).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("L" if image.mode in ("1", "L") else "RGB")
    flat = Image.new("RGBA", image.size, background)
    flat.alpha_composite(image.convert("RGBA"))
    return flat.convert("L" if image.mode == "LA" else "RGB")
