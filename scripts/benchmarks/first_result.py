"""Runs the README's first training example as it is printed, and judges it.

    python scripts/benchmarks/first_result.py scripts/results/first_result.json

The time is that of the whole process, from its start to the end of the example.
The judge is the classifier of the evaluation, which is trained with labels on
the training split. For each category it reads 500 images; their share in the
most frequent class is the purity of the category.
"""

import argparse
import contextlib
import json
import platform
import re
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import psutil

README = Path(__file__).parents[2] / "README.md"
COUNT = 500


def main() -> None:
    """Runs the example and writes the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output.resolve()
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    code = next(block for block in blocks if "fit_images" in block)
    names: dict[str, Any] = {}
    # The example writes files.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        exec(code, names)
    seconds = time.time() - psutil.Process().create_time()

    from keras_infogan.evaluation.feature_extractor import (
        load_feature_extractor,
    )

    extractor = load_feature_extractor(names["data"])
    purity = []
    for category in range(10):
        images = names["model"].generate(
            COUNT, codes={"category": category}, seed=1
        )
        counts = np.bincount(extractor.extract(images).classes, minlength=10)
        purity.append([int(counts.argmax()), float(counts.max() / COUNT)])
    result = {
        "command": "python scripts/benchmarks/first_result.py "
        "scripts/results/first_result.json",
        "example": code,
        "seconds": round(seconds, 1),
        "class_and_purity_by_category": purity,
        "cores": psutil.cpu_count(),
        "python": platform.python_version(),
        "versions": {
            name: metadata.version(name) for name in ("tensorflow", "keras")
        },
    }
    output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
