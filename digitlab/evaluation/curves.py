"""One digit against all others: precision and recall for every threshold."""

from dataclasses import dataclass

import numpy as np


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
