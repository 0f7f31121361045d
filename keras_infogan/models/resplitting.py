"""Two categories that share two classes of images, told apart anew.

In some runs, two categories share what are two classes to a person, such as
fours and nines, and differ in something else, such as the width. More training
does not change that, but it can be seen without labels: slightly different
views of an image are often assigned to the other category of the pair. By then,
the trunk has learned features that tell the classes apart. So the direction of
its features that views of an image change least, relative to how much images
differ, is a better border, and the head of `Q` gets it.
"""

import logging
from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np
import scipy.linalg
import tensorflow as tf
from sklearn.linear_model import Ridge

from keras_infogan.latents.random import INFERENCE
from keras_infogan.latents.random import fold_in
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.views import augment
from keras_infogan.models.blocks import check_heads
from keras_infogan.models.inference import GeneratorEncoder
from keras_infogan.models.inference import make_key
from keras_infogan.models.inference import map_in_chunks

_NUM_VIEWS = 4
# Share of the mean variance of the features that is added to each, so that the
# directions and the new head exist for features that do not vary.
_RIDGE = 1e-3
# Of the parts: a probability of 98 %.
_LOG_ODDS = 4.0
# Fewer images of a pair say nothing about the covariance of features.
_MIN_IMAGES = 50
# Of the training images: to find a pair, and to tell it apart.
_NUM_FINDING, _NUM_SPLITTING = 5_000, 10_000
# Of the epochs. Before, categories still find their classes; later, nothing is
# learned from a new border. In short trainings, too, the first epoch is early.
_FIRST_SHARE, _LAST_SHARE = 0.4, 0.7

_logger = logging.getLogger(__name__)


class Mixture(NamedTuple):
    """The two categories that views confuse most.

    `share` is from 0 (never) to 0.5 (views of their images are assigned to
    either at random) or more.
    """

    first: int
    second: int
    share: float


def is_time(epoch: int, num_epochs: int) -> bool:
    """Whether the end of an epoch, from 1, is one at which to look."""
    return epoch > 1 and _FIRST_SHARE <= epoch / num_epochs <= _LAST_SHARE


def check_resplitting(model: GeneratorEncoder) -> None:
    """Raises a `ValueError` unless the categories of a model can be resplit."""
    user = "ResplitCategories"
    name = model.latent_spec.first_categorical(user)
    heads = [f"{name}_logits"]
    check_heads(model.latent_spec, model.discriminator, heads, user)


def resplit(
    model: GeneratorEncoder,
    images: np.ndarray,
    augmentation: Augmentation,
    *,
    share: float,
    seed: int = 0,
) -> Mixture | None:
    """Tells apart anew the two categories that views confuse most, if need be.

    Changes the head of the first categorical code.

    Args:
        model: A model with the heads of `blocks.discriminator_outputs`.
        images: The training images; at most 10,000 are used. See
            `find_mixture`.
        augmentation: Makes the views.
        share: The largest `share` of a `Mixture` that is left alone.
        seed: Seed of the choice of images and of the views.

    Returns:
        What was changed, or `None`.
    """
    name = model.latent_spec.first_categorical("resplit")
    rows = np.random.default_rng(seed).permutation(len(images))
    chosen = np.sort(rows[:_NUM_FINDING])
    mixture = find_mixture(model, name, images[chosen], augmentation, seed=seed)
    # NaN is of a model that has diverged, which others report.
    if not mixture.share > share:
        return None
    pair = (mixture.first, mixture.second)
    chosen = np.sort(rows[:_NUM_SPLITTING])
    weights = split_again(
        model, name, images[chosen], pair, augmentation, seed=seed
    )
    if weights is None:
        return None
    model.discriminator.get_layer(f"{name}_logits").set_weights(weights)
    _logger.info(
        "Views of %.0f %% of the images in the categories %d and %d are in the "
        "other one: they are told apart anew.",
        100.0 * mixture.share,
        *pair,
    )
    return mixture


def find_mixture(
    model: GeneratorEncoder,
    name: str,
    images: np.ndarray,
    augmentation: Augmentation,
    *,
    seed: int = 0,
) -> Mixture:
    """Which two categories views confuse most.

    With the joint distribution `P(k, k')` of the categories of an image and of
    a view of it, made symmetric, and its marginal `P(k)`, a pair has the share
    `2 P(k, k') / (P(k) + P(k'))`: how often a view of an image of the two is in
    the other one.

    Args:
        model: The model.
        name: The code that has categories.
        images: Array of shape `(num_images, height, width, channels)`, floats
            in [-1, 1] or uint8.
        augmentation: Makes the views.
        seed: Seed of the views.
    """
    found = _read(model, name, images, augmentation, make_key(seed, INFERENCE))
    joint = found["image"].T @ found["view"] / len(images)
    joint = 0.5 * (joint + joint.T)
    marginal = joint.sum(axis=0)
    sums = marginal[:, None] + marginal
    # Softmax may round a category that is never used to 0.
    shares = np.triu(2.0 * joint / np.maximum(sums, 1e-12), k=1)
    first, second = np.unravel_index(shares.argmax(), shares.shape)
    return Mixture(int(first), int(second), float(shares[first, second]))


def split_again(
    model: GeneratorEncoder,
    name: str,
    images: np.ndarray,
    pair: tuple[int, int],
    augmentation: Augmentation,
    *,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Kernel and bias of a head that tells two categories apart anew.

    The images of both categories are parted along the direction of the trunk's
    features with the largest variance between images relative to that between
    views of an image: in halves, or in the ratio of the priors of the two, if
    these are not equal. The two logits become the linear functions of the input
    of the head that are nearest, in the mean square, to the larger one of
    today, less 4 for the category in whose part an image is not, and to the
    larger one for the images of other categories. So little changes for these.

    Args:
        model: A model with the heads of `blocks.discriminator_outputs`.
        name: The code that has categories.
        images: See `find_mixture`.
        pair: The two categories.
        augmentation: Makes the views.
        seed: Seed of the views.

    Returns:
        Float32 arrays of shapes `(features, num_categories)` and
        `(num_categories,)`; `None` if too few images are in the two.
    """
    discriminator = model.discriminator
    head = discriminator.get_layer(f"{name}_logits")
    reader = keras.Model(
        discriminator.input,
        {
            "trunk": discriminator.get_layer("logits").input,
            "head": head.input,
            "logits": head.output,
        },
    )

    def read(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return reader(inputs["image"], training=False)

    found = map_in_chunks(read, {"image": images})
    rows = np.isin(found["logits"].argmax(axis=1), pair)
    if rows.sum() < _MIN_IMAGES:
        return None
    key = make_key(seed, INFERENCE)
    views = []
    for number in range(_NUM_VIEWS):

        def read_view(
            inputs: Mapping[str, tf.Tensor], number: int = number
        ) -> dict[str, tf.Tensor]:
            return read(_view(inputs, augmentation, fold_in(key, number)))

        views.append(map_in_chunks(read_view, {"image": images[rows]})["trunk"])
    places = _places(np.stack(views).astype(np.float64))
    was_second = np.diff(found["logits"][rows][:, list(pair)])[:, 0] > 0
    prior = model.latent_spec.priors.get(name)
    first, second = (1.0, 1.0) if prior is None else np.take(prior, pair)
    # A learned prior may leave out both.
    share = second / (first + second) if first + second else 0.5
    # The direction has no sign: as few images as possible change.
    is_second = max(
        places > np.quantile(places, 1.0 - share),
        places < np.quantile(places, share),
        key=lambda one: np.mean(one == was_second),
    )
    odds = np.zeros(len(images))
    odds[rows] = np.where(is_second, _LOG_ODDS, -_LOG_ODDS)
    larger = found["logits"][:, list(pair)].max(axis=1)
    wanted = np.stack([larger - odds / 2, larger + odds / 2], axis=1)
    wanted -= np.abs(odds)[:, None] / 2
    features = found["head"].astype(np.float64)
    variance = features.var(axis=0).mean() + np.finfo(np.float32).tiny
    ridge = Ridge(alpha=_RIDGE * variance * len(images))
    border = ridge.fit(features, wanted)
    kernel, bias = (np.array(values) for values in head.get_weights())
    kernel[:, list(pair)] = border.coef_.T
    bias[list(pair)] = border.intercept_
    return kernel, bias


def _places(views: np.ndarray) -> np.ndarray:
    """Where each image is along that direction, from features of its views.

    Args:
        views: Numbers of shape `(num_views, num_images, num_features)`.

    Returns:
        Array of shape `(num_images,)`.
    """
    means = views.mean(axis=0)
    num_features = views.shape[-1]
    within = np.cov((views - means).reshape(-1, num_features), rowvar=False)
    within = np.atleast_2d(within)
    # Above 0 also if nothing varies.
    ridge = _RIDGE * np.trace(within) / num_features + np.finfo(np.float32).tiny
    within += ridge * np.eye(num_features)
    between = np.atleast_2d(np.cov(means, rowvar=False))
    last = num_features - 1
    _, directions = scipy.linalg.eigh(
        between, within, subset_by_index=[last, last]
    )
    return means @ directions[:, 0]


def _read(
    model: GeneratorEncoder,
    name: str,
    images: np.ndarray,
    augmentation: Augmentation,
    key: tf.Tensor,
) -> dict[str, np.ndarray]:
    """The probabilities of the categories of each image, and of a view."""

    def read(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {
            kind: tf.nn.softmax(
                model.latent_spec.category_logits(
                    name, model.discriminator(one["image"], training=False)
                )
            )
            for kind, one in (
                ("image", inputs),
                ("view", _view(inputs, augmentation, key)),
            )
        }

    return map_in_chunks(read, {"image": images})


def _view(
    inputs: Mapping[str, tf.Tensor], augmentation: Augmentation, key: tf.Tensor
) -> dict[str, tf.Tensor]:
    views = augment(augmentation, inputs["image"], key).images
    return {"image": tf.clip_by_value(views, -1.0, 1.0)}
