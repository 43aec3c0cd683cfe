"""The overview: metrics in one row, the confusion matrix, and the report to download."""

import json
import re

import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.evaluation.metrics import MACRO_NOTE
from digitlab.evaluation.results_cache import load_robustness, measure_latency_ms
from digitlab.reports.document import render_html, to_json
from digitlab.ui.evaluate.confusion import render_confusion
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.model_cache import get_reader
from digitlab.ui.text import escape_markdown

_N_TIMED = 50
_DEFINITIONS = {
    "precision": "Of the images predicted as a class, the fraction that belongs to it.",
    "recall": "Of the images of a class, the fraction that is predicted as it.",
    "f1": "The harmonic mean of precision and recall.",
}


def render_overview(evaluated: EvaluatedModel) -> EvaluatedModel:
    """Render metrics, the confusion matrix and downloads."""
    _render_metrics(evaluated)
    render_data_caption(evaluated)
    render_confusion(evaluated)
    render_downloads(evaluated, key="evaluate_report")
    return evaluated


def _render_metrics(evaluated: EvaluatedModel) -> None:
    metrics = evaluated.report.metrics
    low, high = metrics["interval"]
    latency_ms = _get_latency_ms(evaluated)
    with st.container(horizontal=True, key="evaluate_metrics"):
        _render_metric("Accuracy", f"{metrics['accuracy']:.2%}",
                       f"95 % confidence interval {low:.2%} to {high:.2%}.")  # fmt: skip
        _render_metric("Errors", f"{metrics['n'] - metrics['n_correct']:,}",
                       f"Of {metrics['n']:,}.")  # fmt: skip
        _render_metric("Loss", f"{metrics['loss']:.4f}",
                       "Cross-entropy: confident mistakes count most.")  # fmt: skip
        for name, definition in _DEFINITIONS.items():
            _render_metric(name.capitalize(), f"{metrics['macro'][name]:.4f}",
                           f"{definition} {MACRO_NOTE}")  # fmt: skip
        _render_metric("Calibration", f"{metrics['calibration_error']:.2%}",
                       "Expected calibration error: the average difference between confidence "
                       "and accuracy.")  # fmt: skip
        _render_metric("Size", f"{evaluated.model.size_bytes / 1e6:.2f} MB", "As TFLite.")
        if latency_ms is not None:
            _render_metric(f"Per {evaluated.noun}", f"{latency_ms:.2f} ms",
                           "Median inference time of one image on this machine.")  # fmt: skip


def _render_metric(label: str, value: str, help_text: str) -> None:
    st.metric(label, value, help=help_text, width="content")


def render_data_caption(evaluated: EvaluatedModel) -> None:
    """Render what the metrics were measured on, and remarks on the data."""
    report = evaluated.report
    low, high = report.metrics["interval"]
    sample = "the offline sample of " if evaluated.data["is_sample"] else ""
    n_rejected = int(report.is_rejected.sum())
    rejected = f" It rejects {n_rejected:,} of them as no digit." if n_rejected else ""
    st.caption(
        f"Measured on {len(report.labels):,} test images of {sample}{evaluated.data['label']}. "
        f"95 % confidence interval of the accuracy: {low:.2%} to {high:.2%}.{rejected}"
    )
    for note in evaluated.data["notes"]:
        st.warning(escape_markdown(note), icon=":material/info:")


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
            ("Figures (JSON)", build_json, "json", "application/json"),
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
