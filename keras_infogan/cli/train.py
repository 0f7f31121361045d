"""`keras-infogan train`: from options to a finished run."""

import argparse
import dataclasses
import functools
import json
import shlex
import sys
import typing
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import PROGRAM
from keras_infogan.cli.console import say
from keras_infogan.training.config import DEFAULT_PRESET
from keras_infogan.training.config import Setting
from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import PRESETS
from keras_infogan.training.presets import preset

# What the report is summarized by on stdout.
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
        "train and evaluate an InfoGAN, or resume a run that was stopped",
        example="--preset mnist --run-dir runs/mnist --epochs 1",
        run=run,
        compiles=True,
    )
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        help=f"where the options start from ({DEFAULT_PRESET})",
    )
    parser.add_argument(
        "--run-dir",
        type=arguments.path,
        metavar="DIR",
        help="directory of the run (runs/PRESET, or runs/PRESET-DATASET for "
        "another data set); the same command again resumes it",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check the options, but not the data, and print them",
    )
    parser.add_argument(
        "--export",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write SavedModel, ONNX files and explorer to DIR/export at the "
        "end (default)",
    )
    parser.add_argument(
        "--devices",
        type=arguments.whole_number,
        default=1,
        metavar="N",
        help="GPUs of this machine that share each batch (1); without a GPU, "
        "logical CPUs. For several machines, set TF_CONFIG: see "
        "keras_infogan/training/README.md",
    )
    arguments.add_data_arguments(parser)
    group = parser.add_argument_group(
        "options of the run", "The defaults are those of the preset."
    )
    group.add_argument(
        "--num-categories",
        type=arguments.whole_number,
        metavar="N",
        help="categories of the first categorical code, instead of --codes",
    )
    for setting in TrainingConfig.settings():
        if setting.name != "preset":
            group.add_argument(setting.flag, **_argument(setting))


def _argument(setting: Setting) -> dict[str, Any]:
    """The arguments of `add_argument` for an option."""
    text = setting.field.metadata["help"].replace("%", "%%")
    choices = setting.field.metadata["choices"]
    if setting.kind is bool:
        action = argparse.BooleanOptionalAction
        return {"action": action, "default": None, "help": text}
    if choices:
        return {"choices": choices, "help": text}
    if setting.name == "image_size":
        return {"type": arguments.image_size, "metavar": "N|HxW", "help": text}
    scalars: dict[Any, tuple[Any, str]] = {
        int: (arguments.whole_number, "N"),
        float: (float, "X"),
        str: (str, "NAME"),
    }
    if setting.kind in scalars:
        kind, metavar = scalars[setting.kind]
        return {"type": kind, "metavar": metavar, "help": text}
    # None are the gains of an effect that no code of the preset follows.
    example = setting.value(PRESETS[DEFAULT_PRESET].to_json())
    example = {} if example is None else example
    if isinstance(example, Mapping):
        example = {key: value for key, value in example.items() if value}
    kind = (*typing.get_args(setting.kind), setting.kind)[0]
    if dataclasses.is_dataclass(kind):
        text += ": " + "; ".join(
            f"{field.name}, {field.metadata['help']}"
            for field in dataclasses.fields(kind)
        )
    return {
        "type": functools.partial(arguments.json_value, example),
        "metavar": "JSON",
        "help": f"{text}; for example '{json.dumps(example)}'"
        if example
        else text,
    }


def _config(args: argparse.Namespace, run_dir: Path) -> TrainingConfig:
    given = {
        setting.name: getattr(args, setting.name)
        for setting in TrainingConfig.settings()
        if getattr(args, setting.name) is not None
    }
    if args.num_categories is not None:
        given["num_categories"] = args.num_categories
    # With more epochs alone, a run is continued.
    if set(given) <= {"epochs"} and (run_dir / "config.json").exists():
        return TrainingConfig.load(run_dir / "config.json").replace(**given)
    return preset(given.pop("preset", DEFAULT_PRESET)).replace(**given)


def _next_steps(run_dir: Path) -> Iterator[str]:
    """What to do with the files of a run, by commands as this one."""
    from keras_infogan.training.exports import find_explorer

    # As it was called: it need not be on the PATH.
    program = sys.argv[0] if sys.argv[0].endswith(PROGRAM) else PROGRAM
    where = shlex.quote(str(run_dir))
    yield f"Open {run_dir / 'report.html'} for images, curves and numbers."
    if explorer := find_explorer(run_dir):
        versions = shlex.quote(str(explorer.parent / run_dir.resolve().name))
        yield f"Open {explorer} to play with the codes."
        yield (
            f"Serve the model: `{program} serve-config serving --model-dir "
            f"{versions}` writes all that TensorFlow Serving needs."
        )
    yield f"Draw images: `{program} sample {where}`."


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan train`: returns a summary of the report."""
    name = args.preset or DEFAULT_PRESET
    if args.dataset and args.dataset != preset(name).data.dataset:
        from keras_infogan.data.source import find_path

        path = find_path(args.dataset)
        name = f"{name}-{path.stem if path else args.dataset.replace('/', '-')}"
        # The run is evaluated from other folders, too.
        args.dataset = str(path or args.dataset)
    run_dir = args.run_dir or Path("runs") / name
    config = _config(args, run_dir)
    if args.dry_run:
        from keras_infogan.training.build import build_model
        from keras_infogan.training.run import check_directory

        build_model(config)
        check_directory(run_dir, config)
        data = config.data
        say(
            "The options are consistent. Not checked, as no data is loaded: "
            f"that the data set {data.dataset} exists and has the splits "
            f"{data.train_split} and {data.test_split}, with enough images and "
            "labels for these options."
        )
        return config.to_json()
    from keras_infogan.reports.text import describe_report
    from keras_infogan.training.run import train

    report = train(
        config,
        run_dir,
        data_dir=args.data_dir,
        archives_dir=args.archives_dir,
        export=args.export,
        num_devices=args.devices,
    )
    if not report:
        say("The training is complete; the chief evaluates it.")
        return {"run_dir": str(run_dir)}
    for sentence in describe_report(report):
        say(sentence)
    usual = preset(config.preset).epochs
    if config.epochs < usual:
        say(
            f"This run has {config.epochs} of the {usual} epochs of "
            f"{config.preset}; with all of them it learns more."
        )
    for sentence in _next_steps(run_dir):
        say(sentence)
    return {
        "run_dir": str(run_dir),
        **{name: report[name] for name in _SUMMARY},
    }
