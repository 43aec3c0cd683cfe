"""Whether the confidence can be trusted, and what a threshold gains."""

from dataclasses import replace

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
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.url_state import control, read_url_parameter, show_query, update_url
from digitlab.ui.streamlit_internals import callback

_PLAIN = {"displayModeBar": False}
# Percent, in the steps in which people think of being sure.
_STEPS = (*range(0, 90, 5), *range(90, 99), 99, 99.5, 99.9, 99.99)


def render_calibration(tested: EvaluatedModel) -> None:
    """Reliability and histogram; below, the threshold."""
    report = tested.report
    reliability = compute_reliability(report.confidences, report.is_correct)
    values = (reliability.confidences, reliability.accuracies, reliability.counts)
    histogram = compute_confidence_histogram(report.confidences, report.is_correct)
    left, right = st.columns(2, gap="medium")
    left.plotly_chart(
        reliability_figure(*values), key="evaluate_reliability", config=_PLAIN,
        alt=describe_reliability(*values),
    )  # fmt: skip
    right.plotly_chart(
        histogram_figure(*histogram), key="evaluate_histogram", config=_PLAIN,
        alt=describe_histogram(*histogram),
    )  # fmt: skip
    st.caption(
        f"On the dotted line, confidence can be taken at its word. On average it is "
        f"{report.metrics['calibration_error']:.2%} off (calibration error)."
    )
    st.subheader("Answering only when sure", anchor=False)
    _render_threshold(tested, compute_coverage(report.confidences, report.is_correct))


# Alone it runs again at once when the slider moves.
@st.fragment
def _render_threshold(tested: EvaluatedModel, curve: CoverageCurve) -> None:
    asked = read_url_parameter("threshold")
    percent: float = st.select_slider(
        "Answer from this confidence on",
        _STEPS,
        format_func=lambda step: f"{step:g} %",
        **control(
            "evaluate_threshold",
            next((step for step in _STEPS if f"{step:g}" == asked), 90),
            lambda step: update_url(threshold=f"{step:g}"),
        ),
    )
    point = curve.look_up(percent / 100)
    is_any = point.n_accepted > 0
    with st.container(horizontal=True, key="evaluate_coverage"):
        st.metric("Answered", f"{point.coverage:.2%}", width="content",
                  help=f"{point.n_accepted:,} of {len(curve.thresholds):,}.")  # fmt: skip
        st.metric("Of these right", f"{point.accuracy:.3%}" if is_any else "–", width="content")
        st.metric("Still wrong", f"{point.n_wrong:,}", width="content")
    st.plotly_chart(
        coverage_figure(
            curve.coverages, curve.accuracies,
            (point.coverage, point.accuracy) if is_any else None,
        ),
        key="evaluate_coverage_chart",
        config=_PLAIN,
        alt=f"Accuracy against coverage. From {percent:g} % on, {point.coverage:.2%} are answered, "
        f"{np.nan_to_num(point.accuracy):.3%} of them right.",
    )  # fmt: skip
    can_show = point.n_wrong > 0 and not tested.names
    if can_show:
        st.button(
            "See those still wrong",
            key="evaluate_still_wrong",
            icon=":material/grid_view:",
            # Another part of the page is to be shown, not this fragment.
            on_click=callback(_show_wrong, whole_page=True),
            args=(percent / 100,),
        )


def _show_wrong(threshold: float) -> None:
    show_query(replace(GalleryQuery(correct=False), low=threshold))
    update_url(view="mistakes")
