"""Compares the fidelity and the traversals of a report."""

from typing import Any

import numpy as np
from independent import formulas
from independent.run import NUM_SAMPLES
from independent.run import Comparison
from independent.run import Run
from scipy.stats import spearmanr

from keras_infogan.evaluation.morphology import measure

# As many as in the report, of other noise. Few traversals miss the rare ones in
# which an attribute does not follow the code, and underestimate the spread.
NUM_TRAVERSALS = 100
NUM_VALUES = 11
TRAVERSAL_SLACK = 4 * (2 / NUM_TRAVERSALS) ** 0.5


def compare_fidelity(run: Run, compare: Comparison) -> None:
    """Distances, precision and recall, and the classes of the images."""
    fidelity = run.report["fidelity"]
    of_test, of_train, of_generated = (
        run.extractor.extract(x)
        for x in (run.test, run.train[-NUM_SAMPLES:], run.images)
    )
    real = of_test.features.astype(float)
    for suffix, other in (("", of_generated), ("_floor", of_train)):
        features = other.features.astype(float)
        compare_distances(fidelity, real, features, suffix, compare)
    compare(
        "accuracy of the extractor",
        fidelity["feature_extractor_accuracy"],
        (of_test.classes == run.test_labels).mean(),
        1e-4,
    )
    usage = np.bincount(of_generated.classes, minlength=10) / NUM_SAMPLES
    compare(
        "class coverage", fidelity["class_coverage"], (usage > 0.01).mean(), 0
    )
    # To first order, the entropy of ten even classes errs by less than that.
    compare(
        "class entropy",
        fidelity["class_entropy"],
        formulas.entropy(usage),
        0.01,
    )
    mapping = np.full(run.num_categories, -1)
    mapping[run.columns] = run.rows
    agreement = (mapping[run.category] == of_generated.classes).mean()
    variance = 2 * max(agreement * (1 - agreement), 1e-4) / NUM_SAMPLES
    compare(
        "category agreement",
        fidelity["category_agreement"]["all"],
        agreement,
        4 * variance**0.5,
    )


def compare_distances(
    fidelity: dict[str, Any],
    real: np.ndarray,
    features: np.ndarray,
    suffix: str,
    compare: Comparison,
) -> None:
    """Distances of all features; neighbors of 2,000 of each side."""
    for kind, distance in (
        ("frechet", formulas.frechet),
        ("kernel", formulas.kernel),
    ):
        name = f"{kind}_distance{suffix}"
        slack = 4 * 2**0.5 * fidelity[f"{name}_standard_error"]
        compare(name, fidelity[name], distance(real, features), slack)
    # Other images than those of the report, on both sides.
    rows = np.random.default_rng(1).permutation(NUM_SAMPLES)[:2000]
    found = formulas.neighbors(real[rows], features[rows])
    for name, value in found.items():
        # Shares, except for density: a mean of counts, which vary more.
        spread = value * (value if name == "density" else abs(1 - value))
        if f"{name}{suffix}" in fidelity:
            compare(
                f"{name}{suffix}",
                fidelity[f"{name}{suffix}"],
                value,
                4 * (4 * max(spread, 0.1) / 2000) ** 0.5,
            )


def compare_traversals(run: Run, compare: Comparison) -> None:
    """What each dimension of the continuous codes changes."""
    real = {name: x.std() for name, x in measure(run.test[:2000]).items()}
    for code in run.continuous:
        for index, traversal in enumerate(run.report["traversals"][code]):
            images = traverse(run, code, index)
            attributes = measure(images) | {"slant": formulas.slant(images)}
            for name, values in attributes.items():
                table = values.reshape(NUM_TRAVERSALS, NUM_VALUES)
                compare_attribute(
                    f"{code}:{index}, {name}",
                    {
                        key: traversal[key][name]
                        for key in ("correlation", "range", "effect")
                    },
                    table,
                    real[name],
                    compare,
                )
            effects = np.abs(list(traversal["effect"].values()))
            leakage = 1 - effects.max() / effects.sum()
            compare("leakage", traversal["leakage"], leakage, 1e-9)
            classes = run.extractor.extract(images).classes
            classes = classes.reshape(NUM_TRAVERSALS, NUM_VALUES)
            middle = NUM_VALUES // 2
            changes = (classes != classes[:, middle, None]).mean(1)
            compare(
                "class changes",
                traversal["class_changes"],
                changes.mean(),
                TRAVERSAL_SLACK * max(float(changes.std()), 0.02),
            )


def traverse(run: Run, code: str, index: int) -> np.ndarray:
    """Generates the traversals of one dimension, row by row."""
    latents = {
        name: np.repeat(array[:NUM_TRAVERSALS], NUM_VALUES, axis=0)
        for name, array in run.inputs.items()
    }
    size = run.num_categories
    turns = np.arange(NUM_TRAVERSALS).repeat(NUM_VALUES) % size
    latents["category"] = np.eye(size, dtype="float32")[turns]
    values = np.linspace(-1, 1, NUM_VALUES)
    latents[code][:, index] = np.tile(values, NUM_TRAVERSALS)
    return run.model.generator.predict(latents, batch_size=220, verbose=0)


def compare_attribute(
    name: str,
    theirs: dict[str, Any],
    table: np.ndarray,
    real_stddev: float,
    compare: Comparison,
) -> None:
    """Correlation, range and effect of one attribute."""
    values = np.linspace(-1, 1, NUM_VALUES)
    rhos = [spearmanr(values, row).statistic for row in table]
    compare(
        f"rho of {name}",
        theirs["correlation"],
        float(np.mean(rhos)),
        TRAVERSAL_SLACK * max(float(np.std(rhos)), 0.01),
    )
    for place, end in zip((0, -1), theirs["range"], strict=True):
        column = table[:, place]
        compare("one end", end, column.mean(), TRAVERSAL_SLACK * column.std())
    change = (table[:, -1] - table[:, 0]) / real_stddev
    compare(
        "effect",
        theirs["effect"],
        change.mean(),
        # The standard deviation of 2,000 other images is known to 2 %.
        TRAVERSAL_SLACK * change.std() + 4 * 0.03 * abs(change.mean()),
    )
