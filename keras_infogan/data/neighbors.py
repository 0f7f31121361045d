"""Nearest neighbors in pixel space, the source of positive pairs."""

import numpy as np
from skimage.measure import block_reduce
from sklearn.neighbors import NearestNeighbors

# Images in a random subset that is searched. The time of the whole search
# grows linearly with the number of images, not quadratically.
SUBSET_SIZE = 6000
# Images are compared at this height and width or less.
_MAX_SIDE = 16


def nearest_neighbors(
    images: np.ndarray, order: np.ndarray, *, upright: bool = False
) -> np.ndarray:
    """Finds the nearest neighbor of each image within a random subset.

    Neighbors mostly share a class, before anything is learned:
    [Van Gansbeke et al., 2020](https://arxiv.org/abs/2005.12320), Section 2.2,
    find them in a feature space, here they are found in pixels. The nearest
    image in a random subset of one in `P` images is on average the `P`-th
    nearest of all, so it is not always a near duplicate.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`;
            read subset by subset.
        order: A permutation of `range(num_images)` that defines the subsets.
        upright: Whether to compare what `make_upright` makes of the images. Of
            neighbors of MNIST's digits, 97 % share a class then, not 95 %.

    Returns:
        int64 array of shape `(num_images,)`: the row of each image's neighbor,
        never its own.

    Raises:
        ValueError: If there are fewer than two images.
    """
    if len(images) < 2:
        raise ValueError(
            "An image has a neighbor only among at least two images. "
            f"Received: {len(images)} image. Use neighbor_share=0."
        )

    def describe(rows: np.ndarray) -> np.ndarray:
        chosen = images[rows]
        return _shrink(make_upright(chosen) if upright else chosen)

    subsets = np.array_split(order, max(2, len(images) // SUBSET_SIZE))
    found = np.empty(len(images), np.int64)
    for index, subset in enumerate(subsets):
        previous = subsets[index - 1]
        search = NearestNeighbors(n_neighbors=1, algorithm="brute")
        search.fit(describe(previous))
        nearest = search.kneighbors(describe(subset), return_distance=False)
        found[subset] = previous[nearest[:, 0]]
    return found


def make_upright(images: np.ndarray) -> np.ndarray:
    """Shears and shifts what is bright in each image: upright, and centered.

    With the brightness as mass, the shear removes the covariance of rows and
    columns, divided by the variance of the rows: the slant of a character.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`.

    Returns:
        An array of the same shape and type. What the shifts move in from
        outside is that of the border.
    """
    mass = images.sum(axis=-1, dtype=np.float64)
    # Of a black image, 0 by 0.
    mass += 1e-9
    total = mass.sum(axis=(1, 2))
    height, width = mass.shape[1:]
    rows, columns = np.arange(float(height)), np.arange(float(width))
    center_row = mass.sum(axis=2) @ rows / total
    center_column = mass.sum(axis=1) @ columns / total
    of_rows = rows - center_row[:, None]
    of_columns = columns - center_column[:, None]
    variance = (mass.sum(axis=2) * of_rows**2).sum(axis=1) / total
    covariance = ((mass @ of_columns[:, :, None])[:, :, 0] * of_rows).sum(
        axis=1
    ) / total
    slant = covariance / np.maximum(variance, 1e-9)
    # From the center of the image, where the shear leaves all as it is.
    shifts = (center_column - (width - 1) / 2)[:, None] + slant[
        :, None
    ] * of_rows
    sheared = _shift(images.astype(np.float64), shifts)
    down = np.repeat((center_row - (height - 1) / 2)[:, None], width, axis=1)
    centered = _shift(sheared.swapaxes(1, 2), down).swapaxes(1, 2)
    return np.round(centered).astype(np.uint8)


def _shift(images: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Each row of each image from further right, linearly interpolated.

    `shifts`, in pixels, are of shape `(num_images, height)`.
    """
    width = images.shape[2]
    places = np.arange(width) + shifts[:, :, None]
    left = np.floor(places)
    share = (places - left)[..., None]
    lower, upper = (
        np.take_along_axis(
            images,
            np.clip(left + step, 0, width - 1).astype(np.int64)[..., None],
            axis=2,
        )
        for step in (0, 1)
    )
    return (1.0 - share) * lower + share * upper


def _shrink(images: np.ndarray) -> np.ndarray:
    """Sums blocks of pixels; one row of whole numbers for each image."""
    factor = -(-max(images.shape[1:3]) // _MAX_SIDE)
    # Squared differences of whole numbers add up in float64 without rounding,
    # so the result does not depend on the order of summation, ties aside.
    sums = block_reduce(images, (1, factor, factor, 1), np.sum)
    return sums.reshape(len(images), -1).astype(np.float64)
