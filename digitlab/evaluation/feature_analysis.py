"""What a network's features reveal about a test set: part of a report."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from digitlab.evaluation.saved_images import INCONSISTENT_ARRAYS, are_indices

_PREFIX = "features_"


@dataclass(frozen=True)
class Neighbours:
    """Nearest training images in feature space.

    Attributes:
        label: the class they belong to.
        indices: `(k,)` indices into the training set, nearest first.
        images: `(k, h, w)` uint8; None if they are neither saved nor on this machine.
    """

    label: int
    indices: np.ndarray
    images: np.ndarray | None


@dataclass(frozen=True)
class FeatureAnalysis:
    """What the network's features reveal about each test image.

    Attributes:
        probable_label_errors: `(m,)` int32, indices into the test set, the most probable first.
        map: `(n, 2)` float16, the features on their first two principal components.
        alternative_classes: `(n,)` uint8, for each test image the most probable class other than
            its label: the prediction if that is wrong, else the runner-up.
        neighbours: `(n, 2, k)` int32, indices into the training set: the nearest of the true
            class, then of the alternative class.
        thumbnail_rows: `(m,)` int32, the test images whose neighbours' images are saved, sorted.
        thumbnail_indices: `(m, 2, k)` int32, indices into `thumbnails`.
        thumbnails: `(u, h, w)` uint8.
    """

    probable_label_errors: np.ndarray
    map: np.ndarray
    alternative_classes: np.ndarray
    neighbours: np.ndarray
    thumbnail_rows: np.ndarray
    thumbnail_indices: np.ndarray
    thumbnails: np.ndarray

    @cached_property
    def is_probable_label_error(self) -> np.ndarray:
        """`(n,)` bool."""
        flags = np.zeros(len(self.alternative_classes), bool)
        flags[self.probable_label_errors] = True
        return flags

    def get_neighbours(
        self, index: int, label: int, images_train: np.ndarray | None = None
    ) -> tuple[Neighbours, Neighbours]:
        """Get the nearest training images of one test image: of its class and the alternative.

        Args:
            index, label: the test image's index and class.
            images_train: the training set, for neighbours whose images are not saved.
        """
        row = int(np.searchsorted(self.thumbnail_rows, index))
        is_saved = row < len(self.thumbnail_rows) and self.thumbnail_rows[row] == index
        found = []
        for side, neighbour_label in enumerate((label, int(self.alternative_classes[index]))):
            indices = self.neighbours[index, side]
            images = None
            if is_saved:
                images = self.thumbnails[self.thumbnail_indices[row, side]]
            elif images_train is not None:
                images = images_train[indices]
            found.append(Neighbours(neighbour_label, indices, images))
        return found[0], found[1]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The arrays that `report.npz` stores."""
        return {_PREFIX + spec.name: getattr(self, spec.name) for spec in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n: int) -> "FeatureAnalysis | None":
        """Read the arrays of a report; None if it has no feature analysis.

        Args:
            n: the size of the test set.
        Raises:
            ValueError: the arrays do not belong to this test set.
        """
        if _PREFIX + "map" not in arrays:
            return None
        found = cls(**{spec.name: arrays[_PREFIX + spec.name] for spec in fields(cls)})
        is_valid = (
            found.map.shape == (n, 2)
            and found.alternative_classes.shape == (n,)
            and found.neighbours.ndim == 3
            and found.neighbours.shape[:2] == (n, 2)
            and found.thumbnails.ndim in (3, 4)
            and found.thumbnail_rows.ndim == 1
            and found.thumbnail_indices.shape
            == (len(found.thumbnail_rows), *found.neighbours.shape[1:])
            and are_indices(found.probable_label_errors, n)
            and are_indices(found.thumbnail_rows, n)
            and are_indices(found.thumbnail_indices, len(found.thumbnails))
        )
        if not is_valid:
            raise ValueError(INCONSISTENT_ARRAYS)
        return found
