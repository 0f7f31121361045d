"""Reads synthetic photographs of digits with `encode --photo`.

    python scripts/benchmarks/photos.py scripts/results/photos.json

Each shows digits of MNIST's test split, enlarged and drawn in gray ink on paper
with a shadow, blur and noise, at a random place. A photograph is right if all
its digits are found, and the category of each is named after its class. Beside
it is the share of photographs whose digits the model all reads right as MNIST
has them.
"""

import argparse
import contextlib
import io
import json
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

from keras_infogan import CodeMap
from keras_infogan import load_model
from keras_infogan import open_images
from keras_infogan.cli.main import main as command_line

ROOT = Path(__file__).parents[2]
# How many digits of each, in how many lines.
KINDS = {
    "paper": (1, 1),
    "gray paper": (1, 1),
    "large frame": (1, 1),
    "thin pen": (1, 1),
    "two digits": (2, 1),
    "upside down": (1, 1),
    "page upside down": (8, 2),
}


def photograph(
    digits: np.ndarray, random: np.random.Generator, kind: str
) -> Image.Image:
    """Draws digits of MNIST in ink on paper.

    Args:
        digits: uint8 array of shape `(num_digits, 28, 28)`, white on black.
        random: Draws size, place, paper, ink, shadow, blur and noise.
        kind: One of `KINDS`.
    """
    scale = int(random.integers(4, 11))
    _, num_lines = KINDS[kind]
    lines = np.split(digits, num_lines)
    drawn = np.concatenate([np.concatenate(list(x), axis=1) for x in lines])
    rows, columns = (scale * side for side in drawn.shape)
    enlarged = Image.fromarray(drawn).resize((columns, rows))
    smooth = ndimage.gaussian_filter(np.asarray(enlarged) / 255.0, scale / 4)
    mask = np.clip(6.0 * smooth - 2.5, 0.0, 1.0)
    if kind == "thin pen":
        line = ndimage.binary_dilation(
            skeletonize(mask > 0.5), iterations=max(1, scale // 6)
        )
        mask = ndimage.gaussian_filter(line.astype(float), 0.7)
    height = int(rows * (3.0 if kind == "large frame" else 1.25))
    width = int(max(height, 1.25 * columns) * random.uniform(1.0, 1.4))
    page = np.zeros((height, width))
    top, left = (
        int(
            np.clip(
                random.uniform(0.35, 0.65) * side - part / 2, 0, side - part
            )
        )
        for side, part in ((height, rows), (width, columns))
    )
    page[top : top + rows, left : left + columns] = mask
    dark = kind == "gray paper"
    paper = random.uniform(0.45, 0.75) if dark else random.uniform(0.7, 0.97)
    ink = random.uniform(0.05, 0.45) * paper
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    angle = random.uniform(0.0, 2.0 * np.pi)
    slope = (np.cos(angle) * x + np.sin(angle) * y + 1.0) / 2.0
    shadow = 1.0 - random.uniform(0.0, 0.35) * slope
    light = (paper + (ink - paper) * page) * shadow
    light = ndimage.gaussian_filter(light, random.uniform(0.0, 0.15) * scale)
    light += random.normal(0.0, random.uniform(0.0, 0.03), light.shape)
    image = Image.fromarray(np.uint8(np.clip(255.0 * light, 0, 255)))
    if kind.endswith("upside down"):
        return image.transpose(Image.Transpose.ROTATE_180)
    return image


def main() -> None:
    """Reads all kinds of photographs and writes the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=250, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="test", help="of MNIST")
    args = parser.parse_args()
    data = open_images("mnist", split=args.split)
    code_map = CodeMap.load(ROOT / "saved_models/mnist_code_map.json")
    names = [x.name for x in code_map.codes["category"].categories]
    model = load_model("mnist")
    random = np.random.default_rng(args.seed)
    results: dict[str, Any] = {}
    for kind, (num_digits, _) in KINDS.items():
        rows = random.permutation(len(data.images))[: args.count * num_digits]
        probabilities = model.encode(data.images[rows])[
            "category_probabilities"
        ]
        originals = np.array(names)[probabilities.argmax(axis=1)]
        labels = data.labels[rows].astype(str)
        are_right = (originals == labels).reshape(args.count, num_digits)
        photos = [
            photograph(data.images[some][..., 0], random, kind)
            for some in rows.reshape(args.count, num_digits)
        ]
        start = time.perf_counter()
        read = _read(photos)
        seconds = time.perf_counter() - start
        results[kind] = {
            **_summarize(read, labels.reshape(args.count, num_digits), names),
            "originals_right": float(are_right.all(axis=1).mean()),
            "seconds_per_photograph": round(seconds / args.count, 3),
        }
        print(kind, results[kind], flush=True)
    report = {
        "command": "python scripts/benchmarks/photos.py "
        f"scripts/results/photos.json --count {args.count} --seed {args.seed} "
        f"--split {args.split}",
        "versions": {x: metadata.version(x) for x in ("tensorflow", "keras")},
        "count": args.count,
        "seed": args.seed,
        "split": args.split,
        "results": results,
    }
    args.output.write_text(json.dumps(report, indent=2) + "\n")


def _summarize(
    read: list[list[dict[str, Any]]],
    labels: np.ndarray,
    names: list[str | None],
) -> dict[str, Any]:
    """Counts the right photographs, and what was said of right and wrong ones.

    Args:
        read: What was found in each photograph.
        labels: Of shape `(num_photographs, num_digits)`.
        names: Of the categories.
    """

    def classes(found: list[dict[str, Any]], *, opposite: bool) -> list[Any]:
        each = [x.get("upside_down", x) if opposite else x for x in found]
        # Upside down, the last is the first.
        each = each[::-1] if opposite else each
        return [names[x["codes"]["category"]["category"]] for x in each]

    counts = {
        f"{ending}_{what}": 0
        for ending in ("right", "wrong")
        for what in ("with_warning", "with_both_orientations", "silently")
    }
    num_right = num_right_either_way = 0
    for found, row in zip(read, labels, strict=True):
        is_right = classes(found, opposite=False) == [*row]
        num_right += is_right
        num_right_either_way += is_right or classes(found, opposite=True) == [
            *row
        ]
        what = "silently"
        if any("upside_down" in x for x in found):
            what = "with_both_orientations"
        if any(x["warnings"] for x in found):
            what = "with_warning"
        counts[f"{'right' if is_right else 'wrong'}_{what}"] += 1
    return {
        "right": num_right / len(read),
        "right_in_one_orientation": num_right_either_way / len(read),
        **counts,
    }


def _read(photographs: list[Image.Image]) -> list[list[dict[str, Any]]]:
    """What the command finds in each photograph."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{n}.png" for n in range(len(photographs))]
        for path, image in zip(paths, photographs, strict=True):
            image.save(path)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            command_line(["encode", "mnist", "--photo", *map(str, paths)])
        found = json.loads(output.getvalue())
    by_path: dict[str, list[dict[str, Any]]] = {str(p): [] for p in paths}
    for entry in found:
        if "error" not in entry:
            by_path[entry["image"]].append(entry)
    return list(by_path.values())


if __name__ == "__main__":
    main()
