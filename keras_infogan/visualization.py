"""From arrays to pictures, and from a picture to an array."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont
from PIL import ImageOps

from keras_infogan.files import atomic_path

_WHITE = (255, 255, 255)
_INK = (40, 40, 40)
_FONT_SIZE = 15
_PADDING = 4
# Images are enlarged by a whole number until they are at least this large.
_MIN_CELL = 56
# 64 million pixels are a large photograph; more is more likely a trap.
MAX_PIXELS = 64_000_000


def render_grid(
    images: np.ndarray,
    *,
    num_columns: int,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    title: str | None = None,
) -> np.ndarray:
    """Images side by side, row by row, with captions.

    Args:
        images: Float array of shape `(num_images, height, width, channels)` in
            [-1, 1], of 1 or 3 channels.
        num_columns: Images in a row; the last row may be shorter.
        row_labels: A caption to the left of each row.
        column_labels: A caption above each column.
        title: A line above it all.

    Returns:
        uint8 array of shape `(height, width, 3)`. Small images are enlarged by
        a whole number.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not len(images) or images.shape[-1] not in (1, 3):
        raise ValueError(
            "A grid takes images of shape (num_images, height, width, 1 or 3). "
            f"Received: shape={images.shape}."
        )
    if not (images.min() >= -1.001 and images.max() <= 1.001):
        raise ValueError(
            "A grid takes images in [-1, 1]. "
            f"Received: values from {images.min():.4g} to {images.max():.4g}."
        )
    if num_columns < 1:
        raise ValueError(
            "A grid has at least one column. "
            f"Received: num_columns={num_columns}."
        )
    count, height, width, _ = images.shape
    num_rows = -(-count // num_columns)
    for name, labels, size in (
        ("row_labels", row_labels, num_rows),
        ("column_labels", column_labels, num_columns),
    ):
        if labels is not None and len(labels) != size:
            raise ValueError(
                f"`{name}` should have {size} entries, one each. "
                f"Received: {len(labels)}."
            )
    pixels = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
    pixels = np.broadcast_to(pixels, (count, height, width, 3))
    scale = max(1, -(-_MIN_CELL // max(height, width)))
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    cell_height, cell_width = height * scale, width * scale

    font = ImageFont.load_default(_FONT_SIZE)
    line = _FONT_SIZE + 2 * _PADDING
    left, top = _PADDING, _PADDING
    if row_labels is not None:
        left += 2 * _PADDING + max(
            int(np.ceil(font.getlength(label))) for label in row_labels
        )
    if title is not None:
        top += line
    if column_labels is not None:
        top += line
    grid_width = left + num_columns * (cell_width + _PADDING)
    if title is not None:
        grid_width = max(
            grid_width, int(font.getlength(title)) + 2 * _PADDING + left
        )
    picture = Image.new(
        "RGB",
        (grid_width, top + num_rows * (cell_height + _PADDING)),
        _WHITE,
    )
    draw = ImageDraw.Draw(picture)

    def write(x: int, y: int, text: str, anchor: str) -> None:
        draw.text((x, y), text, fill=_INK, font=font, anchor=anchor)

    if title is not None:
        write(left, _PADDING + line // 2, title, "lm")
    for column, label in enumerate(column_labels or ()):
        x = left + column * (cell_width + _PADDING) + cell_width // 2
        write(x, top - line // 2 - _PADDING // 2, label, "mm")
    for row, label in enumerate(row_labels or ()):
        y = top + row * (cell_height + _PADDING) + cell_height // 2
        write(left - 2 * _PADDING, y, label, "rm")
    grid = np.array(picture)
    for index, cell in enumerate(pixels):
        row, column = divmod(index, num_columns)
        y = top + row * (cell_height + _PADDING)
        x = left + column * (cell_width + _PADDING)
        grid[y : y + cell_height, x : x + cell_width] = cell
    return grid


def save_picture(path: Path, picture: np.ndarray) -> None:
    """Writes a uint8 array of shape `(height, width, 3)` as PNG, atomically."""
    if path.suffix.lower() != ".png":
        raise ValueError(
            f"A picture is written as PNG, to a name that ends in .png. "
            f"Received: {path}."
        )
    with atomic_path(path) as partial:
        Image.fromarray(picture).save(partial, format="PNG")


def _save_figure(path: Path, figure: Figure) -> None:
    with atomic_path(path) as partial:
        # No version in the file, so that the same figure gives the same bytes.
        figure.savefig(
            partial, format="png", dpi=120, metadata={"Software": None}
        )


def save_curves(
    path: Path,
    log: Sequence[Mapping[str, Any]],
    *,
    entropies: Mapping[str, float],
) -> None:
    """Losses and information over the steps, as PNG.

    Args:
        path: Where the picture goes.
        log: Lines with `step`, the two losses and `mutual_information_<code>`.
        entropies: `H(c)` in nats by the name of the code, drawn as a line:
            what a discrete code cannot pass.
    """
    if not log:
        raise ValueError(
            "Curves need at least one line of the log. Received: none."
        )
    steps = [line["step"] for line in log]
    marker = "o" if len(log) == 1 else None
    figure = Figure(figsize=(11, 4), layout="constrained")
    losses, information = figure.subplots(1, 2)
    for name in ("discriminator_loss", "generator_loss"):
        losses.plot(
            steps,
            [line[name] for line in log],
            label=name.replace("_", " "),
            marker=marker,
        )
    losses.set(xlabel="step", ylabel="loss", title="Losses")
    for number, (name, entropy) in enumerate(entropies.items()):
        color = f"C{number}"
        information.plot(
            steps,
            [line[f"mutual_information_{name}"] for line in log],
            color=color,
            label=f"{name}, bound",
            marker=marker,
        )
        information.axhline(
            entropy,
            color=color,
            linestyle="dashed",
            linewidth=1,
            label=f"{name}, entropy {entropy:.2f}",
        )
    if "invariant_information" in log[0]:
        information.plot(
            steps,
            [line["invariant_information"] for line in log],
            color="gray",
            label="category of a real image and its warped copy",
            marker=marker,
        )
    # A bound far below 0 in the first steps would flatten all the rest.
    information.set_ylim(bottom=max(information.get_ylim()[0], -2.0))
    information.set(
        xlabel="step", ylabel="nats", title="Mutual information, lower bound"
    )
    for axes in (losses, information):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    _save_figure(path, figure)


def save_confusion_matrix(
    path: Path,
    confusion: np.ndarray | Sequence[Sequence[int]],
    *,
    class_names: Sequence[str],
    cluster_names: Sequence[str],
    title: str,
) -> None:
    """A heat map of classes and categories, as PNG.

    Args:
        path: Where the picture goes.
        confusion: Integer array of shape `(num_classes, num_clusters)`.
        class_names: The names of the rows.
        cluster_names: The names of the columns.
        title: A line above it all.
    """
    counts = np.asarray(confusion)
    if counts.shape != (len(class_names), len(cluster_names)):
        raise ValueError(
            "The names should fit the matrix. "
            f"Received: shape={counts.shape}, {len(class_names)} class names, "
            f"{len(cluster_names)} cluster names."
        )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows, columns = counts.shape
    figure = Figure(
        figsize=(2.0 + 0.55 * columns, 1.6 + 0.5 * rows), layout="constrained"
    )
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(columns), cluster_names)
    axes.set_yticks(range(rows), class_names)
    axes.set(xlabel="category", ylabel="class", title=title)
    for row, column in np.ndindex(rows, columns):
        if counts[row, column]:
            axes.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shares[row, column] > 0.5 else "black",
            )
    figure.colorbar(image, label="share of the class")
    _save_figure(path, figure)


def read_image(path: Path, image_shape: tuple[int, ...]) -> np.ndarray:
    """Reads a picture file as a network takes it.

    Transparent parts become black; another shape than asked for is cropped
    around its center to the aspect ratio and resized with antialiasing.

    Args:
        path: A file of any format that Pillow knows.
        image_shape: Height, width and channels (1 for gray, 3 for RGB).

    Returns:
        Float32 array of shape `image_shape` in [-1, 1].

    Raises:
        OSError: If there is no such file.
        ValueError: If it is no picture, or one of more than `MAX_PIXELS`.
    """
    height, width, channels = image_shape
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(
                    f"{path} should have at most {MAX_PIXELS:,} pixels. "
                    f"Received: {picture.width} x {picture.height}."
                )
            black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
            black.alpha_composite(picture.convert("RGBA"))
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise ValueError(
            f"{path} should be a picture. Received: a folder."
        ) from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} should be a picture, such as PNG or JPEG. "
            f"Received: {error}"
        ) from None
    fitted = ImageOps.fit(
        black.convert("L" if channels == 1 else "RGB"),
        (width, height),
        Image.Resampling.LANCZOS,
    )
    array = np.asarray(fitted, np.float32).reshape(image_shape)
    return array / 127.5 - 1.0
