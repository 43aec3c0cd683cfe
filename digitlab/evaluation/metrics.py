"""Metrics of a classifier. NumPy alone, so that pages can compute them; tested against sklearn.

Rows of a confusion matrix are true classes, columns are predictions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_Z_95 = 1.959964
_CALIBRATION_BINS = 15
# Shown beside macro averages, on pages and in reports.
MACRO_NOTE = "Macro average: the mean over the classes that are present in the test set."


@dataclass(frozen=True)
class Confusion:
    """One kind of error: how often `true` was classified as `predicted`.

    Attributes:
        fraction: of the images whose class is `true`, 0 to 1.
    """

    true: int
    predicted: int
    count: int
    fraction: float

    def describe(self, class_names: Sequence[str]) -> str:
        """Format as a sentence: "Shirt classified as Coat: 12 times"."""
        often = {1: "once", 2: "twice"}.get(self.count, f"{self.count:,} times")
        return f"{class_names[self.true]} classified as {class_names[self.predicted]}: {often}"


def compute_wilson_interval(n_correct: int, n: int) -> tuple[float, float]:
    """Compute the 95 % confidence interval of a proportion.

    Args:
        n_correct: how many of the n are correct.
    Returns:
        Lower and upper end, 0 to 1.
    Source: E. B. Wilson 1927; unlike the normal approximation it stays within 0 and 1.
    """
    p, z2 = n_correct / n, _Z_95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def compute_metrics(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Compute the standard metrics of a classifier.

    Args:
        labels: `(n,)` integers, n > 0.
        probabilities: `(n, classes)`, rows sum to 1.
    Returns:
        `n`, `n_correct`, `accuracy`, `interval` (95 %), `loss` (cross-entropy), `macro` precision,
        recall and F1 (the mean over the classes present in `labels`), `per_class` precision,
        recall, F1 and support, `calibration_error`, `confusion` `(classes, classes)`.
    """
    predictions = probabilities.argmax(axis=1)
    confusion = compute_confusion(labels, predictions, probabilities.shape[1])
    per_class = compute_per_class(confusion)
    present = [row for row in per_class if row["support"]]
    n, n_correct = len(labels), int(np.trace(confusion))
    return {
        "n": n,
        "n_correct": n_correct,
        "accuracy": n_correct / n,
        "interval": compute_wilson_interval(n_correct, n),
        "loss": float(compute_losses(labels, probabilities).mean()),
        "macro": {
            key: float(np.mean([row[key] for row in present]))
            for key in ("precision", "recall", "f1")
        },
        "per_class": per_class,
        "calibration_error": compute_calibration_error(
            probabilities.max(axis=1), predictions == labels
        ),
        "confusion": confusion.tolist(),
    }


def compute_confusion(labels: np.ndarray, predictions: np.ndarray, n_classes: int) -> np.ndarray:
    """Compute the confusion matrix: `(classes, classes)` int64, rows true."""
    cells = labels.astype(np.int64) * n_classes + predictions
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def compute_per_class(confusion: np.ndarray) -> list[dict[str, Any]]:
    """Compute `class`, `precision`, `recall`, `f1` and `support` of each class.

    A ratio with denominator 0 counts as 0: the precision of a class that is never predicted.
    """
    hits = np.diag(confusion).astype(float)
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    precision = hits / np.maximum(predicted, 1)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(support + predicted, 1)
    return [
        {
            "class": k,
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
            "support": int(support[k]),
        }
        for k in range(len(confusion))
    ]


def compute_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Compute the cross-entropy of each prediction: `(n,)` float64.

    Probabilities are clipped to the machine epsilon, as in scikit-learn.
    """
    normalised = probabilities.astype(np.float64)
    normalised /= normalised.sum(axis=1, keepdims=True)
    label_probabilities = normalised[np.arange(len(labels)), labels]
    return -np.log(np.clip(label_probabilities, np.finfo(np.float64).eps, 1))


def normalise_confusion(
    confusion: np.ndarray, by: str = "count", *, hide_diagonal: bool = False
) -> np.ndarray:
    """Normalise a confusion matrix for display.

    Args:
        confusion: `(classes, classes)` counts, rows true.
        by: "count"; "row", fractions of the true class; or "column", fractions of the predictions.
        hide_diagonal: put NaN on the diagonal, so that errors stand out.
    Returns:
        `(classes, classes)` float64; 0 where a row or column is empty.
    Raises:
        ValueError: `by` has another value.
    """
    if by not in ("count", "row", "column"):
        raise ValueError(f"by is {by!r}; it must be count, row or column")
    shown = np.asarray(confusion).astype(np.float64)
    if by != "count":
        shown = shown / np.maximum(shown.sum(axis=1 if by == "row" else 0, keepdims=True), 1)
    if hide_diagonal:
        np.fill_diagonal(shown, np.nan)
    return shown


def list_confusions(confusion: np.ndarray, *, limit: int | None = None) -> list[Confusion]:
    """List the kinds of errors, the most frequent first.

    Args:
        confusion: `(classes, classes)` counts, rows true.
        limit: the maximum length of the list.
    """
    counts = np.asarray(confusion)
    support = np.maximum(counts.sum(axis=1), 1)
    pairs = [(int(i), int(j)) for i, j in np.argwhere(counts) if i != j]
    pairs.sort(key=lambda pair: (-int(counts[pair]), pair))
    return [Confusion(i, j, int(counts[i, j]), float(counts[i, j] / support[i])) for i, j in pairs][
        :limit
    ]


def compute_calibration_error(confidences: np.ndarray, is_correct: np.ndarray) -> float:
    """Compute the expected calibration error (ECE) with 15 bins of equal width.

    Args:
        confidences: `(n,)` probabilities of the predictions, 0 to 1.
        is_correct: `(n,)` bool.
    Returns:
        The mean over all predictions of |accuracy - mean confidence| of their bin, 0 to 1.
    Raises:
        ValueError: there are no predictions.
    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    if not len(confidences):
        raise ValueError("the calibration error of no predictions is undefined")
    bins = assign_bins(confidences, _CALIBRATION_BINS)
    gaps = is_correct.astype(np.float64) - confidences.astype(np.float64)
    return float(np.abs(np.bincount(bins, weights=gaps)).sum() / len(confidences))


def assign_bins(confidences: np.ndarray, n_bins: int) -> np.ndarray:
    """Assign confidences to bins of equal width: `(n,)` int, 0 to `n_bins` - 1."""
    # Intervals are closed above, as in Guo et al.; 0 belongs to the first bin.
    return np.clip(np.ceil(confidences * n_bins) - 1, 0, n_bins - 1).astype(int)


@dataclass(frozen=True)
class PrecisionRecall:
    """The precision-recall curve of one class against all others.

    Attributes:
        precision, recall: `(k + 1,)` float64, recall falling to 0; the last point is (1, 0).
        thresholds: `(k,)` rising: the probability from which an image is assigned to the class.
        average_precision: the mean precision, weighted by the steps of recall, 0 to 1.
    """

    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray
    average_precision: float


def compute_precision_recall(
    labels: np.ndarray, probabilities: np.ndarray, class_index: int
) -> PrecisionRecall:
    """Compute the precision-recall curve of one class.

    Args:
        labels: `(n,)` integers, at least one of them `class_index`.
        probabilities: `(n, classes)`.
    Raises:
        ValueError: the class is absent.
    """
    scores, is_member = probabilities[:, class_index], labels == class_index
    if not is_member.any():
        raise ValueError(f"no label is {class_index}: its recall is undefined")
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(is_member[order])
    # Equal scores pass a threshold together.
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    precision, recall = hits[ends] / (ends + 1), hits[ends] / hits[-1]
    average = float((np.diff(recall, prepend=0) * precision).sum())
    return PrecisionRecall(
        np.append(precision[::-1], 1.0), np.append(recall[::-1], 0.0), scores[ends][::-1], average
    )
