"""`keras-infogan explore`: writes an explorer, an interactive page."""

import argparse
import shlex
import tempfile
from pathlib import Path
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.models.pretrained import load_model


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "explore",
        "write an explorer, an interactive page, for a trained model",
        example="runs/mnist --output explorer.html",
        run=run,
        check=check,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "--output",
        "-o",
        type=arguments.path,
        default=Path("explorer.html"),
        metavar="FILE",
        help="file of the page, or with --folder its folder (%(default)s)",
    )
    parser.add_argument(
        "--title",
        default="InfoGAN explorer",
        metavar="TEXT",
        help="title of the page",
    )
    parser.add_argument(
        "--folder",
        action="store_true",
        help="write a folder for a web server instead of one file; it must be "
        "new, empty, or written by this command",
    )
    parser.add_argument(
        "--float16-weights",
        action="store_true",
        help="store weights as float16 for a smaller page; it still computes "
        "in float32. (A file that would exceed 25 MB does so, or takes fewer "
        "bits, without being asked)",
    )


def check(args: argparse.Namespace) -> None:
    """Raises an error if the page cannot be written or there is no model."""
    from keras_infogan.export.explorer import build as explorer

    explorer.check_output(args.output, folder=args.folder)
    arguments.check_model(args)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan explore`: returns the path of the page."""
    from keras_infogan.evaluation.code_map import find_code_map
    from keras_infogan.export import onnx
    from keras_infogan.export.explorer import build as explorer

    model = load_model(args.model)
    code_map = find_code_map(args.model, model.latent_spec)
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "generator.onnx", Path(folder) / "encoder.onnx"
        exports = onnx.export_onnx, onnx.export_onnx_encoder
        for path, export in zip(paths, exports, strict=True):
            export(
                model,
                path,
                code_map=code_map,
                float16_weights=args.float16_weights,
            )
        explorer.export_explorer(
            *paths,
            args.output,
            title=args.title,
            model=str(args.model),
            seeds=arguments.find_seeds(args.model),
            folder=args.folder,
        )
    if args.folder:
        say(
            f"{args.output} is for a web server, such as `python -m "
            f"http.server --directory {shlex.quote(str(args.output))}`."
        )
    else:
        say(f"Open {args.output} in a browser.")
    return {"output": str(args.output)}
