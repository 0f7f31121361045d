"""Codes and factors of the same images: checked, drawn and discretized."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import mutual_info_score

# Of sums of some float32 products, relative to the result.
_ROUNDING = 1e-6


class Table(NamedTuple):
    """Some images: a row for each.

    Args:
        codes: float64 array of shape `(rows, num_codes)`.
        factors: Array of shape `(rows, num_factors)`.
        classes: int64 array of the same shape: the same factors, their values
            numbered from 0 in order.
    """

    codes: np.ndarray
    factors: np.ndarray
    classes: np.ndarray


class FactoredCodes:
    """The codes of images whose factors of variation are known.

    Metrics draw from the rows, with replacement. If the rows are all
    combinations of the factors, once each, that is what metrics of the
    literature do, which draw factors first and then encode their images.

    Args:
        codes: Numbers of shape `(num_images, num_codes)`.
        factors: Numbers of shape `(num_images, num_factors)`, at least two
            factors, each of at least two values. Equal numbers are the same
            value.
        seed: Seed of all draws.

    Raises:
        ValueError: If the arrays have other shapes or values.
    """

    def __init__(
        self, codes: npt.ArrayLike, factors: npt.ArrayLike, *, seed: int = 0
    ) -> None:
        codes = np.asarray(codes, np.float64)
        factors = np.asarray(factors)
        if (
            codes.ndim != 2
            or factors.ndim != 2
            or len(codes) != len(factors)
            or not codes.size
            or factors.shape[1] < 2
        ):
            raise ValueError(
                "Codes and factors should have shapes (num_images, num_codes) "
                "and (num_images, num_factors), with at least one image, one "
                f"code and two factors. Received: {codes.shape} and "
                f"{factors.shape}."
            )
        if factors.dtype.kind not in "biuf":
            raise ValueError(
                "Factors should be numbers; number texts first. "
                f"Received: dtype={factors.dtype}."
            )
        if not (np.isfinite(codes).all() and np.isfinite(factors).all()):
            raise ValueError(
                "Codes and factors should be finite. Received: NaN or infinity."
            )
        columns, self._orders, self._starts, self._counts = [], [], [], []
        for index, column in enumerate(factors.T):
            values, classes, counts = np.unique(
                column, return_inverse=True, return_counts=True
            )
            if len(values) < 2:
                raise ValueError(
                    "Each factor should have at least two values. Received: "
                    f"only {values[0]} for factor {index}. Leave it out."
                )
            columns.append(classes.astype(np.int64))
            self._orders.append(np.argsort(classes, kind="stable"))
            self._starts.append(np.cumsum(counts) - counts)
            self._counts.append(counts)
        self.table = Table(codes, factors, np.stack(columns, axis=1))
        self.random = np.random.default_rng(seed)

    @property
    def num_factors(self) -> int:
        """The number of factors."""
        return self.table.factors.shape[1]

    def draw(self, count: int | None) -> Table:
        """Draws rows with replacement; all rows, once, if `count` is `None`."""
        if count is None:
            return self.table
        rows = self.draw_rows(count)
        return Table(*(array[rows] for array in self.table))

    def draw_rows(self, *shape: int) -> np.ndarray:
        """Draws the numbers of rows, an array of that shape."""
        return self.random.integers(len(self.table.codes), size=shape)

    def draw_factors(self, count: int) -> np.ndarray:
        """Draws the factor that stays fixed, `count` times."""
        return self.random.integers(self.num_factors, size=count)

    def draw_alike(self, rows: np.ndarray, fixed: np.ndarray) -> np.ndarray:
        """Draws, for each row, one with the same value of a factor.

        Args:
            rows: Numbers of rows, of shape `(points, batch_size)`.
            fixed: The factor of each point, of shape `(points,)`.

        Returns:
            Numbers of rows, of the same shape.
        """
        uniform = self.random.random(rows.shape)
        result = np.empty_like(rows)
        for factor in range(self.num_factors):
            chosen = fixed == factor
            values = self.table.classes[rows[chosen], factor]
            counts = self._counts[factor][values]
            # The product may round up to the count.
            offsets = (uniform[chosen] * counts).astype(np.int64)
            offsets = np.minimum(offsets, counts - 1)
            places = self._starts[factor][values] + offsets
            result[chosen] = self._orders[factor][places]
        return result


def discretize(columns: np.ndarray, num_bins: int) -> np.ndarray:
    """Numbers of bins of equal width, from the least to the largest value.

    A column that varies by no more than float32 rounds is one bin: a network
    gives equal images of a batch answers that differ in their last bits.

    Args:
        columns: Numbers of shape `(rows, columns)`.
        num_bins: Bins of each column, at least 1.

    Returns:
        int64 array of the same shape, from 1 to `num_bins`.
    """
    bins = [
        np.ones(len(column), np.int64)
        if np.ptp(column) <= _ROUNDING * np.abs(column).max()
        else np.digitize(column, np.histogram_bin_edges(column, num_bins)[:-1])
        for column in columns.T
    ]
    return np.stack(bins, axis=1)


def information_matrix(table: Table, num_bins: int) -> np.ndarray:
    """The mutual information of each code, in bins, and each factor.

    Returns:
        Nats, of shape `(num_codes, num_factors)`.
    """
    bins = discretize(table.codes, num_bins)
    return np.array(
        [
            # Rounding may leave it below 0.
            [max(0.0, mutual_info_score(x, y)) for y in table.classes.T]
            for x in bins.T
        ]
    )


def gaps(matrix: np.ndarray) -> np.ndarray:
    """The largest number of each column less the second largest.

    A column of one row has a second largest of 0.
    """
    padded = np.vstack([matrix, np.zeros_like(matrix[:1])])
    # Of one row only; others may be negative.
    rows = padded if len(matrix) == 1 else matrix
    ordered = np.sort(rows, axis=0)
    return ordered[-1] - ordered[-2]
