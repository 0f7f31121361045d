"""`keras-infogan export`: writes a SavedModel or ONNX files."""

import argparse
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.files import resolve
from keras_infogan.models.pretrained import load_model


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "export",
        "write a trained model as SavedModel for TensorFlow Serving, or ONNX",
        example="runs/mnist --saved-model serving/mnist --onnx mnist.onnx",
        run=run,
        check=check,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "--saved-model",
        type=arguments.path,
        metavar="DIR",
        help="folder of the versions of the SavedModel; adds one",
    )
    parser.add_argument(
        "--version",
        type=arguments.whole_number,
        metavar="N",
        help="version number (the next one; 1 without --saved-model)",
    )
    parser.add_argument(
        "--onnx",
        type=arguments.path,
        metavar="FILE",
        help="ONNX file of the generator",
    )
    parser.add_argument(
        "--onnx-encoder",
        type=arguments.path,
        metavar="FILE",
        help="ONNX file of the encoder, from images to posteriors of the codes",
    )
    parser.add_argument(
        "--float16-weights",
        action="store_true",
        help="store weights as float16 for ONNX files of half the size; they "
        "still compute in float32",
    )


def check(args: argparse.Namespace) -> None:
    """Raises a `ValueError` if there is nothing to write, or no model."""
    kinds = ("saved_model", "onnx", "onnx_encoder")
    if all(getattr(args, kind) is None for kind in kinds):
        raise ValueError(
            "export takes --saved-model, --onnx or --onnx-encoder. "
            "Received: none of them."
        )
    if args.float16_weights and args.onnx is None and args.onnx_encoder is None:
        raise ValueError(
            "--float16-weights is for --onnx. Received: no --onnx."
        )
    files = [path for path in (args.onnx, args.onnx_encoder) if path]
    if len({resolve(path) for path in files}) < len(files):
        raise ValueError(
            "--onnx and --onnx-encoder should be two files. "
            f"Received: {args.onnx} for both."
        )
    arguments.check_model(args)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan export`: returns the paths that were written."""
    from keras_infogan.export import onnx
    from keras_infogan.export import saved_model
    from keras_infogan.training.exports import Companions

    model = load_model(args.model)
    companions = Companions.find(args.model, model.latent_spec)
    result = {}
    version = 1 if args.version is None else args.version
    if args.saved_model is not None:
        result["saved_model"] = saved_model.export_saved_model(
            model,
            args.saved_model,
            version=args.version,
            code_map=companions.code_map,
            model_card=companions.model_card,
            configuration=companions.configuration,
        )
        version = int(result["saved_model"].name)
    for kind, export in (
        ("onnx", onnx.export_onnx),
        ("onnx_encoder", onnx.export_onnx_encoder),
    ):
        path = getattr(args, kind)
        if path is not None:
            result[kind] = export(
                model,
                path,
                code_map=companions.code_map,
                model_card=companions.model_card,
                version=version,
                float16_weights=args.float16_weights,
            )
    for kind, path in result.items():
        say(f"{kind.replace('_', ' ')}: {path}")
    return {kind: str(path) for kind, path in result.items()}
