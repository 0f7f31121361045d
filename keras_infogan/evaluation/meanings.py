"""The meaning of a category or a dimension of a code: data only."""

from dataclasses import dataclass

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
        attribute: One of `ATTRIBUTES`; `None` if the dimension changes none
            steadily, or another dimension changes it more.
        sign: 1 if the attribute increases with the code, -1 if it decreases.
        correlation: Mean Spearman's rho of code and attribute over traversals.
        low: Mean attribute of generated images at the lowest value of the code.
        high: The same at the highest value.
        unit: The unit of all attribute values here.
        read_low: Attribute of a real image whose posterior mean is -1, by a
            least-squares line. This and the following are `None` without real
            images.
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
        """Returns the attribute of an image from its posterior mean."""
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
        low, high = self.lower_quartile, self.upper_quartile
        if value is None or not self.attribute or low is None or high is None:
            return None
        attribute = ATTRIBUTES[self.attribute]
        zero = 0.0 if attribute.is_signed else value
        if value < low and value <= zero:
            return attribute.low
        return attribute.high if value > high and value >= zero else None


@dataclass(frozen=True)
class CodeMeaning:
    """The meaning of one code.

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
