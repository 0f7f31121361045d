"""What each code means: a category its class, a continuous code its attribute.

Imports no TensorFlow, for clients that have the file alone.
"""

import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from keras_infogan.evaluation.attributes import ATTRIBUTES

# A code is named after an attribute that rises, or falls, all along its sweep:
# Spearman's rho of ten of eleven places in order is .98, of a coin's 0.
_LEAST_CORRELATION = 0.8
# In deviations of real images: less than that of one image from another is not
# seen. A rho of noise may be 1, as its order along a sweep is all that counts.
_LEAST_EFFECT = 1.0
# Below it a category is no class: one image in five is of another.
_LEAST_PURITY = 0.8
# Below it most of its images are of other classes, and it has no name.
_LEAST_MAJORITY = 0.5


@dataclass(frozen=True)
class CategoryMeaning:
    """What a category stands for.

    Args:
        name: The class of most of its labeled images; `None` without any, and
            where no class has half of them.
        purity: Their share of them, in [0, 1].
        confidence: The lower end of the 95 % interval of the purity (Clopper
            and Pearson, 1934): low where labels are few.
        num_labels: How many labeled images it has.
    """

    name: str | None = None
    purity: float | None = None
    confidence: float | None = None
    num_labels: int = 0

    @property
    def is_mixed(self) -> bool:
        """Whether it has a name, and too many images of other classes."""
        return self.purity is not None and self.purity < _LEAST_PURITY


@dataclass(frozen=True)
class DimensionMeaning:
    """What a dimension of a code changes.

    Args:
        attribute: One of `attributes.ATTRIBUTES`; `None` if there is none that
            it changes steadily, or another dimension changes it more.
        sign: 1 if it rises with the code, -1 if it falls.
        correlation: Spearman's rho of the code and the attribute along a
            sweep, the mean over sweeps.
        low: The attribute at the least value of the code, on average over
            generated images.
        high: The attribute at the largest.
        unit: Of all attributes here.
        read_low: The attribute of a real image whose code is read as -1, by the
            least-squares line through real images; `None` if there were none,
            as are all that follow.
        read_high: The same for a code read as 1.
        lower_quartile: The attribute below which a quarter of them is.
        upper_quartile: The attribute above which a quarter of them is.
        agreement: Spearman's rho over real images of the attribute as it is
            read and as it is measured.
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

    def read(self, mean: float) -> float | None:
        """The attribute of an image by the posterior mean of its code.

        `None` if it was not compared with real images.
        """
        if self.read_low is None or self.read_high is None:
            return None
        return self.read_low + (mean + 1) / 2 * (self.read_high - self.read_low)

    def word(self, mean: float) -> str | None:
        """Such as "slanted right", where it is among the outer quarters.

        `None` for the half of real images in between. What leans to the right
        is not "slanted left" where nearly all lean further.
        """
        value = self.read(mean)
        if (
            value is None
            or self.attribute is None
            or self.lower_quartile is None
            or self.upper_quartile is None
        ):
            return None
        attribute = ATTRIBUTES[self.attribute]
        zero = 0.0 if self.attribute == "slant" else value
        if value < self.lower_quartile and value <= zero:
            return attribute.low
        if value > self.upper_quartile and value >= zero:
            return attribute.high
        return None


Meanings = tuple[CategoryMeaning, ...] | tuple[DimensionMeaning, ...]


@dataclass(frozen=True)
class CodeMap:
    """The meaning of each code by its name.

    Args:
        codes: For a categorical code a meaning for each category, for the
            others one for each dimension.
        types: The type of each code, as a configuration has it.
    """

    codes: Mapping[str, Meanings]
    types: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        content: dict[str, Any] = {}
        for name, meanings in self.codes.items():
            categorical = isinstance(meanings[0], CategoryMeaning)
            content[name] = {
                "type": self.types.get(name),
                "categories" if categorical else "dimensions": [
                    asdict(meaning) for meaning in meanings
                ],
            }
        return {"codes": content}

    @classmethod
    def from_json(cls, content: Any) -> "CodeMap":
        """The inverse of `to_json`.

        Raises:
            ValueError: If it is no such data.
        """
        try:
            return cls(
                {
                    name: tuple(
                        CategoryMeaning(**entry) for entry in code["categories"]
                    )
                    if "categories" in code
                    else tuple(
                        DimensionMeaning(**entry)
                        for entry in code["dimensions"]
                    )
                    for name, code in content["codes"].items()
                },
                {name: code["type"] for name, code in content["codes"].items()},
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                "A code map should be a JSON object with the meanings of each "
                f"of its codes. Received one without: {error}."
            ) from None

    @classmethod
    def load(cls, path: Path) -> "CodeMap":
        """Reads a `code_map.json`."""
        try:
            return cls.from_json(json.loads(path.read_text()))
        except ValueError as error:
            raise ValueError(
                f"{path} should be a code map; `keras-infogan evaluate` makes "
                f"one. Received: {error}"
            ) from None

    def find_categories(self, name: str) -> tuple[str, list[int]]:
        """The code and the categories that stand for a class.

        The surest first, as several may; and of several codes the one that has
        the surest.

        Raises:
            ValueError: If none does.
        """
        found = sorted(
            (-(meaning.confidence or 0.0), place, number)
            for place, meanings in enumerate(self.codes.values())
            for number, meaning in enumerate(meanings)
            if isinstance(meaning, CategoryMeaning) and meaning.name == name
        )
        if found:
            best = found[0][1]
            return list(self.codes)[best], [
                number for _, place, number in found if place == best
            ]
        known = {
            meaning.name
            for meanings in self.codes.values()
            for meaning in meanings
            if isinstance(meaning, CategoryMeaning) and meaning.name
        }
        raise ValueError(
            f"No category of this model stands for {name!r}. It has found "
            f"{', '.join(sorted(known)) or 'no class'}."
        )

    def explain_categories(self, name: str) -> str:
        """Which category is taken for a class, and what is to be said of it.

        Raises:
            ValueError: If none stands for it.
        """
        code, (first, *others) = self.find_categories(name)
        text = f"{name!r} is category {first} of `{code}`"
        meaning = self.codes[code][first]
        if isinstance(meaning, CategoryMeaning) and meaning.purity is not None:
            images = f"{meaning.num_labels:,} labeled images are"
            if meaning.num_labels == 1:
                images = "one labeled image is"
            text += f": {meaning.purity:.0%} of its {images}"
            if meaning.confidence is not None:
                text += f" (of all, at least {meaning.confidence:.0%})"
        if others:
            verb = "is" if len(others) == 1 else "are"
            text += f"; so {verb} {', '.join(map(str, others))}, less surely"
        text += "."
        if isinstance(meaning, CategoryMeaning) and meaning.is_mixed:
            text = f"Warning: {text} It is mixed: expect other classes too."
        return text

    def find_dimension(self, attribute: str) -> tuple[str, int, int]:
        """The code, the dimension and the sign that change an attribute.

        Raises:
            ValueError: If none does.
        """
        known: list[str | None] = []
        for code, meanings in self.codes.items():
            for index, meaning in enumerate(meanings):
                if isinstance(meaning, DimensionMeaning):
                    if meaning.attribute == attribute:
                        return code, index, meaning.sign
                    known.append(meaning.attribute)
        raise ValueError(
            f"No code of this model stands for {attribute!r}. It has found "
            f"{', '.join(name for name in known if name) or 'no attribute'}."
        )

    def label(self, code: str, index: int) -> str:
        """A category or a dimension in a few words, for captions."""
        meaning = self.codes[code][index]
        if isinstance(meaning, CategoryMeaning):
            name = meaning.name or "unnamed"
            share = f" ({meaning.purity:.0%})" if meaning.is_mixed else ""
            return f"{code} {index}: {name}{share}"
        if meaning.attribute:
            return meaning.attribute
        return code if len(self.codes[code]) == 1 else f"{code}:{index}"

    def interpret(
        self, codes: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        """What was read from an image, as far as it has a meaning.

        Args:
            codes: Of `pictures.read_codes`: `probabilities` of categories,
                `mean` of dimensions.

        Returns:
            Plain data: `class`, the likeliest one, and `class_probability`, the
            share of it that the categories and their purities leave to it, of
            the first code whose categories have names (`None` without); and
            `attributes`, by name: the `value` of `DimensionMeaning.read` with
            its `unit`, and its `word`.
        """
        result: dict[str, Any] = {"class": None, "class_probability": None}
        attributes: dict[str, Any] = {}
        for name, meanings in self.codes.items():
            values = codes.get(name, {})
            by_name: dict[str, float] = {}
            for index, meaning in enumerate(meanings):
                if isinstance(meaning, CategoryMeaning):
                    if meaning.name and "probabilities" in values:
                        # Q may be sure of a category that is half sevens.
                        share = values["probabilities"][index] * (
                            1.0 if meaning.purity is None else meaning.purity
                        )
                        by_name[meaning.name] = (
                            by_name.get(meaning.name, 0.0) + share
                        )
                elif isinstance(meaning, DimensionMeaning) and "mean" in values:
                    mean = values["mean"][index]
                    if meaning.attribute and meaning.read(mean) is not None:
                        attributes[meaning.attribute] = {
                            "value": meaning.read(mean),
                            "unit": meaning.unit,
                            "word": meaning.word(mean),
                        }
            if by_name and result["class"] is None:
                best = max(by_name, key=lambda key: by_name[key])
                result |= {"class": best, "class_probability": by_name[best]}
        return {**result, "attributes": attributes}

    def describe(self, codes: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The words of `interpret`, such as "7 (98%)", "slanted right"."""
        found = self.interpret(codes)
        words = [
            entry["word"]
            for entry in found["attributes"].values()
            if entry["word"]
        ]
        if found["class"] is None:
            return words
        return [f"{found['class']} ({found['class_probability']:.0%})", *words]

    def remarks(self, class_names: Sequence[str] = ()) -> list[str]:
        """What a reader must know, in sentences.

        Args:
            class_names: All classes of the data set.
        """
        sentences = []
        for code, meanings in self.codes.items():
            if isinstance(meanings[0], CategoryMeaning):
                sentences += self._remarks_on_categories(code, class_names)
            else:
                sentences += [
                    self._remark_on_dimension(code, index, meaning)
                    for index, meaning in enumerate(meanings)
                    if isinstance(meaning, DimensionMeaning)
                ]
        return sentences

    def _remarks_on_categories(
        self, code: str, class_names: Sequence[str]
    ) -> list[str]:
        by_name: dict[str, list[int]] = {}
        unnamed = []
        categories = [
            meaning
            for meaning in self.codes[code]
            if isinstance(meaning, CategoryMeaning)
        ]
        for number, meaning in enumerate(categories):
            if meaning.name is None:
                unnamed.append(number)
            else:
                by_name.setdefault(meaning.name, []).append(number)
        sentences = []
        if by_name:
            pairs = ", ".join(
                f"{number} is {name!r}{_of_labels(categories[number])}"
                for name, numbers in by_name.items()
                for number in numbers
            )
            sentences.append(f"Of `{code}`, {pairs}.")
        for name, numbers in by_name.items():
            if len(numbers) > 1:
                sentences.append(
                    f"Categories {', '.join(map(str, numbers[:-1]))} and "
                    f"{numbers[-1]} of `{code}` are "
                    f"{'both' if len(numbers) == 2 else 'all'} {name!r}."
                )
        missing = [name for name in class_names if name not in by_name]
        if by_name and missing:
            sentences.append(
                f"No category of `{code}` is {' or '.join(missing)}."
            )
        if unnamed:
            sentences.append(
                f"Unnamed categories of `{code}`: "
                f"{', '.join(map(str, unnamed))}."
            )
        mixed = ", ".join(
            f"{number} ({meaning.purity:.0%} are {meaning.name!r})"
            for number, meaning in enumerate(categories)
            if meaning.is_mixed
        )
        if mixed:
            sentences.append(f"Mixed categories of `{code}`: {mixed}.")
        return sentences

    def _remark_on_dimension(
        self, code: str, index: int, meaning: DimensionMeaning
    ) -> str:
        what = code if len(self.codes[code]) == 1 else f"{code}:{index}"
        if meaning.attribute is None:
            return f"`{what}` changes no measured attribute of its own."
        text = (
            f"`{what}` is {meaning.attribute}: from {meaning.low:.2f} to "
            f"{meaning.high:.2f} {meaning.unit} along the sweep, Spearman's "
            f"rho {meaning.correlation:+.2f}"
        )
        if meaning.agreement is not None:
            text += (
                "; of test images, as Q reads it and as it is measured, "
                f"{meaning.agreement:+.2f}"
            )
        return f"{text}."


def _of_labels(meaning: CategoryMeaning) -> str:
    """How sure a name is, in brackets."""
    if meaning.purity is None:
        return ""
    text = f"{meaning.purity:.0%}"
    if meaning.confidence is not None:
        text += f", at least {meaning.confidence:.0%}"
    return f" ({text})"


def name_categories(
    confusion: np.ndarray, class_names: Sequence[str]
) -> tuple[CategoryMeaning, ...]:
    """Names each category by the class of at least half of its images.

    Args:
        confusion: Integer array of shape `(num_classes, num_categories)` of
            labeled images; a handful will do.
        class_names: The names of the classes.
    """
    meanings = []
    for counts in np.asarray(confusion).T:
        total, best = int(counts.sum()), int(counts.argmax())
        if total == 0:
            meanings.append(CategoryMeaning())
            continue
        hits = int(counts[best])
        if hits < _LEAST_MAJORITY * total:
            meanings.append(CategoryMeaning(num_labels=total))
            continue
        meanings.append(
            CategoryMeaning(
                class_names[best],
                hits / total,
                float(stats.beta.ppf(0.025, hits, total - hits + 1)),
                total,
            )
        )
    return tuple(meanings)


def name_dimensions(
    sweeps: Mapping[str, Sequence[Mapping[str, Any]]],
    information: Mapping[str, float],
) -> dict[str, tuple[DimensionMeaning, ...]]:
    """Names each dimension by the attribute that it changes most.

    Most, in deviations of the attribute over real images, among those that it
    changes steadily. Each attribute names one dimension, the one that changes
    it most. The area, which follows from thickness and length, names none.

    Args:
        sweeps: Of `sweeps.measure_sweeps`, by the name of the code.
        information: The bound of each code, in nats. One of which nothing can
            be read from an image has no name.
    """
    candidates = sorted(
        (
            (abs(sweep["effect"][attribute]), name, index, attribute)
            for name, dimensions in sweeps.items()
            for index, sweep in enumerate(dimensions)
            for attribute in ATTRIBUTES
            if attribute != "area"
            and information[name] > 0.0
            and abs(sweep["effect"][attribute]) >= _LEAST_EFFECT
            and abs(sweep["correlation"][attribute]) >= _LEAST_CORRELATION
        ),
        reverse=True,
    )
    chosen: dict[tuple[str, int], str] = {}
    for _, name, index, attribute in candidates:
        if (name, index) not in chosen and attribute not in chosen.values():
            chosen[name, index] = attribute
    meanings = {}
    for name, dimensions in sweeps.items():
        entries = []
        for index, sweep in enumerate(dimensions):
            attribute = chosen.get((name, index), "")
            if not attribute:
                entries.append(DimensionMeaning())
                continue
            rho = sweep["correlation"][attribute]
            low, high = sweep["range"][attribute]
            entries.append(
                DimensionMeaning(
                    attribute,
                    1 if rho > 0 else -1,
                    rho,
                    low,
                    high,
                    ATTRIBUTES[attribute].unit,
                )
            )
        meanings[name] = tuple(entries)
    return meanings


def compare_readings(
    code_map: CodeMap,
    posterior: Mapping[str, np.ndarray],
    measured: Mapping[str, np.ndarray],
) -> CodeMap:
    """Adds how the attributes of real images are read.

    Args:
        code_map: Whose dimensions have names.
        posterior: Of `InfoGAN.encode`, of real images.
        measured: Of `attributes.measure`, of the same images. Those of which
            nothing can be measured do not count.

    Returns:
        The code map; of dimensions without a name or a mean, and of those where
        nothing varies, it says what it said.
    """
    codes: dict[str, Meanings] = {}
    for name, meanings in code_map.codes.items():
        means = posterior.get(f"{name}_mean")
        codes[name] = meanings
        if means is not None:
            codes[name] = tuple(
                _compare_reading(meaning, column, measured[meaning.attribute])
                if meaning.attribute
                else meaning
                for meaning, column in zip(meanings, means.T, strict=True)
                if isinstance(meaning, DimensionMeaning)
            )
    return replace(code_map, codes=codes)


def _compare_reading(
    meaning: DimensionMeaning, means: np.ndarray, measured: np.ndarray
) -> DimensionMeaning:
    seen = np.isfinite(measured)
    means, measured = means[seen].astype(float), measured[seen]
    if len(measured) < 2 or not np.ptp(means) or not np.ptp(measured):
        return meaning
    line = stats.linregress(means, measured)
    lower, upper = np.quantile(measured, [0.25, 0.75])
    agreement = meaning.sign * stats.spearmanr(means, measured).statistic
    return replace(
        meaning,
        read_low=float(line.intercept - line.slope),
        read_high=float(line.intercept + line.slope),
        lower_quartile=float(lower),
        upper_quartile=float(upper),
        agreement=float(agreement),
    )
