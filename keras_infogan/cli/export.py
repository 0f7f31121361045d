"""`keras-infogan export`: writes a SavedModel or ONNX files."""

import argparse
import json
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.companions import load_model_card
from keras_infogan.cli.console import say
from keras_infogan.models.pretrained import find_companion
from keras_infogan.models.pretrained import load_model


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "export",
        "write a trained model for TensorFlow Serving, or as ONNX",
        example="runs/mnist --saved-model serving/mnist --onnx mnist.onnx",
        run=run,
        check=check,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "--saved-model",
        type=arguments.path,
        metavar="DIR",
        help="where the versions of the SavedModel are; a new one is published",
    )
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="the number of the version (the next one; 1 without "
        "--saved-model)",
    )
    parser.add_argument(
        "--onnx",
        type=arguments.path,
        metavar="FILE",
        help="the generator, as ONNX",
    )
    parser.add_argument(
        "--onnx-encoder",
        type=arguments.path,
        metavar="FILE",
        help="what reads the codes from an image, as ONNX",
    )
    parser.add_argument(
        "--float16-weights",
        action="store_true",
        help="ONNX files of half the size, which still compute in float32",
    )


def check(args: argparse.Namespace) -> None:
    """Raises a `ValueError` for nothing to write, or no model."""
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
    if len({path.resolve() for path in files}) < len(files):
        raise ValueError(
            "--onnx and --onnx-encoder should be two files. "
            f"Received: {args.onnx} for both."
        )
    arguments.check_model(args)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan export`: returns what was written."""
    from keras_infogan.export import onnx
    from keras_infogan.export import saved_model

    def read(name: str) -> Any:
        path = find_companion(args.model, name)
        return json.loads(path.read_text()) if path else None

    model = load_model(args.model)
    code_map = read("code_map.json")
    model_card = load_model_card(args.model)
    result = {}
    version = 1 if args.version is None else args.version
    if args.saved_model is not None:
        result["saved_model"] = saved_model.export_saved_model(
            model,
            args.saved_model,
            version=args.version,
            code_map=code_map,
            model_card=model_card,
            configuration=read("config.json"),
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
                code_map=code_map,
                model_card=model_card,
                version=version,
                float16_weights=args.float16_weights,
            )
    for kind, path in result.items():
        say(f"{kind.replace('_', ' ')}: {path}")
    return {kind: str(path) for kind, path in result.items()}
