"""Computes the numbers of a report again, with independent code.

    python scripts/recompute.py runs/mnist

Reads MNIST from its archives without tfds, uses the networks of the model as
Keras loads them, and computes with `independent/` instead of the package's
`evaluation/`, except for the feature extractor and the attributes other than
slant. Prints both numbers. Exits with 1 if they differ by more than rounding
or, where the random draws differ, by four standard errors.
"""

import argparse
import sys
from pathlib import Path

from independent.codes import compare_clustering
from independent.codes import compare_information
from independent.codes import compare_names
from independent.images import compare_fidelity
from independent.images import compare_traversals
from independent.run import Comparison
from independent.run import Run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="directory of a run on MNIST")
    run = Run(parser.parse_args().run)
    compare = Comparison()
    compare_clustering(run, compare)
    compare_names(run, compare)
    compare_information(run, compare)
    compare_fidelity(run, compare)
    compare_traversals(run, compare)
    sys.exit(1 if compare.num_faults else 0)


if __name__ == "__main__":
    main()
