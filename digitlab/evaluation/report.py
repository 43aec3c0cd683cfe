"""What a model said on a test set, kept with it as `report.npz`."""

import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.load import Dataset
from digitlab.errors import ShelfError
from digitlab.evaluation.insight import Insight
from digitlab.evaluation.kept import KeptPictures
from digitlab.evaluation.metrics import compute_losses, compute_metrics
from digitlab.reader import NO_DIGIT_THRESHOLD, DigitReader


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
    insight: Insight | None = None
    kept: KeptPictures | None = None

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
        arrays |= self.insight.to_arrays() if self.insight else {}
        arrays |= self.kept.to_arrays() if self.kept else {}
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "EvaluationReport":
        """Read from an `.npz`.

        Raises:
            ShelfError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = dict(archive)
            # Reports of earlier versions lack this column: their networks could not tell.
            arrays.setdefault("no_digit", np.zeros(len(arrays["labels"]), np.float32))
            columns = {name: arrays[name] for name in _COLUMNS}
            return cls(
                insight=Insight.from_arrays(arrays),
                kept=KeptPictures.from_arrays(arrays, len(columns["labels"])),
                **columns,
            )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ShelfError(f"The report {path} cannot be read: {error}.") from error


_COLUMNS = ("labels", "predictions", "probabilities", "no_digit")


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
