"""`keras-infogan encode`: infers the codes of images."""

import argparse
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

    from keras_infogan.data.image_file import describe_crop
    from keras_infogan.data.image_file import read_image
    from keras_infogan.evaluation import outliers
    from keras_infogan.reports.text import describe_meaning
    from keras_infogan.reports.warnings import describe_outlier
    from keras_infogan.reports.warnings import describe_unlikely_codes

    model = load_model(args.model)
    code_map = arguments.find_code_map(args.model)
    images = {}
    crops = {}
    errors: dict[int, Exception] = {}
    for number, path in enumerate(args.images):
        try:
            images[number], size = read_image(
                path, model.image_shape, invert=args.invert
            )
            crops[number] = describe_crop(size, model.image_shape)
        except (OSError, ValueError) as error:
            errors[number] = error
    if not images:
        raise errors[0]
    posterior = model.encode(np.stack(list(images.values())))
    summaries = model.latent_spec.summarize(posterior)
    codes_of = dict(zip(images, summaries, strict=True))
    ranges = outliers.find_ranges(
        model.generate(outliers.NUM_GENERATED, seed=0)
    )
    results: list[dict[str, Any]] = []
    for number, path in enumerate(args.images):
        if number in errors:
            text = explain(errors[number])
            say(f"{path}: error: {text}")
            results.append({"image": str(path), "error": text})
            continue
        codes = codes_of[number]
        text = model.latent_spec.describe(codes)
        meaning: dict[str, Any] = {}
        if code_map is not None:
            words = describe_meaning(code_map, codes)
            meaning = {"meaning": words, **code_map.interpret(codes)}
            text = " - ".join([", ".join(words)] * bool(words) + [text])
        warnings = crops[number]
        warnings += describe_outlier(
            images[number], ranges, inverted=args.invert
        )
        warnings += describe_unlikely_codes(model.latent_spec, codes)
        say(f"{path}: {text}")
        for warning in warnings:
            say(f"Warning: {path} {warning}")
        results.append(
            {
                "image": str(path),
                **meaning,
                "warnings": warnings,
                "codes": codes,
            }
        )
    return results
