"""The images of a test set that a report stores: errors, rejections and the smallest margins."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# Of each class this many correctly classified images are saved, those with the smallest margin.
_N_CORRECT_PER_CLASS = 24
_PREFIX = "saved_"
INCONSISTENT_ARRAYS = "its arrays are inconsistent"


@dataclass(frozen=True)
class SavedImages:
    """Some of a test set's images, for machines without the data set.

    Attributes:
        indices: `(m,)` int32, sorted indices into the test set.
        images: `(m, h, w)` or `(m, h, w, 3)` uint8.
    """

    indices: np.ndarray
    images: np.ndarray

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The arrays that `report.npz` stores."""
        return {_PREFIX + "indices": self.indices, _PREFIX + "images": self.images}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n: int) -> "SavedImages | None":
        """Read the arrays of a report; None if it has no saved images.

        Args:
            n: the size of the test set.
        Raises:
            ValueError: the images do not belong to this test set.
        """
        if _PREFIX + "images" not in arrays:
            return None
        indices, images = arrays[_PREFIX + "indices"], arrays[_PREFIX + "images"]
        is_valid = images.dtype == np.uint8 and images.ndim in (3, 4)
        if not (is_valid and indices.shape == images.shape[:1] and are_indices(indices, n)):
            raise ValueError(INCONSISTENT_ARRAYS)
        return cls(indices, images)


def choose_indices_to_save(
    labels: np.ndarray, is_required: np.ndarray, margins: np.ndarray, n_classes: int
) -> np.ndarray:
    """Choose whose images a report saves: the required ones, and close calls of each class.

    Args:
        labels: `(n,)` integers.
        is_required: `(n,)` bool, misclassified images for example.
        margins: `(n,)`, the probability of the prediction less that of the runner-up.
    Returns:
        `(m,)` int32, sorted.
    """
    is_saved = is_required.copy()
    by_margin = np.argsort(margins, kind="stable")
    for k in range(n_classes):
        candidates = by_margin[(labels[by_margin] == k) & ~is_required[by_margin]]
        is_saved[candidates[:_N_CORRECT_PER_CLASS]] = True
    return np.flatnonzero(is_saved).astype(np.int32)


def are_indices(indices: np.ndarray, n: int) -> bool:
    """Whether an array holds indices into an array of length `n`."""
    is_integer = bool(np.issubdtype(indices.dtype, np.integer))
    return is_integer and (not indices.size or 0 <= int(indices.min()) <= int(indices.max()) < n)
