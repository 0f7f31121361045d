"""`keras-infogan canary`: moves the labels of a canary release."""

import argparse
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say


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
    parser.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="URL",
        help="with promote: wait until this server has loaded the canary, such "
        "as http://localhost:8501; repeat it for each replica",
    )


def check(args: argparse.Namespace) -> None:
    """Raises a `ValueError` for arguments of another step."""
    if (args.step == "publish") != (args.version is not None):
        raise ValueError(
            "publish takes a version, the other steps do not. Received: "
            f"{args.step}{'' if args.version is None else f' {args.version}'}."
        )
    if args.server and args.step != "promote":
        raise ValueError(
            f"--server is for promote. Received: {args.step}. Leave it out."
        )
    args.needs_tensorflow = any(url.startswith("grpc") for url in args.server)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan canary`: returns the version of each label."""
    from keras_infogan.serving.deploy import labels

    if args.step == "publish":
        moved = labels.publish_canary(args.config, args.version)
    elif args.step == "promote":
        moved = labels.promote_canary(args.config, servers=args.server)
        if not args.server:
            say(
                f"Not checked whether a server has loaded version "
                f"{moved.stable}: until then, it rejects the new labels. With "
                "--server URL, promote waits for it."
            )
    elif args.step == "rollback":
        moved = labels.roll_back(args.config)
    else:
        moved = labels.read_models_config(args.config).labels
    return moved._asdict()
