"""The test set as a map of the network's features; a click shows the digit."""

import numpy as np
import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.evaluation.results_cache import load_feature_map
from digitlab.figures.feature_map import MAX_CORRECT_POINTS, feature_map_figure
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.evaluate.url_state import control, read_url_parameter, update_url
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback

_KINDS = {"pca": "Main axes (PCA)", "tsne": "Neighbourhoods (t-SNE)"}
_TITLES = {
    "pca": "Test digits on the two main axes of the network's features",
    "tsne": "Test digits, alike ones close together, by the network's features",
}
_CHART = "evaluate_feature_map"
_LAST = "evaluate_map_last"


def render_feature_map(tested: EvaluatedModel) -> None:
    """The map by PCA or t-SNE; where it is not computed yet, the way to it."""
    asked = read_url_parameter("kind")
    kind = render_segments(
        "Kind of map",
        _KINDS,
        **control(
            "evaluate_map_kind",
            asked if asked in _KINDS else "pca",
            lambda one: update_url(kind=one),
        ),
    )
    places = None
    try:
        places = load_feature_map(tested.model, tested.report, kind)
    except ModelStoreError as error:
        st.error(str(error))
    if places is None:
        if kind == "tsne":
            st.info("Nobody has drawn this map for this network yet.")
            render_job(tested.model, "tsne", "Draw the map")
        else:
            st.info("Nobody has looked at this network's features yet.")
            render_job(tested.model, "feature_analysis", "Look at them")
        return
    _render_points(tested, places, kind)


def _render_points(tested: EvaluatedModel, places: np.ndarray, kind: str) -> None:
    report = tested.report
    figure = feature_map_figure(
        places, report.labels, report.is_correct, tested.class_names, _TITLES[kind]
    )
    n_wrong = int((~report.is_correct).sum())
    st.plotly_chart(
        figure,
        key=_CHART,
        on_select=callback(_follow_click),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=f"{_TITLES[kind]}; {n_wrong} mistakes are marked. The same digits are listed under "
        "Digits.",
    )
    n_correct = len(report.labels) - n_wrong
    some = (
        f" Of the {n_correct:,} right ones some are left out."
        if n_correct > MAX_CORRECT_POINTS
        else ""
    )
    st.caption(f"A point is a test digit, a cross one that is read wrong. Click one to see it."
               f"{some}")  # fmt: skip


def _follow_click() -> None:
    points = st.session_state[_CHART]["selection"]["points"]
    if points:
        place = points[-1]["customdata"]
        st.session_state[_LAST] = str(int(place[0] if isinstance(place, list) else place))
    # A second click on a point takes its selection back, and means the point again.
    update_url(digit=st.session_state.get(_LAST))
