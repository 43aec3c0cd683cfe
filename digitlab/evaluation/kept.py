"""Pictures of the test digits that people look at, kept in the report."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_PREFIX = "kept_"
# Of each digit so many right answers, the closest calls.
_N_RIGHT_OF_EACH = 24


@dataclass(frozen=True)
class KeptPictures:
    """Some of a test set's pictures.

    Attributes:
        places: `(m,)` int32, where they stand in the test set, sorted.
        images: `(m, h, w)` uint8.
    """

    places: np.ndarray
    images: np.ndarray

    def to_arrays(self) -> dict[str, np.ndarray]:
        """As they stand in `report.npz`."""
        return {_PREFIX + "places": self.places, _PREFIX + "images": self.images}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n: int) -> "KeptPictures | None":
        """From a report's arrays; None where they lack them.

        Args:
            n: how many digits the report is about.
        Raises:
            ValueError: they are not pictures of these digits.
        """
        if _PREFIX + "images" not in arrays:
            return None
        places, images = arrays[_PREFIX + "places"], arrays[_PREFIX + "images"]
        is_good = images.dtype == np.uint8 and images.ndim in (3, 4) and len(places) == len(images)
        if not is_good or (len(places) and not 0 <= places.min() <= places.max() < n):
            raise ValueError("its pictures do not belong to its digits")
        return cls(places, images)


def choose_kept(
    labels: np.ndarray, is_wanted: np.ndarray, margins: np.ndarray, n_classes: int
) -> np.ndarray:
    """Which digits' pictures a report keeps: those to be looked at, and close calls of each class.

    Args:
        labels: `(n,)` integers.
        is_wanted: `(n,)` bool, mistakes for example.
        margins: `(n,)`, how far each answer is above the runner-up.
    Returns:
        `(m,)` int32, sorted.
    """
    kept = is_wanted.copy()
    by_margin = np.argsort(margins, kind="stable")
    for k in range(n_classes):
        easy = by_margin[(labels[by_margin] == k) & ~is_wanted[by_margin]]
        kept[easy[:_N_RIGHT_OF_EACH]] = True
    return np.flatnonzero(kept).astype(np.int32)
