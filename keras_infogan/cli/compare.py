"""`keras-infogan compare`: shows runs side by side on a page."""

import argparse
import contextlib
from pathlib import Path
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.files import check_writable
from keras_infogan.files import one_line
from keras_infogan.models.pretrained import check_run
from keras_infogan.models.pretrained import find_companion
from keras_infogan.models.pretrained import find_model
from keras_infogan.models.pretrained import load_model
from keras_infogan.training.config import TrainingConfig


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "compare",
        "write a page that shows finished runs side by side: images, numbers "
        "with their differences, options that differ",
        example="mnist runs/mnist --output compare.html",
        run=run,
        check=check,
    )
    parser.add_argument(
        "models",
        type=arguments.path,
        nargs="+",
        metavar="RUN",
        help="directory of a finished run, or name of a pretrained model "
        "(mnist); at least two, and differences are to the first",
    )
    parser.add_argument(
        "--output",
        "-o",
        type=arguments.path,
        default=Path("compare.html"),
        metavar="HTML",
        help="page to write (%(default)s)",
    )


def check(args: argparse.Namespace) -> None:
    """Raises an error unless there are several runs, each with a report."""
    if len(set(args.models)) < max(2, len(args.models)):
        raise ValueError(
            "compare takes at least two runs, all different. Received: "
            f"{', '.join(map(str, args.models))}."
        )
    check_writable(args.output)
    args.reports = [_read_report(model) for model in args.models]


def _read_report(model: Path) -> dict[str, Any]:
    from keras_infogan.evaluation.report import load_report

    find_model(model)
    path = find_companion(model, "report.json")
    if path:
        check_run(model, path)
    try:
        report = load_report(path) if path else None
        found = "without report.json" if path is None else "without options"
    except ValueError as error:
        report, found = None, f"with {path}: {one_line(error).rstrip('.')}"
    if report is None or not report.get("configuration"):
        raise ValueError(
            "compare takes runs with a report.json of this version. Received: "
            f"{model}, {found}. Give the directory of a run, for which "
            "`keras-infogan evaluate` writes one."
        )
    options = report["configuration"]
    # An option that is newer than the run has its default. Options that this
    # version does not have stay as they are.
    with contextlib.suppress(ValueError, TypeError):
        options = TrainingConfig.from_json(options).to_json()
    return {**report, "configuration": options}


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan compare`: returns the path of the page."""
    from keras_infogan.reports.comparison import draw_compared_run
    from keras_infogan.reports.comparison import write_comparison

    runs = [
        draw_compared_run(str(model), load_model(model), report)
        for model, report in zip(args.models, args.reports, strict=True)
    ]
    write_comparison(args.output, runs)
    say(f"Open {args.output} in a browser.")
    return {"output": str(args.output)}
