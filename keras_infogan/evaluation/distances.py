"""How far generated images are from real ones, in features of a classifier."""

from collections.abc import Iterator

import numpy as np
import scipy.linalg

# Rows of a matrix of distances at a time.
_BLOCK = 1000


def _check_pair(real: np.ndarray, generated: np.ndarray, least: int) -> None:
    for name, features in (("real", real), ("generated", generated)):
        if (
            features.ndim != 2
            or len(features) < least
            or not np.isfinite(features).all()
        ):
            raise ValueError(
                f"`{name}` should be finite features of shape (num_images, "
                f"dim), of at least {least} images. "
                f"Received: shape={features.shape}."
            )
    if real.shape[1] != generated.shape[1]:
        raise ValueError(
            "`real` and `generated` should have features of one dimension. "
            f"Received: {real.shape[1]} and {generated.shape[1]}."
        )


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """The squared Frechet distance of two Gaussians with the same moments.

    `|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2))`, Eq. 6 of
    [Heusel et al., 2017](https://arxiv.org/abs/1706.08500); the trace of the
    root is the sum of the singular values of `C^(1/2) C'^(1/2)`. Biased upwards
    for few images: compare numbers of the same sizes only.

    Args:
        real: Float array of shape `(num_images, dim)`, at least two rows.
        generated: Float array of shape `(num_generated, dim)`.

    Returns:
        At least 0, in squared units of the features.
    """
    real, generated = (
        np.asarray(features, np.float64) for features in (real, generated)
    )
    _check_pair(real, generated, 2)
    return _between(_moments(real), _moments(generated))


def frechet_error(
    real: np.ndarray,
    generated: np.ndarray,
    *,
    num_draws: int = 20,
    seed: int = 0,
) -> float:
    """The standard error of `frechet_distance`, for real images as they are.

    By drawing the generated images again, Algorithm 6.1 of Efron and
    Tibshirani, 1993.

    Args:
        real: Float array of shape `(num_images, dim)`.
        generated: Float array of shape `(num_generated, dim)`.
        num_draws: How often; the error of the error is `1 / sqrt(2 num_draws)`.
        seed: Whole number.
    """
    real, generated = (
        np.asarray(features, np.float64) for features in (real, generated)
    )
    _check_pair(real, generated, 2)
    generator = np.random.default_rng(seed)
    of_real = _moments(real)
    distances = [
        _between(
            of_real,
            _moments(
                generated[generator.integers(0, len(generated), len(generated))]
            ),
        )
        for _ in range(num_draws)
    ]
    return float(np.std(distances, ddof=1))


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean, root of the covariance, and its trace."""
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
    it may be negative.

    Args:
        real: Float array of shape `(num_images, dim)`, at least two rows.
        generated: Float array of shape `(num_generated, dim)`.
    """
    real, generated = (
        np.asarray(features, np.float64) for features in (real, generated)
    )
    _check_pair(real, generated, 2)

    def mean_kernel(one: np.ndarray, other: np.ndarray) -> float:
        total, scale = 0.0, one.shape[1]
        for start in range(0, len(one), _BLOCK):
            block = one[start : start + _BLOCK]
            products = block @ other.T / scale + 1.0
            # Not the power of 3, which takes ten times as long.
            total += (products * products * products).sum()
        if one is not other:
            return total / (len(one) * len(other))
        # A pair of an image with itself is no pair.
        own = ((one**2).sum(axis=1) / scale + 1.0) ** 3
        return (total - own.sum()) / (len(one) * (len(one) - 1))

    return float(
        mean_kernel(real, real)
        + mean_kernel(generated, generated)
        - 2.0 * mean_kernel(real, generated)
    )


def precision_recall(
    real: np.ndarray, generated: np.ndarray, *, num_neighbors: int = 3
) -> tuple[float, float]:
    """How much of what is generated is like real images, and the reverse.

    An image is covered by a set if it is no further from one of its members
    than that is from its `num_neighbors`th nearest other member: Eq. 1 and 2 of
    [Kynkaanniemi et al., 2019](https://arxiv.org/abs/1904.06991).

    Args:
        real: Float array of shape `(num_images, dim)`.
        generated: Float array of shape `(num_generated, dim)`.
        num_neighbors: The paper has 3.

    Returns:
        Precision, the share of generated images that the real ones cover, and
        recall, the share of real images that the generated ones cover.
    """
    real, generated = _check_neighbors(real, generated, num_neighbors)
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
    """Precision and recall that a single outlier does not change much.

    From [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), Section 3. Both
    are of the balls around real images alone, out to the `num_neighbors`th
    nearest other one.

    Args:
        real: Float array of shape `(num_images, dim)`.
        generated: Float array of shape `(num_generated, dim)`.
        num_neighbors: The paper has 5.

    Returns:
        Density, how many balls a generated image is in, over `num_neighbors`:
        1 is expected of equal distributions, and more if what is generated
        keeps to where real images are dense. Coverage, the share of balls that
        a generated image is in, `1 - 2^-num_neighbors` for as many images of an
        equal distribution.
    """
    real, generated = _check_neighbors(real, generated, num_neighbors)
    within, covered = 0, np.zeros(len(real), bool)
    for inside in _inside_balls(generated, real, num_neighbors):
        within += int(np.count_nonzero(inside))
        covered |= inside.any(axis=0)
    return within / (num_neighbors * len(generated)), float(covered.mean())


def _check_neighbors(
    real: np.ndarray, generated: np.ndarray, num_neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """In float64 and around 0, where squares of differences round least."""
    if num_neighbors < 1:
        raise ValueError(
            "`num_neighbors` should be at least 1. "
            f"Received: num_neighbors={num_neighbors}."
        )
    real, generated = (
        np.asarray(features, np.float64) for features in (real, generated)
    )
    _check_pair(real, generated, num_neighbors + 1)
    middle = real.mean(axis=0)
    return real - middle, generated - middle


def _inside_balls(
    images: np.ndarray, members: np.ndarray, num_neighbors: int
) -> Iterator[np.ndarray]:
    """Which balls around members, out to a neighbor, each image is in.

    Yields:
        Boolean arrays of shape `(block, num_members)`, block by block.
    """
    squares = (members**2).sum(axis=1)

    def blocks(points: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, len(points), _BLOCK):
            block = points[start : start + _BLOCK]
            distances = block @ members.T
            distances *= -2.0
            distances += (block**2).sum(axis=1)[:, None]
            distances += squares
            yield distances

    # The nearest is the member itself.
    radii = np.concatenate(
        [
            np.partition(block, num_neighbors, axis=1)[:, num_neighbors]
            for block in blocks(members)
        ]
    )
    # They round by some 1e-15 of the squares, so that equal ones may differ.
    radii += 1e-12 * squares.max(initial=(images**2).sum(axis=1).max())
    return (block <= radii for block in blocks(images))
