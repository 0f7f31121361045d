"""The command line: arguments in, JSON on stdout, talk on stderr, no logic.

Imports no TensorFlow before a command is known to need it.
"""

import argparse
import dataclasses
import functools
import importlib
import json
import logging
import math
import os
import shlex
import sys
import tempfile
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import NoReturn

from keras_infogan import __version__
from keras_infogan.config import PRESETS
from keras_infogan.config import TrainingConfig
from keras_infogan.config import preset
from keras_infogan.files import explain
from keras_infogan.files import one_line
from keras_infogan.published import find_companion
from keras_infogan.published import find_model

if TYPE_CHECKING:
    from keras_infogan.code_map import CodeMap
    from keras_infogan.model import InfoGAN

# How the options of a configuration are written on the command line.
_METAVARS: dict[Any, str] = {int: "N", float: "X", str: "NAME"}
_JSON_EXAMPLES = {
    "codes": {"style": {"type": "uniform", "dim": 2}},
    "information_weights": {"category": 1.0},
    "warp": {"rotation": 0.35, "shift": 0.09},
    "warped_codes": ["category"],
    "slant_gains": {"pose": 2.2},
}
_PROGRAM = "keras-infogan"
# A picture of more images than that is no use to anybody.
_MOST_IMAGES = 10_000
_MOST_COLUMNS = 100
_USER_ERROR = 2
_INTERRUPTED = 130
# The numbers of a report that answer how a training went.
_SUMMARY = (
    "clustering_accuracy",
    "normalized_mutual_information",
    "adjusted_rand_index",
    "mutual_information",
    "num_test_images",
    "seed",
)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the whole usage.

    Those of a command name its help, which `prog` includes.
    """

    def error(self, message: str) -> NoReturn:
        self.exit(
            _USER_ERROR,
            f"{self.prog}: error: {message}; see {self.prog} --help\n",
        )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _json(example: Any, text: str) -> Any:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, type(example)):
        kind = "object" if isinstance(example, dict) else "list"
        raise argparse.ArgumentTypeError(
            f"expected a JSON {kind} such as {json.dumps(example)}, "
            f"got {text!r}"
        )
    return content


def _count(most: int, text: str) -> int:
    """A number of images that a picture has room for, or of labels."""
    if not text.isdecimal() or not 1 <= int(text) <= most:
        limits = "of at least 1" if most == sys.maxsize else f"from 1 to {most}"
        raise argparse.ArgumentTypeError(
            f"expected a whole number {limits}, got {text!r}"
        )
    return int(text)


def _path(text: str) -> Path:
    """A path; an empty one would be the current folder, by accident."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got an empty one")
    return Path(text)


def _code_values(text: str) -> tuple[str, list[float]]:
    name, _, values = text.partition("=")
    try:
        return name, [float(value) for value in values.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected NAME=VALUE or NAME=VALUE,VALUE, got {text!r}"
        ) from None


def _attribute_value(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(
            f"expected NAME=NUMBER such as slant=0.5, got {text!r}"
        )
    return name, number


def _png(text: str) -> Path:
    """A picture to write; that it cannot be is said before the work."""
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(
            f"expected a name that ends in .png, got {text!r}"
        )
    return path


def _code_dimension(text: str) -> tuple[str, int]:
    name, _, index = text.partition(":")
    if index and not index.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected NAME, or NAME:INDEX with an index from 0, got {text!r}"
        )
    return name, int(index or 0)


def _add_command(
    commands: Any, name: str, text: str, *, example: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example: keras-infogan {name} {example}".rstrip(),
    )


def _add_data_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=_path,
        metavar="DIR",
        help="where tfds keeps prepared data sets (by default the environment "
        "variable TFDS_DATA_DIR, or ~/tensorflow_datasets)",
    )
    parser.add_argument(
        "--archives-dir",
        type=_path,
        metavar="DIR",
        help="folder with the original archives of the data set, so that "
        "nothing is downloaded; those of MNIST come with the package",
    )


def _add_train(commands: Any) -> None:
    parser = _add_command(
        commands,
        "train",
        "train an InfoGAN, evaluate it and draw pictures, or resume",
        example="--preset mnist --run-dir runs/mnist --epochs 1",
    )
    parser.set_defaults(run=run_train)
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        help="where the options start from (mnist)",
    )
    parser.add_argument(
        "--run-dir",
        type=_path,
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
    _add_data_arguments(parser)
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
                kind = functools.partial(_json, example)
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


def run_train(args: argparse.Namespace) -> Any:
    """`keras-infogan train`: returns a summary of the report."""
    name = args.preset or "mnist"
    if args.dataset and args.dataset != preset(name).dataset:
        name = f"{name}-{args.dataset.replace('/', '-')}"
    run_dir = args.run_dir or Path("runs") / name
    config = _config(args, run_dir)
    from keras_infogan import evaluation
    from keras_infogan import training

    if args.dry_run:
        training.build_model(config)
        training.check_directory(run_dir, config)
        _say(
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
    for sentence in evaluation.describe(report):
        _say(sentence)
    # As it was called: it need not be on the PATH.
    command = sys.argv[0] if sys.argv[0].endswith(_PROGRAM) else _PROGRAM
    _say(
        f"Pictures, curves, report and model.keras lie in {run_dir}. Go on with"
        f" `{command} sample {run_dir}`."
    )
    return {
        "run_dir": str(run_dir),
        **{name: report[name] for name in _SUMMARY},
    }


def _add_evaluate(commands: Any) -> None:
    parser = _add_command(
        commands,
        "evaluate",
        "measure a finished run anew, and write its report and pictures",
        example="runs/mnist",
    )
    parser.add_argument(
        "model",
        type=_path,
        metavar="RUN",
        help="the directory of the run, or the name of a published model, "
        "mnist, whose report is printed and not written",
    )
    parser.add_argument(
        "--num-naming-labels",
        type=functools.partial(_count, sys.maxsize),
        metavar="N",
        help="name the categories after the labels of so many training images, "
        "balanced by class, as if there were no more (all)",
    )
    _add_data_arguments(parser)
    parser.set_defaults(run=run_evaluate)


def run_evaluate(args: argparse.Namespace) -> Any:
    """`keras-infogan evaluate`: returns the report."""
    # Before the data are read.
    find_model(args.model)
    config_path = find_companion(args.model, "config.json")
    if config_path is None:
        raise ValueError(
            "evaluate takes the directory of a finished run, or the name of a "
            f"published model. Received: {args.model}, without a config.json."
        )
    config = TrainingConfig.load(config_path)
    from keras_infogan import evaluation
    from keras_infogan import training
    from keras_infogan.loading import cache_directory

    data = training.load_data(
        config, data_dir=args.data_dir, archives_dir=args.archives_dir
    )
    if args.num_naming_labels is not None:
        evaluation.check_naming_labels(data[0], args.num_naming_labels)
    # What was published stays as it is.
    measure = training.finish if args.model.is_dir() else training.measure_run
    report = measure(
        config,
        args.model,
        *data,
        cache_dir=cache_directory(args.data_dir),
        num_naming_labels=args.num_naming_labels,
    )
    for sentence in evaluation.describe(report):
        _say(sentence)
    return report


def _add_model_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        type=_path,
        metavar="RUN",
        help="the directory of a finished run, a .keras file, or the name of "
        "a published model: mnist",
    )


def _add_picture_arguments(
    parser: argparse.ArgumentParser, output: str
) -> None:
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of all that is not given; the same one draws the same images "
        "(%(default)s)",
    )
    parser.add_argument(
        "--output",
        "-o",
        type=_png,
        default=Path(output),
        metavar="PNG",
        help="the picture to write (%(default)s)",
    )


def _add_sample(commands: Any) -> None:
    parser = _add_command(
        commands,
        "sample",
        "draw images from a trained generator",
        example="runs/mnist --category 7 --count 64 --output sevens.png",
    )
    _add_model_argument(parser)
    parser.add_argument(
        "--category",
        metavar="C",
        type=int,
        help="a number of the first categorical code",
    )
    parser.add_argument(
        "--digit",
        metavar="NAME",
        help="a class that the model has found, such as 7: the category that "
        "stands for it in code_map.json",
    )
    parser.add_argument(
        "--attribute",
        type=_attribute_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="such as slant=0.5: from -1 (least) to 1 (most); repeatable",
    )
    parser.add_argument(
        "--code",
        type=_code_values,
        action="append",
        default=[],
        metavar="NAME=VALUE[,VALUE]",
        help="a value for each dimension of a code, or one for all; repeatable",
    )
    parser.add_argument(
        "--count",
        type=functools.partial(_count, _MOST_IMAGES),
        default=64,
        metavar="N",
        help="images to draw (%(default)s)",
    )
    _add_picture_arguments(parser, "samples.png")
    group = parser.add_argument_group(
        "from a server", "Then RUN is the name of the served model."
    )
    group.add_argument(
        "--server",
        metavar="URL",
        help="of TensorFlow Serving: http://host:8501 (needs no TensorFlow "
        "here), https://..., grpc://host:8500 or grpcs://...",
    )
    group.add_argument(
        "--label", metavar="NAME", help="of a version, such as canary"
    )
    group.add_argument(
        "--code-map",
        type=_path,
        metavar="FILE",
        help="for --digit and --attribute (what the model itself says)",
    )
    parser.set_defaults(run=run_sample)


def _chosen_codes(
    args: argparse.Namespace, model: "InfoGAN"
) -> Mapping[str, Any]:
    spec = model.latent_spec
    codes: dict[str, Any] = {}
    options: dict[str, str] = {}

    def choose(name: str, value: Any, option: str) -> None:
        if name in codes:
            raise ValueError(
                f"The code {name!r} should be chosen once. Received: "
                f"{options[name]} and {option}. Leave one of them out."
            )
        codes[name], options[name] = value, option

    for name, values in args.code:
        option = f"--code {name}"
        if name in spec.categorical_names:
            if len(values) != 1 or not values[0].is_integer():
                raise ValueError(
                    f"The code {name!r} takes one category number. "
                    f"Received: {values}."
                )
            choose(name, int(values[0]), option)
        else:
            choose(name, [values], option)
    if args.category is not None:
        if not spec.categorical_names:
            raise ValueError(
                "--category needs a model with a categorical code. "
                f"Received: one with {', '.join(spec.codes)}."
            )
        choose(spec.categorical_names[0], args.category, "--category")
    if args.digit is not None:
        code_map = _code_map(args.model)
        name, numbers = code_map.find_categories(args.digit)
        choose(name, numbers[0], "--digit")
        _say(code_map.explain_categories(args.digit))
    values_of: dict[str, list[float]] = {}
    taken: set[tuple[str, int]] = set()
    for attribute, value in args.attribute:
        name, index, sign = _code_map(args.model).find_dimension(attribute)
        try:
            spec.codes[name].to_values(value, 1)
        except ValueError as error:
            raise ValueError(f"The attribute {attribute!r} {error}") from None
        if (name, index) in taken:
            raise ValueError(
                f"The attribute {attribute!r} should be chosen once. "
                "Received: two values. Leave one of them out."
            )
        taken.add((name, index))
        if name not in values_of:
            values_of[name] = [0.0] * spec.codes[name].dim
            choose(name, [values_of[name]], f"--attribute {attribute}")
        values_of[name][index] = sign * value
    return codes


def _code_map(run: Path) -> "CodeMap":
    """What the codes of a run mean, or a `ValueError` without."""
    from keras_infogan.code_map import CodeMap

    path = find_companion(run, "code_map.json")
    if path is None:
        raise ValueError(
            "A class or an attribute is found by the code map of a run. "
            f"Received: {run}, without code_map.json. "
            f"`keras-infogan evaluate {run}` makes one."
        )
    return CodeMap.load(path)


def _ask_server(args: argparse.Namespace) -> Any:
    """Images of a served model, whose codes are known by their names alone."""
    from keras_infogan.serving import PredictionClient

    choices: dict[str, Any] = {}
    for name, values in args.code:
        numbers = [int(x) if x.is_integer() else x for x in values]
        choices[name] = numbers if len(numbers) > 1 else numbers[0]
    if args.category is not None:
        choices["category"] = args.category
    if args.digit is not None:
        choices["digit"] = args.digit
    choices |= dict(args.attribute)
    client = PredictionClient(
        args.server, str(args.model), label=args.label, code_map=args.code_map
    )
    with client:
        return client.sample(count=args.count, seed=args.seed, **choices)


def run_sample(args: argparse.Namespace) -> Any:
    """`keras-infogan sample`: returns where the picture lies."""
    from keras_infogan import visualization

    visualization.check_picture_path(args.output)
    if args.server is not None:
        images = _ask_server(args)
    elif args.label or args.code_map:
        raise ValueError(
            "--label and --code-map are for --server. Received: no --server."
        )
    else:
        from keras_infogan import training

        model = training.load_model(args.model)
        codes = _chosen_codes(args, model)
        images = model.generate(args.count, codes=codes, seed=args.seed)
    # One image alone has no frame, so that `encode` reads it as it is.
    grid = visualization.image_grid(
        images,
        num_columns=min(args.count, 10),
        padding=0 if args.count == 1 else 2,
    )
    visualization.save_picture(args.output, grid)
    _say(f"{args.count} image{'s'[: args.count > 1]} in {args.output}.")
    result = {"output": str(args.output), "count": args.count}
    result |= {"seed": args.seed}
    if args.digit is not None and not args.server:
        name, _ = _code_map(args.model).find_categories(args.digit)
        meaning = _code_map(args.model).codes[name][codes[name]]
        result["digit"] = {"code": name, "category": codes[name]} | (
            dataclasses.asdict(meaning)
        )
    return result


def _add_traverse(commands: Any) -> None:
    parser = _add_command(
        commands,
        "traverse",
        "draw what one code changes, from left to right",
        example="runs/mnist --attribute slant --output slant.png",
    )
    _add_model_argument(parser)
    parser.add_argument(
        "--code",
        type=_code_dimension,
        metavar="NAME[:INDEX]",
        help="the code to sweep, and which of its dimensions",
    )
    parser.add_argument(
        "--attribute",
        metavar="NAME",
        help="such as slant: the code that stands for it in code_map.json",
    )
    parser.add_argument(
        "--columns",
        type=functools.partial(_count, _MOST_COLUMNS),
        default=10,
        metavar="N",
        help="values of the sweep (%(default)s)",
    )
    _add_picture_arguments(parser, "traverse.png")
    parser.set_defaults(run=run_traverse)


def run_traverse(args: argparse.Namespace) -> Any:
    """`keras-infogan traverse`: returns where the picture lies."""
    from keras_infogan import pictures
    from keras_infogan import training
    from keras_infogan import visualization

    if (args.code is None) == (args.attribute is None):
        raise ValueError(
            "traverse takes one of --code and --attribute. Received: "
            f"{'none' if args.code is None else 'both'}."
        )
    code_map = None
    if args.attribute or find_companion(args.model, "code_map.json"):
        code_map = _code_map(args.model)
    if code_map is not None and args.attribute:
        name, index, _ = code_map.find_dimension(args.attribute)
    else:
        name, index = args.code
    model = training.load_model(args.model)
    grid = pictures.draw_traverse(
        model,
        name,
        index,
        num_columns=args.columns,
        code_map=code_map,
        attribute=args.attribute,
        seed=args.seed,
    )
    visualization.save_picture(args.output, grid)
    dimensions = model.latent_spec.input_dims[name]
    if name not in model.latent_spec.categorical_names and dimensions > 1:
        what = f"{name}, dimension {index},"
    else:
        what = name
    _say(f"{what} changes along each row: {args.output}.")
    return {"output": str(args.output), "code": name, "index": index}


def _add_encode(commands: Any) -> None:
    parser = _add_command(
        commands,
        "encode",
        "read the codes from images of your own",
        example="runs/mnist three.png four.png",
    )
    _add_model_argument(parser)
    parser.add_argument(
        "images",
        type=_path,
        nargs="+",
        metavar="IMAGE",
        help="a picture like those the model learned from: for MNIST one "
        "digit, white on black, in the middle",
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="turn bright into dark first, for ink on white or transparent "
        "paper",
    )
    parser.set_defaults(run=run_encode)


def run_encode(args: argparse.Namespace) -> Any:
    """`keras-infogan encode`: returns the codes of each image.

    Of one that cannot be read, in place of them an `error`; none can, is an
    error itself.
    """
    from keras_infogan import pictures
    from keras_infogan import training
    from keras_infogan.picture_files import read_image

    model = training.load_model(args.model)
    code_map = None
    if find_companion(args.model, "code_map.json"):
        code_map = _code_map(args.model)
    images = {}
    errors: dict[int, Exception] = {}
    for number, path in enumerate(args.images):
        try:
            images[number] = read_image(
                path, model.image_shape, invert=args.invert
            )
        except (OSError, ValueError) as error:
            errors[number] = error
    if not images:
        raise errors[0]
    read = pictures.read_codes(model, list(images.values()))
    codes_of = dict(zip(images, read, strict=True))
    results: list[dict[str, Any]] = []
    for number, path in enumerate(args.images):
        if number in errors:
            text = explain(errors[number])
            _say(f"{path}: error: {text}")
            results.append({"image": str(path), "error": text})
            continue
        codes = codes_of[number]
        text = pictures.describe_codes(codes)
        meaning: dict[str, Any] = {}
        if code_map is not None:
            words = code_map.describe(codes)
            meaning = {"meaning": words, **code_map.interpret(codes)}
            text = " - ".join([", ".join(words)] * bool(words) + [text])
        warnings = pictures.doubts(images[number])
        warnings += pictures.reading_doubts(model.latent_spec, codes)
        _say(f"{path}: {text}")
        for warning in warnings:
            _say(f"Warning: {path} {warning}")
        results.append(
            {
                "image": str(path),
                **meaning,
                "warnings": warnings,
                "codes": codes,
            }
        )
    return results


def _add_export(commands: Any) -> None:
    parser = _add_command(
        commands,
        "export",
        "write a trained model for TensorFlow Serving, or as ONNX",
        example="runs/mnist --saved-model serving/mnist --onnx mnist.onnx",
    )
    _add_model_argument(parser)
    parser.add_argument(
        "--saved-model",
        type=_path,
        metavar="DIR",
        help="where the versions of the SavedModel are; a new one is published",
    )
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="the number of the version (the next one; 1 without "
        "--saved-model)",
    )
    parser.add_argument(
        "--onnx", type=_path, metavar="FILE", help="the generator, as ONNX"
    )
    parser.add_argument(
        "--onnx-encoder",
        type=_path,
        metavar="FILE",
        help="what reads the codes from an image, as ONNX",
    )
    parser.add_argument(
        "--float16-weights",
        action="store_true",
        help="ONNX files of half the size, which still compute in float32",
    )
    parser.set_defaults(run=run_export)


def _model_card(run: Path) -> str | None:
    """The card that belongs to a model, or what its report says."""
    from keras_infogan import evaluation

    card = find_companion(run, "model_card.md")
    if card is not None:
        return card.read_text(encoding="utf-8")
    report = find_companion(run, "report.json")
    if report is None:
        return None
    sentences = evaluation.describe(json.loads(report.read_text()))
    title = f"# {run.resolve().name}\n\nAn InfoGAN by keras-infogan.\n\n"
    return title + "".join(f"- {sentence}\n" for sentence in sentences)


def run_export(args: argparse.Namespace) -> Any:
    """`keras-infogan export`: returns what was written."""
    kinds = ("saved_model", "onnx", "onnx_encoder")
    if all(getattr(args, kind) is None for kind in kinds):
        raise ValueError(
            "export takes --saved-model, --onnx or --onnx-encoder. "
            "Received: none of them."
        )
    if args.float16_weights and args.onnx is None and args.onnx_encoder is None:
        raise ValueError(
            "--float16-weights is for --onnx. Received: no --onnx."
        )
    files = [path for path in (args.onnx, args.onnx_encoder) if path]
    if len({path.resolve() for path in files}) < len(files):
        raise ValueError(
            "--onnx and --onnx-encoder should be two files. "
            f"Received: {args.onnx} for both."
        )
    from keras_infogan import training
    from keras_infogan.export import onnx
    from keras_infogan.export import saved_model

    def read(name: str) -> Any:
        path = find_companion(args.model, name)
        return json.loads(path.read_text()) if path else None

    model = training.load_model(args.model)
    code_map = read("code_map.json")
    model_card = _model_card(args.model)
    result = {}
    version = 1 if args.version is None else args.version
    if args.saved_model is not None:
        result["saved_model"] = saved_model.export_saved_model(
            model,
            args.saved_model,
            version=args.version,
            code_map=code_map,
            model_card=model_card,
            configuration=read("config.json"),
        )
        version = int(result["saved_model"].name)
    for kind, export in (
        ("onnx", onnx.export_onnx),
        ("onnx_encoder", onnx.export_onnx_encoder),
    ):
        path = getattr(args, kind)
        if path is not None:
            result[kind] = export(
                model,
                path,
                code_map=code_map,
                model_card=model_card,
                version=version,
                float16_weights=args.float16_weights,
            )
    for kind, path in result.items():
        _say(f"{kind.replace('_', ' ')}: {path}")
    return {kind: str(path) for kind, path in result.items()}


def _add_explore(commands: Any) -> None:
    parser = _add_command(
        commands,
        "explore",
        "make a page with sliders of a trained model, for a browser",
        example="runs/mnist --output explorer.html",
    )
    _add_model_argument(parser)
    parser.add_argument(
        "--output",
        "-o",
        type=_path,
        default=Path("explorer.html"),
        metavar="FILE",
        help="the page (%(default)s); with --folder, the folder",
    )
    parser.add_argument(
        "--title",
        default="InfoGAN explorer",
        metavar="TEXT",
        help="of the page",
    )
    parser.add_argument(
        "--folder",
        action="store_true",
        help="a folder for a web server in place of one file: a new or empty "
        "one, or one that this command has made",
    )
    parser.add_argument(
        "--float16-weights",
        action="store_true",
        help="a smaller page, which still computes in float32",
    )
    parser.set_defaults(run=run_explore)


def run_explore(args: argparse.Namespace) -> Any:
    """`keras-infogan explore`: returns where the page lies."""
    from keras_infogan.export import explorer

    # Before the import of TensorFlow and two exports, which take half a minute.
    explorer.check_output(args.output, folder=args.folder)
    _import_tensorflow("keras_infogan.training")
    from keras_infogan import training
    from keras_infogan.export import onnx

    code_map = None
    if find_companion(args.model, "code_map.json"):
        code_map = _code_map(args.model).to_json()
    model = training.load_model(args.model)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, export in (
            ("generator.onnx", onnx.export_onnx),
            ("encoder.onnx", onnx.export_onnx_encoder),
        ):
            path = Path(folder) / name
            export(
                model,
                path,
                code_map=code_map,
                float16_weights=args.float16_weights,
            )
            paths.append(path)
        explorer.export_explorer(
            paths[0],
            paths[1],
            args.output,
            title=args.title,
            folder=args.folder,
        )
    if args.folder:
        _say(
            f"{args.output} is for a web server, such as `python -m "
            f"http.server --directory {shlex.quote(str(args.output))}`."
        )
    else:
        _say(f"Open {args.output} in a browser.")
    return {"output": str(args.output)}


def _add_serve_config(commands: Any) -> None:
    parser = _add_command(
        commands,
        "serve-config",
        "write what an operator of TensorFlow Serving needs",
        example="serving --model-dir saved_models/mnist",
    )
    parser.add_argument(
        "directory", type=_path, metavar="DIR", help="where the files go"
    )
    parser.add_argument(
        "--model-dir",
        type=_path,
        required=True,
        metavar="DIR",
        help="where the versions of the SavedModel are",
    )
    parser.add_argument(
        "--model-name",
        metavar="NAME",
        help="the name by which clients ask (that of the folder)",
    )
    for flag, text in (
        ("--stable", "the version of the label stable, at the start (1)"),
        (
            "--canary",
            "that of the label canary, at the start and with --stable (without "
            "it there is no such label; later scripts/canary.sh moves labels)",
        ),
    ):
        parser.add_argument(flag, type=int, metavar="N", help=text)
    for flag, default, text in (
        ("--replicas", 2, "servers that Kubernetes keeps at least"),
        ("--max-replicas", 8, "servers that it may start under load"),
    ):
        parser.add_argument(
            flag,
            type=int,
            default=default,
            metavar="N",
            help=f"{text} (%(default)s)",
        )
    parser.set_defaults(run=run_serve_config)


def run_serve_config(args: argparse.Namespace) -> Any:
    """`keras-infogan serve-config`: returns the files."""
    from keras_infogan.export import serve_config

    paths = serve_config.write_serving_files(
        args.directory,
        model_name=args.model_name or args.model_dir.resolve().name,
        model_dir=args.model_dir,
        stable=args.stable,
        canary=args.canary,
        replicas=args.replicas,
        max_replicas=args.max_replicas,
    )
    _say(f"Read {args.directory / 'OPERATING.md'} first.")
    return {"files": [str(path) for path in paths]}


def _add_presets(commands: Any) -> None:
    parser = _add_command(
        commands, "presets", "print the options of each preset", example=""
    )
    parser.set_defaults(run=run_presets)


def run_presets(args: argparse.Namespace) -> Any:
    """`keras-infogan presets`: returns the options of each preset."""
    return {name: config.to_json() for name, config in PRESETS.items()}


def _import_tensorflow(module: str) -> None:
    """Imports a module that imports TensorFlow, without the talk of that.

    It talks of CPU features and missing GPUs. Its C++ library writes that to
    file descriptor 2 before it has read how much it shall say. What it wrote is
    shown if the import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as talk:
        os.dup2(talk.fileno(), 2)
        try:
            importlib.import_module(module)
        except BaseException:
            talk.seek(0)
            os.write(stderr, talk.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    logging.getLogger("absl").setLevel(logging.ERROR)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_PROGRAM,
        description="Learn what varies in images, without labels (InfoGAN).",
        epilog="example: keras-infogan train --preset mnist --epochs 1",
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    parser.add_argument(
        "--traceback",
        action="store_true",
        help="show where in the code an error came from",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (
        _add_train,
        _add_evaluate,
        _add_sample,
        _add_traverse,
        _add_encode,
        _add_export,
        _add_explore,
        _add_serve_config,
        _add_presets,
    ):
        add(commands)
    return parser


def _print_result(result: Any) -> None:
    try:
        print(json.dumps(result, indent=2), flush=True)
    except OSError as error:
        # Python would try again at its end, and fail with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever closed a pipe has read enough.
        if not isinstance(error, BrokenPipeError):
            error.filename = "stdout"
            raise


def _out_of_memory() -> tuple[type[BaseException], ...]:
    """What NumPy and, if it was imported, TensorFlow raise for it."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return (MemoryError,)
    return (MemoryError, tensorflow.errors.ResourceExhaustedError)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line, `sys.argv` by default.

    Prints the result as JSON. Exits with 2 after an error of the user's, 130
    after Ctrl-C and 143 after SIGTERM.
    """
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        later = args.run in (run_presets, run_serve_config, run_explore)
        server = getattr(args, "server", None)
        if server is None and not later:
            _import_tensorflow("keras_infogan.training")
        elif server and server.startswith("grpc"):
            # Its messages are not to be had without.
            _import_tensorflow("tensorflow")
        result = args.run(args)
        _print_result(result)
        # Some of many images.
        if isinstance(result, list) and any("error" in x for x in result):
            parser.exit(_USER_ERROR)
    except (OSError, ValueError) as error:
        if args.traceback:
            raise
        parser.exit(_USER_ERROR, f"{parser.prog}: error: {explain(error)}\n")
    except _out_of_memory() as error:
        if args.traceback:
            raise
        parser.exit(
            _USER_ERROR,
            f"{parser.prog}: error: This needs more memory than there is; "
            f"choose smaller numbers. Received: {one_line(error, limit=200)}\n",
        )
    except KeyboardInterrupt as interrupt:
        status = getattr(interrupt, "exit_status", _INTERRUPTED)
        parser.exit(status, f"{parser.prog}: {interrupt or 'stopped'}\n")
