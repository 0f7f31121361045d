"""Directions of the noise that change an attribute, found by hand.

The manual alternative to a code that InfoGAN learns, for any GAN: the vector
arithmetic of [Radford et al., 2016](https://arxiv.org/abs/1511.06434), Section
6.3.2, where the exemplars are chosen by measuring them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.feature_extractor import FeatureExtractor
from keras_infogan.evaluation.measures.traversals import NUM_TRAVERSALS
from keras_infogan.evaluation.measures.traversals import NUM_VALUES
from keras_infogan.evaluation.measures.traversals import describe_traversals
from keras_infogan.evaluation.morphology import measure
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.options import check_choice


def find_direction(
    model: InfoGAN,
    attribute: str,
    *,
    num_images: int = 10_000,
    share: float = 0.05,
    seed: int = 0,
) -> np.ndarray:
    """Finds the direction of the noise in which an attribute increases.

    It is the mean noise of the generated images with the highest values minus
    that of those with the lowest. If the attribute is linear in the noise, with
    the gradient `w`, this is `2 p(q) / share * w / |w|`, where `p` is the
    density and `q` the quantile of `1 - share` of the standard normal
    distribution: 4.1 long for a share of 5 %.

    Args:
        model: The model, of gray images. Its codes are random.
        attribute: A name in `ATTRIBUTES`, such as `"slant"`.
        num_images: Images to generate and measure. The standard error of each
            number of the direction is `sqrt(2 / (share * num_images))`.
        share: Share of the images that is averaged at each end, in (0, 0.5].
        seed: Seed of the latents.

    Returns:
        Float32 array of shape `(noise_dim,)`.

    Raises:
        ValueError: If the attribute is unknown or the same in all images, the
            images have several channels, or no image is chosen.
    """
    check_choice("attribute", attribute, ATTRIBUTES)
    if model.image_shape[-1] != 1:
        raise ValueError(
            "Attributes are measured in gray images, of 1 channel. Received: "
            f"a model of images of shape {model.image_shape}. Train one with "
            "--channels 1."
        )
    if not 0 < share <= 0.5 or share * num_images < 1:
        raise ValueError(
            "share should be in (0, 0.5], and choose at least one image. "
            f"Received: share={share}, num_images={num_images}."
        )
    latents = model.sample_latents(num_images, seed=seed)
    values = measure(model.generate_from(latents))[attribute]
    # An empty image has none.
    order = np.argsort(values)[: np.isfinite(values).sum()]
    count = int(share * len(order))
    if not count or values[order[0]] == values[order[-1]]:
        raise ValueError(
            f"The {attribute} of generated images should vary. Received: "
            f"{len(order)} of {num_images} that are not empty, all alike or "
            "too few. Train the model further."
        )
    noise = latents["noise"].numpy()
    return noise[order[-count:]].mean(axis=0) - noise[order[:count]].mean(
        axis=0
    )


def direction_latents(
    model: InfoGAN,
    direction: np.ndarray,
    steps: np.ndarray,
    *,
    num_rows: int,
    seed: int = 0,
) -> dict[str, tf.Tensor]:
    """Draws latents of a grid whose noise moves along a direction in each row.

    Noise and codes of the rows are those of `InfoGAN.traverse_latents` with the
    same seed: row `r` has category `r` of the first categorical code.

    Args:
        model: The model.
        direction: Array of shape `(noise_dim,)`.
        steps: The multiples of it that are added, one for each column.
        num_rows: Rows of the grid.
        seed: Seed of the noise and the codes.

    Returns:
        As `InfoGAN.sample_latents`, row by row.
    """
    spec = model.latent_spec
    turns = {
        name: spec.codes[name].traversal(num_rows)
        for name in spec.categorical_names[:1]
    }
    rows = model.sample_latents(num_rows, codes=turns, seed=seed)
    return shift_noise(rows, direction, steps)


def shift_noise(
    latents: Mapping[str, tf.Tensor], direction: np.ndarray, steps: np.ndarray
) -> dict[str, tf.Tensor]:
    """Repeats each row of latents with multiples of a direction in its noise.

    Args:
        latents: As `InfoGAN.sample_latents`.
        direction: Array of shape `(noise_dim,)`.
        steps: The multiples of it that are added.

    Returns:
        As `latents`, with `len(steps)` rows for each of its rows.
    """
    grid = {
        name: np.repeat(np.asarray(values), len(steps), axis=0)
        for name, values in latents.items()
    }
    num_rows = len(latents["noise"])
    grid["noise"] += np.tile(steps, num_rows)[:, None] * direction
    return {name: tf.constant(values) for name, values in grid.items()}


def traverse_direction(
    model: InfoGAN,
    direction: np.ndarray,
    scales: Mapping[str, float],
    extractor: FeatureExtractor | None = None,
    *,
    length: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Measures what a direction changes, as `traverse` does for a code.

    Args:
        model: The model.
        direction: What `find_direction` returns.
        scales: See `describe_traversals`.
        extractor: The same.
        length: Length of the traversals in multiples of the direction. They
            are centered at random noise.
        seed: Seed of the noise and the codes.

    Returns:
        What `describe_traversals` does.
    """
    steps = np.linspace(-length / 2, length / 2, NUM_VALUES, dtype=np.float32)
    latents = direction_latents(
        model, direction, steps, num_rows=NUM_TRAVERSALS, seed=seed
    )
    images = model.generate_from(latents)
    return describe_traversals(images, steps, scales, extractor)
