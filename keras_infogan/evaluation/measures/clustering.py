"""How well categories match classes."""

import math
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
        Plain data, all `None` without labels and, but for the `class_names`,
        without such a code. `clustering_accuracy`, with the
        `clustering_accuracy_standard_error` of these images (seeds vary by
        more); `category_usage_entropy` in nats; `category_to_class`, -1 for a
        category that is left over; and `confusion`, with classes in rows and
        categories in columns. Also `None` if all test images are of one class,
        or each of its own: `normalized_mutual_information`, by the arithmetic
        mean of entropies
        ([Vinh et al., 2010](https://jmlr.org/papers/v11/vinh10a.html), Table
        2), and `adjusted_rand_index`
        ([Hubert and Arabie, 1985](https://doi.org/10.1007/BF01908075), Eq. 5).
    """
    del report
    code = observations.clustering_code
    train, test = observations.train, observations.test
    nothing = dict.fromkeys(_KEYS)
    if train.labels is None or test.labels is None:
        return nothing
    class_names = list(train.class_names)
    if code is None:
        return {**nothing, "class_names": class_names}
    found = _compare(observations, code, train.labels, test.labels)
    accuracy = found.pop("accuracy")
    usage = np.sum(found["confusion"], axis=0)
    return {
        "clustering_accuracy": accuracy,
        "clustering_accuracy_standard_error": accuracy_standard_error(
            accuracy, len(test.labels)
        ),
        "category_usage_entropy": usage_entropy(usage),
        **found,
        "class_names": class_names,
    }


def measure_categorical_codes(
    observations: Observations, report: dict[str, Any]
) -> dict[str, Any]:
    """Compares several categorical codes, each and jointly, with the classes.

    Jointly, each combination of categories is a cluster of its own. It stands
    for the majority class of its training images, and several may stand for one
    class; a combination that no training image has is an error.

    Returns:
        `categorical_codes`, `None` without labels or with less than two such
        codes: plain data by code and for `joint`, an `accuracy` on the test
        images and what `measure_clustering` calls
        `normalized_mutual_information` and `adjusted_rand_index`; by code also
        its `category_to_class` and `confusion`. A code's accuracy is its
        `clustering_accuracy`.
    """
    del report
    names = observations.model.latent_spec.categorical_names
    train, test = observations.train, observations.test
    if len(names) < 2 or train.labels is None or test.labels is None:
        return {"categorical_codes": None}
    fitted, clusters = (
        np.stack([_categories(observations, x, split) for x in names], axis=1)
        for split in ("train", "test")
    )
    found = {
        name: _compare(observations, name, train.labels, test.labels)
        for name in names
    }
    unique, joint = np.unique(
        np.concatenate([fitted, clusters]), axis=0, return_inverse=True
    )
    joint_fitted, joint_clusters = np.split(joint.reshape(-1), [len(fitted)])
    confusion = confusion_matrix(
        train.labels,
        joint_fitted,
        num_classes=len(train.class_names),
        num_clusters=len(unique),
    )
    majority = np.where(confusion.any(axis=0), confusion.argmax(axis=0), -1)
    found["joint"] = {
        "accuracy": clustering_accuracy(test.labels, joint_clusters, majority),
        **_agreement(test.labels, joint_clusters),
    }
    return {"categorical_codes": found}


def _categories(
    observations: Observations, code: str, split: str
) -> np.ndarray:
    """The most probable category of each image of a split."""
    posterior = (
        observations.train_posterior
        if split == "train"
        else observations.test_posterior
    )
    spec = observations.model.latent_spec
    return spec.category_logits(code, posterior).argmax(axis=1)


def _compare(
    observations: Observations,
    code: str,
    train_labels: np.ndarray,
    labels: np.ndarray,
) -> dict[str, Any]:
    """Compares the categories of one code with the labels of both splits."""
    sizes = {
        "num_classes": len(observations.train.class_names),
        "num_clusters": observations.model.latent_spec.codes[code].dim,
    }
    fitted = _categories(observations, code, "train")
    clusters = _categories(observations, code, "test")
    mapping = match_clusters(confusion_matrix(train_labels, fitted, **sizes))
    confusion = confusion_matrix(labels, clusters, **sizes)
    return {
        "accuracy": clustering_accuracy(labels, clusters, mapping),
        **_agreement(labels, clusters),
        "category_to_class": mapping.tolist(),
        "confusion": confusion.tolist(),
    }


def _agreement(
    labels: np.ndarray, clusters: np.ndarray
) -> dict[str, float | None]:
    # With one class, or one image of each, there are no pairs to compare.
    nmi = ari = None
    if 1 < len(np.unique(labels)) < len(labels):
        nmi = float(metrics.normalized_mutual_info_score(labels, clusters))
        ari = float(metrics.adjusted_rand_score(labels, clusters))
    return {"normalized_mutual_information": nmi, "adjusted_rand_index": ari}


def count_naming_labels(
    observations: Observations, code: str
) -> np.ndarray | None:
    """Counts the labeled training images that name the categories of a code.

    Returns:
        Integer array of shape `(num_classes, num_categories)`: all training
        images, or a balanced choice of `num_naming_labels` of them. `None`
        without labels.
    """
    labels = observations.train.labels
    if labels is None:
        return None
    clusters = _categories(observations, code, "train")
    if observations.num_naming_labels is not None:
        rows = balanced_label_indices(
            labels, observations.num_naming_labels, observations.seed
        )
        labels, clusters = labels[rows], clusters[rows]
    return confusion_matrix(
        labels,
        clusters,
        num_classes=len(observations.train.class_names),
        num_clusters=observations.model.latent_spec.codes[code].dim,
    )


def confusion_matrix(
    labels: np.ndarray,
    clusters: np.ndarray,
    *,
    num_classes: int,
    num_clusters: int,
) -> np.ndarray:
    """Counts the images of each class in each cluster.

    Args:
        labels: Integer array of shape `(samples,)`, the true classes.
        clusters: Integer array of shape `(samples,)`, e.g. `argmax Q(c|x)`.
        num_classes: The rows of the result, an int64 array.
        num_clusters: Its columns.
    """
    # scikit-learn leaves out images of classes that the table does not have.
    confusion = np.zeros((num_classes, num_clusters), np.int64)
    np.add.at(confusion, (labels, clusters), 1)
    return confusion


def match_clusters(confusion: np.ndarray) -> np.ndarray:
    """The assignment of clusters to classes with the highest accuracy.

    Solved exactly, by the method of
    [Crouse, 2016](https://doi.org/10.1109/TAES.2016.140952) in SciPy. A cluster
    without images may be given a class that no other cluster needs.

    Args:
        confusion: What `confusion_matrix` returns.

    Returns:
        int64 array of shape `(num_clusters,)`: the class of each cluster, -1
        for those that are left over, whose images all count as errors.
    """
    classes, clusters = linear_sum_assignment(confusion, maximize=True)
    mapping = np.full(confusion.shape[1], -1, np.int64)
    mapping[clusters] = classes
    return mapping


def clustering_accuracy(
    labels: np.ndarray, clusters: np.ndarray, mapping: np.ndarray
) -> float:
    """Share of images whose cluster is named as their class.

    Arguments are those of `confusion_matrix`, and what `match_clusters` returns
    for other images.
    """
    return float(np.mean(mapping[clusters] == labels))


def accuracy_standard_error(accuracy: float, num_samples: int) -> float:
    """Standard error of a share of independent images, `sqrt(p (1 - p) / n)`.

    It is 0 for a share of 0 or 1, where it says nothing. It is of these images
    alone: seeds differ by more.
    """
    return math.sqrt(accuracy * (1.0 - accuracy) / num_samples)


def usage_entropy(counts: np.ndarray) -> float:
    """Entropy of how often each cluster is used, in nats.

    From 0, if one cluster has all, to `log(num_clusters)` if all are used
    alike; its exponential is the number of clusters in effect.
    """
    return float(entr(counts / np.sum(counts)).sum())
