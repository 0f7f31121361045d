"""`keras-infogan sample`: generates images with chosen codes."""

import argparse
import dataclasses
import functools
from typing import TYPE_CHECKING
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.arguments import load_code_map
from keras_infogan.cli.console import say
from keras_infogan.latents import find_categorical

if TYPE_CHECKING:
    from keras_infogan.latents.spec import LatentSpec
    from keras_infogan.serving import PredictionClient

# More images than a person can look at.
_MOST_IMAGES = 10_000


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "sample",
        "generate images",
        example="runs/mnist --category 7 --count 64 --output sevens.png",
        run=run,
        check=check,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "--category",
        metavar="C",
        type=arguments.whole_number,
        help="category of the first categorical code",
    )
    parser.add_argument(
        "--digit",
        metavar="NAME",
        help="class to generate, such as 7, by way of its category in "
        "code_map.json",
    )
    parser.add_argument(
        "--attribute",
        type=arguments.attribute_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of an attribute from -1 (least) to 1 (most), such as "
        "slant=0.5; repeatable",
    )
    parser.add_argument(
        "--code",
        type=arguments.code_values,
        action="append",
        default=[],
        metavar="NAME=VALUE[,VALUE]",
        help="value of a code, or one for each of its dimensions; repeatable",
    )
    parser.add_argument(
        "--count",
        type=functools.partial(arguments.count, _MOST_IMAGES),
        default=64,
        metavar="N",
        help="number of images (%(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=arguments.whole_number,
        default=0,
        metavar="N",
        help="seed of the noise and of all codes that are not given "
        "(%(default)s)",
    )
    arguments.add_image_argument(parser, "samples.png")
    _add_server_arguments(parser)


def _add_server_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "from a server", "Then RUN is the name of the served model."
    )
    group.add_argument(
        "--server",
        metavar="URL",
        help="address of TensorFlow Serving: http://host:8501 (needs no "
        "TensorFlow here), https://..., grpc://host:8500 or grpcs://...",
    )
    group.add_argument(
        "--label", metavar="NAME", help="label of a version, such as canary"
    )
    group.add_argument(
        "--code-map",
        type=arguments.path,
        metavar="FILE",
        help="code map for --digit and --attribute (that of the model)",
    )


def _chosen_codes(
    args: argparse.Namespace, spec: "LatentSpec"
) -> dict[str, Any]:
    codes: dict[str, Any] = {}
    chosen: list[tuple[str, int | None, str]] = []

    def choose(option: str, name: str, index: int | None = None) -> None:
        for code, dimension, other in chosen:
            if code == name and (dimension == index or dimension is None):
                raise ValueError(
                    f"The code {name!r} should be chosen once. Received: "
                    f"{other} and {option}. Leave one of them out."
                )
        chosen.append((name, index, option))

    for name, values in args.code:
        choose(f"--code {name}", name)
        codes[name] = values[0] if len(values) == 1 else [values]
    if args.category is not None:
        name = spec.first_categorical("--category")
        choose("--category", name)
        codes[name] = args.category
    if args.digit is not None:
        from keras_infogan.reports.meanings import explain_category

        code_map = load_code_map(args.model, spec)
        name, numbers = code_map.find_categories(args.digit)
        choose("--digit", name)
        codes[name] = numbers[0]
        say(explain_category(code_map, args.digit))
    for attribute, value in args.attribute:
        code_map = load_code_map(args.model, spec)
        name, index, sign = code_map.find_dimension(attribute)
        choose(f"--attribute {attribute}", name, index)
        try:
            spec.codes[name].to_values(value, 1)
        except ValueError as error:
            raise ValueError(f"The attribute {attribute!r} {error}") from None
        row = [0.0] * spec.codes[name].num_dimensions
        codes.setdefault(name, [row])[0][index] = sign * value
    return codes


def _first_categorical(client: "PredictionClient") -> str:
    """The code of `--category`: the same as without a server."""
    inputs = dict(client.metadata().signature("sample").inputs)
    inputs.pop("seed", None)
    categorical = {name: x.dtype.kind == "i" for name, x in inputs.items()}
    names = [name for name, found in categorical.items() if found]
    if len(names) > 1:
        # A code map has the order of the model; a server keeps none.
        codes = client.find_code_map().codes
        if not codes:
            raise ValueError(
                "--category needs a code map if a model has several "
                f"categorical codes. Received: {', '.join(names)}, and "
                "no code map. Give --code-map, or --code NAME=C."
            )
        categorical = {name: bool(x.categories) for name, x in codes.items()}
    return find_categorical("--category", categorical)


def _ask_server(args: argparse.Namespace) -> Any:
    """Images of a served model."""
    from keras_infogan.serving import PredictionClient

    choices = {
        name: values if len(values) > 1 else values[0]
        for name, values in args.code
    }
    if args.digit is not None:
        choices["digit"] = args.digit
    choices |= dict(args.attribute)
    client = PredictionClient(
        args.server,
        str(args.model),
        label=args.label,
        code_map=args.code_map,
        # A restart takes 3 to 7 s, and these pauses 11 s at most.
        retries=7,
    )
    with client:
        if args.category is not None:
            name = _first_categorical(client)
            if name in choices:
                raise ValueError(
                    f"The code {name!r} should be chosen once. Received: "
                    f"--code {name} and --category. Leave one of them out."
                )
            choices[name] = args.category
        return client.sample(count=args.count, seed=args.seed, **choices)


def check(args: argparse.Namespace) -> None:
    """Raises an error if the image cannot be written or there is no model."""
    from keras_infogan.reports.images import check_image_path

    check_image_path(args.output)
    if args.server is not None:
        # Messages of gRPC are made with TensorFlow.
        args.needs_tensorflow = args.server.startswith("grpc")
        return
    if args.label or args.code_map:
        raise ValueError(
            "--label and --code-map are for --server. Received: no --server."
        )
    arguments.check_networks(args)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan sample`: returns the path of the image file."""
    from keras_infogan.reports.images import image_grid
    from keras_infogan.reports.images import save_image

    if args.server is not None:
        images = _ask_server(args)
    else:
        model = arguments.load_networks(args)
        codes = _chosen_codes(args, model.latent_spec)
        images = model.generate(args.count, codes=codes, seed=args.seed)
    # A single image has no padding, so `encode` can read it back.
    grid = image_grid(
        images,
        num_columns=min(args.count, 10),
        padding=0 if args.count == 1 else 2,
    )
    save_image(args.output, grid)
    say(f"{args.count} image{'s'[: args.count > 1]} in {args.output}.")
    result = {
        "output": str(args.output),
        "count": args.count,
        "seed": args.seed,
    }
    if args.digit is not None and not args.server:
        code_map = load_code_map(args.model, model.latent_spec)
        name, (number, *_) = code_map.find_categories(args.digit)
        meaning = dataclasses.asdict(code_map.codes[name].categories[number])
        result["digit"] = {"code": name, "category": number, **meaning}
    return result
