"""The figures in one row, and what they were measured on."""

import json
import re

import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.evaluation.metrics import MACRO_NOTE
from digitlab.evaluation.results_cache import load_robustness, measure_latency_ms
from digitlab.reports.document import render_html, to_json
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.model_cache import get_reader

_N_TIMED = 50
_MEANINGS = {
    "precision": "Of all read as a digit, how many are it.",
    "recall": "Of all that are a digit, how many are read so.",
    "f1": "Precision and recall in one number.",
}


def render_figures(tested: EvaluatedModel) -> None:
    """How good, how sure, how large, how quick; on which digits."""
    metrics = tested.report.metrics
    low, high = metrics["interval"]
    macro = metrics["macro"]
    latency_ms = measure_time(tested)
    with st.container(horizontal=True, key="evaluate_figures"):
        _show("Accuracy", f"{metrics['accuracy']:.2%}",
              f"95 % interval {low:.2%} to {high:.2%}: on other digits like these it would most "
              "likely be in there.")  # fmt: skip
        _show("Read wrong", f"{metrics['n'] - metrics['n_correct']:,}", f"Of {metrics['n']:,}.")
        _show("Loss", f"{metrics['loss']:.4f}",
              "Cross-entropy: confident mistakes count most.")  # fmt: skip
        for name in ("precision", "recall", "f1"):
            _show(name.capitalize(), f"{macro[name]:.4f}", f"{_MEANINGS[name]} {MACRO_NOTE}")
        _show("Calibration", f"{metrics['calibration_error']:.2%}",
              "Calibration error: by how much its confidence differs from the share it reads "
              "right, on average.")  # fmt: skip
        _show("Size", f"{tested.model.card['files']['model.tflite']['bytes'] / 1e6:.2f} MB",
              "As TFLite.")  # fmt: skip
        if latency_ms is not None:
            _show("A digit", f"{latency_ms:.2f} ms", "Read alone, on this machine, the median.")
    render_data(tested)


def render_data(tested: EvaluatedModel) -> None:
    """Which data, how many, a sample or all; what has to stand beside the figures."""
    report, low_high = tested.report, tested.report.metrics["interval"]
    which = "the offline sample of " if tested.data["is_sample"] else ""
    n_refused = int(report.is_rejected.sum())
    refused = f" {n_refused:,} of them it takes for no digit." if n_refused else ""
    st.caption(
        f"Measured on {len(report.labels):,} test pictures of {which}{tested.data['label']}. "
        f"95 % interval of the accuracy: {low_high[0]:.2%} to {low_high[1]:.2%}.{refused}"
    )
    for note in tested.data["notes"]:
        st.warning(note, icon=":material/info:")


def measure_time(tested: EvaluatedModel) -> float | None:
    """Milliseconds a digit; None where there are no pictures to read."""
    if tested.pictures is None:
        return None
    sha256 = tested.model.card["files"]["model.tflite"]["sha256"]
    return _measure(tested.model.id, sha256, _tested=tested)


@st.cache_data(show_spinner=False, max_entries=16)
def _measure(model_id: str, sha256: str, *, _tested: EvaluatedModel) -> float:
    images = _tested.available_images
    assert images is not None
    return measure_latency_ms(get_reader(_tested.model), images[:_N_TIMED])


def _show(label: str, value: str, help_text: str) -> None:
    st.metric(label, value, help=help_text, width="content")


def render_downloads(tested: EvaluatedModel, *, key: str) -> None:
    """Two buttons: one HTML page with its figures inside, and JSON with all numbers."""
    # A person's own set says nothing about the model's robustness, which was measured elsewhere.
    try:
        robustness = None if tested.names else load_robustness(tested.model)
    except ModelStoreError:
        # The Robustness view shows the error.
        robustness = None
    latency_ms = None if tested.names else measure_time(tested)
    subject = tested.build_subject(latency_ms)
    # A name for a file, on any system.
    stem = re.sub(r"[^a-z0-9]+", "-", f"{tested.model.id} {tested.data['label']}".lower()).strip(
        "-"
    )

    # Made when it is asked for: the page need not wait for it.
    def make_html() -> str:
        pictures = tested.pictures
        return render_html(
            subject,
            tested.report,
            images=pictures.images if pictures else None,
            is_available=pictures.is_available if pictures else None,
            robustness=robustness,
        )

    def make_json() -> str:
        return json.dumps(to_json(subject, tested.report, robustness), indent=2)

    with st.container(horizontal=True, key=key):
        for label, make, suffix, mime in (
            ("Report (HTML)", make_html, "html", "text/html"),
            ("Figures (JSON)", make_json, "json", "application/json"),
        ):
            st.download_button(
                label,
                make,
                file_name=f"{stem}.{suffix}",
                mime=mime,
                key=f"{key}_{suffix}",
                icon=":material/download:",
                on_click="ignore",
            )
