"""Distances between two sets of images, in the features of a network."""

import math
from collections.abc import Iterator

import numpy as np
import scipy.linalg
from sklearn.metrics.pairwise import euclidean_distances

# Rows of a matrix of distances at a time.
_BLOCK = 1000


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """The squared Frechet distance of two Gaussians with the same moments.

    `|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2))`, Eq. 6 of
    [Heusel et al., 2017](https://arxiv.org/abs/1706.08500); the trace of the
    root is the sum of the singular values of `C^(1/2) C'^(1/2)`. It is
    biased upwards for few images, so compare only equal numbers of them.

    Args:
        real: Float array of shape `(num_images, dim)`, at least two rows.
        generated: Float array of shape `(num_generated, dim)`.

    Returns:
        At least 0, in squared units of the features.
    """
    return _between(_moments(real), _moments(generated))


def frechet_error(
    real: np.ndarray,
    generated: np.ndarray,
    *,
    seed: int = 0,
) -> float:
    """The standard error of `frechet_distance`, given the real images.

    By bootstrap of the generated images, Algorithm 6.1 of Efron and Tibshirani,
    1993. The relative error of the result, of 20 draws, is `1 / sqrt(40)`.
    """
    generator = np.random.default_rng(seed)
    count, of_real = len(generated), _moments(real)
    distances = [
        _between(
            of_real, _moments(generated[generator.integers(0, count, count)])
        )
        for _ in range(20)
    ]
    return float(np.std(distances, ddof=1))


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean, root of the covariance, and its trace."""
    features = features.astype(np.float64)
    mean = features.mean(axis=0)
    centered = features - mean
    covariance = centered.T @ centered / (len(features) - 1)
    values, vectors = scipy.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return mean, root, float(np.trace(covariance))


def _between(
    one: tuple[np.ndarray, np.ndarray, float],
    other: tuple[np.ndarray, np.ndarray, float],
) -> float:
    difference = one[0] - other[0]
    overlap = scipy.linalg.svdvals(one[1] @ other[1]).sum()
    distance = difference @ difference + one[2] + other[2] - 2.0 * overlap
    return max(float(distance), 0.0)


def kernel_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Squared maximum mean discrepancy under `(x . y / dim + 1)^3`, unbiased.

    Section 4 of [Binkowski et al., 2018](https://arxiv.org/abs/1801.01401),
    over all pairs of images. Its expectation is 0 for equal distributions, so
    it may be negative. Arguments are those of `frechet_distance`.
    """
    real, generated = real.astype(np.float64), generated.astype(np.float64)
    if real.shape[1] ** 2 < min(len(real), len(generated)):
        # Moments have fewer numbers than there are pairs.
        first, second = _moments_of(real), _moments_of(generated)
        sum_kernel = _sum_kernel_by_moments
    else:
        first, second = [real], [generated]
        sum_kernel = _sum_kernel_by_pairs

    def mean_within(images: np.ndarray, form: list[np.ndarray]) -> float:
        # Without pairs of an image with itself.
        own = ((images**2).mean(axis=1) + 1.0) ** 3
        total = sum_kernel(form, form) - own.sum()
        return total / (len(images) * (len(images) - 1))

    across = sum_kernel(first, second) / (len(real) * len(generated))
    return float(
        mean_within(real, first) + mean_within(generated, second) - 2.0 * across
    )


def _sum_kernel_by_pairs(
    first: list[np.ndarray], second: list[np.ndarray]
) -> float:
    (one,), (other,) = first, second
    total, dim = 0.0, one.shape[1]
    for start in range(0, len(one), _BLOCK):
        products = one[start : start + _BLOCK] @ other.T / dim + 1.0
        # Not the power of 3, which takes ten times as long.
        total += (products * products * products).sum()
    return total


def _sum_kernel_by_moments(
    first: list[np.ndarray], second: list[np.ndarray]
) -> float:
    """The same, as `(x . y)^k` is the product of the k-fold `x` and `y`.

    By the binomial theorem, the sum over all pairs is that over `k` of
    `binom(3, k) / dim^k` times the product of two moments.
    """
    dim = len(first[1])
    return sum(
        math.comb(3, power) / dim**power * float(np.vdot(one, other))
        for power, (one, other) in enumerate(zip(first, second, strict=True))
    )


def _moments_of(images: np.ndarray) -> list[np.ndarray]:
    """The sums of the k-fold outer products of all rows, for k from 0 to 3."""
    dim = images.shape[1]
    third = np.zeros((dim, dim**2))
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        squares = block[:, :, None] * block[:, None, :]
        third += block.T @ squares.reshape(len(block), -1)
    return [
        np.array(float(len(images))),
        images.sum(axis=0),
        images.T @ images,
        third,
    ]


def precision_recall(
    real: np.ndarray, generated: np.ndarray, *, num_neighbors: int = 3
) -> tuple[float, float]:
    """Measures how many generated images look real, and the reverse.

    A set covers an image if the image is no further from one of its members
    than the `num_neighbors`th nearest other member is: Eq. 1 and 2 of
    [Kynkaanniemi et al., 2019](https://arxiv.org/abs/1904.06991), where
    `num_neighbors` is 3. Features are those of `frechet_distance`.

    Returns:
        Precision, the share of generated images that the real ones cover, and
        recall, the share of real images that the generated ones cover.
    """
    real, generated = _center(real, generated)
    precision, recall = (
        sum(
            int(inside.any(axis=1).sum())
            for inside in _inside_balls(images, members, num_neighbors)
        )
        / len(images)
        for images, members in ((generated, real), (real, generated))
    )
    return precision, recall


def density_coverage(
    real: np.ndarray, generated: np.ndarray, *, num_neighbors: int = 5
) -> tuple[float, float]:
    """Alternatives to precision and recall that are robust to outliers.

    From [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), Section 3,
    where `num_neighbors` is 5. Both use balls around the real images only, out
    to the `num_neighbors`th nearest other one. Features are those of
    `frechet_distance`.

    Returns:
        Density, the mean number of balls that a generated image is in, divided
        by `num_neighbors`: 1 is expected of equal distributions, and more if
        generated images keep to dense regions. Coverage, the share of balls
        with a generated image: `1 - 2^-num_neighbors` is expected of equal
        distributions and as many images.
    """
    real, generated = _center(real, generated)
    within, covered = 0, np.zeros(len(real), bool)
    for inside in _inside_balls(generated, real, num_neighbors):
        within += int(np.count_nonzero(inside))
        covered |= inside.any(axis=0)
    return within / (num_neighbors * len(generated)), float(covered.mean())


def _center(
    real: np.ndarray, generated: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """float64 features around 0, where distances round least."""
    middle = real.astype(np.float64).mean(axis=0)
    return real - middle, generated - middle


def _inside_balls(
    images: np.ndarray, members: np.ndarray, num_neighbors: int
) -> Iterator[np.ndarray]:
    """Finds the balls around members, out to a neighbor, that hold each image.

    Yields:
        Boolean arrays of shape `(block, num_members)`, block by block.
    """

    def squared_distances(points: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, len(points), _BLOCK):
            yield euclidean_distances(
                points[start : start + _BLOCK], members, squared=True
            )

    # The nearest is the member itself.
    radii = np.concatenate(
        [
            np.partition(block, num_neighbors, axis=1)[:, num_neighbors]
            for block in squared_distances(members)
        ]
    )
    # Equal distances may differ by rounding, some 1e-15 of the squared norms.
    norms = np.concatenate([(members**2).sum(axis=1), (images**2).sum(axis=1)])
    radii += 1e-12 * norms.max()
    return (block <= radii for block in squared_distances(images))
