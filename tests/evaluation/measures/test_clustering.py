"""Metrics of clusters, against closed forms on small tables."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keras_infogan.evaluation.measures import clustering as metrics
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.spec import LatentSpec

CODES = {"c": Categorical(2)}
LABELS = np.repeat(np.arange(10), 100)
LOG2, LOG3, LOG5, LOG10 = (math.log(n) for n in (2, 3, 5, 10))


def fitted_accuracy(clusters, num_clusters=10):
    """The accuracy on the images that the mapping is fitted to."""
    mapping = metrics.match_clusters(
        metrics.confusion_matrix(
            LABELS, clusters, num_classes=10, num_clusters=num_clusters
        )
    )
    return metrics.clustering_accuracy(LABELS, clusters, mapping)


def nmi_and_ari(labels, clusters):
    """Both as they are in a report, of test images."""
    labels, clusters = np.asarray(labels), np.asarray(clusters)
    count = int(clusters.max()) + 1
    data = SimpleNamespace(
        labels=labels, class_names=[*map(str, range(labels.max() + 1))]
    )
    posterior = {"c_logits": np.eye(count)[clusters]}
    observations: Any = SimpleNamespace(
        clustering_code="c",
        train=data,
        test=data,
        train_posterior=posterior,
        test_posterior=posterior,
        model=SimpleNamespace(
            latent_spec=LatentSpec(1, {"c": Categorical(max(count, 2))})
        ),
    )
    report = metrics.measure_clustering(observations, {})
    return (
        report["normalized_mutual_information"],
        report["adjusted_rand_index"],
    )


def pairs(counts):
    """How many pairs there are in groups of these sizes."""
    counts = np.asarray(counts, np.float64)
    return float((counts * (counts - 1) / 2).sum())


def table_ari(table):
    """Eq. 5 of Hubert and Arabie, written out."""
    both, all_pairs = pairs(table), pairs(table.sum())
    rows, columns = pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = rows * columns / all_pairs
    return (both - chance) / ((rows + columns) / 2 - chance)


def table_nmi(table):
    """`2 I / (H + H)`, with `I = H(row) + H(column) - H(both)`."""

    def entropy(counts):
        shares = counts[counts > 0] / counts.sum()
        return -float((shares * np.log(shares)).sum())

    rows, columns = entropy(table.sum(axis=1)), entropy(table.sum(axis=0))
    return 2 * (rows + columns - entropy(table.ravel())) / (rows + columns)


def test_confusion_matrix():
    confusion = metrics.confusion_matrix(
        np.array([0, 0, 1, 1, 1]),
        np.array([2, 2, 0, 1, 0]),
        num_classes=2,
        num_clusters=4,
    )
    assert confusion.dtype == np.int64
    assert confusion.tolist() == [[0, 0, 2, 0], [2, 1, 0, 0]]


def test_matching_is_the_best_one_and_not_the_greedy_one():
    """Greedy takes 10 and is left with 0; the other pair gives 9 + 8."""
    mapping = metrics.match_clusters(np.array([[10, 9], [8, 0]]))
    assert mapping.dtype == np.int64
    assert mapping.tolist() == [1, 0]


def test_leftover_clusters_have_no_class():
    """Each class takes its largest cluster; the third is left over."""
    mapping = metrics.match_clusters(np.array([[5, 0, 3], [0, 6, 2]]))
    assert mapping.tolist() == [0, 1, -1]


def test_leftover_classes_have_no_cluster():
    """Two clusters of three classes: 5 + 4 is the most."""
    mapping = metrics.match_clusters(np.array([[1, 0], [5, 1], [3, 4]]))
    assert mapping.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("clusters", "num_clusters", "expected"),
    [
        (9 - LABELS, 10, 1.0),  # the classes under other names
        (np.zeros_like(LABELS), 10, 0.1),  # the share of one class
        (LABELS // 2, 10, 0.5),  # merged in pairs: one class of each pair
        (LABELS // 2, 5, 0.5),  # the same with fewer clusters than classes
        # Each class in two clusters, one of which is left over.
        (2 * LABELS + np.arange(1000) % 2, 20, 0.5),
        # One image in ten goes from its class to an eleventh cluster.
        (np.where(np.arange(1000) % 10, LABELS, 10), 11, 0.9),
    ],
    ids=["relabeled", "collapsed", "merged", "fewer", "split", "more"],
)
def test_clustering_accuracy(clusters, num_clusters, expected):
    accuracy = fitted_accuracy(clusters, num_clusters)
    assert accuracy == pytest.approx(expected)


def test_mapping_is_not_fitted_again():
    """Trained as the identity, it is wrong on clusters that swapped names."""
    mapping = metrics.match_clusters(np.diag([3, 3]))
    labels = np.array([0, 0, 1, 1])
    assert metrics.clustering_accuracy(labels, 1 - labels, mapping) == 0.0


def test_cluster_without_a_class_is_an_error():
    """A mapping of -1 fits no label: 3 of 4 are right."""
    accuracy = metrics.clustering_accuracy(
        np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1]), np.array([0, 1, -1])
    )
    assert accuracy == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("clusters", "nmi", "ari"),
    [
        (9 - LABELS, 1.0, 1.0),
        (np.zeros_like(LABELS), 0.0, 0.0),
        # I = H(clusters) = log 5 and H(labels) = log 10. Of pairs, 49,500 are
        # in one class, all of them and 99,500 in one cluster, of 499,500.
        (
            LABELS // 2,
            2 * LOG5 / (LOG5 + LOG10),
            (1 - 99_500 / 499_500)
            / ((49_500 + 99_500) / (2 * 49_500) - 99_500 / 499_500),
        ),
    ],
    ids=["relabeled", "collapsed", "merged"],
)
def test_nmi_and_ari(clusters, nmi, ari):
    """1 for the classes, 0 for a single cluster, closed forms for pairs.

    A single cluster has `I = 0`, and agrees on as many pairs as by chance.
    """
    found = nmi_and_ari(LABELS, clusters)
    assert found == pytest.approx((nmi, ari), abs=1e-12)


def test_nmi_by_hand():
    """The table [[2, 0], [1, 1]], of 4 images.

    `I = log(4/3) / 2 + log(2/3) / 4 + log(2) / 4 = 3/2 log 2 - 3/4 log 3`,
    `H(labels) = log 2`, `H(clusters) = 2 log 2 - 3/4 log 3`, and so
    `2 I / (H + H) = (4 log 2 - 2 log 3) / (4 log 2 - log 3) = 0.3437`.
    """
    nmi, _ = nmi_and_ari([0, 0, 1, 1], [0, 0, 0, 1])
    assert nmi == pytest.approx((4 * LOG2 - 2 * LOG3) / (4 * LOG2 - LOG3))
    assert nmi == pytest.approx(0.3437, abs=5e-5)


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        # 1 pair agrees; 2 * 3 / 6 = 1 is what chance gives.
        ([0, 0, 0, 1], 0.0),
        # None agrees; chance gives 2 * 2 / 6, and 2 is the most.
        ([0, 1, 0, 1], -0.5),
        # Each alone: no pair to agree on, none by chance.
        ([0, 1, 2, 3], 0.0),
    ],
)
def test_ari_by_hand(clusters, expected):
    """Of the labels 0, 0, 1, 1, which have 2 of the 6 pairs."""
    _, ari = nmi_and_ari([0, 0, 1, 1], clusters)
    assert ari == pytest.approx(expected, abs=1e-12)


def test_nmi_and_ari_against_their_formulas():
    """Random tables of any shape, in double precision."""
    rng = np.random.default_rng(0)
    for shape in ((2, 3), (5, 4), (10, 20)):
        table = rng.integers(0, 9, shape)
        labels = np.repeat(np.indices(shape)[0].ravel(), table.ravel())
        clusters = np.repeat(np.indices(shape)[1].ravel(), table.ravel())
        assert nmi_and_ari(labels, clusters) == pytest.approx(
            (table_nmi(table), table_ari(table))
        )


def test_independent_clusters():
    """Shuffled labels have an ARI around 0 and an NMI a little above.

    With K classes of N / K images each, `sum n_ij^2` is
    `N^2 / K^2 + N / K^2 X`, X of chi-squared with `(K - 1)^2` degrees of
    freedom, of mean 81 and standard deviation sqrt(162). By Eq. 5, the standard
    error of the ARI is `sqrt(2) / N`, whatever K. `2 N I` is distributed as X,
    too, so that the NMI is `81 / (2 N log 10)` give or take
    `sqrt(162) / (2 N log 10)`. Four standard errors are allowed.
    """
    count = 10_000
    labels = np.repeat(np.arange(10), count // 10)
    clusters = np.random.default_rng(0).permutation(labels)
    nmi, ari = nmi_and_ari(labels, clusters)
    assert ari == pytest.approx(0.0, abs=4 * math.sqrt(2) / count)
    unit = 1 / (2 * count * LOG10)
    assert nmi == pytest.approx(81 * unit, abs=4 * math.sqrt(162) * unit)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([100] * 10, LOG10),
        ([0, 7, 0], 0.0),
        # H = 2 log 2 - 3/4 log 3, as in `test_nmi_by_hand`.
        ([1, 3], 2 * LOG2 - 0.75 * LOG3),
        ([5, 5, 0, 0], LOG2),
    ],
    ids=["even", "collapsed", "uneven", "half"],
)
def test_usage_entropy(counts, expected):
    assert metrics.usage_entropy(np.array(counts)) == pytest.approx(expected)


def test_accuracy_standard_error():
    """sqrt(0.9 * 0.1 / 10,000) = 0.003; 0 where nothing varies."""
    assert metrics.accuracy_standard_error(0.9, 10_000) == pytest.approx(0.003)
    assert metrics.accuracy_standard_error(1.0, 50) == 0.0


def test_accuracy_standard_error_against_repetition():
    """The scatter of 4,000 shares of 100; its own error is 1 in sqrt(8,000).

    Four of those, 4.5 %, are allowed.
    """
    shares = np.random.default_rng(0).binomial(100, 0.8, 4000) / 100
    expected = metrics.accuracy_standard_error(0.8, 100)
    assert shares.std() == pytest.approx(expected, rel=0.045)


@pytest.mark.parametrize(
    ("labels", "clusters"),
    [([0, 1, 1], [0, 1]), ([0, 2], [0, 1]), ([0, 1], [0, 3])],
)
def test_images_that_fit_no_table_are_not_left_out(labels, clusters):
    """More of one than of the other, a class or a cluster too many."""
    with pytest.raises(IndexError, match="broadcast|out of bounds"):
        metrics.confusion_matrix(
            np.array(labels),
            np.array(clusters),
            num_classes=2,
            num_clusters=3,
        )


def test_labels_that_name_categories_are_chosen_by_the_seed():
    """One of each class, of which half is in either category.

    All training images if no number is given.
    """
    labels = np.arange(40) % 2
    posterior = {"c_logits": np.eye(2)[np.arange(40) // 20]}
    data = SimpleNamespace(labels=labels, class_names=("even", "odd"))

    def count(number, seed):
        observations: Any = SimpleNamespace(
            train=data,
            train_posterior=posterior,
            num_naming_labels=number,
            seed=seed,
            model=SimpleNamespace(latent_spec=LatentSpec(1, CODES)),
        )
        return np.asarray(
            metrics.count_naming_labels(observations, "c")
        ).tolist()

    assert count(None, 0) == [[10, 10], [10, 10]]
    counts = [count(2, seed) for seed in range(8)]
    assert all(np.sum(table) == 2 for table in counts)
    # One of four tables eight times: a chance of 4 ** -7.
    assert any(table != counts[0] for table in counts)


def test_several_codes_alone_and_jointly():
    """Four classes are two bits: each bit tells half of them, both tell all.

    A bit is matched to two of four equal classes, so half are right; its mutual
    information with the classes is log 2 of entropies log 2 and log 4, of which
    the mean is 1.5 log 2: 2 / 3. Test images are in another order; the fourth
    class has a test image of a combination that is not in training.
    """
    labels = np.repeat(np.arange(4), 25)
    spec = LatentSpec(1, {"high": Categorical(2), "low": Categorical(3)})

    def posterior(labels, low):
        return {
            "high_logits": np.eye(2)[labels // 2],
            "low_logits": np.eye(3)[low],
        }

    low = labels % 2
    unseen = low[::-1].copy()
    unseen[0] = 2
    data = SimpleNamespace(labels=labels, class_names="abcd")
    observations: Any = SimpleNamespace(
        train=data,
        test=SimpleNamespace(labels=labels[::-1]),
        train_posterior=posterior(labels, low),
        test_posterior=posterior(labels[::-1], unseen),
        model=SimpleNamespace(latent_spec=spec),
    )
    found = metrics.measure_categorical_codes(observations, {})[
        "categorical_codes"
    ]
    assert list(found) == ["high", "low", "joint"]
    assert found["high"]["accuracy"] == 0.5
    nmi = found["high"]["normalized_mutual_information"]
    assert nmi == pytest.approx(2 / 3)
    assert found["high"]["confusion"] == [[25, 0], [25, 0], [0, 25], [0, 25]]
    assert found["joint"]["accuracy"] == 0.99
    # One of 100 images is in a cluster of its own.
    assert found["joint"]["normalized_mutual_information"] > 0.97
    assert found["joint"]["adjusted_rand_index"] > 0.97
    data.labels = None
    nothing = metrics.measure_categorical_codes(observations, {})
    assert nothing == {"categorical_codes": None}
