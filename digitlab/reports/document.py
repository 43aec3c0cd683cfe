"""A report as a file: JSON with all figures, or one HTML page with pictures inside."""

import time
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import numpy as np

from digitlab import __version__
from digitlab.evaluation.calibration import compute_coverage, compute_reliability
from digitlab.evaluation.gallery import GalleryQuery, find_samples, get_probable_label_errors
from digitlab.evaluation.metrics import list_confusions
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.robustness import Robustness
from digitlab.reports.html import (
    Part,
    draw_confusion,
    draw_coverage,
    draw_digits,
    draw_per_digit,
    draw_reliability,
    draw_robustness,
    render_page,
)

_N_SHOWN = 60
_N_CONFUSIONS = 15


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Attributes:
        model: the model's name for people.
        data: the test set's name for people.
        size_bytes: of `model.tflite`.
        latency_ms: how long one digit takes; None where it was not measured.
        notes: sentences that have to stand beside the figures.
        class_names: of the classes, in order.
        licence: of the pictures, where they are somebody's.
    """

    model: str
    data: str
    size_bytes: int
    latency_ms: float | None = None
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = tuple("0123456789")
    licence: str = ""


def to_json(
    subject: Subject, report: EvaluationReport, robustness: Robustness | None = None
) -> dict[str, Any]:
    """All figures, for a file; shares are 0 to 1."""
    reliability = compute_reliability(report.confidences, report.is_correct)
    curve = compute_coverage(report.confidences, report.is_correct)
    return {
        "digitlab": __version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "subject": asdict(subject),
        **report.metrics,
        "n_refused": int(report.is_rejected.sum()),
        "confusions": [asdict(pair) for pair in list_confusions(report.metrics["confusion"])],
        "reliability": {
            # JSON knows no NaN: an empty bin is null.
            key: [None if np.isnan(value) else float(value) for value in getattr(reliability, key)]
            for key in ("edges", "counts", "confidences", "accuracies")
        },
        "coverage": [
            {"threshold": point.threshold, "coverage": point.coverage, "accuracy": point.accuracy}
            for point in map(curve.look_up, (0.5, 0.7, 0.8, 0.9, 0.95, 0.99))
            if point.n_accepted
        ],
        "mistakes": [
            {
                "index": int(k),
                "true": int(report.labels[k]),
                "predicted": int(report.predictions[k]),
                "confidence": float(report.confidences[k]),
                "refused": bool(report.is_rejected[k]),
                "suspect": bool(get_probable_label_errors(report)[k]),
            }
            for k in find_samples(report, GalleryQuery(correct=False))
        ],
        "robustness": robustness.to_json() if robustness else None,
    }


def render_html(
    subject: Subject,
    report: EvaluationReport,
    *,
    images: np.ndarray | None = None,
    is_available: np.ndarray | None = None,
    robustness: Robustness | None = None,
) -> str:
    """One HTML page without any other file: figures and pictures are inside.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, the test set; without it no digits are shown.
        is_available: `(n,)` bool, which of these pictures are there; all by default.
    """
    names = subject.class_names
    confusion = np.array(report.metrics["confusion"])
    sentences = [pair.describe(names) for pair in list_confusions(confusion, limit=_N_CONFUSIONS)]
    mistakes = find_samples(report, GalleryQuery(correct=False))
    parts = [
        Part("At a glance", _describe(subject, report)),
        Part("Confusion matrix", draw_confusion(confusion, names)),
        Part("What is confused", "".join(f"<li>{escape(text)}</li>" for text in sentences), "ul"),
        Part("Class by class", draw_per_digit(report.metrics["per_class"], names)),
        Part("Can the confidence be trusted?", draw_reliability(report)),
        Part("Answering only when sure", draw_coverage(report)),
    ]
    if robustness is not None:
        parts.append(Part("As digits get harder to read", draw_robustness(robustness)))
    shown = mistakes if is_available is None else mistakes[is_available[mistakes]]
    shown = shown[:_N_SHOWN]
    if images is not None and len(shown):
        title = f"The most confident mistakes ({len(shown)} of {len(mistakes)})"
        parts.append(Part(title, draw_digits(report, images, shown, names)))
    return render_page(f"{subject.model} on {subject.data}", parts, notes=_list_notes(subject))


def _describe(subject: Subject, report: EvaluationReport) -> str:
    metrics = report.metrics
    low, high = metrics["interval"]
    rows = {
        "Accuracy": f"{metrics['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%})",
        "Read wrong": f"{metrics['n'] - metrics['n_correct']:,} of {metrics['n']:,}",
        "Taken for no digit": f"{int(report.is_rejected.sum()):,}",
        "Loss (cross-entropy)": f"{metrics['loss']:.4f}",
        "Macro precision, recall, F1": ", ".join(
            f"{metrics['macro'][key]:.4f}" for key in ("precision", "recall", "f1")
        ),
        "Calibration error": f"{metrics['calibration_error']:.2%}",
        "Size": f"{subject.size_bytes / 1e6:.2f} MB",
    }
    if subject.latency_ms is not None:
        rows["Time a digit"] = f"{subject.latency_ms:.2f} ms"
    cells = "".join(f"<tr><th>{key}</th><td>{value}</td></tr>" for key, value in rows.items())
    return f'<table class="facts">{cells}</table>'


def _list_notes(subject: Subject) -> list[str]:
    notes = list(subject.notes)
    if subject.licence:
        notes.append(f"Pictures: {subject.licence}.")
    return notes
