"""`keras-infogan traverse`: draws a latent traversal."""

import argparse
import functools
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.options import check_choice

_MOST_COLUMNS = 100


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "traverse",
        "draw a latent traversal: a code or the noise varies along each row",
        example="runs/mnist --attribute slant --output slant.png",
        run=run,
        check=check,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "--code",
        type=arguments.code_dimension,
        metavar="NAME[:INDEX]",
        help="code to vary, and which of its dimensions",
    )
    parser.add_argument(
        "--attribute",
        metavar="NAME",
        help="attribute to vary, such as slant, by way of the code that "
        "controls it in code_map.json",
    )
    parser.add_argument(
        "--direction",
        metavar="NAME",
        help="attribute to vary, in a model of any kind, by way of the noise: "
        "along the mean noise of generated images with high values minus that "
        "of those with low ones",
    )
    parser.add_argument(
        "--columns",
        type=functools.partial(arguments.count, _MOST_COLUMNS),
        default=10,
        metavar="N",
        help="number of values (%(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=arguments.whole_number,
        metavar="N",
        help="seed of the noise (chosen: of 32 seeds, the one whose images the "
        "encoder reads most surely)",
    )
    arguments.add_image_argument(parser, "traverse.png")


def check(args: argparse.Namespace) -> None:
    """Raises a `ValueError` unless there are a model and one thing to vary."""
    choices = ("code", "attribute", "direction")
    given = [f"--{name}" for name in choices if getattr(args, name) is not None]
    if len(given) != 1:
        raise ValueError(
            "traverse takes one of --code, --attribute and --direction. "
            f"Received: {' and '.join(given) or 'none'}."
        )
    if args.direction is not None:
        check_choice("direction", args.direction, ATTRIBUTES)
    from keras_infogan.reports.images import check_image_path

    check_image_path(args.output)
    # A direction is found with it.
    arguments.check_networks(args, tensorflow=args.direction is not None)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan traverse`: returns the path of the image."""
    from keras_infogan.evaluation.code_map import find_code_map
    from keras_infogan.reports.figures import render
    from keras_infogan.reports.grids import plot_direction
    from keras_infogan.reports.grids import plot_traversal
    from keras_infogan.reports.images import save_image

    model = arguments.load_networks(args)
    code_map = find_code_map(args.model, model.latent_spec)
    seed = args.seed
    options = {
        "num_columns": args.columns,
        "seed": arguments.find_seeds(args.model) if seed is None else seed,
    }
    if args.direction is not None:
        figure = plot_direction(
            model, args.direction, code_map=code_map, **options
        )
        varied = {"direction": args.direction}
        what = f"noise, in the direction of {args.direction},"
    else:
        if args.attribute is not None:
            code_map = arguments.load_code_map(args.model, model.latent_spec)
            name, index, _ = code_map.find_dimension(args.attribute)
        else:
            name, index = args.code
        figure = plot_traversal(
            model,
            name,
            index,
            code_map=code_map,
            attribute=args.attribute,
            **options,
        )
        varied = {"code": name, "index": index}
        several = model.latent_spec.code(name).num_dimensions > 1
        what = f"{name}, dimension {index}," if several else name
    save_image(args.output, render(figure))
    say(f"{what} varies along each row: {args.output}.")
    return {"output": str(args.output), **varied}
