"""Compute the rows of the table from readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from benchmarks.reading.items import InkSet
from benchmarks.reading.readings import Reading
from digitlab.evaluation.metrics import compute_calibration_error


@dataclass(frozen=True)
class Scores:
    """Scores of one preprocessing on a set, 0 to 1.

    Attributes:
        accuracy: fraction of digits read correctly; of non-digits, fraction rejected.
        balanced_accuracy: mean recall over the digits; None for non-digits.
        worst_digit, worst_recall: the digit with the lowest recall; None for non-digits.
    """

    accuracy: float
    balanced_accuracy: float | None = None
    worst_digit: int | None = None
    worst_recall: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        n: number of items.
        digitlab: scores with digitlab's preprocessing.
        rejected: fraction of the items that were rejected.
        calibration_error: of the digits that were not rejected; None without any.
        ms: median time from the input to the answer.
        tutorial: scores with the tutorials' preprocessing, which rejects nothing.
    """

    name: str
    n: int
    digitlab: Scores
    rejected: float
    calibration_error: float | None
    ms: float
    tutorial: Scores


def compute_rows(
    ink_set: InkSet, readings: Sequence[Reading], times_ms: Sequence[float]
) -> list[Row]:
    """Compute the set's row, and another for its held-out writers if it has any."""
    groups = {ink_set.name: list(readings)}
    held_out = [reading for reading in readings if reading.item.is_held_out]
    if held_out:
        groups[f"{ink_set.name}, held out"] = held_out
    return [
        Row(
            name=name,
            n=len(group),
            digitlab=_compute_scores(group, [reading.digit for reading in group]),
            rejected=fmean(reading.digit is None for reading in group),
            calibration_error=compute_answered_calibration(group),
            ms=median(times_ms),
            tutorial=_compute_scores(group, [reading.tutorial_digit for reading in group]),
        )
        for name, group in groups.items()
    ]


def compute_answered_calibration(readings: Sequence[Reading]) -> float | None:
    """Compute the expected calibration error of the digits that were not rejected, if any."""
    answered = [
        (reading.answer.confidence, reading.is_correct)
        for reading in readings
        if reading.answer and reading.digit is not None and reading.item.digit is not None
    ]
    if not answered:
        return None
    confidences, is_correct = zip(*answered, strict=True)
    return compute_calibration_error(np.array(confidences), np.array(is_correct))


def _compute_scores(readings: Sequence[Reading], digits: Sequence[int | None]) -> Scores:
    labels = [reading.item.digit for reading in readings]
    is_correct = [label == digit for label, digit in zip(labels, digits, strict=True)]
    recalls = {
        label: fmean(correct for k, correct in zip(labels, is_correct, strict=True) if k == label)
        for label in set(labels)
        if label is not None
    }
    if not recalls:
        return Scores(fmean(is_correct))
    worst = min(recalls, key=lambda label: (recalls[label], label))
    return Scores(fmean(is_correct), fmean(recalls.values()), worst, recalls[worst])
