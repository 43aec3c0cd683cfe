"""Whether the confidence matches the accuracy, and what a confidence threshold gains."""

import numpy as np
import streamlit as st

from digitlab.evaluation.calibration import (
    CoverageCurve,
    compute_confidence_histogram,
    compute_coverage,
    compute_reliability,
)
from digitlab.evaluation.gallery import GalleryQuery
from digitlab.figures.calibration import (
    coverage_figure,
    describe_histogram,
    describe_reliability,
    histogram_figure,
    reliability_figure,
)
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.overview import render_data_caption
from digitlab.ui.evaluate.url_state import (
    bind_widget,
    read_url_parameter,
    show_gallery,
    update_url,
)
from digitlab.ui.streamlit_internals import callback

# Percent, in finer steps near certainty.
_THRESHOLDS = (*range(0, 90, 5), *range(90, 99), 99, 99.5, 99.9, 99.99)
_DEFAULT_THRESHOLD = 90


def render_calibration(evaluated: EvaluatedModel) -> EvaluatedModel:
    """Render the reliability diagram, the histogram of confidences and the threshold."""
    render_data_caption(evaluated)
    report = evaluated.report
    reliability = compute_reliability(report.confidences, report.is_correct)
    bins = (reliability.confidences, reliability.accuracies, reliability.counts)
    histogram = compute_confidence_histogram(report.confidences, report.is_correct)
    left, right = st.columns(2, gap="medium")
    left.plotly_chart(
        reliability_figure(*bins), key="evaluate_reliability", config=PLOTLY_CONFIG,
        alt=describe_reliability(*bins),
    )  # fmt: skip
    right.plotly_chart(
        histogram_figure(*histogram), key="evaluate_histogram", config=PLOTLY_CONFIG,
        alt=describe_histogram(*histogram),
    )  # fmt: skip
    st.caption(
        "On the dotted line, confidence equals accuracy. The average difference, the expected "
        f"calibration error, is {report.metrics['calibration_error']:.2%}."
    )
    st.subheader("Answering only when sure", anchor=False)
    _render_threshold(evaluated, compute_coverage(report.confidences, report.is_correct))
    return evaluated


# As a fragment it follows the slider without rerunning the page.
@st.fragment
def _render_threshold(evaluated: EvaluatedModel, curve: CoverageCurve) -> None:
    requested = read_url_parameter("threshold")
    percent: float = st.select_slider(
        "Minimum confidence",
        _THRESHOLDS,
        format_func=lambda threshold: f"{threshold:g} %",
        **bind_widget(
            "evaluate_threshold",
            next(
                (threshold for threshold in _THRESHOLDS if f"{threshold:g}" == requested),
                _DEFAULT_THRESHOLD,
            ),
            lambda threshold: update_url(threshold=f"{threshold:g}"),
        ),
    )
    point = curve.look_up(percent / 100)
    has_accepted = point.n_accepted > 0
    with st.container(horizontal=True, key="evaluate_coverage"):
        st.metric("Coverage", f"{point.coverage:.2%}", width="content",
                  help=f"{point.n_accepted:,} of {len(curve.thresholds):,}.")  # fmt: skip
        accuracy = f"{point.accuracy:.3%}" if has_accepted else "–"
        st.metric("Accuracy when accepted", accuracy, width="content")
        st.metric("Accepted errors", f"{point.n_wrong:,}", width="content")
    st.plotly_chart(
        coverage_figure(
            curve.coverages, curve.accuracies,
            (point.coverage, point.accuracy) if has_accepted else None,
        ),
        key="evaluate_coverage_chart",
        config=PLOTLY_CONFIG,
        alt=f"Accuracy against coverage. With a minimum confidence of {percent:g} %, "
        f"{point.coverage:.2%} are accepted, {np.nan_to_num(point.accuracy):.3%} of them correct.",
    )  # fmt: skip
    if point.n_wrong > 0 and not evaluated.names:
        st.button(
            "Show accepted errors",
            key="evaluate_accepted_errors",
            icon=":material/grid_view:",
            # The gallery is outside this fragment.
            on_click=callback(show_gallery, whole_page=True),
            args=(GalleryQuery(correct=False, low=percent / 100),),
        )
