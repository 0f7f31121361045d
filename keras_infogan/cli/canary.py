"""`keras-infogan canary`: moves the labels of a canary release."""

import argparse
from collections.abc import Callable
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say

_STEPS = {
    "show": "print the labels",
    "publish": "label a version `canary`",
    "promote": "make the canary `stable`",
    "rollback": "remove the canary or, without one, make the version "
    "`previous` stable again",
}


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
        choices=_STEPS,
        help="; ".join(f"{name}: {does}" for name, does in _STEPS.items()),
    )
    parser.add_argument(
        "version",
        type=arguments.whole_number,
        nargs="?",
        metavar="N",
        help="to publish",
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

    moves: dict[str, Callable[[], labels.Labels]] = {
        "show": lambda: labels.read_models_config(args.config).labels,
        "publish": lambda: labels.publish_canary(args.config, args.version),
        "promote": lambda: labels.promote_canary(
            args.config, servers=args.server
        ),
        "rollback": lambda: labels.roll_back(args.config),
    }
    moved = moves[args.step]()
    if args.step == "promote" and not args.server:
        say(
            f"Not checked whether a server has loaded version {moved.stable}: "
            "until then, it rejects the new labels. With --server URL, promote "
            "waits for it."
        )
    return moved._asdict()
