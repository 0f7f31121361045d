"""`keras-infogan train`: from options to a finished run."""

import argparse
import dataclasses
import functools
import json
import sys
from pathlib import Path
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import PROGRAM
from keras_infogan.cli.console import say
from keras_infogan.training.config import PRESETS
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.config import preset

# How the options of a configuration are written on the command line.
_METAVARS: dict[Any, str] = {int: "N", float: "X", str: "NAME"}
_JSON_EXAMPLES = {
    "codes": {"style": {"type": "uniform", "dim": 2}},
    "information_weights": {"category": 1.0},
    "warp": {"rotation": 0.35, "thickness": 1.0},
    "warped_codes": ["category"],
    "slant_gains": {"pose": 2.2},
    "thickness_gains": {"style": 0.8},
}
# The numbers of a report that answer how a training went.
_SUMMARY = (
    "clustering_accuracy",
    "normalized_mutual_information",
    "adjusted_rand_index",
    "mutual_information",
    "num_test_images",
    "seed",
)


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "train",
        "train an InfoGAN, evaluate it and draw pictures, or resume",
        example="--preset mnist --run-dir runs/mnist --epochs 1",
        run=run,
    )
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        help="where the options start from (mnist)",
    )
    parser.add_argument(
        "--run-dir",
        type=arguments.path,
        metavar="DIR",
        help="where everything goes (runs/PRESET, or runs/PRESET-DATASET for "
        "another data set); the same command again resumes",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check the options, but not the data, print them, and do nothing "
        "else",
    )
    arguments.add_data_arguments(parser)
    group = parser.add_argument_group(
        "options of the run", "The defaults are those of the preset."
    )
    for option in dataclasses.fields(TrainingConfig):
        if option.name == "preset":
            continue
        flag = "--" + option.name.replace("_", "-")
        text = option.metadata["help"].replace("%", "%%")
        if option.type is bool:
            group.add_argument(
                flag,
                action=argparse.BooleanOptionalAction,
                default=None,
                help=text,
            )
        else:
            kind: Any = option.type
            if kind not in _METAVARS:
                example = _JSON_EXAMPLES[option.name]
                kind = functools.partial(arguments.json_value, example)
                text = f"{text}; for example '{json.dumps(example)}'"
            group.add_argument(
                flag,
                type=kind,
                metavar=_METAVARS.get(option.type, "JSON"),
                help=text,
            )


def _config(args: argparse.Namespace, run_dir: Path) -> TrainingConfig:
    given = {
        option.name: getattr(args, option.name)
        for option in dataclasses.fields(TrainingConfig)
        if getattr(args, option.name) is not None
    }
    if not given and (run_dir / "config.json").exists():
        return TrainingConfig.load(run_dir / "config.json")
    name = given.pop("preset", "mnist")
    return dataclasses.replace(preset(name), **given)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan train`: returns a summary of the report."""
    name = args.preset or "mnist"
    if args.dataset and args.dataset != preset(name).dataset:
        name = f"{name}-{args.dataset.replace('/', '-')}"
    run_dir = args.run_dir or Path("runs") / name
    config = _config(args, run_dir)
    from keras_infogan.reports.text import describe_report
    from keras_infogan.training import run as training

    if args.dry_run:
        training.build_model(config)
        training.check_directory(run_dir, config)
        say(
            "The options go together. Not checked, as no data are read: that "
            f"there is a data set {config.dataset} with the splits "
            f"{config.train_split} and {config.test_split}, and as many images "
            "and labels as these options need."
        )
        return config.to_json()
    report = training.train(
        config,
        run_dir,
        data_dir=args.data_dir,
        archives_dir=args.archives_dir,
    )
    for sentence in describe_report(report):
        say(sentence)
    usual = preset(config.preset).epochs
    if config.epochs < usual:
        say(
            f"This run has {config.epochs} of the {usual} epochs of "
            f"{config.preset}; with all of them it learns more."
        )
    # As it was called: it need not be on the PATH.
    command = sys.argv[0] if sys.argv[0].endswith(PROGRAM) else PROGRAM
    say(
        f"Pictures, curves, report and model.keras lie in {run_dir}. Go on with"
        f" `{command} sample {run_dir}`."
    )
    return {
        "run_dir": str(run_dir),
        **{name: report[name] for name in _SUMMARY},
    }
