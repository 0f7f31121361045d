"""Sentences about a report, a code map or the posterior of an image."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import dimension_label

# 95 % of a normal distribution are within this many standard deviations.
DEVIATIONS = 1.96


def describe_report(report: Mapping[str, Any]) -> list[str]:
    """Summarizes a report in sentences; names are in backticks.

    Args:
        report: What `evaluate` returns, perhaps with `warnings` and
            `num_labels` of the training.
    """
    sentences = [
        f"Warning: {warning}" for warning in report.get("warnings", [])[-3:]
    ]
    sentences += _describe_clustering(report)
    sentences += _describe_information(report)
    sentences += _describe_fidelity(report)
    sentences += _describe_traversals(report["traversals"])
    if report["num_naming_labels"] is not None:
        sentences.append(
            "The categories are named with the labels of "
            f"{report['num_naming_labels']:,} of "
            f"{report['num_train_images']:,} training images."
        )
    class_names = report["class_names"] or ()
    return sentences + describe_code_map(report["code_map"], class_names)


def _describe_clustering(report: Mapping[str, Any]) -> list[str]:
    accuracy = report["clustering_accuracy"]
    if accuracy is None:
        return []
    num_labels = report.get("num_labels", 0)
    how = f"with {num_labels} labels" if num_labels else "without labels"
    agreement = (
        "NMI and ARI are undefined: they need test images of several classes, "
        "and more than one image of a class."
        if report["normalized_mutual_information"] is None
        else f"NMI {report['normalized_mutual_information']:.3f}, "
        f"ARI {report['adjusted_rand_index']:.3f}."
    )
    return [
        f"Learned {how}, the categories reach a clustering accuracy of "
        f"{accuracy:.1%} on {report['num_test_images']:,} test images "
        "(Hungarian matching on the training split; chance is "
        f"{1 / len(report['class_names']):.0%}). {agreement}"
    ]


def _describe_information(report: Mapping[str, Any]) -> list[str]:
    sentences, lost = [], []
    for name, nats in report["mutual_information"].items():
        if name == "total":
            continue
        if nats <= 0.0:
            lost.append(f"`{name}` ({nats:.2f} nats)")
            continue
        ceiling = report["mutual_information_ceiling"][name]
        at_most = "" if ceiling is None else f" of at most {ceiling:.2f}"
        sentences.append(
            f"Mutual information of `{name}` and a generated image: at least "
            f"{nats:.2f} nats{at_most}."
        )
    if lost:
        sentences.append(
            "Q recovers no reliable information from a single generated image "
            f"about {' and '.join(lost)}. The training log may look better: "
            "there, batch normalization uses the statistics of the batch, here "
            "moving averages. They converge with longer training."
        )
    return sentences


def _describe_fidelity(report: Mapping[str, Any]) -> list[str]:
    fidelity = report["fidelity"]
    if fidelity is None:
        return []

    def number(name: str) -> str:
        error = DEVIATIONS * fidelity[f"{name}_standard_error"]
        floor = fidelity[f"{name}_floor"]
        return f"{fidelity[name]:.3g} +/- {error:.2g} ({floor:.3g})"

    sentences = [
        f"Fidelity, in the features of a classifier of {report['dataset']}, of "
        f"{fidelity['num_images']:,} generated and as many test images (in "
        "parentheses training images instead of generated ones, the best value "
        f"to expect): Frechet distance {number('frechet_distance')}, kernel "
        f"distance {number('kernel_distance')}; of "
        f"{fidelity['num_neighbored_images']:,} images, precision "
        f"{number('precision')}, recall {number('recall')}, density "
        f"{fidelity['density']:.3g} ({fidelity['density_floor']:.3g}), "
        f"coverage {number('coverage')}."
    ]
    # The threshold of `diagnostics.find_problems`.
    if fidelity["coverage"] < fidelity["coverage_floor"] / 2:
        sentences.append(
            "Low coverage: few real images have a generated image nearby. "
            "Precision and class coverage are not meaningful then; they are "
            "high for static, too."
        )
    if fidelity["class_coverage"] < 1.0:
        sentences.append(
            f"The generated images cover {fidelity['class_coverage']:.0%} of "
            "the classes; each of the others has less than a tenth of its "
            "share."
        )
    agreement = fidelity["category_agreement"]
    if agreement:
        error = DEVIATIONS * agreement["all_standard_error"]
        sentences.append(
            f"A classifier assigns {agreement['all']:.1%} +/- {error:.1%} of "
            "the generated images to the class of their category."
        )
    return sentences


def _describe_traversals(
    traversals: Mapping[str, Sequence[Mapping[str, Any]]],
) -> list[str]:
    sentences = []
    for name, dimensions in traversals.items():
        for index, traversal in enumerate(dimensions):
            if traversal["leakage"] is None:
                continue
            label = dimension_label(name, index, len(dimensions))
            text = (
                f"Leakage of `{label}`: {traversal['leakage']:.0%} of its "
                "effect is on attributes other than the one it changes most"
            )
            if traversal["class_changes"] is not None:
                text += (
                    f"; {traversal['class_changes']:.1%} of the images of a "
                    "traversal differ in class from its center"
                )
            sentences.append(f"{text}.")
    return sentences


def describe_code_map(
    code_map: CodeMap, class_names: Sequence[str] = ()
) -> list[str]:
    """Says what each code stands for, and what is ambiguous or missing.

    Args:
        code_map: The code map.
        class_names: All classes of the data set.
    """
    sentences = []
    for name, code in code_map.codes.items():
        sentences += _describe_categories(name, code.categories, class_names)
        sentences += [
            _describe_dimension(dimension_label(name, i, len(code)), dimension)
            for i, dimension in enumerate(code.dimensions)
        ]
    return sentences


def _describe_categories(
    code: str, categories: Sequence[CategoryMeaning], class_names: Sequence[str]
) -> list[str]:
    by_name: dict[str | None, list[int]] = {}
    for number, category in enumerate(categories):
        by_name.setdefault(category.name, []).append(number)
    unnamed = by_name.pop(None, [])
    sentences = []
    if by_name:
        pairs = ", ".join(
            f"{number} is {name!r}{_certainty(categories[number])}"
            for name, numbers in by_name.items()
            for number in numbers
        )
        sentences.append(f"Categories of `{code}`: {pairs}.")
    for name, (*others, last) in by_name.items():
        if others:
            sentences.append(
                f"Categories {', '.join(map(str, others))} and {last} of "
                f"`{code}` {'both' if len(others) == 1 else 'all'} stand for "
                f"{name!r}."
            )
    missing = [name for name in class_names if name not in by_name]
    if by_name and missing:
        sentences.append(
            f"No category of `{code}` stands for {' or '.join(missing)}."
        )
    if unnamed:
        sentences.append(
            f"Unnamed categories of `{code}`: {', '.join(map(str, unnamed))}."
        )
    mixed = ", ".join(
        f"{number} ({category.purity:.0%} are {category.name!r})"
        for number, category in enumerate(categories)
        if category.is_mixed
    )
    if mixed:
        sentences.append(f"Mixed categories of `{code}`: {mixed}.")
    return sentences


def _certainty(meaning: CategoryMeaning) -> str:
    """In parentheses; nothing if a code map that a person wrote has none."""
    if meaning.confidence is None:
        return ""
    return f" ({meaning.purity:.0%}, at least {meaning.confidence:.0%})"


def _describe_dimension(label: str, meaning: DimensionMeaning) -> str:
    if meaning.attribute is None:
        return f"`{label}` controls none of the measured attributes."
    text = (
        f"`{label}` controls {meaning.attribute}: from {meaning.low:.2f} to "
        f"{meaning.high:.2f} {meaning.unit} along a traversal (Spearman's rho "
        f"{meaning.correlation:+.2f})."
    )
    if meaning.agreement is not None:
        text += (
            " On test images, its posterior and the measured "
            f"{meaning.attribute} agree with rho {meaning.agreement:+.2f}."
        )
    return text


def explain_category(code_map: CodeMap, name: str) -> str:
    """Says which category is taken for a class, and with what confidence.

    Raises:
        ValueError: If no category stands for it.
    """
    code, (first, *others) = code_map.find_categories(name)
    meaning = code_map.codes[code].categories[first]
    text = f"Category {first} of `{code}` stands for {name!r}"
    if meaning.confidence is not None:
        text += (
            f": {meaning.purity:.0%} of its {meaning.num_labels:,} labeled "
            f"{'image' if meaning.num_labels == 1 else 'images'} (95% "
            f"confidence: at least {meaning.confidence:.0%})"
        )
    text += "."
    if others:
        verb = "does" if len(others) == 1 else "do"
        text += f" So {verb} {', '.join(map(str, others))}, less surely."
    if meaning.is_mixed:
        text = f"Warning: {text} It is mixed: expect other classes too."
    return text


def describe_meaning(
    code_map: CodeMap, posterior: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Names class and attributes of an image: "7 (98%)", "slanted right".

    Args:
        code_map: The code map.
        posterior: What `LatentSpec.summarize` returns for an image.
    """
    found = code_map.interpret(posterior)
    words = [x["word"] for x in found["attributes"].values() if x["word"]]
    if found["class"] is None:
        return words
    return [f"{found['class']} ({found['class_probability']:.0%})", *words]
