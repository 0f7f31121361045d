"""`keras-infogan serve-config`: writes a deployment."""

import argparse
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "serve-config",
        "write the files to deploy a SavedModel with TensorFlow Serving",
        example="serving --model-dir saved_models/mnist",
        run=run,
        needs_tensorflow=False,
    )
    parser.add_argument(
        "directory",
        type=arguments.path,
        metavar="DIR",
        help="directory for the files",
    )
    parser.add_argument(
        "--model-dir",
        type=arguments.path,
        required=True,
        metavar="DIR",
        help="folder of the versions of the SavedModel",
    )
    parser.add_argument(
        "--model-name",
        metavar="NAME",
        help="name of the model in requests (the name of the folder)",
    )
    for flag, text in (
        ("--stable", "initial version of the label stable (1)"),
        (
            "--canary",
            "initial version of the label canary, if there is one; needs "
            "--stable. Later, `keras-infogan canary` moves the labels",
        ),
    ):
        parser.add_argument(
            flag, type=arguments.whole_number, metavar="N", help=text
        )
    for flag, default, text in (
        ("--replicas", 2, "minimum number of servers on Kubernetes"),
        ("--max-replicas", 8, "maximum number of servers under load"),
    ):
        parser.add_argument(
            flag,
            type=arguments.whole_number,
            default=default,
            metavar="N",
            help=f"{text} (%(default)s)",
        )


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan serve-config`: returns the paths of the files."""
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
