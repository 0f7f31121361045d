"""`keras-infogan serve-config`: writes what an operator needs."""

import argparse
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "serve-config",
        "write what an operator of TensorFlow Serving needs",
        example="serving --model-dir saved_models/mnist",
        run=run,
        needs_tensorflow=False,
    )
    parser.add_argument(
        "directory",
        type=arguments.path,
        metavar="DIR",
        help="where the files go",
    )
    parser.add_argument(
        "--model-dir",
        type=arguments.path,
        required=True,
        metavar="DIR",
        help="where the versions of the SavedModel are",
    )
    parser.add_argument(
        "--model-name",
        metavar="NAME",
        help="the name by which clients ask (that of the folder)",
    )
    for flag, text in (
        ("--stable", "the version of the label stable, at the start (1)"),
        (
            "--canary",
            "that of the label canary, at the start and with --stable (without "
            "it there is no such label; later scripts/canary.sh moves labels)",
        ),
    ):
        parser.add_argument(flag, type=int, metavar="N", help=text)
    for flag, default, text in (
        ("--replicas", 2, "servers that Kubernetes keeps at least"),
        ("--max-replicas", 8, "servers that it may start under load"),
    ):
        parser.add_argument(
            flag,
            type=int,
            default=default,
            metavar="N",
            help=f"{text} (%(default)s)",
        )


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan serve-config`: returns the files."""
    from keras_infogan.serving.deploy import config as serve_config

    paths = serve_config.write_serving_files(
        args.directory,
        model_name=args.model_name or args.model_dir.resolve().name,
        model_dir=args.model_dir,
        stable=args.stable,
        canary=args.canary,
        replicas=args.replicas,
        max_replicas=args.max_replicas,
    )
    say(f"Read {args.directory / 'OPERATING.md'} first.")
    return {"files": [str(path) for path in paths]}
