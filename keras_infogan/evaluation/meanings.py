"""What a category or a dimension means, and its validation.

Data only: this module imports neither TensorFlow nor SciPy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import get_args
from typing import get_type_hints

from keras_infogan.evaluation.attributes import ATTRIBUTES

# Below this purity a category is mixed: one image in five is of another class.
_MIN_PURITY = 0.8


@dataclass(frozen=True)
class CategoryMeaning:
    """The class that a category stands for.

    Args:
        name: The majority class of its labeled images; `None` if it has no
            labeled images, or no class has half of them.
        purity: Share of its labeled images that are of this class, in [0, 1].
        confidence: Lower end of the 95 % confidence interval of the purity
            (Clopper and Pearson, 1934). It is low if labels are few.
        num_labels: Number of its labeled images.
    """

    name: str | None = None
    purity: float | None = None
    confidence: float | None = None
    num_labels: int = 0

    @property
    def is_mixed(self) -> bool:
        """Whether many of its images are of other classes."""
        return self.purity is not None and self.purity < _MIN_PURITY


@dataclass(frozen=True)
class DimensionMeaning:
    """The attribute that a dimension of a code controls.

    Args:
        attribute: One of `attributes.ATTRIBUTES`; `None` if the dimension
            changes none steadily, or another dimension changes it more.
        sign: 1 if the attribute increases with the code, -1 if it decreases.
        correlation: Spearman's rho of code and attribute along a traversal,
            the mean over traversals.
        low: Mean attribute of generated images at the lowest value of the code.
        high: The same at the highest value.
        unit: The unit of all attribute values here.
        read_low: Attribute of a real image whose posterior mean is -1, by a
            least-squares line through real images. This and the following are
            `None` if there were no real images.
        read_high: The same for a posterior mean of 1.
        lower_quartile: First quartile of the attribute over real images.
        upper_quartile: Third quartile.
        agreement: Spearman's rho over real images of the attribute as inferred
            from the code and as measured.
    """

    attribute: str | None = None
    sign: int = 1
    correlation: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    read_low: float | None = None
    read_high: float | None = None
    lower_quartile: float | None = None
    upper_quartile: float | None = None
    agreement: float | None = None

    def infer(self, mean: float) -> float | None:
        """Returns the attribute of an image from its posterior mean.

        `None` if the code map was not fitted to real images.
        """
        if self.read_low is None or self.read_high is None:
            return None
        return self.read_low + (mean + 1) / 2 * (self.read_high - self.read_low)

    def word(self, mean: float) -> str | None:
        """Returns a word such as "thick" for an image in an outer quartile.

        `None` for the middle half of real images. A signed attribute also needs
        the right sign: a digit that leans right is never "slanted left", even
        if most others lean further.
        """
        value = self.infer(mean)
        if (
            value is None
            or self.attribute is None
            or self.lower_quartile is None
            or self.upper_quartile is None
        ):
            return None
        attribute = ATTRIBUTES[self.attribute]
        zero = 0.0 if attribute.is_signed else value
        if value < self.lower_quartile and value <= zero:
            return attribute.low
        if value > self.upper_quartile and value >= zero:
            return attribute.high
        return None


@dataclass(frozen=True)
class CodeMeaning:
    """The meaning of one code: of its categories or of its dimensions.

    Args:
        categories: For a categorical code, one entry a category; else empty.
        dimensions: For any other code, one entry a dimension; else empty.
        type: The kind of code, as in `LatentSpec.get_config`.
    """

    categories: tuple[CategoryMeaning, ...] = ()
    dimensions: tuple[DimensionMeaning, ...] = ()
    type: str | None = None

    def __len__(self) -> int:
        return len(self.categories) or len(self.dimensions)


def dimension_label(
    code: str, index: int, num_dimensions: int, *, separator: str = ":"
) -> str:
    """Names a dimension: `pose`, or `continuous:1` if there are several."""
    return code if num_dimensions == 1 else f"{code}{separator}{index}"


def parse_code(name: str, content: Any) -> CodeMeaning:
    """Returns the meaning of a code from the JSON of a code map.

    Raises:
        ValueError: If `content` does not follow the schema.
    """
    place = f"Code {name!r} of a code map"
    hints = {"type": str | None, "categories": list, "dimensions": list}
    code = parse_fields(content, hints, place)

    def parse_entries(key: str, kind: type) -> list[Mapping[str, Any]]:
        hints = get_type_hints(kind)
        return [
            parse_fields(entry, hints, f"{place}: {key}")
            for entry in code.get(key, ())
        ]

    meaning = CodeMeaning(
        tuple(
            CategoryMeaning(**entry)
            for entry in parse_entries("categories", CategoryMeaning)
        ),
        tuple(
            DimensionMeaning(**entry)
            for entry in parse_entries("dimensions", DimensionMeaning)
        ),
        code.get("type"),
    )
    if bool(meaning.categories) == bool(meaning.dimensions):
        raise ValueError(
            f"{place} should have either `categories` or `dimensions`. "
            f"Received: {shorten(content)}."
        )
    for dimension in meaning.dimensions:
        if dimension.attribute not in (None, *ATTRIBUTES):
            raise ValueError(
                f"{place} should have attributes among {', '.join(ATTRIBUTES)}."
                f" Received: {dimension.attribute!r}."
            )
    return meaning


def parse_fields(
    content: Any, hints: Mapping[str, Any], place: str
) -> Mapping[str, Any]:
    """Returns `content` if it is a JSON object with fields of these types."""
    if not isinstance(content, Mapping) or not content.keys() <= hints.keys():
        raise ValueError(
            f"{place} should be an object with fields among {', '.join(hints)}."
            f" Received: {shorten(content)}."
        )
    for key, value in content.items():
        hint = hints[key]
        # In JSON, 1.0 may be written as 1; a Python bool is an int.
        numeric = hint | int if float in get_args(hint) else hint
        if not isinstance(value, numeric) or isinstance(value, bool):
            expected = getattr(hint, "__name__", hint)
            raise ValueError(
                f"{place} should have `{key}` of type {expected}. "
                f"Received: {shorten(value)}."
            )
    return content


def shorten(value: Any) -> str:
    """Returns at most 200 characters of a value, for error messages."""
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]}..."
