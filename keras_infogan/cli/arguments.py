"""What the arguments of several commands are, and how they are refused."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_infogan.models.pretrained import find_model


def json_value(example: Any, text: str) -> Any:
    """An object or a list, as the example is."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, type(example)):
        kind = "object" if isinstance(example, dict) else "list"
        raise argparse.ArgumentTypeError(
            f"expected a JSON {kind} such as {json.dumps(example)}, "
            f"got {text!r}"
        )
    return content


def count(most: int, text: str) -> int:
    """A number of images that a picture has room for, or of labels."""
    if not text.isdecimal() or not 1 <= int(text) <= most:
        limits = "of at least 1" if most == sys.maxsize else f"from 1 to {most}"
        raise argparse.ArgumentTypeError(
            f"expected a whole number {limits}, got {text!r}"
        )
    return int(text)


def path(text: str) -> Path:
    """A path; an empty one would be the current folder, by accident."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got an empty one")
    return Path(text)


def code_values(text: str) -> tuple[str, list[float]]:
    """`NAME=VALUE,VALUE` as the name of a code and its values."""
    name, _, values = text.partition("=")
    try:
        return name, [float(value) for value in values.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected NAME=VALUE or NAME=VALUE,VALUE, got {text!r}"
        ) from None


def attribute_value(text: str) -> tuple[str, float]:
    """`NAME=NUMBER` as the name of an attribute and how much of it."""
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(
            f"expected NAME=NUMBER such as slant=0.5, got {text!r}"
        )
    return name, number


def png(text: str) -> Path:
    """A picture to write; that it cannot be is said before the work."""
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(
            f"expected a name that ends in .png, got {text!r}"
        )
    return path


def code_dimension(text: str) -> tuple[str, int]:
    """`NAME:INDEX` as the name of a code and its dimension, 0 if not given."""
    name, _, index = text.partition(":")
    if index and not index.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected NAME, or NAME:INDEX with an index from 0, got {text!r}"
        )
    return name, int(index or 0)


def add_command(
    commands: Any,
    name: str,
    text: str,
    *,
    example: str,
    run: Callable[[argparse.Namespace], Any],
    check: Callable[[argparse.Namespace], None] | None = None,
    needs_tensorflow: bool = True,
) -> argparse.ArgumentParser:
    """Adds a command, which is `run` with its arguments.

    Args:
        commands: Where to add it.
        name: As it is typed.
        text: What it does.
        example: Its arguments in an example.
        run: Returns the result, ready for JSON.
        check: Raises what is wrong with the arguments, as far as it can be
            told before TensorFlow is loaded, which takes seconds.
        needs_tensorflow: Whether it needs TensorFlow from the start on.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example: keras-infogan {name} {example}".rstrip(),
    )
    parser.set_defaults(run=run, check=check, needs_tensorflow=needs_tensorflow)
    return parser


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds where the data come from."""
    parser.add_argument(
        "--data-dir",
        type=path,
        metavar="DIR",
        help="where tfds keeps prepared data sets (by default the environment "
        "variable TFDS_DATA_DIR, or ~/tensorflow_datasets)",
    )
    parser.add_argument(
        "--archives-dir",
        type=path,
        metavar="DIR",
        help="folder with the original archives of the data set, so that "
        "nothing is downloaded; those of MNIST come with the package",
    )


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Adds the trained model."""
    parser.add_argument(
        "model",
        type=path,
        metavar="RUN",
        help="the directory of a finished run, a .keras file, or the name of "
        "a published model: mnist",
    )


def check_model(args: argparse.Namespace) -> None:
    """Raises a `ValueError` if there is no such model."""
    find_model(args.model)


def add_picture_arguments(parser: argparse.ArgumentParser, output: str) -> None:
    """Adds the seed and where the picture goes, `output` by default."""
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of all that is not given; the same one draws the same images "
        "(%(default)s)",
    )
    parser.add_argument(
        "--output",
        "-o",
        type=png,
        default=Path(output),
        metavar="PNG",
        help="the picture to write (%(default)s)",
    )
