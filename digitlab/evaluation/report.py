"""What a model said on a test set, kept with it as `report.npz`."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.loading import Dataset
from digitlab.errors import ModelStoreError
from digitlab.evaluation.metrics import compute_losses, compute_metrics
from digitlab.inference.reader import NO_DIGIT_THRESHOLD, DigitReader

_SAVED_IMAGES_PREFIX = "kept_"
# Of each digit so many right answers, the closest calls.
_N_RIGHT_OF_EACH = 24

_INSIGHT_PREFIX = "insight_"
_NAMES = (
    "suspects", "map", "rivals", "neighbours", "picture_rows", "pictures", "thumbnails",
)  # fmt: skip
_COLUMNS = ("labels", "predictions", "probabilities", "no_digit")


@dataclass(frozen=True)
class SavedImages:
    """Some of a test set's pictures.

    Attributes:
        places: `(m,)` int32, where they stand in the test set, sorted.
        images: `(m, h, w)` uint8.
    """

    places: np.ndarray
    images: np.ndarray

    def to_arrays(self) -> dict[str, np.ndarray]:
        """As they stand in `report.npz`."""
        return {
            _SAVED_IMAGES_PREFIX + "places": self.places,
            _SAVED_IMAGES_PREFIX + "images": self.images,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n: int) -> "SavedImages | None":
        """From a report's arrays; None where they lack them.

        Args:
            n: how many digits the report is about.
        Raises:
            ValueError: they are not pictures of these digits.
        """
        if _SAVED_IMAGES_PREFIX + "images" not in arrays:
            return None
        places, images = (
            arrays[_SAVED_IMAGES_PREFIX + "places"],
            arrays[_SAVED_IMAGES_PREFIX + "images"],
        )
        is_good = images.dtype == np.uint8 and images.ndim in (3, 4) and len(places) == len(images)
        if not is_good or (len(places) and not 0 <= places.min() <= places.max() < n):
            raise ValueError("its pictures do not belong to its digits")
        return cls(places, images)


def choose_saved_images(
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
class FeatureAnalysis:
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
        return {_INSIGHT_PREFIX + name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "FeatureAnalysis | None":
        """From a report's arrays; None where they lack it."""
        if not all(_INSIGHT_PREFIX + name in arrays for name in _NAMES):
            return None
        return cls(**{name: arrays[_INSIGHT_PREFIX + name] for name in _NAMES})


@dataclass(frozen=True)
class EvaluationReport:
    """A model's answers on a test set. The derived columns are computed once.

    Attributes:
        labels, predictions: `(n,)` uint8; a prediction is the most probable digit, also where the
            model would refuse to read.
        probabilities: `(n, classes)` float32, rows sum to 1: which digit it is, if it is one.
        no_digit: `(n,)` float32, the probability that it is none; 0 from a network that cannot
            tell.
        insight: what takes longer to find out; None where nobody has yet.
        kept: the pictures one looks at first, for machines without the test set.
    """

    labels: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray
    no_digit: np.ndarray
    feature_analysis: FeatureAnalysis | None = None
    kept: SavedImages | None = None

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return float(self.is_right.mean())

    @cached_property
    def is_right(self) -> np.ndarray:
        """`(n,)` bool."""
        return self.labels == self.predictions

    @cached_property
    def is_refused(self) -> np.ndarray:
        """`(n,)` bool: taken for no digit, so that the Draw page would read nothing."""
        return self.no_digit >= NO_DIGIT_THRESHOLD

    @cached_property
    def confidences(self) -> np.ndarray:
        """`(n,)` float32: the answers' probabilities."""
        return self.probabilities.max(axis=1)

    @cached_property
    def losses(self) -> np.ndarray:
        """`(n,)` float64: each digit's cross-entropy."""
        return compute_losses(self.labels, self.probabilities)

    @cached_property
    def margins(self) -> np.ndarray:
        """`(n,)` float32: how far the answer's probability is above the runner-up's."""
        top = np.partition(self.probabilities, -2, axis=1)
        return top[:, -1] - top[:, -2]

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """All figures, as `metrics.compute_metrics` names them."""
        return compute_metrics(self.labels, self.probabilities)

    def save(self, path: Path) -> None:
        """Write to a compressed `.npz`."""
        arrays = {name: getattr(self, name) for name in _COLUMNS}
        arrays |= self.feature_analysis.to_arrays() if self.feature_analysis else {}
        arrays |= self.kept.to_arrays() if self.kept else {}
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "EvaluationReport":
        """Read from an `.npz`.

        Raises:
            ModelStoreError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = dict(archive)
            # Reports of earlier versions lack this column: their networks could not tell.
            arrays.setdefault("no_digit", np.zeros(len(arrays["labels"]), np.float32))
            columns = {name: arrays[name] for name in _COLUMNS}
            return cls(
                feature_analysis=FeatureAnalysis.from_arrays(arrays),
                kept=SavedImages.from_arrays(arrays, len(columns["labels"])),
                **columns,
            )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ModelStoreError(f"The report {path} cannot be read: {error}.") from error


def evaluate_reader(reader: DigitReader, dataset: Dataset) -> EvaluationReport:
    """Read a data set's test images.

    Raises:
        ModelStoreError: the model reads images of another shape.
    """
    if reader.image_shape != dataset.spec.image_shape:
        raise ModelStoreError(
            f"This model reads images of shape {reader.image_shape}; {dataset.spec.label} "
            f"has {dataset.spec.image_shape}. Choose another model or data set."
        )
    return evaluate_images(reader, dataset.images_test, dataset.labels_test)


def evaluate_images(
    reader: DigitReader, images: np.ndarray, labels: np.ndarray
) -> EvaluationReport:
    """Read labelled images.

    Args:
        images: `(n, 28, 28)` uint8, ink 255, paper 0.
        labels: `(n,)` integers.
    """
    probabilities, no_digit = reader.compute_readings(images)
    predictions = probabilities.argmax(axis=1).astype(np.uint8)
    return EvaluationReport(labels.astype(np.uint8), predictions, probabilities, no_digit)
