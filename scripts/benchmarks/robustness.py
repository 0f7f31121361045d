"""Measures the robust reading of a run on all test images.

    python scripts/benchmarks/robustness.py mnist \
        scripts/results/robustness.json --archives-dir DIR

`keras-infogan evaluate` does it with 500. Writes what `measure_robustness`
returns, and prints it as a table in Markdown.
"""

import argparse
from pathlib import Path

from keras_infogan import load_model
from keras_infogan import open_images
from keras_infogan.evaluation.evaluate import find_versions
from keras_infogan.evaluation.measures.robustness import measure_robustness
from keras_infogan.evaluation.observations import Observations
from keras_infogan.evaluation.report import find_report
from keras_infogan.files import write_json
from keras_infogan.reports.robustness import robustness_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="directory of a run on MNIST, or mnist")
    parser.add_argument("output", type=Path, help="JSON file to write")
    parser.add_argument("--archives-dir", type=Path, metavar="DIR")
    args = parser.parse_args()
    report = find_report(args.run)
    if report is None:
        parser.error(
            f"There should be a report of the run. Received: {args.run}."
        )
    train, test = (
        open_images("mnist", split=name, archives_dir=args.archives_dir)
        for name in ("train", "test")
    )
    observations = Observations(load_model(args.run), train, test)
    found = measure_robustness(
        observations, report, num_images=len(test.images)
    )
    write_json(args.output, {**found, "versions": find_versions()})
    for number, row in enumerate(robustness_rows(found)):
        print(f"| {' | '.join(row)} |")
        if not number:
            print("|---" * len(row) + "|")


if __name__ == "__main__":
    main()
