"""The meaning of each code: of categories a class, of dimensions an attribute.

Data and look-up only. It imports neither TensorFlow nor SciPy, so that the
serving client can use it; `measures.naming` fits a code map to a model.
"""

import itertools
import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from keras_infogan import checksums
from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.json_text import check_schema
from keras_infogan.json_text import read_json
from keras_infogan.models.pretrained import check_run
from keras_infogan.models.pretrained import find_companion

if TYPE_CHECKING:
    from keras_infogan.latents.spec import LatentSpec


@dataclass(frozen=True)
class _Entry:
    """A code in a file; one of both lists is there."""

    type: str | None = None
    categories: list[CategoryMeaning] = field(default_factory=list)
    dimensions: list[DimensionMeaning] = field(default_factory=list)


@dataclass(frozen=True)
class _File:
    """The schema of `code_map.json`."""

    codes: dict[str, _Entry]


@dataclass(frozen=True)
class CodeMap:
    """The meaning of each code, by name, in the order of the latent spec."""

    codes: Mapping[str, CodeMeaning] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data, ready for JSON."""
        return {
            "codes": {
                name: {
                    "type": code.type,
                    "categories" if code.categories else "dimensions": [
                        asdict(meaning)
                        for meaning in code.categories or code.dimensions
                    ],
                }
                for name, code in self.codes.items()
            }
        }

    @classmethod
    def from_json(cls, content: Any) -> "CodeMap":
        """The inverse of `to_json`; fields that are left out have defaults.

        Raises:
            ValueError: If `content` does not follow the schema of `to_json`.
        """
        check_schema(content, _File, "A code map")
        if "codes" not in content:
            raise ValueError(
                f"A code map should have `codes`. Received: {content!r:.200}."
            )
        return cls(
            {
                name: _parse_code(f"A code map.codes.{name}", code)
                for name, code in content["codes"].items()
            }
        )

    @classmethod
    def load(cls, path: Path | str) -> "CodeMap":
        """Loads a `code_map.json`.

        Raises:
            ValueError: If the file is not a code map, or is damaged.
            OSError: If the file cannot be read.
        """
        path = Path(path)
        checksums.check(path, "`keras-infogan evaluate` writes it again.")
        try:
            return cls.from_json(read_json(path))
        except ValueError as error:
            raise ValueError(
                f"{path} should be a code map, as `keras-infogan evaluate` "
                f"writes it. Received: {error}"
            ) from None

    def check_codes(self, spec: "LatentSpec") -> None:
        """Raises a `ValueError` if a code is none of a model."""
        for name, meaning in self.codes.items():
            code = spec.codes.get(name)
            received = "which the model does not have"
            if code is not None:
                sizes = (len(meaning.categories), len(meaning.dimensions))
                expected = (0, code.num_dimensions)
                if code.has_categories:
                    expected = (code.dim, 0)
                if sizes == expected:
                    continue
                received = (
                    f"with {sizes[0]} categories and {sizes[1]} dimensions; "
                    f"in the model it has {expected[0]} and {expected[1]}"
                )
            raise ValueError(
                "A code map should belong to its model. Received: the code "
                f"{name!r}, {received}. `keras-infogan evaluate` writes the "
                "code map of a run."
            )

    def named_categories(self) -> Iterator[tuple[str, int, CategoryMeaning]]:
        """Yields code, number and meaning of each category with a name."""
        for code, meaning in self.codes.items():
            for number, category in enumerate(meaning.categories):
                if category.name is not None:
                    yield code, number, category

    def named_dimensions(self) -> Iterator[tuple[str, int, DimensionMeaning]]:
        """Yields code, index and meaning of dimensions with an attribute."""
        for code, meaning in self.codes.items():
            for index, dimension in enumerate(meaning.dimensions):
                if dimension.attribute is not None:
                    yield code, index, dimension

    def find_categories(
        self, name: str, *, code: str | None = None
    ) -> tuple[str, list[int]]:
        """Finds the categories that stand for a class, such as "7".

        By default, in the code that has the category of highest confidence.

        Returns:
            The code, and its categories by decreasing confidence.

        Raises:
            ValueError: If there is none.
        """
        entries = [x for x in self.named_categories() if code in (None, x[0])]
        found = sorted(
            (entry for entry in entries if entry[2].name == name),
            key=lambda entry: -(entry[2].confidence or 0.0),
        )
        if not found:
            known = sorted({str(entry[2].name) for entry in entries})
            raise ValueError(
                f"No category of {code or 'this model'} stands for {name!r}. "
                + (
                    f"Known classes: {', '.join(known)}."
                    if known
                    else "None has a name: choose one by its number."
                )
            )
        best = found[0][0]
        return best, [number for other, number, _ in found if other == best]

    def find_dimension(self, attribute: str) -> tuple[str, int, int]:
        """Returns code, index and sign of the dimension of an attribute.

        Raises:
            ValueError: If there is none.
        """
        known = []
        for code, index, meaning in self.named_dimensions():
            if meaning.attribute == attribute:
                return code, index, meaning.sign
            known.append(str(meaning.attribute))
        raise ValueError(
            f"No code of this model stands for {attribute!r}. "
            f"Known attributes: {', '.join(known) or 'none'}."
        )

    def category_order(
        self, code: str, class_names: Sequence[str] = ()
    ) -> list[int]:
        """The categories of a code in the order of their classes.

        Args:
            code: A code with categories.
            class_names: All classes in order; others come after them, sorted by
                name, with numbers by size.

        Returns:
            Category numbers; those without a class at the end. In their own
            order if they stand for the same class, or for none.
        """
        ranks = {name: rank for rank, name in enumerate(class_names)}

        def key(number: int) -> tuple[Any, ...]:
            name = self.codes[code].categories[number].name
            if name is None:
                return (True,)
            parts = re.split("([0-9]+)", name)
            natural = [
                (int(part) if odd else 0, part)
                for odd, part in zip(
                    itertools.cycle((False, True)), parts, strict=False
                )
            ]
            return (False, ranks.get(name, len(ranks)), natural)

        return sorted(range(len(self.codes[code].categories)), key=key)

    def label(self, code: str, number: int) -> str:
        """Labels a category by its number and class, such as "2: 7"."""
        category = self.codes[code].categories[number]
        share = f" ({category.purity:.0%})" if category.is_mixed else ""
        return f"{number}: {category.name or 'unnamed'}{share}"

    def interpret(
        self, estimates: Mapping[str, Sequence[float]]
    ) -> dict[str, Any]:
        """Translates the codes of an image into its class and attributes.

        Args:
            estimates: For an image, by code, a row of `LatentSpec.estimate`:
                the probability of each category, or a number a dimension.

        Returns:
            Plain data. `class`: the most probable class of the first code whose
            categories have names, or `None`, also if the most probable category
            has no name. `class_probability`: its
            probability under the posterior and the purities. `attributes`: by
            name, the `value` of `DimensionMeaning.infer` with its `unit`, and
            its `word`.
        """
        first, shares = None, dict[str | None, float]()
        named = set[int]()
        for name, number, category in self.named_categories():
            if name in estimates and first in (None, name):
                first = name
                named.add(number)
                # Q may be sure of a category that is half sevens.
                purity = 1.0 if category.purity is None else category.purity
                shares[category.name] = (
                    shares.get(category.name, 0.0)
                    + float(estimates[name][number]) * purity
                )
        attributes = {}
        for name, index, dimension in self.named_dimensions():
            if name not in estimates:
                continue
            estimate = float(estimates[name][index])
            value = dimension.infer(estimate)
            if value is not None:
                attributes[dimension.attribute] = {
                    "value": value,
                    "unit": dimension.unit,
                    "word": dimension.word(estimate),
                }
        if first is not None:
            probabilities = [float(share) for share in estimates[first]]
            if probabilities.index(max(probabilities)) not in named:
                shares = {}
        best = max(shares, key=lambda key: shares[key], default=None)
        return {
            "class": best,
            "class_probability": shares.get(best),
            "attributes": attributes,
        }


def find_code_map(run: Path, spec: "LatentSpec") -> CodeMap | None:
    """The code map of a model; `None` if it has none.

    Args:
        run: See `load_model`.
        spec: The codes of the model.

    Raises:
        ValueError: If it is damaged, or of another model or run.
    """
    path = find_companion(run, "code_map.json")
    if path is None:
        return None
    code_map = CodeMap.load(path)
    check_run(run, path)
    code_map.check_codes(spec)
    return code_map


def _parse_code(place: str, content: Mapping[str, Any]) -> CodeMeaning:
    categories = tuple(
        CategoryMeaning(**entry) for entry in content.get("categories", ())
    )
    dimensions = tuple(
        DimensionMeaning(**entry) for entry in content.get("dimensions", ())
    )
    if bool(categories) == bool(dimensions):
        raise ValueError(
            f"{place} should have either `categories` or `dimensions`. "
            f"Received: {content!r:.200}."
        )
    for category in categories:
        _check_number(place, "num_labels", category.num_labels, 0, 2**63)
        for name in ("purity", "confidence"):
            _check_number(place, name, getattr(category, name), 0, 1)
    for dimension in dimensions:
        if dimension.attribute not in (None, *ATTRIBUTES):
            raise ValueError(
                f"{place} should have attributes among {', '.join(ATTRIBUTES)}."
                f" Received: {dimension.attribute!r}."
            )
        if dimension.sign not in (-1, 1):
            raise ValueError(
                f"{place} should have a `sign` of 1 or -1. "
                f"Received: {dimension.sign!r}."
            )
        for name in ("correlation", "agreement"):
            _check_number(place, name, getattr(dimension, name), -1, 1)
    return CodeMeaning(categories, dimensions, content.get("type"))


def _check_number(
    place: str, name: str, value: float | None, low: float, high: float
) -> None:
    # A mean of many ones may round to a little more.
    slack = 1e-6
    if value is not None and not low - slack <= value <= high + slack:
        raise ValueError(
            f"{place} should have `{name}` from {low} to {high}. "
            f"Received: {value}."
        )
