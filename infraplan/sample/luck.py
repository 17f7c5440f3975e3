"""Chance with a name: `chance(rng, 0.08)` reads better than a comparison with a bare number."""

import numpy as np
from numpy.typing import NDArray


def chance(rng: np.random.Generator, share: float) -> bool:
    """True with probability `share`."""
    return bool(rng.random() < share)


def chances(rng: np.random.Generator, share: float, count: int) -> NDArray[np.bool_]:
    """`count` draws, each True with probability `share`."""
    return np.asarray(rng.random(count) < share)
