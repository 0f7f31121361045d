"""`keras-infogan encode`: infers the codes of images."""

import argparse
import warnings
from pathlib import Path
from typing import Any
from typing import NamedTuple

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.files import explain
from keras_infogan.models.pretrained import load_model

# Views that agree less on a category are worth a warning.
_SURE = 0.9
# Those of a photograph that is upside down must agree this much better.
_SURER = 0.03


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


class Item(NamedTuple):
    """An image to encode: a file, or a part of a photograph."""

    path: Path
    image: Any
    # Sentences that continue after the path.
    notes: list[str]
    # Left, top, right and bottom in the file, of a part of it.
    box: tuple[int, ...] | None = None


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan encode`: returns the codes of each image.

    An image that cannot be read has an `error` instead. If none can be read,
    the first error is raised.
    """
    from keras_infogan.evaluation import outliers

    model = load_model(args.model)
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
    from keras_infogan.reports.meanings import describe_meaning
    from keras_infogan.reports.outliers import describe_outlier
    from keras_infogan.reports.outliers import describe_unlikely_codes

    spec = model.latent_spec
    code_map = arguments.find_code_map(args.model)
    posterior = _encode(model, [item.image for item in items])
    estimates = spec.estimate(posterior)
    results = []
    for row, (item, codes) in enumerate(
        zip(items, spec.summarize(posterior), strict=True)
    ):
        text = spec.describe(codes)
        result: dict[str, Any] = {"image": str(item.path)}
        if item.box:
            result["box"] = list(item.box)
        if code_map is not None:
            guess = {name: values[row] for name, values in estimates.items()}
            words = describe_meaning(code_map, guess)
            result |= {"meaning": words, **code_map.interpret(guess)}
            text = " - ".join([", ".join(words)] * bool(words) + [text])
        all_warnings = [
            *item.notes,
            *describe_outlier(item.image, ranges, inverted=args.invert),
            *describe_unlikely_codes(spec, codes),
        ]
        place = f"{item.path}" + (f" at {item.box}" if item.box else "")
        say(f"{place}: {text}")
        for warning in all_warnings:
            say(f"Warning: {place} {warning}")
        results.append(result | {"warnings": all_warnings, "codes": codes})
    return results


def _encode(model: Any, images: Any) -> dict[str, Any]:
    import numpy as np

    # The pixels of files are bytes, and outliers are described.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return model.encode(np.stack(images))


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
    """The drawings of a photograph, upside down if `Q` is surer of these."""
    import numpy as np

    from keras_infogan.data.image_file import open_image
    from keras_infogan.data.photo import find_drawings
    from keras_infogan.data.photo import turn_upside_down
    from keras_infogan.evaluation.agreement import average_probabilities

    del args
    photo = open_image(path, background="white")
    drawings = find_drawings(photo, model.image_shape)
    if not drawings:
        raise ValueError(
            f"{path} should show ink on paper, or something bright on a dark "
            "background. Received: an image without enough contrast."
        )
    name = next(iter(model.latent_spec.categorical_names), None)
    if name is None:
        return [Item(path, x.image, [], x.box) for x in drawings]
    readings = (drawings, turn_upside_down(drawings))
    images = [np.stack([x.image for x in reading]) for reading in readings]
    shares = [average_probabilities(model, x, name) for x in images]
    sure = [x.max(axis=1).mean() for x in shares]
    turned = int(sure[1] > sure[0] + _SURER)
    notes = ["was read upside down, which fits better."] * turned
    category = _encode(model, images[turned])[f"{name}_probabilities"].argmax(1)
    items = []
    for row, drawing in enumerate(readings[turned]):
        share = shares[turned][row, category[row]]
        unsure = [
            f"may be something else: slightly changed, {share:.0%} of it is in "
            "this category."
        ] * int(share < _SURE)
        items.append(Item(path, drawing.image, notes + unsure, drawing.box))
    return items
