"""A model's predictions on a test set, stored with the model as `report.npz`."""

import io
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.loading import Dataset
from digitlab.errors import ModelStoreError, describe_error
from digitlab.evaluation.feature_analysis import FeatureAnalysis
from digitlab.evaluation.metrics import compute_losses, compute_metrics
from digitlab.evaluation.saved_images import INCONSISTENT_ARRAYS, SavedImages, are_indices
from digitlab.files import replace_file
from digitlab.inference.reader import DigitReader

_COLUMNS = ("labels", "predictions", "probabilities", "no_digit")
# What NumPy and zipfile raise on a damaged archive.
_LOAD_ERRORS = (
    OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class EvaluationReport:
    """A model's predictions on a test set. Derived columns are computed once.

    Attributes:
        labels, predictions: `(n,)` uint8; a prediction is the most probable class, also where the
            model rejects the image as no digit.
        probabilities: `(n, classes)` float32, rows sum to 1, on condition that it is a digit.
        no_digit: `(n,)` float32, the probability of "no digit"; 0 if the network has no such class.
        test_set_id: the data set whose test images these are; empty for a user test set.
        feature_analysis: None until it has been computed.
        saved_images: the images of errors and of the smallest margins.
        no_digit_threshold: of the model, from its card; None if it rejects nothing.
    """

    labels: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray
    no_digit: np.ndarray
    test_set_id: str = ""
    feature_analysis: FeatureAnalysis | None = None
    saved_images: SavedImages | None = None
    no_digit_threshold: float | None = None

    @property
    def accuracy(self) -> float:
        """Fraction of correct predictions, 0 to 1."""
        return float(self.is_correct.mean())

    @cached_property
    def is_correct(self) -> np.ndarray:
        """`(n,)` bool."""
        return self.labels == self.predictions

    @cached_property
    def is_rejected(self) -> np.ndarray:
        """`(n,)` bool: rejected as no digit; the Draw page would not give an answer."""
        if self.no_digit_threshold is None:
            return np.zeros(len(self.no_digit), bool)
        return self.no_digit >= self.no_digit_threshold

    @cached_property
    def confidences(self) -> np.ndarray:
        """`(n,)` float32: the probabilities of the predictions."""
        return self.probabilities.max(axis=1)

    @cached_property
    def losses(self) -> np.ndarray:
        """`(n,)` float64: the cross-entropy of each image."""
        return compute_losses(self.labels, self.probabilities)

    @cached_property
    def margins(self) -> np.ndarray:
        """`(n,)` float32: the probability of the prediction less that of the runner-up."""
        top = np.partition(self.probabilities, -2, axis=1)
        return top[:, -1] - top[:, -2]

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The result of `metrics.compute_metrics`."""
        return compute_metrics(self.labels, self.probabilities)

    def has_same_data(self, other: "EvaluationReport") -> bool:
        """Whether both are on the same split of the same data set; equal size is not enough."""
        return self.test_set_id == other.test_set_id and np.array_equal(self.labels, other.labels)

    def save(self, path: Path) -> None:
        """Write a compressed `.npz`; readers see the old file or the new one.

        Raises:
            OSError: the file cannot be written; the old one is still there.
        """
        arrays = {name: getattr(self, name) for name in _COLUMNS}
        arrays["test_set_id"] = np.array(self.test_set_id)
        arrays |= self.feature_analysis.to_arrays() if self.feature_analysis else {}
        arrays |= self.saved_images.to_arrays() if self.saved_images else {}
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **arrays)
        replace_file(path, content.getvalue())

    @classmethod
    def load(cls, path: Path, *, no_digit_threshold: float | None = None) -> "EvaluationReport":
        """Read an `.npz`.

        Args:
            no_digit_threshold: of the model, from its card.
        Raises:
            ModelStoreError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = dict(archive)
            columns = {name: arrays[name] for name in _COLUMNS}
            _check_columns(**columns)
            n = len(columns["labels"])
            return cls(
                **columns,
                test_set_id=str(arrays["test_set_id"]),
                feature_analysis=FeatureAnalysis.from_arrays(arrays, n),
                saved_images=SavedImages.from_arrays(arrays, n),
                no_digit_threshold=no_digit_threshold,
            )
        except _LOAD_ERRORS as error:
            raise ModelStoreError(
                f"The report of {path.parent.name} is damaged ({describe_error(error)})."
            ) from error


def evaluate_reader(reader: DigitReader, dataset: Dataset) -> EvaluationReport:
    """Classify a data set's test images.

    Raises:
        ModelStoreError: the model takes images of another shape.
    """
    if reader.image_shape != dataset.spec.image_shape:
        raise ModelStoreError(
            f"This model takes images of shape {reader.image_shape}; {dataset.spec.label} "
            f"has {dataset.spec.image_shape}. Choose another model or data set."
        )
    return evaluate_images(
        reader, dataset.images_test, dataset.labels_test, test_set_id=dataset.spec.base_spec.id
    )


def evaluate_images(
    reader: DigitReader, images: np.ndarray, labels: np.ndarray, *, test_set_id: str = ""
) -> EvaluationReport:
    """Classify labelled images.

    Args:
        images: `(n, 28, 28)` uint8, ink 255, paper 0; or `(n, h, w, 3)` for a colour model.
        labels: `(n,)` integers.
        test_set_id: the data set whose test images these are; empty for a user test set.
    """
    probabilities, no_digit = reader.compute_readings(images)
    predictions = probabilities.argmax(axis=1).astype(np.uint8)
    return EvaluationReport(
        labels.astype(np.uint8),
        predictions,
        probabilities,
        no_digit,
        test_set_id,
        no_digit_threshold=reader.no_digit_threshold,
    )


def _check_columns(
    labels: np.ndarray, predictions: np.ndarray, probabilities: np.ndarray, no_digit: np.ndarray
) -> None:
    n = labels.size
    is_valid = (
        n > 0
        and labels.shape == predictions.shape == no_digit.shape == (n,)
        and probabilities.ndim == 2
        and len(probabilities) == n
        and probabilities.shape[1] > 1
        and are_indices(labels, probabilities.shape[1])
        and are_indices(predictions, probabilities.shape[1])
        and np.isfinite(probabilities).all()
    )
    if not is_valid:
        raise ValueError(INCONSISTENT_ARRAYS)
