"""Which images are near to each other, before anything is learned."""

import numpy as np
from skimage.measure import block_reduce
from sklearn.neighbors import NearestNeighbors

# Images of a part in which a near image is looked for: what that takes grows
# with the number of images, not with its square.
PART_SIZE = 6000
# Height and width, at most, of the images that are compared.
_MOST_PIXELS = 16


def _shrink(images: np.ndarray) -> np.ndarray:
    """Sums over blocks of pixels, a row for each image: whole numbers."""
    _, height, width, _ = images.shape
    factor = -(-max(height, width) // _MOST_PIXELS)
    # The squares of their differences add up without rounding in float64, so
    # that, but for ties, the result does not depend on the order of adding.
    sums = block_reduce(images, (1, factor, factor, 1), np.sum)
    return sums.reshape(len(images), -1).astype(np.float64)


def near_images(images: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Finds for each image one that is near: the nearest one of a random part.

    Neighbors are mostly of one class, before anything is learned:
    [Van Gansbeke et al., 2020](https://arxiv.org/abs/2005.12320), Section 2.2,
    take them in features, here they are taken in pixels. In a random part of
    one in `P` of all images, the nearest is on average the `P`-th nearest of
    all: so it is not always the one that looks the same anyway.

    Args:
        images: uint8 array of shape `(num_images, height, width, channels)`,
            two images or more; read in parts.
        order: A permutation of `range(num_images)`, which makes the parts
            random.

    Returns:
        int64 array of shape `(num_images,)`: the number of an image for each,
        never its own.
    """
    parts = np.array_split(order, max(2, len(images) // PART_SIZE))
    found = np.empty(len(images), np.int64)
    # Each part looks in the one before it.
    rows = _shrink(np.asarray(images[parts[-1]]))
    for before, part in zip([parts[-1], *parts], parts, strict=False):
        search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(rows)
        rows = _shrink(np.asarray(images[part]))
        found[part] = before[
            search.kneighbors(rows, return_distance=False)[:, 0]
        ]
    return found
