"""Arguments that several commands share, and their types for argparse."""

import argparse
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from keras_infogan.files import one_line
from keras_infogan.json_text import parse_json
from keras_infogan.models.pretrained import check_run
from keras_infogan.models.pretrained import find_companion
from keras_infogan.models.pretrained import find_model
from keras_infogan.models.pretrained import find_onnx
from keras_infogan.models.pretrained import load_model

if TYPE_CHECKING:
    from keras_infogan.evaluation.code_map import CodeMap
    from keras_infogan.latents.spec import LatentSpec


def json_value(example: Any, text: str) -> Any:
    """A JSON object or list, whichever the example is."""
    try:
        content, reason = parse_json(text), ""
    except ValueError as error:
        content, reason = None, f": {one_line(error)}"
    if not isinstance(content, type(example)):
        kind = "object" if isinstance(example, dict) else "list"
        raise argparse.ArgumentTypeError(
            f"expected a JSON {kind} such as {json.dumps(example)}, "
            f"got {_shorten(text)}{reason}"
        )
    return content


def _shorten(text: str) -> str:
    return repr(text) if len(text) <= 100 else f"{text[:100]!r} ..."


def whole_number(text: str) -> int:
    """A whole number that 64 bits hold."""
    if re.fullmatch("[+-]?[0-9]{1,19}", text) and abs(int(text)) < 2**63:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"expected a whole number of at most 64 bits, got {_shorten(text)}"
    )


def count(most: int, text: str) -> int:
    """A whole number from 1 to `most`."""
    is_number = re.fullmatch("[0-9]{1,19}", text)
    if not is_number or not 1 <= int(text) <= most:
        limits = "of at least 1" if most == sys.maxsize else f"from 1 to {most}"
        raise argparse.ArgumentTypeError(
            f"expected a whole number {limits}, got {_shorten(text)}"
        )
    return int(text)


def image_size(text: str) -> int | list[int]:
    """`32` as the side of a square, or `32x48` as height and width."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(
        re.fullmatch("[0-9]{1,9}", side) for side in sides
    ):
        raise argparse.ArgumentTypeError(
            f"expected a side such as 32, or a height and a width such as "
            f"32x48, got {text!r}"
        )
    numbers = [int(side) for side in sides]
    return numbers if len(sides) == 2 else numbers[0]


def path(text: str) -> Path:
    """A path. An empty one would be the current folder by accident."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got an empty one")
    return Path(text)


def code_values(text: str) -> tuple[str, list[float]]:
    """`NAME=VALUE,VALUE` as the name of a code and its values.

    Whole numbers are `int`, as those of categories have to be.
    """
    name, _, values = text.partition("=")
    try:
        numbers = [float(value) for value in values.split(",")]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise argparse.ArgumentTypeError(
            f"expected NAME=VALUE or NAME=VALUE,VALUE, got {_shorten(text)}"
        )
    return name, [int(x) if x.is_integer() else x for x in numbers]


def attribute_value(text: str) -> tuple[str, float]:
    """`NAME=NUMBER` as the name of an attribute and its value."""
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(
            f"expected NAME=NUMBER such as slant=0.5, got {_shorten(text)}"
        )
    return name, number


def code_dimension(text: str) -> tuple[str, int]:
    """`NAME:INDEX` as the name of a code and its dimension, by default 0."""
    name, _, index = text.partition(":")
    if not name or (index and not re.fullmatch("[0-9]{1,9}", index)):
        raise argparse.ArgumentTypeError(
            "expected NAME, or NAME:INDEX with an index from 0, got "
            f"{_shorten(text)}"
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
    compiles: bool = False,
) -> argparse.ArgumentParser:
    """Adds a command.

    Args:
        commands: The subparsers of the command line.
        name: The name of the command.
        text: What it does, for the help.
        example: Arguments for an example in the help.
        run: Executes the command; returns its result, ready for JSON.
        check: Raises an error for arguments that can be refused before
            TensorFlow is imported, which takes seconds.
        needs_tensorflow: Whether `run` imports TensorFlow. `check` may set it
            by the arguments.
        compiles: Whether `run` compiles functions that are worth keeping.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example: keras-infogan {name} {example}".rstrip(),
    )
    parser.set_defaults(
        run=run,
        check=check,
        needs_tensorflow=needs_tensorflow,
        compiles=compiles,
    )
    return parser


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the folders of the data."""
    parser.add_argument(
        "--data-dir",
        type=path,
        metavar="DIR",
        help="folder where tfds keeps prepared data sets (the environment "
        "variable TFDS_DATA_DIR, or ~/tensorflow_datasets)",
    )
    parser.add_argument(
        "--archives-dir",
        type=path,
        metavar="DIR",
        help="folder with the original archives of the data set, to use "
        "instead of a download; those of MNIST come with the package",
    )


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Adds the argument for the trained model."""
    parser.add_argument(
        "model",
        type=path,
        metavar="RUN",
        help="directory of a finished run, .keras file, or name of a "
        "pretrained model: mnist",
    )


def check_model(args: argparse.Namespace) -> None:
    """Raises a `ValueError` if there is no such model, or of another run."""
    check_run(args.model, find_model(args.model))


def check_networks(
    args: argparse.Namespace, *, tensorflow: bool = False
) -> None:
    """Raises a `ValueError` if there is no such model to use, and not to train.

    With `tensorflow`, the command needs it in any case. Else it does without,
    if `find_onnx` finds the networks; see `load_networks`.
    """
    check_model(args)
    args.needs_tensorflow = tensorflow or find_onnx(args.model) is None


def load_networks(args: argparse.Namespace) -> Any:
    """The generator and encoder that `check_networks` has chosen.

    Those of the ONNX files of a pretrained model, which take a second less than
    TensorFlow takes for its import, or else the model itself. Their images
    agree within 1e-5, so a pixel of a file may differ by one of 255 steps.
    """
    onnx = None if args.needs_tensorflow else find_onnx(args.model)
    if onnx is None:
        return load_model(args.model)
    from keras_infogan.models.onnx_networks import OnnxNetworks

    return OnnxNetworks(*onnx)


def find_seeds(run: Path) -> list[int] | None:
    """The `traversal_seeds` of a model's report, if it has any."""
    from keras_infogan.evaluation.report import find_report

    report = find_report(run)
    return report.get("traversal_seeds") if report else None


def find_resize(run: Path) -> str:
    """How the run of a model fits images of another aspect ratio."""
    from keras_infogan.training.config import TrainingConfig

    path = find_companion(run, "config.json")
    return TrainingConfig.load(path).data.resize if path else "crop"


def load_code_map(run: Path, spec: "LatentSpec") -> "CodeMap":
    """The code map of a model; raises a `ValueError` if it has none."""
    from keras_infogan.evaluation.code_map import find_code_map

    code_map = find_code_map(run, spec)
    if code_map is None:
        remedy = "Give values of its codes, by --code."
        if (run / "config.json").is_file():
            remedy = f"`keras-infogan evaluate {run}` writes one."
        raise ValueError(
            "Classes and attributes are looked up in the code map of a run. "
            f"Received: {run}, without code_map.json. {remedy}"
        )
    return code_map


def add_image_argument(parser: argparse.ArgumentParser, output: str) -> None:
    """Adds the image file, `output` by default."""
    parser.add_argument(
        "--output",
        "-o",
        type=path,
        default=Path(output),
        metavar="PNG",
        help="image file to write (%(default)s)",
    )
