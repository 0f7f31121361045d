"""`keras-infogan embed`: the posterior of all images of a source, as a file."""

import argparse
import csv
from pathlib import Path
from typing import Any

from keras_infogan.cli import arguments
from keras_infogan.cli.console import say
from keras_infogan.files import atomic_path
from keras_infogan.files import check_writable
from keras_infogan.models.pretrained import load_model

_SUFFIXES = (".csv", ".npz")


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = arguments.add_command(
        commands,
        "embed",
        "infer the codes of all images of a source, for plots and other tools",
        example="runs/mnist photos/ -o codes.csv",
        run=run,
        check=check,
    )
    arguments.add_model_argument(parser)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="name of a tfds data set, folder of images, or .npz or .npy file",
    )
    parser.add_argument(
        "--output",
        "-o",
        type=arguments.path,
        default=Path("codes.csv"),
        metavar="CSV|NPZ",
        help="file to write (%(default)s): for each image its file or number, "
        "its label, and the parameters of Q(c|x)",
    )
    parser.add_argument(
        "--split",
        default="all",
        help="split of the source, or slice of one (%(default)s)",
    )
    arguments.add_data_arguments(parser)


def check(args: argparse.Namespace) -> None:
    """Raises an error unless there is the model and the file can be written."""
    arguments.check_model(args)
    if args.output.suffix not in _SUFFIXES:
        raise ValueError(
            f"The output should end in {' or '.join(_SUFFIXES)}. "
            f"Received: {args.output}."
        )
    check_writable(args.output)


def run(args: argparse.Namespace) -> Any:
    """`keras-infogan embed`: returns the columns of the file."""
    import numpy as np

    from keras_infogan.data.sources import open_images

    model = load_model(args.model)
    height, width, channels = model.image_shape
    data = open_images(
        args.source,
        split=args.split,
        image_size=(height, width),
        channels=channels,
        # As in training.
        resize=arguments.find_resize(args.model),
        data_dir=args.data_dir,
        archives_dir=args.archives_dir,
    )
    columns: dict[str, Any] = {
        "image": np.array(data.file_names or range(len(data.images)))
    }
    if data.labels is not None:
        columns["label"] = np.array(data.class_names)[data.labels]
    posterior = model.encode(data.images)
    spec = model.latent_spec
    spec.check_posterior(posterior)
    for name in spec.categorical_names:
        columns[name] = spec.category_logits(name, posterior).argmax(axis=1)
    columns |= posterior
    with atomic_path(args.output) as partial:
        if args.output.suffix == ".npz":
            np.savez(partial, **columns)
        else:
            columns = _write_csv(partial, columns)
    say(f"The codes of {len(data.images)} images are in {args.output}.")
    return {
        "output": str(args.output),
        "num_images": len(data.images),
        "columns": list(columns),
    }


def _write_csv(path: Path, arrays: dict[str, Any]) -> dict[str, Any]:
    """Writes a line an image; `pose_mean`, or `style_mean:1` of several."""
    columns = {}
    for name, array in arrays.items():
        if array.ndim == 1:
            columns[name] = array
            continue
        width = array.shape[1]
        for index in range(width):
            key = f"{name}:{index}" if width > 1 else name
            columns[key] = array[:, index]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return columns
