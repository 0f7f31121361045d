"""The inputs of the generator: `z` and `c` of Chen et al., 2016, Section 4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.latents import find_categorical
from keras_infogan.latents.code import RESERVED_NAMES
from keras_infogan.latents.code import Code
from keras_infogan.latents.code import Posterior
from keras_infogan.latents.code import Tensors
from keras_infogan.latents.code import as_given
from keras_infogan.latents.code import check_count
from keras_infogan.latents.codes import CODES
from keras_infogan.latents.codes import code_config
from keras_infogan.latents.codes import code_from_config
from keras_infogan.latents.lazy import tf
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.random import standard_normal
from keras_infogan.latents.random import weighted_one_hot


class LatentSpec:
    """The generator's input: noise `z ~ N(0, 1)` and named latent codes `c`.

    Those of [Chen et al., 2016](https://arxiv.org/abs/1606.03657). Codes keep
    their order. A code's name is that of an input of the generator, and the
    prefix of outputs of the discriminator: a categorical code `category` has
    the posterior parameter `category_logits`, a continuous code `pose` has
    `pose_mean` and `pose_log_stddev`.

    Args:
        noise_dim: Width of the noise, at least 1.
        codes: Mapping of names to codes of the kinds in `CODES`. A name
            consists of lower-case letters, digits and underscores.

    Example:
    ```python
    LatentSpec(62, {"category": Categorical(10), "continuous": Uniform(2)})
    ```
    """

    def __init__(self, noise_dim: int, codes: Mapping[str, Code]) -> None:
        self.noise_dim = noise_dim
        check_count(self, "noise_dim", minimum=1)
        if not isinstance(codes, Mapping | None):
            raise ValueError(
                "`codes` should be a mapping of names to codes, such as "
                f'{{"category": Categorical(10)}}. Received: {codes!r}.'
            )
        if not codes:
            raise ValueError(
                "`codes` should name at least one latent code. Received: none. "
                "A GAN without codes has no information to maximize."
            )
        for name, code in codes.items():
            is_word = re.fullmatch("[a-z][a-z0-9_]*", str(name))
            if name in RESERVED_NAMES or not is_word:
                raise ValueError(
                    "A code's name should be lower-case letters, digits and "
                    "underscores, and none of "
                    f"{', '.join(sorted(RESERVED_NAMES))}. Received: {name!r}."
                )
            if type(code) not in CODES.values():
                kinds = ", ".join(kind.__name__ for kind in CODES.values())
                raise ValueError(
                    f"The code {name!r} should be one of {kinds}. "
                    f"Received: {code!r}."
                )
        self.codes: Mapping[str, Code] = MappingProxyType(dict(codes))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LatentSpec)
            and self.noise_dim == other.noise_dim
            # As lists, because the order matters.
            and list(self.codes.items()) == list(other.codes.items())
        )

    def __hash__(self) -> int:
        return hash((self.noise_dim, tuple(self.codes.items())))

    def __repr__(self) -> str:
        return f"LatentSpec({self.noise_dim}, {dict(self.codes)})"

    def get_config(self) -> dict[str, Any]:
        """Returns plain data, ready for JSON."""
        codes = {name: code_config(code) for name, code in self.codes.items()}
        return {"noise_dim": self.noise_dim, "codes": codes}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LatentSpec:
        """The inverse of `get_config`."""
        codes = {
            name: code_from_config(name, entry)
            for name, entry in config["codes"].items()
        }
        return cls(config["noise_dim"], codes)

    @property
    def input_dims(self) -> dict[str, int]:
        """Name and width of each input of the generator, in order."""
        dims = {name: code.dim for name, code in self.codes.items()}
        return {"noise": self.noise_dim, **dims}

    @property
    def posterior_dims(self) -> dict[str, int]:
        """Name and width of each parameter of `Q(c|x)`, in order."""
        return {
            f"{name}_{parameter}": dim
            for name, code in self.codes.items()
            for parameter, dim in code.parameters.items()
        }

    @property
    def categorical_names(self) -> list[str]:
        """The names of the codes that have categories, in order."""
        return [name for name, x in self.codes.items() if x.has_categories]

    @property
    def priors(self) -> dict[str, Sequence[float]]:
        """The probabilities of categories, of codes where they differ."""
        found = {
            name: self.codes[name].prior.get("probabilities")
            for name in self.categorical_names
        }
        return {name: prior for name, prior in found.items() if prior}

    def with_priors(self, priors: Mapping[str, Sequence[float]]) -> LatentSpec:
        """The same codes, some categorical ones with other probabilities."""
        codes = {
            name: replace(code, probabilities=priors[name])  # type: ignore[type-var]
            if name in priors
            else code
            for name, code in self.codes.items()
        }
        return LatentSpec(self.noise_dim, codes)

    def first_categorical(self, user: str) -> str:
        """The first of `categorical_names`, or an error: `user` needs one."""
        found = {name: x.has_categories for name, x in self.codes.items()}
        return find_categorical(user, found)

    def category_logits(self, name: str, posterior: Mapping[str, Any]) -> Any:
        """The logits of a code that has categories, of shape `(batch, dim)`."""
        return self.parameters(name, posterior)["logits"]

    def parameters(
        self, name: str, posterior: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The posterior parameters of one code, without its name as prefix."""
        return {
            parameter: posterior[f"{name}_{parameter}"]
            for parameter in self.code(name).parameters
        }

    def posterior(self, outputs: Tensors) -> dict[str, tf.Tensor]:
        """The outputs of `encode`, from those of the discriminator by name.

        All parameters in the order of `posterior_dims`, then what codes derive
        from them, such as `category_probabilities`.
        """
        parameters = {name: outputs[name] for name in self.posterior_dims}
        return parameters | {
            f"{name}_{output}": x
            for name, code in self.codes.items()
            for output, x in code.derive(self.parameters(name, outputs)).items()
        }

    def check_posterior(self, posterior: Posterior) -> None:
        """Raises a `ValueError` if an output of `encode` is not finite.

        Weights that are finite, but as large as a training that has diverged
        may leave them, overflow.
        """
        for name, values in posterior.items():
            if not np.isfinite(values).all():
                raise ValueError(
                    "The codes that a model reads from images should be finite."
                    f" Received: NaN or infinity in {name}. Its training has "
                    "diverged: train it again with lower learning rates, or "
                    "without mixed_float16."
                )

    def estimate(self, posterior: Posterior) -> dict[str, np.ndarray]:
        """What `Code.estimate` returns, by name; arguments of `summarize`."""
        return {
            name: self.codes[name].estimate(outputs)
            for name, outputs in self._outputs(posterior).items()
        }

    def summarize(self, posterior: Posterior) -> list[dict[str, Any]]:
        """For each image, what `Code.summarize` returns, by name of the code.

        Args:
            posterior: Arrays of shape `(num_images, width)`, as
                `InfoGAN.encode` returns them.
        """
        num_images = len(next(iter(posterior.values())))
        return [
            {
                name: self.codes[name].summarize(
                    {output: values[row] for output, values in outputs.items()}
                )
                for name, outputs in self._outputs(posterior).items()
            }
            for row in range(num_images)
        ]

    def _outputs(self, posterior: Posterior) -> dict[str, Posterior]:
        """The outputs of `encode` by code, without its name as prefix."""
        return {
            name: {
                output: posterior[f"{name}_{output}"] for output in code.outputs
            }
            for name, code in self.codes.items()
        }

    def describe(self, summary: Mapping[str, Mapping[str, Any]]) -> str:
        """Describes one image of `summarize` in words."""
        return "; ".join(
            f"{name} {self.codes[name].describe(values)}"
            for name, values in summary.items()
        )

    def code(self, name: str) -> Code:
        """Returns a code, or raises a `ValueError` that lists the names."""
        if name not in self.codes:
            raise ValueError(
                f"The code should be one of {', '.join(self.codes)}. "
                f"Received: {name!r}."
            )
        return self.codes[name]

    def sample(
        self,
        batch_size: int,
        key: tf.Tensor,
        priors: Mapping[str, tf.Tensor] = MappingProxyType({}),
    ) -> dict[str, tf.Tensor]:
        """Draws noise and codes from their priors.

        A pure function of its arguments: results are the same eagerly and in a
        `tf.function`. Under XLA, normal numbers and angles agree to about 1e-5,
        all others exactly. With an array as the key, the results are arrays,
        drawn without TensorFlow, whose normal numbers and angles agree to 1e-6.

        Args:
            batch_size: The number of rows.
            key: Integer tensor of shape `(2,)`, the seed.
            priors: Probabilities of shape `(dim,)` by the names of categorical
                codes, in place of their own.

        Returns:
            Float32 tensors by name, `noise` of shape `(batch_size, noise_dim)`
            and each code of shape `(batch_size, dim)`.
        """
        latents = {"noise": self.sample_noise(batch_size, key)}
        for number, (name, code) in enumerate(self.codes.items(), start=1):
            own_key = fold_in(key, number)
            latents[name] = (
                weighted_one_hot(batch_size, priors[name], own_key)
                if name in priors
                else code.sample(batch_size, own_key)
            )
        return latents

    def sample_noise(self, batch_size: int, key: tf.Tensor) -> tf.Tensor:
        """Draws the `noise` of `sample` alone, in a quarter of the time."""
        return standard_normal((batch_size, self.noise_dim), fold_in(key, 0))

    @property
    def dimensions(self) -> list[tuple[str, int]]:
        """Code and index of all dimensions that can be traversed, in order."""
        return [
            (name, index)
            for name, code in self.codes.items()
            for index in range(code.num_dimensions)
        ]

    def share(
        self, latents: Tensors, others: Tensors, shared: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Latents that share one dimension, and the noise, with other ones.

        Args:
            latents: As `sample`, what is shared.
            others: As `sample`, all other codes.
            shared: Of each row, the place of the dimension in `dimensions`.

        Returns:
            As `sample`. A code that has one dimension is shared as a whole.
        """
        first, result = 0, {"noise": tf.convert_to_tensor(latents["noise"])}
        for name, code in self.codes.items():
            places = tf.range(first, first + code.num_dimensions)
            first += code.num_dimensions
            # As wide as the code, or one column that broadcasts to it.
            is_shared = tf.cast(shared, tf.int32)[:, None] == places
            result[name] = tf.where(is_shared, latents[name], others[name])
        return result

    def complete(
        self, count: int, codes: Mapping[str, npt.ArrayLike], key: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Draws latents like `sample`, except for the given codes.

        Args:
            count: The number of rows.
            codes: Values by the name of the code, as its `to_values` takes
                them: category numbers (or one-hot rows), angles in radians, or
                numbers; anything that broadcasts to `(count, dim)`.
            key: As for `sample`.

        Raises:
            ValueError: If a name is unknown, or a value has a wrong shape or is
                out of range.
        """
        latents = self.sample(count, key)
        for name, values in codes.items():
            code = self.code(name)
            try:
                rows = code.to_values(values, count)
            except ValueError as error:
                raise ValueError(f"The code {name!r} {error}") from None
            latents[name] = as_given(rows, key)
        return latents

    def traverse(
        self,
        name: str,
        index: int = 0,
        *,
        num_rows: int,
        num_columns: int,
        key: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Draws latents of a grid in which one code varies along each row.

        Noise and other codes are drawn once for each row, except that row `r`
        has category `r` of the first categorical code, modulo their number.

        Args:
            name: The code to traverse.
            index: Which of its `num_dimensions`.
            num_rows: Rows of the grid.
            num_columns: Columns of the grid, the values of the traversal.
            key: As for `sample`.

        Returns:
            As `sample`, with `num_rows * num_columns` rows, row by row.
        """
        if num_rows < 1 or num_columns < 1:
            raise ValueError(
                "A grid should have at least one row and one column. "
                f"Received: {num_rows} and {num_columns}."
            )
        latents = self.sample(num_rows, key)
        for first in self.categorical_names[:1]:
            category = self.codes[first]
            rows = category.traversal(num_rows)
            latents[first] = category.to_values(rows, num_rows)
        values = self.code(name).traversal(num_columns)
        return self.vary(latents, name, index, values)

    def vary(
        self,
        latents: Mapping[str, tf.Tensor],
        name: str,
        index: int,
        values: np.ndarray,
    ) -> dict[str, tf.Tensor]:
        """Repeats each row of latents with each value of a dimension.

        Args:
            latents: As `sample`.
            name: The code that varies.
            index: Which of its `num_dimensions`.
            values: Numbers such as those of `Code.traversal`.

        Returns:
            As `sample`, with `len(values)` rows for each row of `latents`.

        Raises:
            ValueError: If there is no such code or dimension.
        """
        code = self.code(name)
        if not 0 <= index < code.num_dimensions:
            raise ValueError(
                f"The index of the code {name!r} should be from 0 to "
                f"{code.num_dimensions - 1}. Received: {index}."
            )
        grid = {
            key: np.repeat(np.asarray(rows), len(values), axis=0)
            for key, rows in latents.items()
        }
        values = np.tile(values, len(grid["noise"]) // len(values))
        if code.num_dimensions == 1:
            grid[name] = code.to_values(values, len(values))
        else:
            grid[name][:, index] = values
        return {
            key: as_given(rows, latents["noise"]) for key, rows in grid.items()
        }
