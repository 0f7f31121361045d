"""What each code means: a category its class, a dimension its attribute.

Data and look-up only. It imports neither TensorFlow nor SciPy, so that the
serving client can use it; `naming` fits a code map to a model.
"""

import json
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.meanings import parse_code
from keras_infogan.evaluation.meanings import parse_fields
from keras_infogan.evaluation.meanings import shorten


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
        hints = {"codes": Mapping}
        codes = parse_fields(content, hints, "A code map").get("codes")
        if codes is None:
            raise ValueError(
                f"A code map should have `codes`. Received: {shorten(content)}."
            )
        return cls(
            {name: parse_code(name, code) for name, code in codes.items()}
        )

    @classmethod
    def load(cls, path: Path | str) -> "CodeMap":
        """Loads a `code_map.json`.

        Raises:
            ValueError: If the file is not a code map.
            OSError: If the file cannot be read.
        """
        try:
            return cls.from_json(json.loads(Path(path).read_text()))
        except ValueError as error:
            raise ValueError(
                f"{path} should be a code map, as `keras-infogan evaluate` "
                f"writes it. Received: {error}"
            ) from None

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
        """Finds the categories that stand for a class.

        Args:
            name: The class, such as "7".
            code: The code to search; by default the one that has the category
                of the highest confidence.

        Returns:
            The code, and its categories by decreasing confidence.

        Raises:
            ValueError: If there is none.
        """
        candidates = [
            entry
            for entry in self.named_categories()
            if code in (None, entry[0])
        ]
        found = sorted(
            (entry for entry in candidates if entry[2].name == name),
            key=lambda entry: -(entry[2].confidence or 0.0),
        )
        if not found:
            known = sorted({str(entry[2].name) for entry in candidates})
            raise ValueError(
                f"No category of {code or 'this model'} stands for {name!r}. "
                f"Known classes: {', '.join(known) or 'none'}."
            )
        best = found[0][0]
        return best, [number for other, number, _ in found if other == best]

    def find_dimension(self, attribute: str) -> tuple[str, int, int]:
        """Finds the dimension that controls an attribute.

        Returns:
            The code, the index of its dimension, and the sign of the attribute.

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

    def label(self, code: str, number: int) -> str:
        """Labels a category by its number and class, such as "2: 7"."""
        category = self.codes[code].categories[number]
        share = f" ({category.purity:.0%})" if category.is_mixed else ""
        return f"{number}: {category.name or 'unnamed'}{share}"

    def interpret(
        self, posterior: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Translates the posterior of an image into class and attributes.

        Args:
            posterior: What `LatentSpec.summarize` returns for an image: by
                code, `probabilities` of categories or `mean` of dimensions.

        Returns:
            Plain data. `class`: the most probable class of the first code whose
            categories have names, or `None`. `class_probability`: its
            probability under the posterior and the purities. `attributes`: by
            name, the `value` of `DimensionMeaning.infer` with its `unit`, and
            its `word`.
        """
        result: dict[str, Any] = {"class": None, "class_probability": None}
        for name, code in self.codes.items():
            probabilities = posterior.get(name, {}).get("probabilities")
            shares: dict[str, float] = {}
            for number, category in enumerate(code.categories):
                if category.name and probabilities is not None:
                    # Q may be sure of a category that is half sevens.
                    purity = 1.0 if category.purity is None else category.purity
                    shares[category.name] = (
                        shares.get(category.name, 0.0)
                        + probabilities[number] * purity
                    )
            if shares:
                best = max(shares, key=lambda key: shares[key])
                result |= {"class": best, "class_probability": shares[best]}
                break
        attributes = {}
        for name, index, dimension in self.named_dimensions():
            mean = posterior.get(name, {}).get("mean")
            if mean is not None and dimension.infer(mean[index]) is not None:
                attributes[dimension.attribute] = {
                    "value": dimension.infer(mean[index]),
                    "unit": dimension.unit,
                    "word": dimension.word(mean[index]),
                }
        return {**result, "attributes": attributes}
