"""Sentences about a code map, and an image's posterior according to it."""

from collections.abc import Mapping
from collections.abc import Sequence

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import dimension_label


def describe_code_map(
    code_map: CodeMap,
    class_names: Sequence[str] = (),
    *,
    has_attributes: bool = True,
) -> list[str]:
    """Says what each code stands for, and what is ambiguous or missing.

    Args:
        code_map: The code map.
        class_names: All classes of the data set.
        has_attributes: Whether attributes were measured, as of gray images.
    """
    sentences, unmeasured = [], []
    for name, code in code_map.codes.items():
        order = code_map.category_order(name, class_names)
        sentences += _describe_categories(
            name, code.categories, order, class_names
        )
        if code.dimensions and not has_attributes:
            unmeasured.append(f"`{name}`")
            continue
        sentences += [
            _describe_dimension(dimension_label(name, i, len(code)), dimension)
            for i, dimension in enumerate(code.dimensions)
        ]
    if unmeasured:
        sentences.append(
            f"What {', '.join(unmeasured)} changes was not measured, as the "
            "images have color: see the traversals."
        )
    return sentences


def _describe_categories(
    code: str,
    categories: Sequence[CategoryMeaning],
    order: Sequence[int],
    class_names: Sequence[str],
) -> list[str]:
    by_name: dict[str | None, list[int]] = {}
    for number in order:
        by_name.setdefault(categories[number].name, []).append(number)
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
    # Without labels there is nothing to name any category after.
    has_labels = any(category.num_labels for category in categories)
    if unnamed and (by_name or has_labels):
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
    if meaning.confidence is None or meaning.purity is None:
        return ""
    return f" ({meaning.purity:.0%}, at least {meaning.confidence:.0%})"


def _describe_dimension(label: str, meaning: DimensionMeaning) -> str:
    if meaning.attribute is None:
        return f"`{label}` controls none of the measured attributes."
    text = f"`{label}` controls {meaning.attribute}"
    # A code map that a person wrote may have no numbers.
    if meaning.low is not None and meaning.high is not None:
        text += f": from {meaning.low:.2f} to {meaning.high:.2f}"
        text += f" {meaning.unit or ''}".rstrip() + " along a traversal"
    if meaning.correlation is not None:
        text += f" (Spearman's rho {meaning.correlation:+.2f})"
    text += "."
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
    if meaning.confidence is not None and meaning.purity is not None:
        text += (
            f": {meaning.purity:.0%} of its {meaning.num_labels:,} labeled "
            f"{'image' if meaning.num_labels == 1 else 'images'} (95% "
            f"confidence: at least {meaning.confidence:.0%})"
        )
    text += "."
    if others:
        verb = "does" if len(others) == 1 else "do"
        text += (
            f" So {verb} {', '.join(map(str, others))}, with less confidence."
        )
    if meaning.is_mixed:
        text = f"Warning: {text} It is mixed: expect other classes too."
    return text


def describe_meaning(
    code_map: CodeMap, estimates: Mapping[str, Sequence[float]]
) -> list[str]:
    """Names class and attributes of an image: "7 (98%)", "slanted right".

    Args:
        code_map: The code map.
        estimates: As for `CodeMap.interpret`.
    """
    found = code_map.interpret(estimates)
    words = [x["word"] for x in found["attributes"].values() if x["word"]]
    if found["class"] is None:
        return words
    return [f"{found['class']} ({found['class_probability']:.0%})", *words]
