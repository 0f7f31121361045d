"""Computes the numbers of a report again, by another way.

    python scripts/recompute.py runs/mnist

Reads MNIST from its archives without tfds, uses the networks of the model as
Keras loads them, and computes with NumPy and SciPy; nothing of
`evaluate.py`, `clustering.py`, `fidelity.py` or `traversals.py`. The
classifier is the package's, and so is the measure of the attributes but for the
slant. Prints both numbers, and exits with 1 if they differ by more than
rounding, or four standard errors where the draws are others.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.special import log_softmax
from scipy.stats import binomtest
from scipy.stats import spearmanr

import keras_infogan
from keras_infogan.evaluation.feature_extractor import load_feature_extractor
from keras_infogan.evaluation.morphology import measure

ARCHIVES = Path(keras_infogan.__file__).parent / "data" / "mnist"


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


def frechet(real: np.ndarray, generated: np.ndarray) -> float:
    """By the root of the product of the covariances."""
    means = [x.mean(0) for x in (real, generated)]
    covariances = [np.cov(x.T) for x in (real, generated)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    return float(
        np.sum((means[0] - means[1]) ** 2)
        + np.trace(covariances[0] + covariances[1] - 2 * root)
    )


def kernel(real: np.ndarray, generated: np.ndarray) -> float:
    """By the mean tensors of degrees 0 to 3, of which the kernel is the sum."""
    dim = real.shape[1]

    def tensors(x: np.ndarray) -> np.ndarray:
        cubes = sum(
            np.einsum("ni,nj->nij", part, part).reshape(len(part), -1).T @ part
            for part in np.array_split(x, 20)
        )
        return np.concatenate(
            [
                [1.0],
                3**0.5 * x.mean(0) / dim**0.5,
                3**0.5 * (x.T @ x / len(x)).ravel() / dim,
                cubes.ravel() / len(x) / dim**1.5,
            ]
        )

    def within(x: np.ndarray, mean: np.ndarray) -> float:
        own = (((x**2).sum(1) / dim + 1) ** 3).sum()
        return (len(x) ** 2 * mean @ mean - own) / (len(x) * (len(x) - 1))

    one, other = tensors(real), tensors(generated)
    return float(within(real, one) + within(generated, other) - 2 * one @ other)


def neighbors(real: np.ndarray, generated: np.ndarray) -> dict[str, float]:
    """By whole tables of distances, sorted; 3 and 5 neighbors."""
    between = cdist(generated, real)
    of_real, of_generated = (
        np.sort(cdist(x, x), axis=1) for x in (real, generated)
    )
    inside = between <= of_real[:, 5]
    return {
        "precision": (between <= of_real[:, 3]).any(1).mean(),
        "recall": (between.T <= of_generated[:, 3]).any(1).mean(),
        "density": inside.sum() / 5 / len(generated),
        "coverage": inside.any(0).mean(),
    }


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
    right = report["clustering_accuracy"]
    compare(
        "its standard error",
        report["clustering_accuracy_standard_error"],
        (right * (1 - right) / len(test)) ** 0.5,
        1e-9,
    )
    compare(
        "entropy of the usage",
        report["category_usage_entropy"],
        entropy(table.sum(0) / len(test)),
        1e-9,
    )
    of_train = counts(train_labels, train_found, size)
    meanings = report["code_map"]["codes"]["category"]["categories"]
    # Where all labels named them, and not a handful.
    if sum(meaning["num_labels"] for meaning in meanings) == len(train):
        for number, meaning in enumerate(meanings):
            hits, total = of_train[:, number].max(), of_train[:, number].sum()
            if hits < 0.5 * total or not total:
                compare(
                    f"names of category {number}",
                    float(meaning["name"] is not None),
                    0,
                    0,
                )
                continue
            named = report["class_names"].index(meaning["name"])
            compare(
                f"class of category {number}",
                named,
                of_train[:, number].argmax(),
                0,
            )
            compare("its purity", meaning["purity"], hits / total, 1e-9)
            compare(
                "its confidence",
                meaning["confidence"],
                binomtest(int(hits), int(total)).proportion_ci().low,
                1e-6,
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

    def compare_information(name: str, nats: np.ndarray) -> None:
        # Few misread images make most of the error, and may be of one draw
        # only: so the error of each is its own.
        errors = (
            report["mutual_information_standard_error"][name],
            nats.std() / count**0.5,
        )
        compare(
            f"information of {name}",
            report["mutual_information"][name],
            nats.mean(),
            4 * float(np.hypot(*errors)),
        )

    compare_information("category", nats)
    for name in continuous:
        if f"{name}_log_stddev" not in said:
            continue
        stddev = np.exp(said[f"{name}_log_stddev"])
        miss = (inputs[name] - said[f"{name}_mean"]) / stddev
        density = np.exp(-(miss**2) / 2) / (stddev * np.sqrt(2 * np.pi))
        nats = (np.log(2.0) + np.log(density)).sum(axis=1)
        compare_information(name, nats)

    # Found by the content of the data, as tfds gives them.
    extractor = load_feature_extractor(keras_infogan.load_images("mnist"))
    of_test, of_train_images, of_generated = (
        extractor.extract(x) for x in (test, train[-count:], images)
    )
    real = of_test.features.astype(float)
    fidelity = report["fidelity"]
    for suffix, other in (("", of_generated), ("_floor", of_train_images)):
        features = other.features.astype(float)
        for name, distance in (("frechet", frechet), ("kernel", kernel)):
            name = f"{name}_distance{suffix}"
            compare(
                name,
                fidelity[name],
                distance(real, features),
                4 * 2**0.5 * fidelity[f"{name}_standard_error"],
            )
        # Images of both sides are others than those of the report.
        rows_of_both = np.random.default_rng(1).permutation(count)[:2000]
        found = neighbors(real[rows_of_both], features[rows_of_both])
        for name, value in found.items():
            # A share, or for density a mean of counts, which spread more.
            spread = value * (value if name == "density" else abs(1 - value))
            if f"{name}{suffix}" in fidelity:
                compare(
                    f"{name}{suffix}",
                    fidelity[f"{name}{suffix}"],
                    value,
                    4 * (4 * max(spread, 0.1) / 2000) ** 0.5,
                )
    compare(
        "accuracy of the classifier",
        fidelity["feature_extractor_accuracy"],
        (of_test.classes == test_labels).mean(),
        1e-4,
    )
    usage = np.bincount(of_generated.classes, minlength=10) / count
    compare(
        "class coverage", fidelity["class_coverage"], (usage > 0.01).mean(), 0
    )
    # To first order the entropy of ten even classes errs by less than that.
    compare("class entropy", fidelity["class_entropy"], entropy(usage), 0.01)
    mapping = np.full(size, -1)
    mapping[columns] = rows
    agreement = (mapping[category] == of_generated.classes).mean()
    compare(
        "category agreement",
        fidelity["category_agreement"]["all"],
        agreement,
        4 * (2 * max(agreement * (1 - agreement), 1e-4) / count) ** 0.5,
    )

    of_real = measure(test[:2000])
    num_traversals = 40
    # Other noise, and fewer traversals than 100.
    slack = 4 * (1 / num_traversals + 1 / 100) ** 0.5
    dimensions = [
        (code, index, traversal)
        for code in continuous
        for index, traversal in enumerate(report["traversals"][code])
    ]
    for code, index, traversal in dimensions:
        values = np.linspace(-1, 1, 11)
        latents = {
            name: np.repeat(array[:num_traversals], 11, axis=0)
            for name, array in inputs.items()
        }
        # Categories take turns.
        turns = np.arange(num_traversals).repeat(11) % size
        latents["category"] = np.eye(size, dtype="float32")[turns]
        latents[code][:, index] = np.tile(values, num_traversals)
        drawn = model.generator.predict(latents, batch_size=220, verbose=0)
        for name, measured in (
            measure(drawn) | {"slant": slant(drawn)}
        ).items():
            table_of = measured.reshape(num_traversals, 11)
            rhos = [spearmanr(values, row).statistic for row in table_of]
            compare(
                f"rho of {code}:{index}, {name}",
                traversal["correlation"][name],
                float(np.mean(rhos)),
                slack * max(float(np.std(rhos)), 0.01),
            )
            for place, end in zip(
                (0, -1), traversal["range"][name], strict=True
            ):
                column = table_of[:, place]
                compare("one end", end, column.mean(), slack * column.std())
            change = (table_of[:, -1] - table_of[:, 0]) / of_real[name].std()
            compare(
                "effect",
                traversal["effect"][name],
                change.mean(),
                # The deviation of 2,000 others is known to 2 %.
                slack * change.std() + 4 * 0.03 * abs(change.mean()),
            )
        effects = np.abs(list(traversal["effect"].values()))
        compare(
            "leakage",
            traversal["leakage"],
            1 - effects.max() / effects.sum(),
            1e-9,
        )
        read_as = extractor.extract(drawn).classes.reshape(num_traversals, 11)
        others = (read_as != read_as[:, 5:6]).mean(1)
        compare(
            "class changes",
            traversal["class_changes"],
            others.mean(),
            slack * max(float(others.std()), 0.02),
        )
    return faults


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/recompute.py RUN")
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
