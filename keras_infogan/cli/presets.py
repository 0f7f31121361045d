"""`keras-infogan presets`: prints the options of each preset."""

import argparse
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.training.presets import PRESETS


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    arguments.add_command(
        commands,
        "presets",
        "print the options of each preset",
        example="",
        run=run,
        needs_tensorflow=False,
    )


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan presets`: returns the options of each preset."""
    return {name: config.to_json() for name, config in PRESETS.items()}
