"""From arrays to numbers: how well categories are classes."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics import normalized_mutual_info_score


def _check(name: str, values: np.ndarray, limit: int | None = None) -> None:
    array = np.asarray(values)
    if (
        array.ndim != 1
        or not array.size
        or not np.issubdtype(array.dtype, np.integer)
    ):
        raise ValueError(
            f"`{name}` should be a vector of integers. "
            f"Received: shape={array.shape}, dtype={array.dtype}."
        )
    if array.min() < 0 or (limit is not None and array.max() >= limit):
        expected = "at least 0" if limit is None else f"from 0 to {limit - 1}"
        raise ValueError(
            f"`{name}` should be {expected}. "
            f"Received: {array.min()} to {array.max()}."
        )


def _check_pair(labels: np.ndarray, clusters: np.ndarray) -> None:
    _check("labels", labels)
    _check("clusters", clusters)
    if len(labels) != len(clusters):
        raise ValueError(
            "`labels` and `clusters` should be of the same images. "
            f"Received: {len(labels)} and {len(clusters)} of them."
        )


def confusion_matrix(
    labels: np.ndarray,
    clusters: np.ndarray,
    *,
    num_classes: int,
    num_clusters: int,
) -> np.ndarray:
    """How many images of each class are in each cluster.

    Args:
        labels: Integer array of shape `(samples,)`, the true classes.
        clusters: Integer array of shape `(samples,)`, e.g. `argmax Q(c|x)`.
        num_classes: The number of classes.
        num_clusters: The number of clusters.

    Returns:
        Integer array of shape `(num_classes, num_clusters)`.
    """
    _check_pair(labels, clusters)
    _check("labels", labels, num_classes)
    _check("clusters", clusters, num_clusters)
    confusion = np.zeros((num_classes, num_clusters), np.int64)
    np.add.at(confusion, (labels, clusters), 1)
    return confusion


def match_clusters(confusion: np.ndarray) -> np.ndarray:
    """The one-to-one naming of clusters that is right most often.

    Solved exactly, by the method of
    [Crouse, 2016](https://doi.org/10.1109/TAES.2016.140952) in SciPy.

    Args:
        confusion: Integer array of shape `(num_classes, num_clusters)`.

    Returns:
        Integer array of shape `(num_clusters,)`: the class of each cluster, -1
        for those that are left over.
    """
    classes, clusters = linear_sum_assignment(confusion, maximize=True)
    mapping = np.full(confusion.shape[1], -1)
    mapping[clusters] = classes
    return mapping


def clustering_accuracy(
    labels: np.ndarray, clusters: np.ndarray, mapping: np.ndarray
) -> float:
    """Share of images whose cluster is named as their class.

    Args:
        labels: Integer array of shape `(samples,)`, the true classes.
        clusters: Integer array of shape `(samples,)`.
        mapping: Integer array of shape `(num_clusters,)` of `match_clusters`,
            fitted to other images.

    Returns:
        In [0, 1]; 1 if the clusters are the classes under other names.
    """
    _check_pair(labels, clusters)
    _check("clusters", clusters, len(mapping))
    return float(np.mean(np.asarray(mapping)[clusters] == labels))


def normalized_mutual_information(
    labels: np.ndarray, clusters: np.ndarray
) -> float:
    """`I(labels; clusters)` over the mean of both entropies.

    The arithmetic mean, as in
    [Vinh et al., 2010](https://jmlr.org/papers/v11/vinh10a.html), Table 2.

    Returns:
        In [0, 1]; 1 if the clusters are the classes, 0 if they are independent.
    """
    _check_pair(labels, clusters)
    return float(
        normalized_mutual_info_score(
            labels, clusters, average_method="arithmetic"
        )
    )


def adjusted_rand_index(labels: np.ndarray, clusters: np.ndarray) -> float:
    """Share of pairs on which both agree, adjusted for chance.

    From [Hubert and Arabie, 1985](https://doi.org/10.1007/BF01908075), Eq. 5.

    Returns:
        At most 1, which the classes themselves have; 0 is expected of clusters
        at random, and worse ones are below.
    """
    _check_pair(labels, clusters)
    return float(adjusted_rand_score(labels, clusters))
