"""The steps of a canary release, as `scripts/canary.sh` calls them."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from keras_infogan.files import explain
from keras_infogan.serving.deploy import labels as releases


def main(argv: Sequence[str] | None = None) -> None:
    """Moves labels, and prints them as JSON; errors end it with code 2."""
    parser = argparse.ArgumentParser(prog="canary.sh", description=__doc__)
    parser.add_argument(
        "step", choices=["show", "publish", "promote", "rollback"]
    )
    parser.add_argument("version", type=int, nargs="?", help="to publish")
    parser.add_argument(
        "--config",
        type=Path,
        required=True,
        metavar="DIR",
        help="the directory of `keras-infogan serve-config`",
    )
    args = parser.parse_args(argv)
    if (args.step == "publish") != (args.version is not None):
        parser.error("publish takes a version, the other steps do not")
    try:
        if args.step == "publish":
            labels = releases.publish_canary(args.config, args.version)
        elif args.step == "promote":
            labels = releases.promote_canary(args.config)
        elif args.step == "rollback":
            labels = releases.roll_back(args.config)
        else:
            labels = releases.read_models_config(args.config).labels
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: error: {explain(error)}\n")
    print(json.dumps(labels._asdict()))


if __name__ == "__main__":
    main()
