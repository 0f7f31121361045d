"""`keras-infogan encode`: reads the codes from pictures."""

import argparse
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.companions import load_code_map
from keras_infogan.cli.console import say
from keras_infogan.files import explain
from keras_infogan.models.pretrained import find_companion
from keras_infogan.models.pretrained import load_model


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "encode",
        "read the codes from images of your own",
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
        help="a picture like those the model learned from: for MNIST one "
        "digit, white on black, in the middle",
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="turn bright into dark first, for ink on white or transparent "
        "paper",
    )


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan encode`: returns the codes of each image.

    Of one that cannot be read, in place of them an `error`; none can, is an
    error itself.
    """
    from keras_infogan.data.image_file import describe_crop
    from keras_infogan.data.image_file import read_image
    from keras_infogan.evaluation import outliers as doubts
    from keras_infogan.reports import grids as pictures
    from keras_infogan.reports.text import describe_meaning

    model = load_model(args.model)
    code_map = None
    if find_companion(args.model, "code_map.json"):
        code_map = load_code_map(args.model)
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
    read = pictures.read_codes(model, list(images.values()))
    codes_of = dict(zip(images, read, strict=True))
    ranges = doubts.drawn_ranges(model.generate(doubts.NUM_DRAWN, seed=0))
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
        warnings += doubts.picture_doubts(
            images[number], ranges, inverted=args.invert
        )
        warnings += doubts.reading_doubts(model.latent_spec, codes)
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
