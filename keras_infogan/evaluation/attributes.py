"""The measured attributes of an image: names, units and words.

This registry is data only, so that clients can use it without SciPy;
`morphology.measure` does the measuring.
"""

from typing import NamedTuple


class Attribute(NamedTuple):
    """A property of an image that `morphology.measure` returns a number for.

    To add one, register it in `ATTRIBUTES` and return its values from one of
    `morphology.MEASURES`. The code map, the traversals, the reports and the
    outliers pick it up from here.

    Args:
        unit: The unit of the numbers.
        low: The word for an image with a small value.
        high: The word for an image with a large value.
        is_signed: Whether only negative values are called `low`, and only
            positive ones `high`.
        names_codes: Whether a code can be named after it.
        shows_outliers: Whether a value that the generator never produces marks
            an image as an outlier.
        follows_from: Attributes that change this one by themselves, as a
            thicker stroke of the same length has a larger area.
        tolerance: How far outside the generator's range is still unremarkable,
            at least.
    """

    unit: str
    low: str
    high: str
    is_signed: bool = False
    names_codes: bool = True
    shows_outliers: bool = True
    follows_from: tuple[str, ...] = ()
    # Lengths are accurate to about a quarter of a pixel; twice that.
    tolerance: float = 0.5


ATTRIBUTES = {
    # Augmentation teaches `Q` slants beyond those that are generated.
    "slant": Attribute(
        "rad",
        "slanted left",
        "slanted right",
        is_signed=True,
        shows_outliers=False,
    ),
    "thickness": Attribute("pixels", "thin", "thick"),
    "length": Attribute("pixels", "short", "long"),
    "width": Attribute("pixels", "narrow", "wide"),
    "height": Attribute("pixels", "low", "high"),
    "area": Attribute(
        "pixels^2",
        "light",
        "heavy",
        names_codes=False,
        shows_outliers=False,
        follows_from=("thickness", "length"),
    ),
}
