"""Computes the numbers of a report again, by another way.

    python scripts/recompute.py runs/mnist

Reads MNIST from its archives without tfds, uses the networks of the model as
Keras loads them, and computes with NumPy and SciPy; nothing of
`evaluation.py`, `metrics.py` or `distances.py`. Prints both numbers, and exits
with 1 if they differ by more than rounding, or four standard errors where the
draws are others.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax
from scipy.stats import spearmanr

import keras_infogan
from keras_infogan.classifier import load_classifier

ARCHIVES = Path(keras_infogan.__file__).parent / "datasets" / "mnist"


def read_mnist(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Images in [-1, 1] and labels, from the files of LeCun et al."""
    with gzip.open(ARCHIVES / f"{kind}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16)
    with gzip.open(ARCHIVES / f"{kind}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    images = pixels.reshape(-1, 28, 28, 1).astype(np.float32) / 127.5 - 1.0
    return images, labels.astype(int)


def counts(labels: np.ndarray, found: np.ndarray, size: int) -> np.ndarray:
    """How often each label and each category meet."""
    return np.bincount(labels * size + found, minlength=10 * size).reshape(
        10, size
    )


def entropy(shares: np.ndarray) -> float:
    """In nats."""
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def pairs(numbers: np.ndarray) -> float:
    """How many pairs there are in groups of these sizes."""
    return float((numbers * (numbers - 1) / 2).sum())


def slant(images: np.ndarray) -> np.ndarray:
    """Of each image, by a weighted least-squares line through its pixels."""
    angles = []
    y, x = np.mgrid[:28, :28]
    for image in images[..., 0]:
        mass = (image + 1.0) / 2.0
        line = np.polyfit(y.ravel(), x.ravel(), 1, w=np.sqrt(mass.ravel()))
        angles.append(np.arctan(-line[0]))
    return np.array(angles)


def main(run: Path) -> int:
    """Compares, and returns how many numbers differ."""
    report = json.loads((run / "report.json").read_text())
    model = keras_infogan.load_model(run)
    read = model.discriminator
    faults = 0

    def compare(name: str, theirs: float, ours: float, slack: float) -> None:
        nonlocal faults
        fits = abs(theirs - ours) <= slack
        faults += not fits
        print(
            f"{name:28} report {theirs:10.5f}  again {ours:10.5f}  "
            f"{'ok' if fits else 'DIFFERS'}"
        )

    (train, train_labels), (test, test_labels) = (
        read_mnist("train"),
        read_mnist("t10k"),
    )
    train_found, found = (
        read.predict(x, batch_size=250, verbose=0)["category_logits"].argmax(1)
        for x in (train, test)
    )
    size = model.latent_spec.codes["category"].dim
    rows, columns = linear_sum_assignment(
        -counts(train_labels, train_found, size)
    )
    table = counts(test_labels, found, size)
    compare(
        "accuracy",
        report["clustering_accuracy"],
        table[rows, columns].sum() / len(test),
        1e-9,
    )
    shares = table / table.sum()
    of_rows, of_columns = shares.sum(1), shares.sum(0)
    mutual = entropy(of_rows) + entropy(of_columns) - entropy(shares.ravel())
    compare(
        "NMI",
        report["normalized_mutual_information"],
        2 * mutual / (entropy(of_rows) + entropy(of_columns)),
        1e-9,
    )
    both = pairs(table.ravel())
    one, other = pairs(table.sum(1)), pairs(table.sum(0))
    chance = one * other / pairs(np.array([table.sum()]))
    compare(
        "ARI",
        report["adjusted_rand_index"],
        (both - chance) / ((one + other) / 2 - chance),
        1e-9,
    )

    generator = np.random.default_rng(12345)
    count = 10_000
    category = generator.integers(0, size, count)
    inputs = {
        "noise": generator.normal(size=(count, model.latent_spec.noise_dim)),
        "category": np.eye(size)[category],
    }
    # All of them are uniform in the presets that this is for.
    continuous = [
        name for name in model.latent_spec.codes if name != "category"
    ]
    for name in continuous:
        dim = model.latent_spec.codes[name].dim
        inputs[name] = generator.uniform(-1, 1, (count, dim))
    inputs = {name: value.astype("float32") for name, value in inputs.items()}
    images = model.generator.predict(inputs, batch_size=250, verbose=0)
    said = read.predict(images, batch_size=250, verbose=0)
    nats = (
        np.log(size)
        + log_softmax(said["category_logits"], axis=1)[
            np.arange(count), category
        ]
    )
    compare(
        "information of category",
        report["mutual_information"]["category"],
        nats.mean(),
        4 * 2**0.5 * nats.std() / count**0.5,
    )
    for name in continuous:
        if f"{name}_log_stddev" not in said:
            continue
        stddev = np.exp(said[f"{name}_log_stddev"])
        miss = (inputs[name] - said[f"{name}_mean"]) / stddev
        density = np.exp(-(miss**2) / 2) / (stddev * np.sqrt(2 * np.pi))
        nats = (np.log(2.0) + np.log(density)).sum(axis=1)
        compare(
            f"information of {name}",
            report["mutual_information"][name],
            nats.mean(),
            4 * 2**0.5 * nats.std() / count**0.5,
        )

    # Found by the content of the data, as tfds gives them.
    classifier = load_classifier(keras_infogan.load_images("mnist"))
    features = [classifier.read(x) for x in (test, images)]
    means = [x.features.mean(0, dtype=float) for x in features]
    covariances = [np.cov(x.features.T.astype(float)) for x in features]
    root = sqrtm(covariances[0] @ covariances[1]).real
    distance = np.sum((means[0] - means[1]) ** 2) + np.trace(
        covariances[0] + covariances[1] - 2 * root
    )
    quality = report["quality"]
    compare(
        "Frechet distance",
        quality["frechet_distance"],
        distance,
        4 * 2**0.5 * quality["frechet_distance_standard_error"],
    )
    mapping = np.full(size, -1)
    mapping[columns] = rows
    agreement = (mapping[category] == features[1].classes).mean()
    compare(
        "category agreement",
        quality["category_agreement"]["all"],
        agreement,
        4 * (2 * max(agreement * (1 - agreement), 1e-4) / count) ** 0.5,
    )

    dimensions = [
        (name, index, sweep)
        for name in continuous
        for index, sweep in enumerate(report["sweeps"][name])
    ]
    for name, index, sweep in dimensions:
        rhos = []
        values = np.linspace(-1, 1, 11)
        for row in range(40):
            latents = {
                key: np.repeat(array[row : row + 1], 11, axis=0)
                for key, array in inputs.items()
            }
            latents[name][:, index] = values
            drawn = model.generator.predict(latents, verbose=0)
            rhos.append(spearmanr(values, slant(drawn)).statistic)
        compare(
            f"rho of {name}:{index} and slant",
            sweep["correlation"]["slant"],
            float(np.mean(rhos)),
            # Other noise, and fewer sweeps.
            4 * max(float(np.std(rhos)), 0.01) * (1 / 40 + 1 / 100) ** 0.5,
        )
    return faults


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/recompute.py RUN")
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
