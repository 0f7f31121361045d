"""The measures of a report, written again from their definitions.

With NumPy and SciPy, and nothing of the package but its MNIST archives.
The modules beside this one compare their values with a report's.
"""

import gzip
from pathlib import Path

import numpy as np
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist

import keras_infogan

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
    """Counts the images of each label and category."""
    return np.bincount(labels * size + found, minlength=10 * size).reshape(
        10, size
    )


def entropy(shares: np.ndarray) -> float:
    """Returns the entropy of a distribution, in nats."""
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def pairs(numbers: np.ndarray) -> float:
    """Counts the pairs within groups of these sizes."""
    return float((numbers * (numbers - 1) / 2).sum())


def slant(images: np.ndarray) -> np.ndarray:
    """Fits a least-squares line, weighted by brightness, to each image."""
    angles = []
    y, x = np.mgrid[:28, :28]
    for image in images[..., 0]:
        mass = (image + 1.0) / 2.0
        line = np.polyfit(y.ravel(), x.ravel(), 1, w=np.sqrt(mass.ravel()))
        angles.append(np.arctan(-line[0]))
    return np.array(angles)


def frechet(real: np.ndarray, generated: np.ndarray) -> float:
    """Returns the Frechet distance, by the root of a matrix product."""
    means = [x.mean(0) for x in (real, generated)]
    covariances = [np.cov(x.T) for x in (real, generated)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    return float(
        np.sum((means[0] - means[1]) ** 2)
        + np.trace(covariances[0] + covariances[1] - 2 * root)
    )


def kernel(real: np.ndarray, generated: np.ndarray) -> float:
    """Returns the kernel distance, by mean tensors of degrees 0 to 3."""
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
    """Sorts all distances; 3 neighbors, or 5 for density and coverage."""
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
