"""Raw random bits in NumPy: those of TensorFlow's stateless functions.

Philox4x32-10 of [Salmon et al., 2011](https://doi.org/10.1145/2063384.2063405).
"""

import numpy as np
import numpy.typing as npt

_MULTIPLIERS = np.array([0xD2511F53, 0xCD9E8D57], np.uint64)
_INCREMENTS = np.array([0x9E3779B9, 0xBB67AE85], np.uint32)
_NUM_ROUNDS = 10
# With it, TensorFlow turns a seed into a key and a counter.
_SEED_KEY = np.array([0x3EC8F720, 0x02461E29], np.uint32)


def draw_bits(count: int, key: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    """Draws `count` numbers of 32 fair bits.

    `tf.random.stateless_uniform((count,), key, None, None, tf.int32,
    alg="philox")` draws the same.

    Args:
        count: How many.
        key: Array of shape `(2,)`.
    """
    # The halves of each number, low ones first.
    words = key.astype("<i8").view("<u4").astype(np.uint32)
    scrambled = _philox(words[:, None], _SEED_KEY)[:, 0]
    counters = np.zeros((4, -(-count // 4)), np.uint32)
    counters[0] = np.arange(counters.shape[1])
    counters[2:] = scrambled[2:, None]
    return _philox(counters, scrambled[:2]).T.reshape(-1)[:count]


def _philox(
    counters: npt.NDArray[np.uint32], key: npt.NDArray[np.uint32]
) -> npt.NDArray[np.uint32]:
    """Maps counters of shape `(4, count)` with a key of shape `(2,)`."""
    c0, c1, c2, c3 = counters
    for _ in range(_NUM_ROUNDS):
        # NumPy 1 would keep 32 bits for a factor that fits into them.
        first = c0.astype(np.uint64) * _MULTIPLIERS[0]
        second = c2.astype(np.uint64) * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            _high(second) ^ c1 ^ key[0],
            second.astype(np.uint32),
            _high(first) ^ c3 ^ key[1],
            first.astype(np.uint32),
        )
        # It wraps around.
        key = key + _INCREMENTS
    return np.stack([c0, c1, c2, c3])


def _high(products: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    return (products >> np.uint64(32)).astype(np.uint32)
