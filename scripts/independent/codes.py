"""Compares what the codes of a report tell of real and generated images."""

from collections.abc import Iterator

import numpy as np
from independent import formulas
from independent.run import NUM_SAMPLES
from independent.run import Comparison
from independent.run import Run
from scipy.special import log_softmax
from scipy.stats import binomtest


def compare_clustering(run: Run, compare: Comparison) -> None:
    """Accuracy, usage, NMI and ARI on the test split."""
    report, table = run.report, run.table
    accuracy = report["clustering_accuracy"]
    right = table[run.rows, run.columns].sum() / len(run.test)
    compare("accuracy", accuracy, right, 1e-9)
    compare(
        "its standard error",
        report["clustering_accuracy_standard_error"],
        (accuracy * (1 - accuracy) / len(run.test)) ** 0.5,
        1e-9,
    )
    compare(
        "entropy of the usage",
        report["category_usage_entropy"],
        formulas.entropy(table.sum(0) / len(run.test)),
        1e-9,
    )
    shares = table / table.sum()
    of_rows, of_columns, of_both = (
        formulas.entropy(x)
        for x in (shares.sum(1), shares.sum(0), shares.ravel())
    )
    mutual = of_rows + of_columns - of_both
    compare(
        "NMI",
        report["normalized_mutual_information"],
        2 * mutual / (of_rows + of_columns),
        1e-9,
    )
    both, one, other, every = (
        formulas.pairs(x)
        for x in (table.ravel(), table.sum(1), table.sum(0), table.sum()[None])
    )
    chance = one * other / every
    compare(
        "ARI",
        report["adjusted_rand_index"],
        (both - chance) / ((one + other) / 2 - chance),
        1e-9,
    )


def compare_names(run: Run, compare: Comparison) -> None:
    """The names of the categories, if all training labels gave them."""
    meanings = run.report["code_map"]["codes"]["category"]["categories"]
    if sum(meaning["num_labels"] for meaning in meanings) != len(run.train):
        return
    for number, meaning in enumerate(meanings):
        column = run.train_table[:, number]
        hits, total = column.max(), column.sum()
        if hits < 0.5 * total or not total:
            has_name = float(meaning["name"] is not None)
            compare(f"names of category {number}", has_name, 0, 0)
            continue
        named = run.report["class_names"].index(meaning["name"])
        compare(f"class of category {number}", named, column.argmax(), 0)
        compare("its purity", meaning["purity"], hits / total, 1e-9)
        low = binomtest(int(hits), int(total)).proportion_ci().low
        compare("its confidence", meaning["confidence"], low, 1e-6)


def compare_information(run: Run, compare: Comparison) -> None:
    """The variational bound of each code."""
    for name, nats in information(run):
        # A few misread images cause most of the error, and may be in only one
        # of both samples: so each has a standard error of its own.
        errors = (
            run.report["mutual_information_standard_error"][name],
            nats.std() / NUM_SAMPLES**0.5,
        )
        compare(
            f"information of {name}",
            run.report["mutual_information"][name],
            nats.mean(),
            4 * float(np.hypot(*errors)),
        )


def information(run: Run) -> Iterator[tuple[str, np.ndarray]]:
    """Yields each code, and the nats of each generated image."""
    posterior = run.encode(run.images)
    rows = np.arange(NUM_SAMPLES), run.category
    log_likelihood = log_softmax(posterior["category_logits"], axis=1)[rows]
    yield "category", np.log(run.num_categories) + log_likelihood
    for name in run.continuous:
        if f"{name}_log_stddev" in posterior:
            stddev = np.exp(posterior[f"{name}_log_stddev"])
            miss = (run.inputs[name] - posterior[f"{name}_mean"]) / stddev
            density = np.exp(-(miss**2) / 2) / (stddev * np.sqrt(2 * np.pi))
            yield name, (np.log(2.0) + np.log(density)).sum(axis=1)
