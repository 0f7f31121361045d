"""Distances against closed forms, naive loops and constructed sets."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from keras_infogan import distances
from keras_infogan.distances import density_coverage
from keras_infogan.distances import frechet_distance
from keras_infogan.distances import frechet_error
from keras_infogan.distances import kernel_distance
from keras_infogan.distances import precision_recall


def with_moments(
    seed: int, mean: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """A sample whose mean and covariance are exactly these: whitened first."""
    sample = np.random.default_rng(seed).normal(size=(200, len(mean)))
    sample -= sample.mean(axis=0)
    sample = sample @ np.linalg.inv(np.linalg.cholesky(np.cov(sample.T))).T
    return mean + sample @ np.linalg.cholesky(covariance).T


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_frechet_of_gaussians(scale):
    """Commuting covariances: `|m - m'|^2 + sum (s_i - s'_i)^2`.

    Both are rotated alike, so the eigenvalues s^2 and s'^2 go in pairs. Float64
    and 200 rows round by some 1e-12 of the squares.
    """
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))
    one, other = np.array([1.0, 2.0, 3.0, 0.5]), np.array([2.0, 2.0, 1.0, 0.1])
    mean = np.array([1.0, 0.0, -1.0, 2.0])
    real, generated = (
        with_moments(
            seed,
            scale * shift,
            scale**2 * rotation @ np.diag(deviations**2) @ rotation.T,
        )
        for seed, shift, deviations in ((1, mean, one), (2, 0 * mean, other))
    )
    expected = scale**2 * (mean @ mean + ((one - other) ** 2).sum())
    assert frechet_distance(real, generated) == pytest.approx(
        expected, rel=1e-8
    )
    assert frechet_distance(generated, real) == pytest.approx(
        expected, rel=1e-8
    )


def test_frechet_of_gaussians_that_do_not_commute():
    """In two dimensions, tr (C C')^(1/2) = (tr CC' + 2 sqrt(det CC'))^(1/2).

    By Cayley-Hamilton for the root of the product, whose eigenvalues are
    positive.
    """
    one = np.array([[2.0, 1.0], [1.0, 3.0]])
    other = np.array([[1.0, -0.5], [-0.5, 4.0]])
    product = one @ other
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    expected = np.trace(one) + np.trace(other) - 2 * root
    found = frechet_distance(
        with_moments(3, np.zeros(2), one), with_moments(4, np.zeros(2), other)
    )
    assert found == pytest.approx(expected, rel=1e-8)


def test_frechet_of_the_same_and_of_flat_features():
    """0 of itself, also where the covariance is singular."""
    features = np.random.default_rng(5).normal(size=(50, 3))
    features[:, 2] = features[:, 0]
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(features[:, :1], features[:, :1] + 2.0) == (
        pytest.approx(4.0)
    )


def naive_kernel_distance(real: np.ndarray, generated: np.ndarray) -> float:
    def kernel(x, y):
        return (x @ y / len(x) + 1.0) ** 3

    own = [
        np.mean(
            [
                kernel(x, y)
                for i, x in enumerate(features)
                for j, y in enumerate(features)
                if i != j
            ]
        )
        for features in (real, generated)
    ]
    mixed = np.mean([kernel(x, y) for x in real for y in generated])
    return float(sum(own) - 2.0 * mixed)


@pytest.mark.parametrize("block", [3, 1000])
def test_kernel_distance_is_the_double_loop(block, monkeypatch):
    """Whatever the block."""
    monkeypatch.setattr(distances, "_BLOCK", block)
    generator = np.random.default_rng(6)
    real = generator.normal(size=(11, 4))
    generated = generator.normal(0.5, 1.0, size=(8, 4))
    assert kernel_distance(real, generated) == pytest.approx(
        naive_kernel_distance(real, generated), rel=1e-10
    )


@pytest.mark.parametrize("block", [7, 1000])
def test_moments_give_the_sum_over_all_pairs(block, monkeypatch):
    """With fewer moments than pairs: 3 features squared are less than 30."""
    monkeypatch.setattr(distances, "_BLOCK", block)
    generator = np.random.default_rng(1)
    real, generated = (
        generator.normal(shift, 2.0, (count, 3))
        for shift, count in ((0.5, 40), (-0.5, 30))
    )
    monkeypatch.setattr(distances, "_sum_kernel_by_pairs", None)
    assert kernel_distance(real, generated) == pytest.approx(
        naive_kernel_distance(real, generated), rel=1e-10
    )


def test_kernel_distance_is_unbiased():
    """Mean 0 over 400 draws from one distribution, within 4 standard errors.

    The biased estimate, with the pairs of an image and itself, would be off by
    `2 (E k(x, x) - E k(x, y)) / 20`, many times that.
    """
    generator = np.random.default_rng(7)
    values = [
        kernel_distance(*generator.normal(size=(2, 20, 5))) for _ in range(400)
    ]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 4.0 * error
    x = generator.normal(size=(2000, 5))
    own = ((x**2).sum(axis=1) / 5 + 1.0) ** 3
    mixed = (x[:1000] @ x[1000:].T / 5 + 1.0) ** 3
    assert 2 * (own.mean() - mixed.mean()) / 20 > 10.0 * error


@pytest.mark.parametrize("block", [2, 1000])
def test_precision_and_recall(block, monkeypatch):
    """Real images are two clusters; generated ones fill one, and one is lost.

    A cluster of four points on a line, 1 apart: the third nearest other member
    is 2 or 3 away. So what is generated within the first cluster is covered,
    the one at 50 is not, and half of the real ones are covered.
    """
    monkeypatch.setattr(distances, "_BLOCK", block)
    real = np.array([[0.0], [1.0], [2.0], [3.0], [100], [101], [102], [103]])
    generated = np.array([[0.5], [1.5], [2.5], [2.0], [50.0]])
    precision, recall = precision_recall(real, generated)
    assert precision == pytest.approx(4 / 5)
    # 50 is covered by its own radius, 48.5, and covers [1.5, 98.5]: no more.
    assert recall == pytest.approx(4 / 8)
    assert precision_recall(real, real) == (1.0, 1.0)


def naive_balls(images, members, num_neighbors):
    """Row by row: the balls that each image is in."""
    radii = [
        sorted(row)[num_neighbors] for row in cdist(members, members).tolist()
    ]
    return cdist(images, members) <= np.array(radii)


@pytest.mark.parametrize("block", [7, 1000])
@pytest.mark.parametrize("num_neighbors", [1, 3, 5])
def test_neighbors_are_those_of_whole_tables(num_neighbors, block, monkeypatch):
    monkeypatch.setattr(distances, "_BLOCK", block)
    generator = np.random.default_rng(10)
    real = generator.normal(size=(60, 4))
    generated = generator.normal(0.4, 0.8, size=(45, 4))
    around_real = naive_balls(generated, real, num_neighbors)
    around_generated = naive_balls(real, generated, num_neighbors)
    assert precision_recall(real, generated, num_neighbors=num_neighbors) == (
        pytest.approx(
            (
                around_real.any(axis=1).mean(),
                around_generated.any(axis=1).mean(),
            )
        )
    )
    assert density_coverage(real, generated, num_neighbors=num_neighbors) == (
        pytest.approx(
            (
                around_real.sum() / (num_neighbors * 45),
                around_real.any(axis=0).mean(),
            )
        )
    )


@pytest.mark.parametrize("compare", [precision_recall, density_coverage])
@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0), (1e6, 0), (1, 1e6)])
def test_units_and_origin_of_features_do_not_matter(compare, scale, shift):
    """Float64 keeps 10 digits of the differences here; none is that close."""
    generator = np.random.default_rng(11)
    real = generator.normal(size=(50, 8))
    generated = generator.normal(0.0, 0.8, size=(50, 8))
    assert compare(scale * real + shift, scale * generated + shift) == (
        pytest.approx(compare(real, generated))
    )


def test_a_collapsed_generator():
    """All at one of 100 real images: precise, without any recall.

    Its balls have no radius, and hold that real image alone. Of the real balls,
    those hold it to whose middle it is one of the 5 nearest, and its own.
    """
    real = np.random.default_rng(12).normal(size=(100, 3))
    generated = np.repeat(real[:1], 100, axis=0)
    assert precision_recall(real, generated) == (1.0, 0.01)
    near = naive_balls(real[:1], real, 5).sum()
    assert density_coverage(real, generated) == (
        pytest.approx((near / 5, near / 100))
    )


def test_equal_images_many_times():
    """Balls without a radius hold what is equal, and nothing else.

    Not even by rounding, which differs with the number of images.
    """
    few = np.random.default_rng(13).normal(3.0, 1.0, size=(40, 65))
    real = np.repeat(few, 6, axis=0)
    assert precision_recall(real, real) == (1.0, 1.0)
    assert precision_recall(real, real[5::7])[0] == 1.0
    assert precision_recall(real, real + 1e-3) == (0.0, 0.0)
    assert density_coverage(real, real + 1e-3) == (0.0, 0.0)


def test_density_and_coverage_of_one_distribution():
    """Closed forms that hold for any distribution, by exchanging images.

    A generated image is as likely as any of n - 1 real ones to be of any rank
    around a real one, so in its ball with k / n: the density is 1. A ball has
    none if the first k of all n - 1 + m others are real: the coverage is 1 -
    prod (n - i) / (n + m - i), i from 1 to k. Over 200 draws, within four
    standard errors.
    """
    generator = np.random.default_rng(14)
    n, m, k = 40, 60, 5
    values = np.array(
        [
            density_coverage(
                generator.exponential(size=(n, 3)),
                generator.exponential(size=(m, 3)),
            )
            for _ in range(200)
        ]
    )
    i = np.arange(1, k + 1)
    expected = [1.0, 1.0 - np.prod((n - i) / (n + m - i))]
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert (abs(values.mean(axis=0) - expected) < 4 * error).all()
    assert (error < 0.01).all()


def test_order_of_the_images_is_no_matter():
    generator = np.random.default_rng(8)
    real, generated = generator.normal(size=(2, 60, 3))
    for distance in (
        frechet_distance,
        kernel_distance,
        precision_recall,
        density_coverage,
    ):
        np.testing.assert_allclose(
            distance(real[::-1], generator.permutation(generated)),
            distance(real, generated),
            rtol=1e-9,
        )


def test_frechet_error_of_a_line():
    """Real images at 0 alone: the distance is `mean^2 + var`, E[x^2] at last.

    Its standard error is that of a mean of squares: for a normal of mean 0,
    sqrt(2 / n). 20 times 20 draws know it to 1 / sqrt(800), 3.5 %, and the
    sample's own fourth moment differs by some 4 %: four deviations of both.
    """
    generated = np.random.default_rng(9).normal(size=(2000, 1))
    real = np.array([[0.0], [0.0]])
    errors = [frechet_error(real, generated, seed=seed) for seed in range(20)]
    assert np.mean(errors) == pytest.approx(np.sqrt(2 / 2000), rel=0.2)


def test_frechet_error_is_the_bootstrap_of_scipy():
    """With the same draws, to rounding; only generated images are drawn."""
    generator = np.random.default_rng(3)
    real, generated = generator.normal(size=(2, 50, 3))
    expected = stats.bootstrap(
        (np.arange(50),),
        lambda rows: frechet_distance(real, generated[rows]),
        n_resamples=20,
        batch=1,
        vectorized=False,
        method="basic",
        rng=np.random.default_rng(7),
    ).standard_error
    found = frechet_error(real, generated, seed=7)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("distance", [frechet_distance, frechet_error])
def test_features_that_are_not_finite_are_no_distance(distance):
    with pytest.raises(ValueError, match="infs or NaNs"):
        distance(np.full((5, 2), np.nan), np.zeros((5, 2)))
