"""What a model said on a test set, kept with it as `report.npz`."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitlab.datasets.load import Dataset
from digitlab.errors import ShelfError
from digitlab.reader import DigitReader


@dataclass(frozen=True)
class EvaluationReport:
    """A model's answers on a test set.

    Attributes:
        labels, predictions: `(n,)` uint8.
        probabilities: `(n, classes)` float32.
    """

    labels: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return float((self.labels == self.predictions).mean())

    def save(self, path: Path) -> None:
        """Write to a compressed `.npz`."""
        np.savez_compressed(
            path,
            labels=self.labels,
            predictions=self.predictions,
            probabilities=self.probabilities,
        )

    @classmethod
    def load(cls, path: Path) -> "EvaluationReport":
        """Read from an `.npz`.

        Raises:
            ShelfError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                return cls(archive["labels"], archive["predictions"], archive["probabilities"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ShelfError(f"The report {path} cannot be read: {error}.") from error


def evaluate_reader(reader: DigitReader, dataset: Dataset) -> EvaluationReport:
    """Read a data set's test images.

    Raises:
        ShelfError: the model reads images of another shape.
    """
    if reader.image_shape != dataset.spec.image_shape:
        raise ShelfError(
            f"This model reads images of shape {reader.image_shape}; {dataset.spec.label} "
            f"has {dataset.spec.image_shape}. Choose another model or data set."
        )
    probabilities = reader.compute_probabilities(dataset.images_test)
    predictions = probabilities.argmax(axis=1).astype(np.uint8)
    return EvaluationReport(dataset.labels_test, predictions, probabilities)
