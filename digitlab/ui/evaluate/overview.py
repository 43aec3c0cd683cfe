"""The overview: metrics in one row, the confusion matrix, and the report to download."""

import json
import re

import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.evaluation.results_cache import load_robustness, measure_latency_ms
from digitlab.reports.document import render_html, to_json
from digitlab.ui.evaluate.confusion import render_confusion
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.metric_help import (
    ACCURACY_HELP,
    CROSS_ENTROPY_HELP,
    ECE_HELP,
    F1_HELP,
    INFERENCE_TIME_HELP,
    PRECISION_HELP,
    RECALL_HELP,
    SIZE_HELP,
    format_interval,
)
from digitlab.ui.model_cache import get_reader
from digitlab.ui.text import escape_markdown

_N_TIMED = 50


def render_overview(evaluated: EvaluatedModel) -> ShownSamples:
    """Render metrics, the confusion matrix and downloads."""
    _render_metrics(evaluated)
    shown = render_confusion(evaluated)
    render_downloads(evaluated, key="evaluate_report")
    return shown


def _render_metrics(evaluated: EvaluatedModel) -> None:
    metrics = evaluated.report.metrics
    macro = metrics["macro"]
    latency_ms = _get_latency_ms(evaluated)
    rows = [
        ("Accuracy", f"{metrics['accuracy']:.2%}",
         f"{ACCURACY_HELP} {format_interval(*metrics['interval'])}"),
        ("Errors", f"{metrics['n'] - metrics['n_correct']:,}",
         f"Misclassified test images, of {metrics['n']:,}."),
        ("Loss", f"{metrics['loss']:.4f}", CROSS_ENTROPY_HELP),
        ("Precision", f"{macro['precision']:.4f}", PRECISION_HELP),
        ("Recall", f"{macro['recall']:.4f}", RECALL_HELP),
        ("F1", f"{macro['f1']:.4f}", F1_HELP),
        ("ECE", f"{metrics['calibration_error']:.2%}", ECE_HELP),
        ("Size", f"{evaluated.model.size_bytes / 1e6:.2f} MB", SIZE_HELP),
    ]  # fmt: skip
    if latency_ms is not None:
        rows.append(("Inference time", f"{latency_ms:.2f} ms", INFERENCE_TIME_HELP))
    with st.container(horizontal=True, key="evaluate_metrics"):
        for label, value, help_text in rows:
            st.metric(label, value, help=help_text, width="content")


def render_data_caption(evaluated: EvaluatedModel) -> None:
    """Render what the metrics were measured on."""
    report = evaluated.report
    n_rejected = int(report.is_rejected.sum())
    rejected = f" Rejected as no digit: {n_rejected:,}." if n_rejected else ""
    st.caption(
        f"{len(report.labels):,} test images of {escape_markdown(evaluated.data['label'])}. "
        f"{format_interval(*report.metrics['interval'])}{rejected}"
    )


def _get_latency_ms(evaluated: EvaluatedModel) -> float | None:
    """Time for one image; None if no image is available."""
    if evaluated.images is None:
        return None
    return _measure(evaluated.model.id, evaluated.model.sha256, _evaluated=evaluated)


@st.cache_data(show_spinner=False, max_entries=16)
def _measure(model_id: str, sha256: str, *, _evaluated: EvaluatedModel) -> float:
    images = _evaluated.available_images
    assert images is not None
    return measure_latency_ms(get_reader(_evaluated.model), images[:_N_TIMED])


def render_downloads(evaluated: EvaluatedModel, *, key: str) -> None:
    """Render two buttons: the HTML report with its charts, and JSON with all numbers."""
    # Robustness and latency belong to the model's own test set, not to a user's.
    try:
        robustness = None if evaluated.names else load_robustness(evaluated.model)
    except ModelStoreError:
        # The Robustness view shows the error.
        robustness = None
    latency_ms = None if evaluated.names else _get_latency_ms(evaluated)
    subject = evaluated.build_subject(latency_ms)
    name = f"{evaluated.model.id} {evaluated.data['label']}".lower()
    file_stem = re.sub(r"[^a-z0-9]+", "-", name).strip("-")

    # Built when a button is clicked: the page need not wait for it.
    def build_html() -> str:
        images = evaluated.images
        return render_html(
            subject,
            evaluated.report,
            images=images.images if images else None,
            is_available=images.is_available if images else None,
            robustness=robustness,
        )

    def build_json() -> str:
        return json.dumps(to_json(subject, evaluated.report, robustness), indent=2)

    with st.container(horizontal=True, key=key):
        for label, build, suffix, mime in (
            ("Report (HTML)", build_html, "html", "text/html"),
            ("Metrics (JSON)", build_json, "json", "application/json"),
        ):
            st.download_button(
                label,
                build,
                file_name=f"{file_stem}.{suffix}",
                mime=mime,
                key=f"{key}_{suffix}",
                icon=":material/download:",
                on_click="ignore",
            )
