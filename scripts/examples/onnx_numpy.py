"""Generates images from an ONNX file, without TensorFlow.

Needs only numpy and onnxruntime:

    pip install numpy onnxruntime
    python onnx_numpy.py mnist.onnx --output grid.png

Each row of the grid is a category; each column has the same noise and the same
other codes. The script stands by itself: copy what you need.
"""

import argparse
import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np

# Without it, the import looks up a host that collects statistics.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime  # noqa: E402

NUM_COLUMNS = 10


def draw(prior: dict, count: int, random: np.random.Generator) -> np.ndarray:
    """Draws float32 values of shape `(count, dim)` from a prior."""
    distribution, dim = prior["distribution"], prior["dim"]
    if distribution == "normal":
        values = random.normal(prior["mean"], prior["stddev"], (count, dim))
    elif distribution == "uniform":
        values = random.uniform(prior["low"], prior["high"], (count, dim))
    elif distribution == "one_hot":
        # Equally likely where there are no probabilities.
        chances = prior.get("probabilities")
        values = np.eye(dim)[random.choice(dim, size=count, p=chances)]
    elif distribution == "bits":
        values = random.integers(2, size=(count, dim))
    elif distribution == "circle":
        angles = random.uniform(0, 2 * np.pi, count)
        values = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    else:
        raise ValueError(f"This script is older than the file: {prior}.")
    return values.astype(np.float32)


def draw_grid(priors: dict, seed: int) -> dict[str, np.ndarray]:
    """Draws the inputs of a grid, row by row.

    Rows are categories if there are any. Each column has the same noise and the
    same other codes.
    """
    random = np.random.default_rng(seed)
    column = {
        name: draw(prior, NUM_COLUMNS, random) for name, prior in priors.items()
    }
    name = first_category(priors)
    num_rows = priors[name]["dim"] if name else 1
    inputs = {key: np.tile(rows, (num_rows, 1)) for key, rows in column.items()}
    if name:
        rows = np.eye(num_rows, dtype=np.float32)
        inputs[name] = np.repeat(rows, NUM_COLUMNS, axis=0)
    return inputs


def first_category(priors: dict) -> str | None:
    """The name of the first categorical code."""
    for name, prior in priors.items():
        if prior["distribution"] == "one_hot":
            return name
    return None


def arrange(images: np.ndarray) -> np.ndarray:
    """Arranges images in [-1, 1] as one of bytes, `NUM_COLUMNS` in a row."""
    count, height, width, channels = images.shape
    rows = count // NUM_COLUMNS
    grid = images.reshape(rows, NUM_COLUMNS, height, width, channels)
    grid = grid.transpose(0, 2, 1, 3, 4)
    grid = grid.reshape(rows * height, NUM_COLUMNS * width, channels)
    return np.rint(127.5 * (grid + 1)).astype(np.uint8)


def encode_png(pixels: np.ndarray) -> bytes:
    """Encodes bytes of shape `(height, width, 1 or 3)` as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", checksum)
        )

    height, width, channels = pixels.shape
    color = {1: 0, 3: 2}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    # Each line starts with the number of its filter, 0 for none.
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def load(path: Path) -> tuple[onnxruntime.InferenceSession, dict[str, str]]:
    """Loads a generator and its metadata; raises `ValueError` for others."""
    data = path.read_bytes()
    try:
        session = onnxruntime.InferenceSession(
            data, providers=["CPUExecutionProvider"]
        )
    # The exceptions of onnxruntime share no base class.
    except Exception as error:
        raise ValueError(
            f"{path} should be an ONNX file. Received: {error}"
        ) from error
    metadata = session.get_modelmeta().custom_metadata_map
    inputs = [end.name for end in session.get_inputs()]
    if "noise" not in inputs or "keras_infogan.priors" not in metadata:
        raise ValueError(
            f"{path} should be a generator of keras-infogan, with the input "
            f"noise. Received: one with {', '.join(inputs)}. Take the "
            "file of --onnx, not that of --onnx-encoder."
        )
    return session, metadata


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("generator", type=Path, help="the ONNX file")
    parser.add_argument("--output", type=Path, default=Path("grid.png"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--arrays",
        type=Path,
        help="also write inputs and images, as an .npz file",
    )
    args = parser.parse_args()
    try:
        run(args)
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")


def run(args: argparse.Namespace) -> None:
    """Writes the grid, and prints the class of each row."""
    session, metadata = load(args.generator)
    priors = json.loads(metadata["keras_infogan.priors"])
    inputs = draw_grid(priors, args.seed)
    (images,) = session.run(["image"], inputs)
    args.output.write_bytes(encode_png(arrange(images)))
    if args.arrays:
        np.savez(args.arrays, image=images, **inputs)
    print(f"wrote {args.output}: {len(images)} images")

    code_map = json.loads(metadata.get("keras_infogan.code_map", "{}"))
    code = code_map.get("codes", {}).get(first_category(priors), {})
    for number, category in enumerate(code.get("categories", [])):
        name = category["name"] or "no single class"
        print(f"row {number} is category {number}: {name}")


if __name__ == "__main__":
    main()
