"""From readings to the figures of the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from benchmarks.reading.items import InkSet
from benchmarks.reading.readings import Reading
from digitlab.evaluation.metrics import compute_calibration_error


@dataclass(frozen=True)
class Figures:
    """How well one way of reading did on a set; all shares 0 to 1.

    Attributes:
        accuracy: of digits the share read right, of anything else the share refused.
        balanced_accuracy: the mean of the digits' recalls; None for what is no digit, as below.
        worst_digit, worst_recall: the digit read worst, and the share of it read right.
    """

    accuracy: float
    balanced_accuracy: float | None = None
    worst_digit: int | None = None
    worst_recall: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        refused: share of the items that nothing was read from.
        calibration_error: of the digits that were answered; None where there are none.
        ms: median time from what a person made to the answer.
        tutorial: the same items read the tutorials' way, which refuses nothing.
    """

    name: str
    n: int
    own: Figures
    refused: float
    calibration_error: float | None
    ms: float
    tutorial: Figures


def compute_rows(
    ink_set: InkSet, readings: Sequence[Reading], times_ms: Sequence[float]
) -> list[Row]:
    """The set's row, and one of its held-out writers where it has some."""
    parts = {ink_set.name: list(readings)}
    held_out = [reading for reading in readings if reading.item.is_held_out]
    if held_out:
        parts[f"{ink_set.name}, held out"] = held_out
    return [
        Row(
            name=name,
            n=len(part),
            own=_compute_figures(part, [reading.digit for reading in part]),
            refused=fmean(reading.digit is None for reading in part),
            calibration_error=compute_answered_calibration(part),
            ms=median(times_ms),
            tutorial=_compute_figures(part, [reading.tutorial_digit for reading in part]),
        )
        for name, part in parts.items()
    ]


def compute_answered_calibration(readings: Sequence[Reading]) -> float | None:
    """Expected calibration error over the digits that were answered; None if there are none."""
    answered = [
        (reading.answer.confidence, reading.is_right)
        for reading in readings
        if reading.answer and reading.digit is not None and reading.item.digit is not None
    ]
    if not answered:
        return None
    confidences, is_right = zip(*answered, strict=True)
    return compute_calibration_error(np.array(confidences), np.array(is_right))


def _compute_figures(readings: Sequence[Reading], digits: Sequence[int | None]) -> Figures:
    labels = [reading.item.digit for reading in readings]
    is_right = [label == digit for label, digit in zip(labels, digits, strict=True)]
    recalls = {
        label: fmean(right for k, right in zip(labels, is_right, strict=True) if k == label)
        for label in set(labels)
        if label is not None
    }
    if not recalls:
        return Figures(fmean(is_right))
    worst = min(recalls, key=lambda label: (recalls[label], label))
    return Figures(fmean(is_right), fmean(recalls.values()), worst, recalls[worst])
