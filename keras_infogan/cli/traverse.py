"""`keras-infogan traverse`: draws what one code changes."""

import argparse
import functools
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.companions import load_code_map
from keras_infogan.cli.console import say
from keras_infogan.models.pretrained import find_companion
from keras_infogan.models.pretrained import load_model

_MOST_COLUMNS = 100


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "traverse",
        "draw what one code changes, from left to right",
        example="runs/mnist --attribute slant --output slant.png",
        run=run,
        check=check,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "--code",
        type=arguments.code_dimension,
        metavar="NAME[:INDEX]",
        help="the code to sweep, and which of its dimensions",
    )
    parser.add_argument(
        "--attribute",
        metavar="NAME",
        help="such as slant: the code that stands for it in code_map.json",
    )
    parser.add_argument(
        "--columns",
        type=functools.partial(arguments.count, _MOST_COLUMNS),
        default=10,
        metavar="N",
        help="values of the sweep (%(default)s)",
    )
    arguments.add_picture_arguments(parser, "traverse.png")


def check(args: argparse.Namespace) -> None:
    """Raises a `ValueError` for no model, or not one thing to sweep."""
    if (args.code is None) == (args.attribute is None):
        raise ValueError(
            "traverse takes one of --code and --attribute. Received: "
            f"{'none' if args.code is None else 'both'}."
        )
    arguments.check_model(args)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan traverse`: returns where the picture lies."""
    from keras_infogan.reports import grids as pictures
    from keras_infogan.reports import images as visualization

    code_map = None
    if args.attribute or find_companion(args.model, "code_map.json"):
        code_map = load_code_map(args.model)
    if code_map is not None and args.attribute:
        name, index, _ = code_map.find_dimension(args.attribute)
    else:
        name, index = args.code
    model = load_model(args.model)
    grid = pictures.plot_traversal(
        model,
        name,
        index,
        num_columns=args.columns,
        code_map=code_map,
        attribute=args.attribute,
        seed=args.seed,
    )
    visualization.save_picture(args.output, visualization.render(grid))
    if model.latent_spec.code(name).num_dimensions > 1:
        what = f"{name}, dimension {index},"
    else:
        what = name
    say(f"{what} changes along each row: {args.output}.")
    return {"output": str(args.output), "code": name, "index": index}
