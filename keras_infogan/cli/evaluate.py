"""`keras-infogan evaluate`: evaluates a finished run again."""

import argparse
import contextlib
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.models.pretrained import find_companion
from keras_infogan.models.pretrained import load_model
from keras_infogan.training.config import TrainingConfig

if TYPE_CHECKING:
    from keras_infogan.evaluation.code_map import CodeMap


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "evaluate",
        "evaluate a finished run again, and write its report and images",
        example="runs/mnist",
        run=run,
        check=check,
        compiles=True,
    )
    parser.add_argument(
        "model",
        type=arguments.path,
        metavar="RUN",
        help="directory of the run, or name of a pretrained model (mnist), "
        "whose report is printed but not written",
    )
    parser.add_argument(
        "--num-naming-labels",
        type=functools.partial(arguments.count, sys.maxsize),
        metavar="N",
        help="number of training images, balanced by class, whose labels name "
        "the categories (all)",
    )
    parser.add_argument(
        "--factors",
        nargs="?",
        const="",
        metavar="SOURCE",
        help="measure disentanglement, too, which takes minutes, on all images "
        "of a source with factors of variation: by default, that of the run; "
        "see `open_images`",
    )
    arguments.add_data_arguments(parser)


def check(args: argparse.Namespace) -> None:
    """Raises a `ValueError` if there is no such model or configuration."""
    arguments.check_model(args)
    path = find_companion(args.model, "config.json")
    if path is None:
        raise ValueError(
            "evaluate takes the directory of a finished run, or the name of a "
            "pretrained model. Received: "
            f"{args.model}, without a config.json. Give the directory."
        )
    args.config = TrainingConfig.load(path)


def _read_code_map(run: Path) -> "CodeMap | None":
    """The code map as it is; None if there is none that can be read."""
    from keras_infogan.evaluation.code_map import CodeMap

    path = find_companion(run, "code_map.json")
    try:
        return CodeMap.load(path) if path else None
    # It is about to be replaced.
    except ValueError:
        return None


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan evaluate`: returns the report."""
    from keras_infogan.data.sources import open_images
    from keras_infogan.data.tfds import cache_directory
    from keras_infogan.evaluation.report import report_to_json
    from keras_infogan.reports.text import describe_report
    from keras_infogan.training.build import load_data
    from keras_infogan.training.exports import export_run
    from keras_infogan.training.exports import is_exported
    from keras_infogan.training.finish import finish
    from keras_infogan.training.run import lock_run

    options: dict[str, Any] = {}
    if args.factors is not None:
        # First: it may be refused.
        options["factored"] = open_images(
            args.factors or args.config.data.dataset,
            split="all",
            image_size=args.config.data.image_shape[:2],
            channels=args.config.data.channels,
            resize=args.config.data.resize,
            data_dir=args.data_dir,
            archives_dir=args.archives_dir if not args.factors else None,
            factors=True,
        )
    with contextlib.ExitStack() as stack:
        if args.model.is_dir():
            stack.enter_context(lock_run(args.model))
        before = _read_code_map(args.model)
        data = load_data(
            args.config.data,
            data_dir=args.data_dir,
            archives_dir=args.archives_dir,
        )
        model = load_model(args.model)
        report = finish(
            args.config,
            args.model,
            *data,
            model=model,
            cache_dir=cache_directory(args.data_dir),
            num_naming_labels=args.num_naming_labels,
            **options,
        )
        # They carry the code map.
        if report["code_map"] != before and is_exported(args.model):
            export_run(args.model, model)
    for sentence in describe_report(report):
        say(sentence)
    return report_to_json(report)
