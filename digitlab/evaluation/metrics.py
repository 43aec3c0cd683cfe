"""Arrays in, numbers out; scikit-learn where it has it."""

import math
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

_Z_95 = 1.959964
_CALIBRATION_BINS = 15


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
        labels: `(n,)` integers.
        probabilities: `(n, classes)`, rows sum to 1.
    Returns:
        `n`, `accuracy`, `interval` (95 %), `loss` (cross-entropy), `macro` and `per_class`
        precision, recall, F1 and support, `confusion` `(classes, classes)`, rows true.
    """
    predictions = probabilities.argmax(axis=1)
    classes = np.arange(probabilities.shape[1])
    n_right = int((predictions == labels).sum())
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predictions, labels=classes, zero_division=0
    )
    per_class = [
        {
            "class": int(k),
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
            "support": int(support[k]),
        }
        for k in classes
    ]
    exact = probabilities.astype(np.float64)
    return {
        "n": len(labels),
        "accuracy": n_right / len(labels),
        "interval": compute_interval(n_right, len(labels)),
        "loss": float(log_loss(labels, exact / exact.sum(axis=1, keepdims=True), labels=classes)),
        "macro": {
            "precision": float(precision.mean()),
            "recall": float(recall.mean()),
            "f1": float(f1.mean()),
        },
        "per_class": per_class,
        "confusion": confusion_matrix(labels, predictions, labels=classes).tolist(),
    }


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
    # Bins are closed above, as in the paper; a confidence of 0 belongs to the first.
    bins = np.clip(np.ceil(confidences * _CALIBRATION_BINS) - 1, 0, None).astype(int)
    gaps = is_right.astype(np.float64) - confidences.astype(np.float64)
    return float(np.abs(np.bincount(bins, weights=gaps)).sum() / len(confidences))
