"""Which test digits to look at: filters, order, pages."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from digitlab.evaluation.report import EvaluationReport

# What the digits may be sorted by, and which end comes first.
ORDERS = {
    "confident": "most confident mistakes first",
    "unsure": "least confident first",
    "loss": "highest loss first",
    "close": "closest call first",
    "index": "as in the data set",
}
_FLAGS = {"1": True, "0": False}


@dataclass(frozen=True)
class GalleryQuery:
    """What to show; None means: all the same.

    Attributes:
        true, predicted: a class.
        right: whether the answer is right.
        refused: whether it was taken for no digit.
        suspect: whether it is probably mislabelled.
        low, high: the confidence, both ends included, 0 to 1.
        order: one of `ORDERS`.
    """

    true: int | None = None
    predicted: int | None = None
    right: bool | None = None
    refused: bool | None = None
    suspect: bool | None = None
    low: float = 0.0
    high: float = 1.0
    order: str = "confident"

    def to_params(self) -> dict[str, str]:
        """As the address of a page carries it; what is as usual is left out."""
        usual = GalleryQuery()
        changed = {k: v for k, v in asdict(self).items() if v != getattr(usual, k)}
        return {k: str(int(v)) if isinstance(v, bool) else f"{v}" for k, v in changed.items()}

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "GalleryQuery":
        """From an address; what makes no sense there is as if it were not said."""
        values: dict[str, Any] = {}
        for spec in fields(cls):
            value = _parse(spec.name, params.get(spec.name))
            if value is not None:
                values[spec.name] = value
        return cls(**values)


@dataclass(frozen=True)
class GalleryPage:
    """One page of digits.

    Attributes:
        indices: `(k,)` places in the test set.
        number: which page this is, from 0 on.
        n_pages: how many there are, at least 1.
        n: how many digits there are on all pages.
    """

    indices: np.ndarray
    number: int
    n_pages: int
    n: int


def find_digits(report: EvaluationReport, query: GalleryQuery) -> np.ndarray:
    """The digits a query asks for, in its order.

    Returns:
        `(m,)` int64, places in the test set.
    """
    keep = (report.confidences >= np.float32(query.low)) & (
        report.confidences <= np.float32(query.high)
    )
    if query.true is not None:
        keep &= report.labels == query.true
    if query.predicted is not None:
        keep &= report.predictions == query.predicted
    if query.right is not None:
        keep &= report.is_right == query.right
    if query.refused is not None:
        keep &= report.is_refused == query.refused
    if query.suspect is not None:
        keep &= get_suspects(report) == query.suspect
    found = np.flatnonzero(keep)
    # Stable, so that equals keep the order of the data set on every page.
    return found[np.argsort(_get_keys(report, query.order)[found], kind="stable")]


def get_suspects(report: EvaluationReport) -> np.ndarray:
    """`(n,)` bool: probably mislabelled; all false where nobody has looked yet."""
    if report.feature_analysis is None:
        return np.zeros(len(report.labels), bool)
    return report.feature_analysis.is_suspect


def paginate(found: np.ndarray, number: int, *, page_size: int = 60) -> GalleryPage:
    """One page of found digits; a number beyond the last page gives the last."""
    n_pages = max(1, -(-len(found) // page_size))
    number = min(max(number, 0), n_pages - 1)
    indices = found[number * page_size : (number + 1) * page_size]
    return GalleryPage(indices, number, n_pages, len(found))


def _get_keys(report: EvaluationReport, order: str) -> np.ndarray:
    if order == "unsure":
        return report.confidences
    if order == "loss":
        return -report.losses
    if order == "close":
        return report.margins
    if order == "index":
        return np.arange(len(report.labels))
    # The mistakes before all others: no confidence is above 1.
    return report.is_right * 2.0 - report.confidences


def _parse(name: str, text: str | None) -> Any:
    """The value of one field, None where the text is none of its values."""
    if text is None:
        return None
    if name == "order":
        return text if text in ORDERS else None
    if name in ("right", "refused", "suspect"):
        return _FLAGS.get(text)
    if name in ("true", "predicted"):
        return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
