"""Whether the confidence matches the accuracy, and what a confidence threshold gains."""

import numpy as np
import streamlit as st

from digitlab.evaluation.calibration import (
    CoverageCurve,
    CoveragePoint,
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
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.evaluate.url_state import (
    bind_widget,
    read_url_parameter,
    show_gallery,
    update_url,
)
from digitlab.ui.metric_help import ECE_HELP
from digitlab.ui.streamlit_internals import callback

# Percent, in finer steps near certainty.
_THRESHOLDS = (*range(0, 90, 5), *range(90, 99), 99, 99.5, 99.9, 99.99)
_DEFAULT_THRESHOLD = 90


def render_calibration(evaluated: EvaluatedModel) -> ShownSamples:
    """Render the reliability diagram, the histogram of confidences and the threshold."""
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
        "On the dotted line, confidence equals accuracy. Their average difference is the expected "
        f"calibration error (ECE): {report.metrics['calibration_error']:.2%}.",
        help=ECE_HELP,
    )
    _render_threshold(evaluated, compute_coverage(report.confidences, report.is_correct))
    return ShownSamples.of_errors(evaluated)


# As a fragment it follows the slider without rerunning the page.
@st.fragment
def _render_threshold(evaluated: EvaluatedModel, curve: CoverageCurve) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        percent = _render_threshold_choice()
        point = curve.look_up(percent / 100)
        _render_point(point, len(curve.thresholds))
        if point.n_wrong > 0 and not evaluated.names:
            st.button(
                "Show accepted errors",
                key="evaluate_accepted_errors",
                icon=":material/grid_view:",
                # The gallery is outside this fragment.
                on_click=callback(show_gallery, whole_page=True),
                args=(GalleryQuery(correct=False, low=percent / 100),),
            )
    marked = (point.coverage, point.accuracy) if point.n_accepted else None
    right.plotly_chart(
        coverage_figure(curve.coverages, curve.accuracies, marked),
        key="evaluate_coverage_chart",
        config=PLOTLY_CONFIG,
        alt=f"Accuracy against coverage. With a minimum confidence of {percent:g} %, "
        f"{point.coverage:.2%} are accepted, {np.nan_to_num(point.accuracy):.3%} of them correct.",
    )


def _render_threshold_choice() -> float:
    """The minimum confidence of an accepted prediction, in percent."""
    requested = read_url_parameter("threshold")
    percent: float = st.select_slider(
        "Minimum confidence",
        _THRESHOLDS,
        format_func=lambda threshold: f"{threshold:g} %",
        help="Predictions with a lower confidence are not accepted. A higher threshold leaves "
        "fewer predictions, of which more are correct.",
        **bind_widget(
            "evaluate_threshold",
            next(
                (threshold for threshold in _THRESHOLDS if f"{threshold:g}" == requested),
                _DEFAULT_THRESHOLD,
            ),
            lambda threshold: update_url(threshold=f"{threshold:g}"),
        ),
    )
    return percent


def _render_point(point: CoveragePoint, n: int) -> None:
    with st.container(horizontal=True, key="evaluate_coverage"):
        st.metric("Coverage", f"{point.coverage:.2%}", width="content",
                  help=f"The fraction of the predictions that is accepted: {point.n_accepted:,} of "
                  f"{n:,}.")  # fmt: skip
        accuracy = f"{point.accuracy:.3%}" if point.n_accepted else "–"
        st.metric("Accuracy when accepted", accuracy, width="content",
                  help="Of the accepted predictions, the fraction that is correct.")  # fmt: skip
        st.metric("Accepted errors", f"{point.n_wrong:,}", width="content",
                  help="Accepted predictions that are wrong.")  # fmt: skip
