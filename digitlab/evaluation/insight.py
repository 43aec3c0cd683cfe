"""What takes longer to find out about a model's answers, kept in its report."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_PREFIX = "insight_"


@dataclass(frozen=True)
class Neighbours:
    """Training digits that look alike to the network.

    Attributes:
        digit: of which digit they are.
        indices: `(k,)` their places in the training set, the nearest first.
        images: `(k, h, w)` uint8; None where the training set has to be asked for them.
    """

    digit: int
    indices: np.ndarray
    images: np.ndarray | None


@dataclass(frozen=True)
class Insight:
    """By-products of the network's own features, one row a test digit.

    Attributes:
        suspects: `(m,)` int32, test digits that are probably mislabelled, the most suspicious
            first.
        map: `(n, 2)` float16, the test set's features on their two main axes.
        rivals: `(n,)` uint8, for each test digit the class it was most nearly taken for: the
            answer where that is wrong, else the runner-up.
        neighbours: `(n, 2, k)` int32, places in the training set: nearest of the true class, then
            of the rival.
        picture_rows: `(m,)` int32, the test digits whose neighbours' pictures are kept, sorted.
        pictures: `(m, 2, k)` int32, places in `thumbnails`.
        thumbnails: `(u, h, w)` uint8.
    """

    suspects: np.ndarray
    map: np.ndarray
    rivals: np.ndarray
    neighbours: np.ndarray
    picture_rows: np.ndarray
    pictures: np.ndarray
    thumbnails: np.ndarray

    @cached_property
    def is_suspect(self) -> np.ndarray:
        """`(n,)` bool: probably mislabelled."""
        flags = np.zeros(len(self.rivals), bool)
        flags[self.suspects] = True
        return flags

    def get_neighbours(
        self, index: int, label: int, images_train: np.ndarray | None = None
    ) -> tuple[Neighbours, Neighbours]:
        """The nearest training digits of one test digit: of its own class and of the rival.

        Args:
            index, label: the test digit's place and class.
            images_train: the training set, for digits whose neighbours' pictures are not kept.
        """
        row = int(np.searchsorted(self.picture_rows, index))
        is_kept = row < len(self.picture_rows) and self.picture_rows[row] == index
        found = []
        for side, digit in enumerate((label, int(self.rivals[index]))):
            indices = self.neighbours[index, side]
            images = None
            if is_kept:
                images = self.thumbnails[self.pictures[row, side]]
            elif images_train is not None:
                images = images_train[indices]
            found.append(Neighbours(digit, indices, images))
        return found[0], found[1]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """As they stand in `report.npz`."""
        return {_PREFIX + name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Insight | None":
        """From a report's arrays; None where they lack it."""
        if not all(_PREFIX + name in arrays for name in _NAMES):
            return None
        return cls(**{name: arrays[_PREFIX + name] for name in _NAMES})


_NAMES = (
    "suspects", "map", "rivals", "neighbours", "picture_rows", "pictures", "thumbnails",
)  # fmt: skip
