"""`keras-infogan canary`: moves the labels of a canary release."""

import argparse
from typing import Any

from keras_infogan.cli import arguments


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "canary",
        "release a version of a served model step by step",
        example="publish 2 --config serving",
        run=run,
        check=check,
        needs_tensorflow=False,
    )
    parser.add_argument(
        "step",
        choices=("show", "publish", "promote", "rollback"),
        help="print the labels; label a version `canary`; make the canary "
        "`stable`; or remove the canary or, without one, make the version "
        "`previous` stable again",
    )
    parser.add_argument(
        "version", type=int, nargs="?", metavar="N", help="to publish"
    )
    parser.add_argument(
        "--config",
        type=arguments.path,
        required=True,
        metavar="DIR",
        help="the directory of `keras-infogan serve-config`",
    )


def check(args: argparse.Namespace) -> None:
    """Raises a `ValueError` for a version without `publish`, or vice versa."""
    if (args.step == "publish") != (args.version is not None):
        raise ValueError(
            "publish takes a version, the other steps do not. Received: "
            f"{args.step}{'' if args.version is None else f' {args.version}'}."
        )


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan canary`: returns the version of each label."""
    from keras_infogan.serving.deploy import labels

    if args.step == "publish":
        moved = labels.publish_canary(args.config, args.version)
    elif args.step == "promote":
        moved = labels.promote_canary(args.config)
    elif args.step == "rollback":
        moved = labels.roll_back(args.config)
    else:
        moved = labels.read_models_config(args.config).labels
    return moved._asdict()
