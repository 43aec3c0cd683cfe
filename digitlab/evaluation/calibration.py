"""Whether the confidence can be trusted, and what is gained by answering only when sure."""

from dataclasses import dataclass

import numpy as np

from digitlab.evaluation.metrics import assign_bins


@dataclass(frozen=True)
class Reliability:
    """Answers by their confidence, in bins of equal width.

    Attributes:
        edges: `(bins + 1,)` from 0 to 1.
        counts: `(bins,)` answers in each bin.
        confidences, accuracies: `(bins,)` means of each bin; NaN where it is empty.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidences: np.ndarray
    accuracies: np.ndarray


@dataclass(frozen=True)
class CoveragePoint:
    """What happens if only answers at least this confident are given.

    Attributes:
        coverage: share of all digits that are answered, 0 to 1.
        accuracy: share of these that are right; NaN where none is answered.
        n_answered, n_wrong: how many.
    """

    threshold: float
    coverage: float
    accuracy: float
    n_answered: int
    n_wrong: int


@dataclass(frozen=True)
class CoverageCurve:
    """Coverage against accuracy for every threshold at once.

    Attributes:
        thresholds: `(n,)` the answers' confidences, highest first.
        n_wrong: `(n,)` wrong ones among the first 1, 2, … n answers.
    """

    thresholds: np.ndarray
    n_wrong: np.ndarray

    @property
    def coverages(self) -> np.ndarray:
        """`(n,)` share of all digits answered, rising."""
        return np.arange(1, len(self.thresholds) + 1) / len(self.thresholds)

    @property
    def accuracies(self) -> np.ndarray:
        """`(n,)` share of the answered that are right."""
        return 1 - self.n_wrong / np.arange(1, len(self.thresholds) + 1)

    def look_up(self, threshold: float) -> CoveragePoint:
        """What a threshold gives; a matter of microseconds."""
        n = int(np.searchsorted(-self.thresholds, -threshold, side="right"))
        n_wrong = int(self.n_wrong[n - 1]) if n else 0
        accuracy = 1 - n_wrong / n if n else float("nan")
        return CoveragePoint(threshold, n / len(self.thresholds), accuracy, n, n_wrong)


def compute_reliability(
    confidences: np.ndarray, is_correct: np.ndarray, *, n_bins: int = 15
) -> Reliability:
    """Put answers into bins by their confidence.

    Args:
        confidences: `(n,)`, 0 to 1.
        is_correct: `(n,)` bool.
    """
    bins = assign_bins(confidences, n_bins)
    counts = np.bincount(bins, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        means = np.bincount(bins, confidences, n_bins) / counts
        shares = np.bincount(bins, is_correct, n_bins) / counts
    return Reliability(np.linspace(0, 1, n_bins + 1), counts, means, shares)


def compute_confidence_histogram(
    confidences: np.ndarray, is_correct: np.ndarray, *, n_bins: int = 20
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many answers were how confident.

    Returns:
        The edges `(bins + 1,)`, and how many right and how many wrong answers, `(bins,)` each.
    """
    bins = assign_bins(confidences, n_bins)
    right = np.bincount(bins[is_correct], minlength=n_bins)
    wrong = np.bincount(bins[~is_correct], minlength=n_bins)
    return np.linspace(0, 1, n_bins + 1), right, wrong


def compute_coverage(confidences: np.ndarray, is_correct: np.ndarray) -> CoverageCurve:
    """The curve for all thresholds.

    Args:
        confidences: `(n,)`, 0 to 1.
        is_correct: `(n,)` bool.
    """
    # As float64, so that a threshold of exactly an answer's confidence still includes it.
    exact = confidences.astype(np.float64)
    order = np.argsort(-exact, kind="stable")
    return CoverageCurve(exact[order], np.cumsum(~is_correct[order]))
