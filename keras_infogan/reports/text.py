"""Sentences about a report."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.meanings import dimension_label
from keras_infogan.evaluation.measures import MEASURES
from keras_infogan.evaluation.measures import find_number
from keras_infogan.evaluation.measures.fidelity import MIN_IMAGES
from keras_infogan.reports.meanings import describe_code_map
from keras_infogan.reports.robustness import describe_robustness

# 95 % of a normal distribution are within this many standard deviations.
DEVIATIONS = 1.96
# Smaller changes of an attribute, in standard deviations over real images, are
# not mentioned.
_VISIBLE = 0.5
# Spearman's rho of code and attribute.
_STEADY = 0.5
# Shares of the entropy of a factor that are mentioned.
_KNOWN = 0.05
_NO_LABELS = (
    "The data set has no labels, so the fidelity of the images was not "
    "measured."
)
_NO_NAMES = (
    " The categories have numbers instead of names, and no accuracy: see what "
    "they look like in their image grids."
)


def describe_report(report: Mapping[str, Any]) -> list[str]:
    """Summarizes a report in sentences; names are in backticks.

    Args:
        report: What `evaluate` returns, perhaps with `warnings` and
            `num_labels` of the training. Warnings come first.
    """
    sentences = [f"Warning: {warning}" for warning in _find_warnings(report)]
    sentences += _describe_clustering(report)
    sentences += _describe_information(report)
    sentences += _describe_priors(report)
    sentences += _describe_fidelity(report)
    sentences += describe_robustness(report)
    sentences += _describe_traversals(report["traversals"])
    sentences += describe_factors(report).values()
    for measure in MEASURES:
        for key, number in measure.numbers.items():
            value = find_number(report, key)
            if number.sentence and value is not None:
                sentences.append(number.sentence.format(value))
    if report["num_naming_labels"] is not None:
        sentences.append(
            "The categories are named with the labels of "
            f"{report['num_naming_labels']:,} of "
            f"{report['num_train_images']:,} training images."
        )
    return sentences + describe_code_map(
        report["code_map"],
        report["class_names"] or (),
        has_attributes=bool(report["traversals"]),
    )


def describe_factors(report: Mapping[str, Any]) -> dict[str, str]:
    """What each dimension knows of the factors of variation, by its label.

    Empty if the report is not of images with factors.
    """
    found = report.get("disentanglement")
    if found is None:
        return {}
    sentences = {}
    for label, shares in zip(
        found["codes"], found["factor_shares"], strict=True
    ):
        known = sorted(zip(shares, found["factors"], strict=True), reverse=True)
        texts = [f"{x:.0%} of {name}" for x, name in known if x >= _KNOWN]
        what = ", ".join(texts) or "none of the factors"
        sentences[label] = f"`{label}` knows {what} in {found['dataset']}."
    return sentences


def _find_warnings(report: Mapping[str, Any]) -> list[str]:
    """The problems of the model, then the last ones of its training."""
    problems = report.get("problems", [])
    # Figures differ; what is before the colon is their kind.
    kinds = [problem.partition(":")[0] for problem in problems]
    others = [
        warning
        for warning in report.get("warnings", [])
        if not any(kind in warning for kind in kinds)
    ]
    return [*problems, *others[-3:]]


def _describe_clustering(report: Mapping[str, Any]) -> list[str]:
    accuracy = report["clustering_accuracy"]
    codes = report["code_map"].codes
    names = [name for name, code in codes.items() if code.categories]
    if report["class_names"] is None:
        return [_NO_LABELS + _NO_NAMES * bool(names)]
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
    which = f" of `{names[0]}`" if len(names) > 1 else ""
    return [
        f"Learned {how}, the categories{which} reach a clustering accuracy of "
        f"{accuracy:.1%} on {report['num_test_images']:,} test images "
        "(Hungarian matching on the training split; chance is "
        f"{1 / len(report['class_names']):.0%}). {agreement}",
        *(
            f"The categories of `{name}` reach "
            f"{report['categorical_codes'][name]['accuracy']:.1%}."
            for name in names[1:]
        ),
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
            f"about {', '.join(lost[:-1])}{' and ' * (len(lost) > 1)}{lost[-1]}"
            ". The training log may look better: "
            "there, batch normalization uses the statistics of the batch, here "
            "moving averages. They converge with longer training."
        )
    return sentences


def _describe_priors(report: Mapping[str, Any]) -> list[str]:
    sentences = []
    for name, prior in report.get("priors", {}).items():
        meanings = report["code_map"].codes[name].categories
        names = [
            str(number) if meaning.name is None else repr(meaning.name)
            for number, meaning in enumerate(meanings)
        ]
        shares = sorted(zip(prior, names, strict=True), reverse=True)
        sentences.append(
            f"How often each category of `{name}` is drawn: "
            f"{', '.join(f'{label} ({share:.1%})' for share, label in shares)}."
        )
    return sentences


def _describe_fidelity(report: Mapping[str, Any]) -> list[str]:
    fidelity = report["fidelity"]
    if fidelity is None:
        splits = report["num_train_images"], report["num_test_images"]
        if report["class_names"] is None or min(splits) >= MIN_IMAGES:
            return []
        return [
            "The fidelity of the images was not measured: it needs at least "
            f"{MIN_IMAGES} training and as many test images."
        ]

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
            "high for noise-like images, too."
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
            label = dimension_label(name, index, len(dimensions))
            text = f"`{label}` {_describe_effect(traversal)}"
            if traversal["class_changes"] is not None:
                text += (
                    f"; {traversal['class_changes']:.1%} of the images of a "
                    "traversal differ in class from its center"
                )
            sentences.append(f"{text}.")
    return sentences


def _describe_effect(traversal: Mapping[str, Mapping[str, float]]) -> str:
    """What a traversal changes, and what else moves visibly.

    What follows from the attribute that changes most is no leakage. Attributes
    that go up and down, as those of noise, are left out.
    """
    effect, correlation = traversal["effect"], traversal["correlation"]

    def describe(names: Sequence[str]) -> str:
        return ", ".join(f"{name} ({effect[name]:+.1f})" for name in names)

    moved = sorted(
        (
            x
            for x in effect
            if abs(effect[x]) >= _VISIBLE and abs(correlation[x]) >= _STEADY
        ),
        key=lambda name: (
            bool(ATTRIBUTES[name].follows_from),
            -abs(effect[name]),
        ),
    )
    if not moved:
        return (
            f"changes no measured attribute by {_VISIBLE} standard deviations "
            "of real images"
        )
    main, *others = moved
    text = (
        f"changes {main} by {effect[main]:+.1f} standard deviations of real "
        "images along a traversal"
    )
    following = [x for x in others if main in ATTRIBUTES[x].follows_from]
    others = [x for x in others if x not in following]
    if following:
        text += f"; {describe(following)}, which follows from it, moves too"
    if others:
        text += f"; it also changes {describe(others)}"
    return text
