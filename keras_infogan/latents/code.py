"""The base class of latent codes, with the members that a kind defines."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from keras_infogan.latents.lazy import tf

Posterior = Mapping[str, np.ndarray]
Tensors = Mapping[str, "tf.Tensor"]

# Taken by tensors of the networks and the exports, by all codes together in the
# report, and by image files of a run.
RESERVED_NAMES = frozenset(
    "noise image seed valid logits total joint confusion curves "
    "attributes factors".split()
)


class Code(abc.ABC):
    """A latent code `c`: an input of the generator that `Q(c|x)` recovers.

    From Section 4 of [Chen et al., 2016](https://arxiv.org/abs/1606.03657).
    Networks, losses, reports, exports and the client ask a code; none of them
    asks what kind it is.

    To add a kind, write a frozen dataclass that derives from this class into a
    file of `latents/codes/` that has the name of its type, and register it in
    `CODES`. Its fields are its configuration. It must define

    - `dim`, `sample` and `entropy`: the prior;
    - `prior`: the same as plain data, for exported files;
    - `parameters` and `log_likelihood`: the posterior;
    - `traversal`: the values that a traversal visits.

    Where the defaults do not fit, it overrides

    - `activate`, if the head of a parameter is not linear;
    - `derive` and `outputs`, if `encode` should give more than parameters;
    - `location`, `estimate` and `shift`: where the posterior is;
    - `summarize` and `describe`: the posterior of one image, human-readable;
    - `support` and `clip`: which rows are values. That is enough for the
      checks of `to_values` and of a served model;
    - `num_dimensions`, `to_values`, `served_spec`, `to_served` and
      `from_served`, if a value is chosen by other numbers than the
      generator's input: a category by its number, an angle by its radians;
    - `is_discrete`, `has_categories` (with a line in `CATEGORY_FIELDS`),
      `is_periodic`, `is_linear` and `deviations_outside`;
    - `learns_from_views_alone`: what the generator minimizes;
    - `control` and `quantiles`: how the explorer's page chooses values.

    Attributes:
        dim: Width of the values, the generator's input.
    """

    dim: int
    # If so, the information is at most the entropy.
    is_discrete: ClassVar[bool] = False
    # If so, values are one-hot, `Q` gives `logits` of the same width, and the
    # field `probabilities` is the prior, or `None` if it is uniform: categories
    # can be learned from labels and matched to classes, and priors learned.
    has_categories: ClassVar[bool] = False
    # If so, each dimension is an angle in radians, values and `location` are
    # vectors (cos, sin), and numbers that differ by 2 pi are the same.
    is_periodic: ClassVar[bool] = False
    # If so, and if the code is invariant or equivariant to an augmentation, the
    # generator maximizes the bound on views alone. That on the images would
    # reward it for any feature that it encodes in the code.
    learns_from_views_alone: ClassVar[bool] = True
    # What values should be, for errors: "The code 'pose' should be ...".
    support: ClassVar[str] = "finite"

    @property
    def is_linear(self) -> bool:
        """Whether values are numbers on a line, to which a line can be fitted.

        By default, if the code is neither discrete nor periodic.
        """
        return not (self.is_discrete or self.is_periodic)

    # The prior.

    @property
    @abc.abstractmethod
    def entropy(self) -> float:
        """`H(c)` in nats."""

    @property
    @abc.abstractmethod
    def prior(self) -> dict[str, Any]:
        """The prior as plain data: `distribution`, and its numbers by name.

        These are of each number in the rows that `sample` draws, the input of
        an ONNX file: `mean` and `stddev`, or `low` and `high`, its smallest and
        largest value, both included.
        """

    @abc.abstractmethod
    def sample(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws float32 values of shape `(batch_size, dim)` from the prior.

        A pure function of its arguments in every mode; `key`, an integer tensor
        of shape `(2,)`, is the seed. If it is an array, so are the values; the
        functions of `latents/random.py` see to that.
        """

    # The posterior.

    @property
    @abc.abstractmethod
    def parameters(self) -> dict[str, int]:
        """Name and width of each parameter of `Q(c|x)`."""

    @abc.abstractmethod
    def log_likelihood(
        self, values: tf.Tensor, parameters: Tensors
    ) -> tf.Tensor:
        """`log Q(c|x)` in nats, of shape `(batch,)`.

        `values` are of shape `(batch, dim)`. The parameters, by name and of
        shape `(batch, width)`, have passed their activation.
        """

    def activate(self, parameter: str, values: Any) -> Any:
        """Applied to the `(batch, width)` output of a parameter's head."""
        del parameter
        return values

    @property
    def outputs(self) -> dict[str, str]:
        """Parameters and what `derive` gives, by name, human-readable."""
        return dict.fromkeys(self.parameters, "a parameter of the posterior")

    def derive(self, parameters: Tensors) -> Tensors:
        """Outputs of `encode` beside the parameters, such as probabilities."""
        del parameters
        return {}

    @property
    def location(self) -> str:
        """The output where the posterior is: the first parameter by default.

        Such as a mean, or a probability of each value of a discrete code.
        """
        return next(iter(self.parameters))

    def estimate(self, posterior: Posterior) -> np.ndarray:
        """The location of images, one column for each number of a value.

        Probabilities of a discrete code, and otherwise the numbers by which
        people choose a value. `posterior` has arrays of shape
        `(num_images, width)` by output.
        """
        return posterior[self.location]

    def shift(self, parameters: Tensors, amounts: tf.Tensor) -> Tensors:
        """The posterior of values that are larger by `amounts`, `(batch,)`.

        Objectives ask continuous codes of one dimension only.
        """
        location = parameters[self.location] + amounts[:, None]
        return {**parameters, self.location: location}

    def summarize(self, posterior: Posterior) -> dict[str, Any]:
        """The posterior of one image, a vector an output, as plain data."""
        return {name: posterior[name].tolist() for name in self.outputs}

    def describe(self, summary: Mapping[str, Any]) -> str:
        """A summary in words, without the name of the code."""
        return ", ".join(
            f"{name} {' '.join(f'{value:.2f}' for value in values)}"
            for name, values in summary.items()
        )

    def deviations_outside(self, summary: Mapping[str, Any]) -> float:
        """Distance of the posterior mean from the prior's support.

        In standard deviations of the posterior. Values above a few suggest an
        out-of-distribution image.
        """
        del summary
        return 0.0

    # Values.

    def clip(self, values: tf.Tensor) -> tf.Tensor:
        """The nearest values of float rows of shape `(batch, dim)`.

        `values` may be an array, too, and the result is one then.
        """
        xp = array_module(values)
        return xp.where(xp.isfinite(values), values, xp.zeros_like(values))

    def to_values(self, values: npt.ArrayLike, count: int) -> np.ndarray:
        """Float32 values of shape `(count, dim)` from what broadcasts to them.

        Raises:
            ValueError: If the shape or a value does not fit; the text goes on
                after "The code 'pose' ".
        """
        rows = to_rows(values, count, self.dim)
        if (np.asarray(self.clip(rows)) != rows).any():
            raise ValueError(
                f"should be {self.support}. Received: {show_range(rows)}."
            )
        return rows

    def served_spec(self, name: str) -> tf.TensorSpec:
        """The input of a served model for this code, under the given name.

        The serving client takes an integer input for a category number, from 0
        to `dim - 1`, so other kinds of codes should have a float input.
        """
        return tf.TensorSpec((None, self.dim), tf.float32, name)

    def to_served(self, values: tf.Tensor) -> tf.Tensor:
        """The input of a served model that stands for values."""
        return values

    def from_served(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Converts served inputs to values of the code, with a validity mask.

        Invalid rows become the nearest valid value, because an error would fail
        other clients' requests in the same batch.

        Returns:
            Float32 values of shape `(batch, dim)`, and bools of shape
            `(batch,)` that are false for invalid rows.
        """
        nearest = self.clip(inputs)
        # NaN equals nothing.
        return nearest, tf.reduce_all(nearest == inputs, axis=1)

    # Traversals.

    @property
    def num_dimensions(self) -> int:
        """How many dimensions can be traversed, one at a time."""
        return self.dim

    @abc.abstractmethod
    def traversal(self, num_values: int) -> np.ndarray:
        """Values of one dimension, in order, each of which `to_values` takes.

        With several dimensions, they are numbers in the rows of values.
        """

    # Controls of the explorer's page.

    @property
    def control(self) -> str:
        """How people choose a dimension.

        `slider`: a number. `angle`: an angle in radians. `switch`: 0 or 1.
        `tiles`: a category. `lib/codes.js` of the page has a table of them.
        """
        return "angle" if self.is_periodic else "slider"

    @property
    def quantiles(self) -> list[float]:
        """Quantiles of the prior of a dimension, at even steps from 0 to 1.

        The page interpolates linearly to draw a value, so two are enough for a
        uniform prior. The first and the last are the ends of a slider. By
        default, those of `traversal`.
        """
        return self.traversal(2).tolist()


def array_module(values: Any) -> Any:
    """NumPy for its arrays, and for tensors TensorFlow's counterpart of it."""
    return np if isinstance(values, np.ndarray) else tf.experimental.numpy


def as_given(rows: np.ndarray, given: Any) -> Any:
    """Rows as an array if `given` is one, and else as a tensor."""
    return rows if isinstance(given, np.ndarray) else tf.constant(rows)


def show_range(values: np.ndarray) -> str:
    """The values of an array as errors show them, such as `-2 to 0`."""
    low, high = values.min(), values.max()
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def to_rows(values: npt.ArrayLike, count: int, dim: int) -> np.ndarray:
    """Finite float32 `(count, dim)` from a number, a row, a column or all."""
    # What exceeds float32 becomes infinite, and is refused below.
    with np.errstate(over="ignore"):
        array = np.asarray(values, np.float32)
    if array.ndim == 1 and dim == 1:
        array = array[:, None]
    fits = array.ndim < 2 or (array.ndim == 2 and array.shape[1] in (1, dim))
    try:
        rows = np.broadcast_to(array, (count, dim))
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"should have shape ({count}, {dim}), or broadcast to it. "
            f"Received: shape={array.shape}."
        )
    if not np.isfinite(rows).all():
        raise ValueError("should be finite. Received: NaN or infinity.")
    return rows


def check_count(owner: object, name: str, *, minimum: int) -> None:
    """Raises a `ValueError` unless a field is a whole number, large enough."""
    value = getattr(owner, name)
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise ValueError(
            f"`{name}` of {type(owner).__name__} should be a whole number of "
            f"at least {minimum}. Received: {name}={value!r}."
        )
