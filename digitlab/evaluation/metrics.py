"""Arrays in, numbers out. NumPy alone: the pages compute them too; tests hold them to scikit-learn.

Rows of a confusion matrix are the true classes, columns the answers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_Z_95 = 1.959964
_CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Confusion:
    """One kind of mistake: how often `true` was read as `predicted`.

    Attributes:
        share: of the digits that are `true`, 0 to 1.
    """

    true: int
    predicted: int
    count: int
    share: float

    @property
    def sentence(self) -> str:
        """In words, of digits: "4 read as 9: 12 times"."""
        return self.describe(tuple("0123456789"))

    def describe(self, class_names: Sequence[str]) -> str:
        """In words, of any classes: "Shirt read as Coat: 12 times"."""
        often = {1: "once", 2: "twice"}.get(self.count, f"{self.count:,} times")
        return f"{class_names[self.true]} read as {class_names[self.predicted]}: {often}"


def compute_interval(n_right: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    Args:
        n_right, n: how many of how many.
    Returns:
        Lower and upper end, 0 to 1.
    Source: E. B. Wilson 1927; unlike the normal approximation it stays within 0 and 1.
    """
    share, z2 = n_right / n, _Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def compute_metrics(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """The usual figures of a classifier.

    Args:
        labels: `(n,)` integers, n > 0.
        probabilities: `(n, classes)`, rows sum to 1.
    Returns:
        `n`, `n_right`, `accuracy`, `interval` (95 %), `loss` (cross-entropy), `macro` and
        `per_class` precision, recall, F1 and support, `calibration_error`, `confusion`
        `(classes, classes)`, rows true.
    """
    predictions = probabilities.argmax(axis=1)
    confusion = compute_confusion(labels, predictions, probabilities.shape[1])
    per_class = compute_per_class(confusion)
    n, n_right = len(labels), int(np.trace(confusion))
    return {
        "n": n,
        "n_right": n_right,
        "accuracy": n_right / n,
        "interval": compute_interval(n_right, n),
        "loss": float(compute_losses(labels, probabilities).mean()),
        "macro": {
            key: float(np.mean([row[key] for row in per_class]))
            for key in ("precision", "recall", "f1")
        },
        "per_class": per_class,
        "calibration_error": compute_calibration_error(
            probabilities.max(axis=1), predictions == labels
        ),
        "confusion": confusion.tolist(),
    }


def compute_confusion(labels: np.ndarray, predictions: np.ndarray, n_classes: int) -> np.ndarray:
    """How often each class was read as each: `(classes, classes)` int64, rows true."""
    cells = labels.astype(np.int64) * n_classes + predictions
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def compute_per_class(confusion: np.ndarray) -> list[dict[str, Any]]:
    """Each class's `class`, `precision`, `recall`, `f1` and `support`.

    A share of nothing, as the precision of a class that was never answered, counts as 0.
    """
    hits = np.diag(confusion).astype(float)
    support, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    precision = hits / np.maximum(answered, 1)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(support + answered, 1)
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
    """Each answer's cross-entropy, `(n,)` float64.

    Probabilities are kept above the smallest step of their type, as scikit-learn does.
    """
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    given = exact[np.arange(len(labels)), labels]
    return -np.log(np.clip(given, np.finfo(np.float64).eps, 1))


def normalise_confusion(
    confusion: np.ndarray, by: str = "count", *, hide_diagonal: bool = False
) -> np.ndarray:
    """The matrix as it is drawn.

    Args:
        confusion: `(classes, classes)` counts, rows true.
        by: "count"; "row", shares of the true class; or "column", shares of the answer.
        hide_diagonal: put NaN where the answer is right, so that the mistakes show.
    Returns:
        `(classes, classes)` float64; a share of nothing is 0.
    Raises:
        ValueError: `by` is something else.
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
    """The mistakes that were made, the most frequent first.

    Args:
        confusion: `(classes, classes)` counts, rows true.
        limit: how many kinds at most.
    """
    counts = np.asarray(confusion)
    support = np.maximum(counts.sum(axis=1), 1)
    pairs = [(int(i), int(j)) for i, j in np.argwhere(counts) if i != j]
    pairs.sort(key=lambda pair: (-int(counts[pair]), pair))
    return [Confusion(i, j, int(counts[i, j]), float(counts[i, j] / support[i])) for i, j in pairs][
        :limit
    ]


def compute_calibration_error(confidences: np.ndarray, is_right: np.ndarray) -> float:
    """How far the confidence is from the share of right answers, on average.

    The answers are put into 15 bins of equal width by their confidence; the error is the mean over
    the answers of their bin's |share right - mean confidence|.

    Args:
        confidences: `(n,)` probabilities of the answers given, 0 to 1.
        is_right: `(n,)` bool.
    Returns:
        0 (a confidence of 80 % is right in 80 % of the cases) to 1.
    Raises:
        ValueError: there is no answer.
    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    if not len(confidences):
        raise ValueError("no answers: their calibration is not defined")
    bins = assign_bins(confidences, _CALIBRATION_BINS)
    gaps = is_right.astype(np.float64) - confidences.astype(np.float64)
    return float(np.abs(np.bincount(bins, weights=gaps)).sum() / len(confidences))


def assign_bins(confidences: np.ndarray, n_bins: int) -> np.ndarray:
    """The bin of equal width each confidence lies in: `(n,)` int, 0 to `n_bins` - 1."""
    # Closed above, as in Guo et al.; a confidence of 0 belongs to the first.
    return np.clip(np.ceil(confidences * n_bins) - 1, 0, n_bins - 1).astype(int)


@dataclass(frozen=True)
class PrecisionRecall:
    """The curve of one digit.

    Attributes:
        precision, recall: `(k + 1,)` float64, recall falling to 0; the last point is (1, 0).
        thresholds: `(k,)` rising: from which probability of the digit on it is called that digit.
        average_precision: the mean precision, weighted by the steps of recall, 0 to 1.
    """

    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray
    average_precision: float


def compute_precision_recall(
    labels: np.ndarray, probabilities: np.ndarray, digit: int
) -> PrecisionRecall:
    """How well one digit's probability tells it from all others.

    Args:
        labels: `(n,)` integers, at least one of them the digit.
        probabilities: `(n, classes)`.
    Raises:
        ValueError: no label is the digit.
    """
    scores, is_digit = probabilities[:, digit], labels == digit
    if not is_digit.any():
        raise ValueError(f"no label is {digit}: its recall is not defined")
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(is_digit[order])
    # Equal scores come over a threshold together.
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    precision, recall = hits[ends] / (ends + 1), hits[ends] / hits[-1]
    average = float((np.diff(recall, prepend=0) * precision).sum())
    return PrecisionRecall(
        np.append(precision[::-1], 1.0), np.append(recall[::-1], 0.0), scores[ends][::-1], average
    )
