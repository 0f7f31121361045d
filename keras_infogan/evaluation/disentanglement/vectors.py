"""The codes of a model as vectors, as metrics of disentanglement take them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.inference import GeneratorEncoder


def encode_vectors(
    model: GeneratorEncoder, images: npt.ArrayLike
) -> np.ndarray:
    """Where the posteriors of images are: see `posterior_vectors`.

    `images` are those of `InfoGAN.encode`.
    """
    return posterior_vectors(model.latent_spec, model.encode(images))


def posterior_vectors(
    spec: LatentSpec, posterior: Mapping[str, np.ndarray]
) -> np.ndarray:
    """The locations of all codes, side by side.

    Means of continuous codes, probabilities of discrete ones, and of an angle
    its direction, a vector without a jump.

    Returns:
        float64 array of shape `(num_images, num_codes)`.
    """
    columns = [
        posterior[f"{name}_{code.location}"]
        for name, code in spec.codes.items()
    ]
    return np.concatenate(columns, axis=1).astype(np.float64)


def vector_labels(spec: LatentSpec) -> list[str]:
    """Labels of the columns: the code, and the number if it has several."""
    labels = []
    for name, code in spec.codes.items():
        width = code.parameters.get(code.location, code.dim)
        labels += (
            [name] if width == 1 else [f"{name} {i}" for i in range(width)]
        )
    return labels
