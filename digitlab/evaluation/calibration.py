"""Calibration of the confidence, and accuracy against coverage of a confidence threshold."""

from dataclasses import dataclass

import numpy as np

from digitlab.evaluation.metrics import assign_bins


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: predictions in bins of equal width by confidence.

    Attributes:
        edges: `(bins + 1,)` from 0 to 1.
        counts: `(bins,)` predictions in each bin.
        confidences, accuracies: `(bins,)` means of each bin; NaN if it is empty.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidences: np.ndarray
    accuracies: np.ndarray


@dataclass(frozen=True)
class CoveragePoint:
    """The effect of accepting only predictions at or above a confidence threshold.

    Attributes:
        coverage: fraction of the images whose prediction is accepted, 0 to 1.
        accuracy: of the accepted predictions; NaN if there are none.
        n_accepted, n_wrong: how many are accepted, and how many of these are wrong.
    """

    threshold: float
    coverage: float
    accuracy: float
    n_accepted: int
    n_wrong: int


@dataclass(frozen=True)
class CoverageCurve:
    """Accuracy against coverage for all thresholds.

    Attributes:
        thresholds: `(n,)` the confidences, descending.
        n_wrong: `(n,)` how many of the 1, 2, … n most confident predictions are wrong.
    """

    thresholds: np.ndarray
    n_wrong: np.ndarray

    @property
    def coverages(self) -> np.ndarray:
        """`(n,)` fraction of the images accepted, rising."""
        return np.arange(1, len(self.thresholds) + 1) / len(self.thresholds)

    @property
    def accuracies(self) -> np.ndarray:
        """`(n,)` accuracy of the accepted predictions."""
        return 1 - self.n_wrong / np.arange(1, len(self.thresholds) + 1)

    def look_up(self, threshold: float) -> CoveragePoint:
        """Look up a threshold, by binary search."""
        n = int(np.searchsorted(-self.thresholds, -threshold, side="right"))
        n_wrong = int(self.n_wrong[n - 1]) if n else 0
        accuracy = 1 - n_wrong / n if n else float("nan")
        return CoveragePoint(threshold, n / len(self.thresholds), accuracy, n, n_wrong)


def compute_reliability(
    confidences: np.ndarray, is_correct: np.ndarray, *, n_bins: int = 15
) -> Reliability:
    """Compute a reliability diagram.

    Args:
        confidences: `(n,)`, 0 to 1.
        is_correct: `(n,)` bool.
    """
    bins = assign_bins(confidences, n_bins)
    counts = np.bincount(bins, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        means = np.bincount(bins, confidences, n_bins) / counts
        accuracies = np.bincount(bins, is_correct, n_bins) / counts
    return Reliability(np.linspace(0, 1, n_bins + 1), counts, means, accuracies)


def compute_confidence_histogram(
    confidences: np.ndarray, is_correct: np.ndarray, *, n_bins: int = 20
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count correct and wrong predictions by confidence.

    Returns:
        The edges `(bins + 1,)`, and the numbers of correct and of wrong predictions, `(bins,)`
        each.
    """
    bins = assign_bins(confidences, n_bins)
    correct = np.bincount(bins[is_correct], minlength=n_bins)
    wrong = np.bincount(bins[~is_correct], minlength=n_bins)
    return np.linspace(0, 1, n_bins + 1), correct, wrong


def compute_coverage(confidences: np.ndarray, is_correct: np.ndarray) -> CoverageCurve:
    """Compute accuracy against coverage for all thresholds.

    Args:
        confidences: `(n,)`, 0 to 1.
        is_correct: `(n,)` bool.
    """
    # In float64, so that a threshold equal to a confidence includes that prediction.
    exact = confidences.astype(np.float64)
    order = np.argsort(-exact, kind="stable")
    return CoverageCurve(exact[order], np.cumsum(~is_correct[order]))
