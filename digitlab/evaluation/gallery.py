"""Which test images the gallery shows: filters, sort order, pages."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from digitlab.evaluation.report import EvaluationReport

# Sort orders by id, with their labels.
ORDERS = {
    "confident": "most confident errors first",
    "unsure": "least confident first",
    "loss": "highest loss first",
    "close": "smallest margin first",
    "index": "as in the data set",
}
_FLAGS = {"1": True, "0": False}


@dataclass(frozen=True)
class GalleryQuery:
    """Filters and sort order; a filter that is None is off.

    Attributes:
        true, predicted: a class.
        correct: whether the prediction is correct.
        rejected: whether the image was rejected as no digit.
        label_error: whether its label is probably wrong.
        low, high: range of the confidence, both ends included, 0 to 1.
        order: one of `ORDERS`.
    """

    true: int | None = None
    predicted: int | None = None
    correct: bool | None = None
    rejected: bool | None = None
    label_error: bool | None = None
    low: float = 0.0
    high: float = 1.0
    order: str = "confident"

    def to_params(self) -> dict[str, str]:
        """The URL parameters; defaults are left out."""
        defaults = GalleryQuery()
        changed = {k: v for k, v in asdict(self).items() if v != getattr(defaults, k)}
        return {k: str(int(v)) if isinstance(v, bool) else f"{v}" for k, v in changed.items()}

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "GalleryQuery":
        """Parse URL parameters; invalid values are ignored."""
        values: dict[str, Any] = {}
        for spec in fields(cls):
            value = _parse(spec.name, params.get(spec.name))
            if value is not None:
                values[spec.name] = value
        return cls(**values)


@dataclass(frozen=True)
class GalleryPage:
    """One page of the gallery.

    Attributes:
        indices: `(k,)` indices into the test set.
        number: the page's number, from 0.
        n_pages: at least 1.
        n: how many images all pages hold.
    """

    indices: np.ndarray
    number: int
    n_pages: int
    n: int


def find_samples(report: EvaluationReport, query: GalleryQuery) -> np.ndarray:
    """Find the test images that match a query, in its sort order.

    Returns:
        `(m,)` int64, indices into the test set.
    """
    matches = (report.confidences >= np.float32(query.low)) & (
        report.confidences <= np.float32(query.high)
    )
    if query.true is not None:
        matches &= report.labels == query.true
    if query.predicted is not None:
        matches &= report.predictions == query.predicted
    if query.correct is not None:
        matches &= report.is_correct == query.correct
    if query.rejected is not None:
        matches &= report.is_rejected == query.rejected
    if query.label_error is not None:
        matches &= get_probable_label_errors(report) == query.label_error
    found = np.flatnonzero(matches)
    # A stable sort, so that ties keep the order of the data set on every page.
    return found[np.argsort(_compute_sort_keys(report, query.order)[found], kind="stable")]


def get_probable_label_errors(report: EvaluationReport) -> np.ndarray:
    """`(n,)` bool; all false until the features have been analysed."""
    if report.feature_analysis is None:
        return np.zeros(len(report.labels), bool)
    return report.feature_analysis.is_probable_label_error


def paginate(found: np.ndarray, number: int, *, page_size: int = 60) -> GalleryPage:
    """Get one page; a number beyond the last page gives the last."""
    n_pages = max(1, -(-len(found) // page_size))
    number = min(max(number, 0), n_pages - 1)
    indices = found[number * page_size : (number + 1) * page_size]
    return GalleryPage(indices, number, n_pages, len(found))


def _compute_sort_keys(report: EvaluationReport, order: str) -> np.ndarray:
    if order == "unsure":
        return report.confidences
    if order == "loss":
        return -report.losses
    if order == "close":
        return report.margins
    if order == "index":
        return np.arange(len(report.labels))
    # Errors come before all others: no confidence is above 1.
    return report.is_correct * 2.0 - report.confidences


def _parse(name: str, text: str | None) -> Any:
    """The value of one field; None if the text is invalid."""
    if text is None:
        return None
    if name == "order":
        return text if text in ORDERS else None
    if name in ("correct", "rejected", "label_error"):
        return _FLAGS.get(text)
    if name in ("true", "predicted"):
        return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
    try:
        confidence = float(text)
    except ValueError:
        return None
    return confidence if 0 <= confidence <= 1 else None
