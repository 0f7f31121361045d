"""How well the categories of a code are the classes of real images."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import entr
from sklearn import metrics

from keras_infogan.data.sampling import balanced_label_indices
from keras_infogan.evaluation.observations import Observations

_KEYS = (
    "clustering_accuracy",
    "clustering_accuracy_standard_error",
    "category_usage_entropy",
    "normalized_mutual_information",
    "adjusted_rand_index",
    "category_to_class",
    "class_names",
    "confusion",
)


def measure_clustering(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Compares the categories of the first categorical code with the classes.

    Categories are matched to classes on the training split; everything else is
    measured on the test split.

    Returns:
        Plain data, all `None` without labels or without such a code.
        `clustering_accuracy`, with the `clustering_accuracy_standard_error` of
        these images (seeds vary by more); `category_usage_entropy` in nats;
        `normalized_mutual_information` and `adjusted_rand_index`, also `None`
        if all test images are of one class, or each of its own;
        `category_to_class`, -1 for a category that is left over; `class_names`;
        and `confusion`, with classes in rows and categories in columns.
    """
    del report
    code = observations.clustering_code
    train, test = observations.train, observations.test
    if code is None or train.labels is None or test.labels is None:
        return dict.fromkeys(_KEYS)
    sizes = {
        "num_classes": len(train.class_names),
        "num_clusters": observations.model.latent_spec.codes[code].dim,
    }
    train_clusters = assign_clusters(observations.train_posterior, code)
    mapping = match_clusters(
        confusion_matrix(train.labels, train_clusters, **sizes)
    )
    labels = test.labels
    clusters = assign_clusters(observations.test_posterior, code)
    confusion = confusion_matrix(labels, clusters, **sizes)
    accuracy = clustering_accuracy(labels, clusters, mapping)
    # With one class, or one image of each, there are no pairs to compare.
    is_comparable = 1 < len(np.unique(labels)) < len(labels)
    return {
        "clustering_accuracy": accuracy,
        "clustering_accuracy_standard_error": accuracy_standard_error(
            accuracy, len(labels)
        ),
        "category_usage_entropy": usage_entropy(confusion.sum(axis=0)),
        "normalized_mutual_information": normalized_mutual_information(
            labels, clusters
        )
        if is_comparable
        else None,
        "adjusted_rand_index": adjusted_rand_index(labels, clusters)
        if is_comparable
        else None,
        "category_to_class": mapping.tolist(),
        "class_names": list(train.class_names),
        "confusion": confusion.tolist(),
    }


def count_naming_labels(observations: Observations) -> np.ndarray | None:
    """Counts the labeled training images that name the categories.

    Returns:
        Integer array of shape `(num_classes, num_categories)`: all training
        images, or a balanced choice of `num_naming_labels` of them. `None`
        without labels or without a categorical code.
    """
    code = observations.clustering_code
    train, test = observations.train, observations.test
    if code is None or train.labels is None or test.labels is None:
        return None
    count = observations.num_naming_labels
    rows = (
        np.arange(len(train.labels))
        if count is None
        else balanced_label_indices(train.labels, count, observations.seed)
    )
    clusters = assign_clusters(observations.train_posterior, code)
    return confusion_matrix(
        train.labels[rows],
        clusters[rows],
        num_classes=len(train.class_names),
        num_clusters=observations.model.latent_spec.codes[code].dim,
    )


def assign_clusters(
    posterior: Mapping[str, np.ndarray], code: str
) -> np.ndarray:
    """Returns the most probable category of each image, as integers."""
    return posterior[f"{code}_logits"].argmax(axis=1)


def _check(name: str, values: np.ndarray, limit: int | None = None) -> None:
    array = np.asarray(values)
    if (
        array.ndim != 1
        or not array.size
        or not np.issubdtype(array.dtype, np.integer)
    ):
        raise ValueError(
            f"`{name}` should be a vector of integers, at least one. "
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
        int64 array of shape `(num_classes, num_clusters)`.
    """
    _check_pair(labels, clusters)
    _check("labels", labels, num_classes)
    _check("clusters", clusters, num_clusters)
    # scikit-learn's is square, for the same names on both sides.
    names = np.arange(max(num_classes, num_clusters))
    square = metrics.confusion_matrix(labels, clusters, labels=names)
    return square[:num_classes, :num_clusters]


def match_clusters(confusion: np.ndarray) -> np.ndarray:
    """The one-to-one naming of clusters that is right most often.

    Solved exactly, by the method of
    [Crouse, 2016](https://doi.org/10.1109/TAES.2016.140952) in SciPy. A cluster
    without images may be given a class that no other cluster needs.

    Args:
        confusion: Integer array of shape `(num_classes, num_clusters)`, of the
            images that the naming is fitted to.

    Returns:
        int64 array of shape `(num_clusters,)`: the class of each cluster, -1
        for those that are left over, whose images all count as errors.
    """
    counts = np.asarray(confusion)
    if counts.ndim != 2 or not counts.size or counts.min() < 0:
        raise ValueError(
            "`confusion` should be counts of shape (num_classes, num_clusters)."
            f" Received: shape={counts.shape}"
            + (f", smallest count {counts.min()}." if counts.size else ".")
        )
    classes, clusters = linear_sum_assignment(counts, maximize=True)
    mapping = np.full(counts.shape[1], -1, np.int64)
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


def accuracy_standard_error(accuracy: float, num_samples: int) -> float:
    """Standard error of a share of independent images, `sqrt(p (1 - p) / n)`.

    Args:
        accuracy: The share `p`, in [0, 1].
        num_samples: The number of images `n`.

    Returns:
        At most `1 / (2 sqrt(n))`. It is 0 for a share of 0 or 1, where it says
        nothing. It is of these images alone: seeds differ by more.
    """
    if not 0.0 <= accuracy <= 1.0 or num_samples < 1:
        raise ValueError(
            "An accuracy is in [0, 1], of at least one sample. "
            f"Received: accuracy={accuracy}, num_samples={num_samples}."
        )
    return math.sqrt(accuracy * (1.0 - accuracy) / num_samples)


def normalized_mutual_information(
    labels: np.ndarray, clusters: np.ndarray
) -> float:
    """`I(labels; clusters)` over the mean of both entropies.

    The arithmetic mean, as in
    [Vinh et al., 2010](https://jmlr.org/papers/v11/vinh10a.html), Table 2. Not
    adjusted for chance: that of independent ones is a little above 0.

    Returns:
        In [0, 1]; 1 if the clusters are the classes, 0 if all images are in one
        cluster.
    """
    _check_pair(labels, clusters)
    return float(
        metrics.normalized_mutual_info_score(
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
    return float(metrics.adjusted_rand_score(labels, clusters))


def usage_entropy(counts: np.ndarray) -> float:
    """Entropy of how often each cluster is used, in nats.

    Args:
        counts: Array of shape `(num_clusters,)`: how many images each has, such
            as the sums of the columns of `confusion_matrix`.

    Returns:
        From 0, if one cluster has all, to `log(num_clusters)` if all are used
        alike; its exponential is the number of clusters in effect.
    """
    usage = np.asarray(counts, np.float64)
    # NaN fails the comparisons, too.
    if (
        usage.ndim != 1
        or not (usage >= 0).all()
        or not 0 < usage.sum() < np.inf
    ):
        raise ValueError(
            "`counts` should be a vector of counts, not all of them 0. "
            f"Received: shape={usage.shape}, {counts!r}."
        )
    return float(entr(usage / usage.sum()).sum())
