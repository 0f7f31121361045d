"""Sentences about known reports."""

from typing import Any

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.reports.text import describe_factors
from keras_infogan.reports.text import describe_report
from tests.helpers.code_maps import CODE_MAP
from tests.helpers.code_maps import categories

SEVEN = CategoryMeaning("7", 1.0, 0.9, 10)
# Of a perfect representation of four classes; log 4 is 1.39 nats.
REPORT: dict[str, Any] = {
    "clustering_accuracy": 1.0,
    "normalized_mutual_information": 1.0,
    "adjusted_rand_index": 1.0,
    "class_names": list("abcd"),
    "num_train_images": 400,
    "num_test_images": 100,
    "mutual_information": {"category": 1.386, "total": 1.386},
    "mutual_information_ceiling": {"category": 1.386},
    "fidelity": None,
    "traversals": {},
    "dataset": "columns",
    "num_naming_labels": None,
    "code_map": CodeMap(),
}


def test_clustering():
    assert describe_report(REPORT)[0] == (
        "Learned without labels, the categories reach a clustering accuracy of "
        "100.0% on 100 test images (Hungarian matching on the training split; "
        "chance is 25%). NMI 1.000, ARI 1.000."
    )
    assert "with 20 labels" in describe_report({**REPORT, "num_labels": 20})[0]
    undefined = {**REPORT, "normalized_mutual_information": None}
    assert "NMI and ARI are undefined" in describe_report(undefined)[0]
    unlabeled = {**REPORT, "clustering_accuracy": None, "class_names": None}
    assert describe_report(unlabeled)[0] == (
        "The data set has no labels, so the fidelity of the images was not "
        "measured."
    )
    assert "accuracy" not in " ".join(describe_report(unlabeled))
    # Once, and not again as categories without a name.
    unlabeled["code_map"] = CodeMap({"kind": categories(CategoryMeaning())})
    text = " ".join(describe_report(unlabeled))
    assert "numbers instead of names" in text
    assert "Unnamed" not in text
    # A model without categories has no accuracy either.
    no_categories = {**REPORT, "clustering_accuracy": None}
    assert "accuracy" not in " ".join(describe_report(no_categories))


def test_priors_of_categories():
    """The most frequent ones first, by their names if they have one."""
    meanings = categories(SEVEN, CategoryMeaning(), CategoryMeaning("1"))
    report = {
        **REPORT,
        "code_map": CodeMap({"kind": meanings}),
        "priors": {"kind": [0.25, 0.05, 0.7]},
    }
    assert (
        "How often each category of `kind` is drawn: '1' (70.0%), "
        "'7' (25.0%), 1 (5.0%)."
    ) in describe_report(report)
    assert "is drawn" not in " ".join(describe_report(REPORT))


def test_clustering_of_several_codes():
    codes = {"kind": categories(SEVEN), "tone": categories(SEVEN)}
    report = {
        **REPORT,
        "code_map": CodeMap(codes),
        "categorical_codes": {
            "kind": {"accuracy": 1.0},
            "tone": {"accuracy": 0.5},
            "joint": {"accuracy": 0.75, "normalized_mutual_information": 0.5},
        },
    }
    sentences = describe_report(report)
    assert "the categories of `kind` reach a clustering" in sentences[0]
    assert sentences[1] == "The categories of `tone` reach 50.0%."
    assert (
        "All categorical codes jointly tell 75.0% of the classes." in sentences
    )


def test_few_images_have_no_fidelity():
    text = " ".join(describe_report({**REPORT, "num_test_images": 39}))
    assert "fidelity of the images was not measured: it needs at least 40" in (
        text
    )
    assert "fidelity" not in " ".join(
        describe_report({**REPORT, "num_test_images": 40})
    )


def test_information():
    assert describe_report(REPORT)[1] == (
        "Mutual information of `category` and a generated image: at least 1.39 "
        "nats of at most 1.39."
    )
    continuous = {**REPORT, "mutual_information_ceiling": {"category": None}}
    assert describe_report(continuous)[1].endswith("at least 1.39 nats.")


def test_codes_without_information_share_a_sentence():
    none = {"a": -0.5, "b": 0.0, "total": -0.5}
    text = " ".join(describe_report({**REPORT, "mutual_information": none}))
    assert (
        "about `a` (-0.50 nats) and `b` (0.00 nats). The training log" in text
    )
    assert text.count("The training log may look better") == 1


def test_warnings_come_first_and_are_the_last_three():
    report = {**REPORT, "warnings": [f"number {n}" for n in range(5)]}
    assert describe_report(report)[:3] == [
        f"Warning: number {n}" for n in (2, 3, 4)
    ]


def test_problems_come_before_warnings_of_another_kind():
    report = {
        **REPORT,
        "problems": ["The generator collapses: to 1%."],
        "warnings": [
            "After step 10: The categories collapse: 3.",
            "After step 20: The generator collapses: to 2%.",
        ],
    }
    assert describe_report(report)[:2] == [
        "Warning: The generator collapses: to 1%.",
        "Warning: After step 10: The categories collapse: 3.",
    ]
    assert not describe_report(report)[2].startswith("Warning")


def test_classes_without_a_category_are_those_of_the_report():
    report = {**REPORT, "code_map": CODE_MAP, "class_names": ["1", "3", "7"]}
    assert "No category of `category` stands for 3." in describe_report(report)


def test_labels_that_named_the_categories():
    sentence = (
        "The categories are named with the labels of 80 of 400 training images."
    )
    assert sentence in describe_report({**REPORT, "num_naming_labels": 80})
    assert sentence not in describe_report(REPORT)


def test_fidelity_gives_sizes_intervals_and_floors():
    """1.96 errors each, in the order value, interval, that of real images."""
    numbers = {
        f"{name}{suffix}": value
        for name, value, floor in (
            ("frechet_distance", 3.0, 1.0),
            ("kernel_distance", 12.0, 0.5),
            ("precision", 0.8, 0.9),
            ("recall", 0.7, 0.95),
            ("density", 0.5, 1.0),
            ("coverage", 0.625, 0.96875),
        )
        for suffix, value in (
            ("", value),
            ("_standard_error", 0.1),
            ("_floor", floor),
        )
    }
    fidelity = {
        **numbers,
        "num_images": 10_000,
        "num_neighbored_images": 2_000,
        "class_coverage": 0.75,
        "category_agreement": {"all": 0.9, "all_standard_error": 0.01},
    }
    text = " ".join(describe_report({**REPORT, "fidelity": fidelity}))
    for part in (
        "a classifier of columns, of 10,000 generated and as many test images",
        "Frechet distance 3 +/- 0.2 (1), kernel distance 12 +/- 0.2 (0.5)",
        "of 2,000 images, precision 0.8 +/- 0.2 (0.9), recall 0.7 +/- 0.2 "
        "(0.95), density 0.5 (1), coverage 0.625 +/- 0.2 (0.969).",
        "cover 75% of the classes",
        "assigns 90.0% +/- 2.0% of the generated images",
    ):
        assert part in text
    assert "Low coverage" not in text
    # Noise-like images are precise and of all classes, and cover no real one.
    fidelity["coverage"] = 0.01
    text = " ".join(describe_report({**REPORT, "fidelity": fidelity}))
    assert "Low coverage: few real images" in text


def describe_traversal(effect, class_changes=None, **correlation):
    traversal = {
        "effect": effect,
        "correlation": {**dict.fromkeys(effect, -0.9), **correlation},
        "class_changes": class_changes,
    }
    traversals = {"style": [traversal]}
    (sentence,) = describe_report({**REPORT, "traversals": traversals})[2:]
    return sentence


def test_what_follows_from_the_main_attribute_is_no_leakage():
    """Area, although it changes more; and what hardly moves is left out."""
    effect = {"slant": 0.04, "thickness": 2.0, "length": -0.49, "area": 2.5}
    assert describe_traversal(effect, 0.125) == (
        "`style` changes thickness by +2.0 standard deviations of real images "
        "along a traversal; area (+2.5), which follows from it, moves too; "
        "12.5% of the images of a traversal differ in class from its center."
    )


def test_what_does_not_follow_is_said():
    """Area follows from thickness and length, and not from slant."""
    effect = {"slant": -1.5, "thickness": 0.6, "length": 0.1, "area": 0.5}
    assert describe_traversal(effect) == (
        "`style` changes slant by -1.5 standard deviations of real images "
        "along a traversal; it also changes thickness (+0.6), area (+0.5)."
    )
    assert describe_traversal({"slant": 0.4, "area": -0.4}) == (
        "`style` changes no measured attribute by 0.5 standard deviations of "
        "real images."
    )


def test_what_goes_up_and_down_is_not_changed():
    """As in noise, where both ends differ by chance."""
    effect = {"slant": -93.3, "thickness": 0.6}
    assert "changes thickness by +0.6" in describe_traversal(effect, slant=0.2)


def test_each_dimension_has_a_sentence():
    nothing = {
        "effect": {"slant": 0.0},
        "correlation": {"slant": 0.0},
        "class_changes": None,
    }
    traversals = {"style": [nothing, nothing]}
    sentences = describe_report({**REPORT, "traversals": traversals})[2:]
    assert [x.split("`")[1] for x in sentences] == ["style:0", "style:1"]


def test_what_each_code_knows():
    """The largest share first; shares below a twentieth are not mentioned."""
    report = {
        "disentanglement": {
            "codes": ["c:0", "c:1"],
            "factors": ["shape", "scale", "x"],
            "factor_shares": [[0.1, 0.04, 0.8], [0.0, 0.01, 0.02]],
            "dataset": "rendered_dsprites",
        }
    }
    assert describe_factors(report) == {
        "c:0": "`c:0` knows 80% of x, 10% of shape in rendered_dsprites.",
        "c:1": "`c:1` knows none of the factors in rendered_dsprites.",
    }
    assert describe_factors({}) == {}
