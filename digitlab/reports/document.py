"""A report as a file: JSON with all metrics, or one HTML page with charts and images inside."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from digitlab import __version__
from digitlab.evaluation.calibration import compute_coverage, compute_reliability
from digitlab.evaluation.gallery import GalleryQuery, find_samples, get_probable_label_errors
from digitlab.evaluation.metrics import MACRO_NOTE, list_confusions, normalise_confusion
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.robustness import CORRUPTIONS, Robustness
from digitlab.figures.calibration import (
    coverage_figure,
    describe_coverage,
    describe_reliability,
    reliability_figure,
)
from digitlab.figures.robustness import describe_robustness, robustness_figure
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.reports.html import render_block, render_template
from digitlab.reports.svg_charts import render_svg

_N_IMAGES = 60
_N_CONFUSIONS = 15


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Attributes:
        model: label of the model.
        data: label of the test set.
        size_bytes: of `model.tflite`.
        latency_ms: median time for one image; None if it was not measured.
        notes: sentences that must accompany the metrics.
        class_names: of the classes, in order.
        licence: of the images.
    """

    model: str
    data: str
    size_bytes: int
    latency_ms: float | None = None
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = tuple("0123456789")
    licence: str = ""


@dataclass(frozen=True)
class ReportContent:
    """What the sections of an HTML report draw from.

    Attributes:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, the test set; None if it is unavailable.
        is_available: `(n,)` bool, which of these images are available; None for all.
        robustness: None if it was not measured.
    """

    subject: Subject
    report: EvaluationReport
    images: np.ndarray | None = None
    is_available: np.ndarray | None = None
    robustness: Robustness | None = None


def to_json(
    subject: Subject, report: EvaluationReport, robustness: Robustness | None = None
) -> dict[str, Any]:
    """Build the JSON report; fractions are 0 to 1."""
    reliability = compute_reliability(report.confidences, report.is_correct)
    curve = compute_coverage(report.confidences, report.is_correct)
    is_label_error = get_probable_label_errors(report)
    return {
        "digitlab": __version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "subject": asdict(subject),
        **report.metrics,
        "n_rejected": int(report.is_rejected.sum()),
        "confusions": [asdict(pair) for pair in list_confusions(report.metrics["confusion"])],
        "reliability": {
            # JSON has no NaN: an empty bin is null.
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
                "rejected": bool(report.is_rejected[k]),
                "probable_label_error": bool(is_label_error[k]),
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
    """Render the HTML report: one file, without scripts, that needs no other file.

    Args:
        images, is_available, robustness: as in `ReportContent`.
    """
    content = ReportContent(subject, report, images, is_available, robustness)
    bodies = [(section, section.render(content)) for section in SECTIONS]
    page = render_template(
        "page.html.j2",
        title=f"{subject.model} on {subject.data}",
        notes=[*subject.notes, *([f"Images: {subject.licence}."] if subject.licence else [])],
        sections=[
            {"id": section.id, "title": section.title, "body": body}
            for section, body in bodies
            if body is not None
        ],
        date=time.strftime("%d %B %Y"),
    )
    return str(page)


def _render_overview(content: ReportContent) -> Markup:
    subject, report = content.subject, content.report
    metrics = report.metrics
    low, high = metrics["interval"]
    macro = ", ".join(f"{metrics['macro'][key]:.4f}" for key in ("precision", "recall", "f1"))
    rows = {
        "Accuracy": f"{metrics['accuracy']:.2%} (95 % confidence interval {low:.2%} to {high:.2%})",
        "Errors": f"{metrics['n'] - metrics['n_correct']:,} of {metrics['n']:,}",
        "Loss (cross-entropy)": f"{metrics['loss']:.4f}",
        "Macro precision, recall, F1": macro,
        "Expected calibration error (ECE)": f"{metrics['calibration_error']:.2%}",
        "Size": f"{subject.size_bytes / 1e6:.2f} MB",
    }
    if report.no_digit_threshold is not None:
        rows["Rejected (as no digit)"] = f"{int(report.is_rejected.sum()):,}"
    if subject.latency_ms is not None:
        rows["Inference time"] = f"{subject.latency_ms:.2f} ms"
    return render_block("facts", rows)


def _render_confusion(content: ReportContent) -> Markup:
    """Counts as a table; the tint of a cell is its fraction of the most frequent error."""
    counts = np.array(content.report.metrics["confusion"])
    errors = np.nan_to_num(normalise_confusion(counts, hide_diagonal=True))
    tints = errors / max(float(errors.max()), 1.0)
    cells = [
        [
            # Not darker, so that the text keeps a contrast of 4.5:1.
            (f"{count:,}" if count else "·", 0.1 + 0.4 * tint if tint else 0)
            for count, tint in zip(row, tint_row, strict=True)
        ]
        for row, tint_row in zip(counts.tolist(), tints.tolist(), strict=True)
    ]
    note = "Rows: actual class. Columns: predicted class."
    return render_block("matrix", content.subject.class_names[: len(counts)], cells, note)


def _render_confusions(content: ReportContent) -> Markup | None:
    pairs = list_confusions(content.report.metrics["confusion"], limit=_N_CONFUSIONS)
    if not pairs:
        return None
    return render_block("bullets", [pair.describe(content.subject.class_names) for pair in pairs])


def _render_class_metrics(content: ReportContent) -> Markup:
    rows = []
    for row in content.report.metrics["per_class"]:
        values = [f"{row[key]:.4f}" for key in ("precision", "recall", "f1")]
        if not row["support"]:
            values = ["–"] * 3
        rows.append((content.subject.class_names[row["class"]], *values, f"{row['support']:,}"))
    head = ("Class", "Precision", "Recall", "F1", "Support")
    return render_block("table", head, rows, note=MACRO_NOTE)


def _render_calibration(content: ReportContent) -> Markup:
    bins = compute_reliability(content.report.confidences, content.report.is_correct)
    values = (bins.confidences, bins.accuracies, bins.counts)
    chart = render_svg(reliability_figure(*values), describe_reliability(*values))
    return render_block("charts", [(chart, "A calibrated model lies on the dotted diagonal.")])


def _render_coverage(content: ReportContent) -> Markup:
    curve = compute_coverage(content.report.confidences, content.report.is_correct)
    values = (curve.coverages, curve.accuracies)
    chart = render_svg(coverage_figure(*values), describe_coverage(*values))
    caption = "Accuracy if only the most confident predictions are accepted."
    return render_block("charts", [(chart, caption)])


def _render_robustness(content: ReportContent) -> Markup | None:
    """One chart for each corruption."""
    if content.robustness is None:
        return None
    charts = []
    for key, points in content.robustness.curves.items():
        corruption = CORRUPTIONS[key]
        strengths = [point.strength for point in points]
        accuracies = [point.accuracy for point in points]
        figure = robustness_figure(
            strengths,
            accuracies,
            [(point.low, point.high) for point in points],
            [point.rejected for point in points],
            label=corruption.label,
            unit=corruption.unit,
            neutral=corruption.neutral,
        )
        alt = describe_robustness(strengths, accuracies, corruption.label, corruption.unit)
        charts.append((render_svg(figure, alt), f"{content.robustness.n:,} images."))
    return render_block("charts", charts)


def _render_errors(content: ReportContent) -> Markup | None:
    """The images of the most confident errors."""
    if content.images is None:
        return None
    report, names = content.report, content.subject.class_names
    indices = find_samples(report, GalleryQuery(correct=False))
    if content.is_available is not None:
        indices = indices[content.is_available[indices]]
    if not len(indices):
        return None
    images = []
    for k in indices[:_N_IMAGES]:
        true, predicted = names[report.labels[k]], names[report.predictions[k]]
        text = f"actual {true}, predicted {predicted}"
        images.append(
            {
                "uri": build_data_uri(to_dark_on_light(content.images[k])),
                "alt": f"Index {k}: {text}",
                "lines": [f"{text}, {report.confidences[k]:.0%}", f"index {k}"],
            }
        )
    return render_block("images", images)


@dataclass(frozen=True)
class Section:
    """One section of the HTML report.

    Attributes:
        render: returns the section's HTML; None leaves the section out.
    """

    id: str
    title: str
    render: Callable[[ReportContent], Markup | None]


# The order of the report. A new chart is a figure in `figures/`, drawn by a function here.
SECTIONS = (
    Section("overview", "Overview", _render_overview),
    Section("confusion", "Confusion matrix", _render_confusion),
    Section("confusions", "Most frequent errors", _render_confusions),
    Section("classes", "Metrics by class", _render_class_metrics),
    Section("calibration", "Calibration", _render_calibration),
    Section("coverage", "Confidence threshold", _render_coverage),
    Section("robustness", "Robustness", _render_robustness),
    Section("errors", "Most confident errors", _render_errors),
)
