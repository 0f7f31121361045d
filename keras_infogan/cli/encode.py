"""`keras-infogan encode`: infers the codes of images."""

import argparse
import warnings
from pathlib import Path
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.files import explain
from keras_infogan.models.pretrained import load_model


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "encode",
        "infer the codes of your own images",
        example="runs/mnist three.png four.png",
        run=run,
        check=arguments.check_model,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "images",
        type=arguments.path,
        nargs="+",
        metavar="IMAGE",
        help="image file like the training images: for MNIST one centered "
        "digit, white on black",
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="invert the brightness first, for ink on white or transparent "
        "paper",
    )


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan encode`: returns the codes of each image.

    An image that cannot be read has an `error` instead. If none can be read,
    the first error is raised.
    """
    import numpy as np

    from keras_infogan.evaluation import outliers
    from keras_infogan.reports.meanings import describe_meaning
    from keras_infogan.reports.outliers import describe_outlier
    from keras_infogan.reports.outliers import describe_unlikely_codes

    model = load_model(args.model)
    spec = model.latent_spec
    code_map = arguments.find_code_map(args.model)
    images, notes, errors = _read_images(args, model.image_shape)
    # The pixels of files are bytes, and outliers are described below.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        posterior = model.encode(np.stack(list(images.values())))
    codes_of = dict(zip(images, spec.summarize(posterior), strict=True))
    estimates = spec.estimate(posterior)
    ranges = outliers.find_ranges(
        model.generate(outliers.NUM_GENERATED, seed=0)
    )
    results: list[dict[str, Any]] = []
    for path in args.images:
        if path in errors:
            text = explain(errors[path])
            say(f"{path}: error: {text}")
            results.append({"image": str(path), "error": text})
            continue
        codes = codes_of[path]
        text = spec.describe(codes)
        meaning: dict[str, Any] = {}
        if code_map is not None:
            row = list(images).index(path)
            guess = {name: values[row] for name, values in estimates.items()}
            words = describe_meaning(code_map, guess)
            meaning = {"meaning": words, **code_map.interpret(guess)}
            text = " - ".join([", ".join(words)] * bool(words) + [text])
        all_warnings = [
            *notes[path],
            *describe_outlier(images[path], ranges, inverted=args.invert),
            *describe_unlikely_codes(spec, codes),
        ]
        say(f"{path}: {text}")
        for warning in all_warnings:
            say(f"Warning: {path} {warning}")
        results.append(
            {"image": str(path)}
            | meaning
            | {"warnings": all_warnings, "codes": codes}
        )
    return results


def _read_images(
    args: argparse.Namespace, shape: tuple[int, ...]
) -> tuple[dict[Path, Any], dict[Path, list[str]], dict[Path, Exception]]:
    """Images, notes about them, and errors, by their paths."""
    from keras_infogan.data.image_file import describe_crop
    from keras_infogan.data.image_file import read_image

    images, notes = {}, {}
    errors: dict[Path, Exception] = {}
    for path in args.images:
        try:
            images[path], size = read_image(path, shape, invert=args.invert)
            notes[path] = describe_crop(size, shape)
        except (OSError, ValueError) as error:
            errors[path] = error
    if not images:
        raise errors[args.images[0]]
    return images, notes, errors
