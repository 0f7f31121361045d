"""From a picture file to an array, whatever kind of picture it is."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL import ImageOps

from keras_infogan.files import one_line

# Of a picture, that may be cut off unsaid.
_MOST_CROPPED = 0.1
# 64 million pixels are a large photograph; more is more likely a trap.
MAX_PIXELS = 64_000_000


def _flatten(picture: Any, background: str) -> Any:
    """8-bit RGB of any Pillow image, upright and on a background."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode == "F" or picture.mode.startswith("I"):
        deep = np.asarray(picture)
        if picture.mode == "F" or deep.min() < 0 or deep.max() > 65535:
            raise ValueError("numbers of unknown range, not of 8 or 16 bits")
        # Pillow's own conversion cuts off all above 255.
        picture = Image.fromarray(np.rint(deep / 257).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    flat = Image.new("RGBA", picture.size, background)
    flat.alpha_composite(picture.convert("RGBA"))
    return flat.convert("RGB")


def read_image(
    path: Path, image_shape: tuple[int, ...], *, invert: bool = False
) -> tuple[np.ndarray, tuple[int, int]]:
    """Reads a picture file as a network takes it.

    Turned upright as its camera says; transparent parts become black. A picture
    of another shape is cropped around its center to the aspect ratio and
    resized with antialiasing; one of this shape is kept as it is.

    Args:
        path: A file of any format that Pillow knows; the first frame of it.
        image_shape: Height, width and channels (1 for gray, 3 for RGB).
        invert: Whether to turn bright into dark, for ink on paper.

    Returns:
        Float32 array of shape `image_shape` in [-1, 1], black is -1; and width
        and height of the picture in the file, upright.

    Raises:
        OSError: If there is no such file or it may not be read.
        ValueError: If it is no picture, or one of more than `MAX_PIXELS`.
    """
    height, width, channels = image_shape
    if channels not in (1, 3) or height < 1 or width < 1:
        raise ValueError(
            "Pictures are read as gray or RGB, of 1 or 3 channels. "
            f"Received: image_shape={tuple(image_shape)}."
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are refused below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path)
        with picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError(
                    f"{picture.width} x {picture.height}."
                )
            flat = _flatten(picture, "white" if invert else "black")
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise ValueError(
            f"{path} should be a picture. Received: a folder."
        ) from None
    except PermissionError:
        raise PermissionError(f"The file {path} may not be read.") from None
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"{path} should have at most {MAX_PIXELS:,} pixels; make it "
            f"smaller. Received: {one_line(error)}"
        ) from None
    # Decoders raise errors of any type on damaged files.
    except Exception as error:
        raise ValueError(
            f"{path} should be a picture, such as PNG or JPEG. "
            f"Received: {one_line(error)}"
        ) from None
    fitted = ImageOps.fit(
        flat.convert("L") if channels == 1 else flat,
        (width, height),
        Image.Resampling.LANCZOS,
    )
    array = np.asarray(fitted, np.float32).reshape(image_shape)
    scaled = array / 127.5 - 1.0
    return -scaled if invert else scaled, flat.size


def describe_crop(
    size: tuple[int, int], image_shape: tuple[int, ...]
) -> list[str]:
    """What `read_image` leaves out of a picture.

    Args:
        size: Its width and height.
        image_shape: As of `read_image`.

    Returns:
        A sentence without a subject, or none if a tenth or less is left out.
    """
    width, height = size
    aspect = image_shape[1] / image_shape[0]
    read_width = min(width, height * aspect)
    read_height = min(height, width / aspect)
    if read_width * read_height >= (1 - _MOST_CROPPED) * width * height:
        return []
    return [
        f"is of {width} x {height} pixels, of which "
        f"{max(1, round(read_width))} x {max(1, round(read_height))} in the "
        "middle are read."
    ]
