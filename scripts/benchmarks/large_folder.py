"""Times `open_images` on a folder of many small files, twice, and its memory.

    python scripts/benchmarks/large_folder.py

Writes 100,000 PNG files of 28 x 28 pixels in ten class folders, opens them in
two processes, one after the other, and writes `large_folder.json`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keras_infogan.files import write_json

RESULTS = Path(__file__).parents[1] / "results"
# Run by a process of its own, so that nothing is left from the time before.
_OPEN = """
import json, sys, time, resource
from keras_infogan import open_images
begin = time.perf_counter()
data = open_images(sys.argv[1], image_size=28, channels=1, data_dir=sys.argv[2])
seconds = time.perf_counter() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"num_images": len(data.images), "seconds": round(seconds, 2),
    "peak_memory_mib": round(peak / 1024)}))
"""


def write_files(folder: Path, num_files: int) -> float:
    """Writes gray images of noise; returns the seconds it took."""
    begin = time.perf_counter()
    pixels = np.random.default_rng(0).integers(0, 256, (num_files, 28, 28))
    for number, image in enumerate(pixels.astype(np.uint8)):
        path = folder / f"class_{number % 10}" / f"{number:06d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(path)
    return round(time.perf_counter() - begin, 2)


def open_in_process(images: Path, data_dir: Path) -> dict[str, Any]:
    """Opens the training split in a new process, and measures it."""
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, str(images), str(data_dir)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Makes the files, opens them twice, and prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num-files", type=int, default=100_000)
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        images, data_dir = Path(folder, "images"), Path(folder, "data")
        images.mkdir()
        content = {
            "command": "python scripts/benchmarks/large_folder.py",
            "num_files": args.num_files,
            "seconds_to_write": write_files(images, args.num_files),
            "first": open_in_process(images, data_dir),
            "second": open_in_process(images, data_dir),
            "cpu_count": os.cpu_count(),
            "python": platform.python_version(),
        }
    write_json(args.output / "large_folder.json", content)
    print(json.dumps(content, indent=2))


if __name__ == "__main__":
    main()
