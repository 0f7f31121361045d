"""Reads synthetic photographs of digits with `encode --photo`.

    python scripts/benchmarks/photos.py scripts/results/photos.json

Each is a digit of MNIST's test split, enlarged and drawn in gray ink on paper
with a shadow, blur and noise, at a random place. A photograph is right if one
drawing is found and its category is named after the digit's class. Beside it
are the same digits as MNIST has them.
"""

import argparse
import contextlib
import io
import json
import tempfile
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
KINDS = ("paper", "gray paper", "large frame", "thin pen", "upside down")


def photograph(
    digit: np.ndarray, random: np.random.Generator, kind: str
) -> Image.Image:
    """Draws a digit of MNIST in ink on paper.

    Args:
        digit: uint8 array of shape `(28, 28)`, white on black.
        random: Draws size, place, paper, ink, shadow, blur and noise.
        kind: One of `KINDS`.
    """
    scale = int(random.integers(4, 11))
    enlarged = Image.fromarray(digit).resize((28 * scale,) * 2)
    smooth = ndimage.gaussian_filter(np.asarray(enlarged) / 255.0, scale / 4)
    mask = np.clip(6.0 * smooth - 2.5, 0.0, 1.0)
    if kind == "thin pen":
        line = ndimage.binary_dilation(
            skeletonize(mask > 0.5), iterations=max(1, scale // 6)
        )
        mask = ndimage.gaussian_filter(line.astype(float), 0.7)
    height = int(28 * scale * (3.0 if kind == "large frame" else 1.25))
    width = int(height * random.uniform(1.0, 1.4))
    page = np.zeros((height, width))
    top, left = (
        int(np.clip(random.uniform(0.35, 0.65) * side - 14 * scale, 0, most))
        for side, most in (
            (height, height - 28 * scale),
            (width, width - 28 * scale),
        )
    )
    page[top : top + 28 * scale, left : left + 28 * scale] = mask
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
    if kind == "upside down":
        return image.transpose(Image.Transpose.ROTATE_180)
    return image


def main() -> None:
    """Reads all kinds of photographs and writes the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    data = open_images("mnist", split="test")
    code_map = CodeMap.load(ROOT / "saved_models/mnist_code_map.json")
    names = [x.name for x in code_map.codes["category"].categories]
    model = load_model("mnist")
    random = np.random.default_rng(args.seed)
    results: dict[str, Any] = {}
    for kind in KINDS:
        rows = random.permutation(len(data.images))[: args.count]
        labels = [str(label) for label in data.labels[rows]]
        probabilities = model.encode(data.images[rows])[
            "category_probabilities"
        ]
        originals = [names[x] for x in probabilities.argmax(axis=1)]
        read = _read(
            [photograph(data.images[r][..., 0], random, kind) for r in rows]
        )
        right = [
            len(found) == 1
            and names[found[0]["codes"]["category"]["category"]] == label
            for found, label in zip(read, labels, strict=True)
        ]
        warned = [any(x["warnings"] for x in found) for found in read]
        results[kind] = {
            "right": float(np.mean(right)),
            "original_right": float(np.mean(np.equal(originals, labels))),
            "wrong": int(len(right) - sum(right)),
            "wrong_with_warning": sum(
                w for w, r in zip(warned, right, strict=True) if not r
            ),
            "right_with_warning": sum(
                w for w, r in zip(warned, right, strict=True) if r
            ),
        }
        print(kind, results[kind], flush=True)
    report = {
        "command": "python scripts/benchmarks/photos.py "
        f"scripts/results/photos.json --count {args.count} --seed {args.seed}",
        "versions": {x: metadata.version(x) for x in ("tensorflow", "keras")},
        "count": args.count,
        "seed": args.seed,
        "results": results,
    }
    args.output.write_text(json.dumps(report, indent=2) + "\n")


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
