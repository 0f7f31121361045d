"""`keras-infogan encode`: infers the codes of images."""

import argparse
import functools
import warnings
from pathlib import Path
from typing import Any
from typing import NamedTuple

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.files import explain


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "encode",
        "infer the codes of your own images",
        example="runs/mnist three.png four.png",
        run=run,
        check=check,
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
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--invert",
        action="store_true",
        help="invert the brightness first, for ink on white or transparent "
        "paper",
    )
    group.add_argument(
        "--photo",
        action="store_true",
        help="read photographs and scans, such as of ink on paper: remove the "
        "background, and find, scale and center each digit",
    )
    parser.add_argument(
        "--views",
        type=functools.partial(arguments.count, 256),
        default=1,
        metavar="N",
        help="average the probabilities of categories over N slightly "
        "augmented views of each image, which are right more often than one "
        "(default: 1)",
    )


def check(args: argparse.Namespace) -> None:
    """Raises an error if there is no such model, or none of the images."""
    # Views are made with it.
    arguments.check_networks(args, tensorflow=args.photo or args.views > 1)
    if not any(path.exists() for path in args.images):
        raise FileNotFoundError(f"There is no file {args.images[0]}.")


class Item(NamedTuple):
    """An image to encode: a file, or a part of a photograph."""

    path: Path
    image: Any
    # Sentences that continue after the path.
    notes: list[str]
    # Left, top, right and bottom in the file, of a part of it.
    box: tuple[int, ...] | None = None
    # The same upside down, if it may be so.
    opposite: Any = None


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan encode`: returns the codes of each image.

    An image that cannot be read has an `error` instead. If none can be read,
    the first error is raised.
    """
    from keras_infogan.evaluation import outliers

    model = arguments.load_networks(args)
    read = _read_photo if args.photo else _read_file
    items: list[Item] = []
    results: list[dict[str, Any]] = []
    errors: list[Exception] = []
    for path in args.images:
        try:
            items += read(args, model, path)
        except (OSError, ValueError) as error:
            errors.append(error)
            results.append({"image": str(path), "error": explain(error)})
    if not items:
        raise errors[0]
    for result in results:
        say(f"{result['image']}: error: {result['error']}")
    ranges = outliers.find_ranges(
        model.generate(outliers.NUM_GENERATED, seed=0)
    )
    found = _describe(args, model, items, ranges)
    # In the order of the command.
    order = {str(path): place for place, path in enumerate(args.images)}
    return sorted([*results, *found], key=lambda r: order[r["image"]])


def _describe(
    args: argparse.Namespace,
    model: Any,
    items: list[Item],
    ranges: dict[str, tuple[float, float]],
) -> list[dict[str, Any]]:
    """Says what each image means, and returns it."""
    from keras_infogan.evaluation.code_map import find_code_map
    from keras_infogan.reports.outliers import describe_outlier
    from keras_infogan.reports.outliers import describe_unlikely_codes

    code_map = find_code_map(args.model, model.latent_spec)
    images = [item.image for item in items]
    read = _interpret(model, code_map, images, args.views)
    results = []
    for item, (text, meaning) in zip(items, read, strict=True):
        result: dict[str, Any] = {"image": str(item.path)}
        if item.box:
            result["box"] = list(item.box)
        all_warnings = [
            *item.notes,
            *describe_outlier(
                item.image,
                ranges,
                inverted=args.invert,
                from_photo=args.photo,
            ),
            *describe_unlikely_codes(model.latent_spec, meaning["codes"]),
        ]
        result |= {**meaning, "warnings": all_warnings}
        if item.opposite is not None:
            ((words, other),) = _interpret(
                model, code_map, [item.opposite], args.views
            )
            result["upside_down"] = other
            text += f"; or, if it is upside down: {words}"
        place = f"{item.path}" + (f" at {item.box}" if item.box else "")
        say(f"{place}: {text}")
        for warning in all_warnings:
            say(f"Warning: {place} {warning}")
        results.append(result)
    return results


def _interpret(
    model: Any, code_map: Any, images: list[Any], num_views: int
) -> list[tuple[str, dict[str, Any]]]:
    """The codes of each image, what they mean, and both in words."""
    import numpy as np

    from keras_infogan.reports.meanings import describe_meaning

    # Networks that were loaded without TensorFlow make no views.
    options = {"num_views": num_views} if num_views > 1 else {}
    # The pixels of files are bytes, and outliers are described.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        posterior = model.encode(np.stack(images), **options)
    spec = model.latent_spec
    spec.check_posterior(posterior)
    estimates = spec.estimate(posterior)
    found = []
    for row, codes in enumerate(spec.summarize(posterior)):
        text, meaning = spec.describe(codes), {}
        if code_map is not None:
            guess = {name: values[row] for name, values in estimates.items()}
            words = describe_meaning(code_map, guess)
            meaning = {"meaning": words, **code_map.interpret(guess)}
            text = " - ".join([", ".join(words)] * bool(words) + [text])
        found.append((text, {**meaning, "codes": codes}))
    return found


def _read_file(args: argparse.Namespace, model: Any, path: Path) -> list[Item]:
    from keras_infogan.data.image_file import describe_crop
    from keras_infogan.data.image_file import read_image

    shape = model.image_shape
    # As in training.
    resize = arguments.find_resize(args.model)
    image, size = read_image(path, shape, invert=args.invert, resize=resize)
    notes = describe_crop(size, shape) if resize == "crop" else []
    return [Item(path, image, notes)]


def _read_photo(args: argparse.Namespace, model: Any, path: Path) -> list[Item]:
    """The drawings of a photograph."""
    from keras_infogan.data.image_file import open_image
    from keras_infogan.data.photo import find_drawings
    from keras_infogan.evaluation.photo import read_drawings
    from keras_infogan.reports.outliers import describe_reading

    del args
    photo = open_image(path, background="white")
    drawings = find_drawings(photo, model.image_shape)
    if not drawings:
        raise ValueError(
            f"{path} should show ink on paper, or something bright on a dark "
            "background. Received: an image without enough contrast."
        )
    return [
        Item(
            path,
            reading.drawing.image,
            describe_reading(reading),
            reading.drawing.box,
            reading.opposite,
        )
        for reading in read_drawings(model, drawings)
    ]
