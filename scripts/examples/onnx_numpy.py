"""Draws digits from an ONNX file of a generator, without TensorFlow.

Needs numpy and onnxruntime alone:

    pip install numpy onnxruntime
    python onnx_numpy.py mnist.onnx --output grid.png

Each row of the grid is a category, each column has the same noise and the same
other codes. Copy what you need of it; it stands by itself.
"""

import argparse
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import onnxruntime

NUM_COLUMNS = 10


def draw(code: dict, count: int, random: np.random.Generator) -> np.ndarray:
    """Values of a code from its prior, float32 of shape `(count, dim)`."""
    if code["type"] == "categorical":
        number = code["num_categories"]
        values = np.eye(number)[random.integers(number, size=count)]
    elif code["type"] == "uniform":
        values = random.uniform(-1, 1, (count, code["dim"]))
    elif code["type"] == "normal":
        values = random.standard_normal((count, code["dim"]))
    elif code["type"] == "bernoulli":
        values = random.integers(2, size=(count, code["dim"]))
    else:
        raise ValueError(f"This script is older than the file: {code}.")
    return values.astype(np.float32)


def draw_grid(spec: dict, seed: int) -> dict[str, np.ndarray]:
    """Inputs of a grid, row by row; rows are categories if there are any."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((NUM_COLUMNS, spec["noise_dim"]))
    column = {"noise": noise.astype(np.float32)}
    for name, code in spec["codes"].items():
        column[name] = draw(code, NUM_COLUMNS, random)
    name = first_category(spec)
    num_rows = spec["codes"][name]["num_categories"] if name else 1
    inputs = {key: np.tile(rows, (num_rows, 1)) for key, rows in column.items()}
    if name:
        rows = np.eye(num_rows, dtype=np.float32)
        inputs[name] = np.repeat(rows, NUM_COLUMNS, axis=0)
    return inputs


def first_category(spec: dict) -> str | None:
    """The name of the first categorical code."""
    for name, code in spec["codes"].items():
        if code["type"] == "categorical":
            return name
    return None


def arrange(images: np.ndarray) -> np.ndarray:
    """Images in [-1, 1] as one of bytes, `NUM_COLUMNS` in a row."""
    count, height, width, channels = images.shape
    rows = count // NUM_COLUMNS
    grid = images.reshape(rows, NUM_COLUMNS, height, width, channels)
    grid = grid.transpose(0, 2, 1, 3, 4)
    grid = grid.reshape(rows * height, NUM_COLUMNS * width, channels)
    return np.rint(127.5 * (grid + 1)).astype(np.uint8)


def encode_png(pixels: np.ndarray) -> bytes:
    """A PNG file of bytes of shape `(height, width, 1 or 3)`."""

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
    # Each line starts with its filter, 0 for none.
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def load(path: Path) -> tuple[onnxruntime.InferenceSession, dict[str, str]]:
    """The generator and its metadata; a `ValueError` if it is none."""
    data = path.read_bytes()
    try:
        session = onnxruntime.InferenceSession(
            data, providers=["CPUExecutionProvider"]
        )
    # onnxruntime's errors are derived from no common one.
    except Exception as error:
        raise ValueError(
            f"{path} should be an ONNX file. Received: {error}"
        ) from error
    metadata = session.get_modelmeta().custom_metadata_map
    inputs = [end.name for end in session.get_inputs()]
    if "noise" not in inputs or "keras_infogan.latent_spec" not in metadata:
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
        "--arrays", type=Path, help="an .npz file for inputs and images, too"
    )
    args = parser.parse_args()
    try:
        run(args)
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")


def run(args: argparse.Namespace) -> None:
    """Draws the grid, and prints what its rows are."""
    session, metadata = load(args.generator)
    spec = json.loads(metadata["keras_infogan.latent_spec"])
    inputs = draw_grid(spec, args.seed)
    (images,) = session.run(["image"], inputs)
    args.output.write_bytes(encode_png(arrange(images)))
    if args.arrays:
        np.savez(args.arrays, image=images, **inputs)
    print(f"wrote {args.output}: {len(images)} images")

    code_map = json.loads(metadata.get("keras_infogan.code_map", "{}"))
    code = code_map.get("codes", {}).get(first_category(spec), {})
    for number, category in enumerate(code.get("categories", [])):
        name = category["name"] or "no class of its own"
        print(f"row {number} is category {number}: {name}")


if __name__ == "__main__":
    main()
