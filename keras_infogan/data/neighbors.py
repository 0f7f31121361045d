"""Nearest neighbors in pixel space, the source of positive pairs."""

import numpy as np
from skimage.measure import block_reduce
from sklearn.neighbors import NearestNeighbors

# Images in a random subset that is searched. The time of the whole search
# grows linearly with the number of images, not quadratically.
SUBSET_SIZE = 6000
# Images are compared at this height and width or less.
_MAX_SIDE = 16


def nearest_neighbors(images: np.ndarray, order: np.ndarray) -> np.ndarray:
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
    subsets = np.array_split(order, max(2, len(images) // SUBSET_SIZE))
    found = np.empty(len(images), np.int64)
    for index, subset in enumerate(subsets):
        previous = subsets[index - 1]
        search = NearestNeighbors(n_neighbors=1, algorithm="brute")
        search.fit(_shrink(images[previous]))
        nearest = search.kneighbors(
            _shrink(images[subset]), return_distance=False
        )
        found[subset] = previous[nearest[:, 0]]
    return found


def _shrink(images: np.ndarray) -> np.ndarray:
    """Sums blocks of pixels; one row of whole numbers for each image."""
    factor = -(-max(images.shape[1:3]) // _MAX_SIDE)
    # Squared differences of whole numbers add up in float64 without rounding,
    # so the result does not depend on the order of summation, ties aside.
    sums = block_reduce(images, (1, factor, factor, 1), np.sum)
    return sums.reshape(len(images), -1).astype(np.float64)
