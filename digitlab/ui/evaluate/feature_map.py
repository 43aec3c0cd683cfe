"""The test set as a map of the network's features; a click opens an image."""

import numpy as np
import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.evaluation.results_cache import has_tsne_map, load_feature_map
from digitlab.figures.feature_map import MAX_CORRECT_POINTS, feature_map_figure
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.evaluate.url_state import bind_widget, read_url_parameter, update_url
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import render_error

_METHODS = {"pca": "PCA", "tsne": "t-SNE"}
# The analysis job that computes each map.
_JOBS = {"pca": "feature_analysis", "tsne": "tsne"}
_CHART = "evaluate_feature_map"
_LAST_CLICKED = "evaluate_map_last"


def render_feature_map(evaluated: EvaluatedModel) -> ShownSamples:
    """Render the map by PCA or t-SNE, or the button that computes it."""
    requested = read_url_parameter("kind")
    # The map by t-SNE separates the classes better, but takes minutes to compute.
    default = "tsne" if has_tsne_map(evaluated.model) else "pca"
    method = render_segments(
        "Kind of map",
        _METHODS,
        **bind_widget(
            "evaluate_map_kind",
            requested if requested in _METHODS else default,
            lambda chosen: update_url(kind=chosen),
        ),
    )
    coordinates = None
    try:
        coordinates = load_feature_map(evaluated.model, evaluated.report, method)
    except ModelStoreError as error:
        # Computing it again replaces the damaged file.
        render_error(error)
    if coordinates is None:
        st.info(f"The {_METHODS[method]} map has not been computed yet.")
        render_job(evaluated.model, _JOBS[method], "Compute it")
    else:
        _render_points(evaluated, coordinates, method)
    return ShownSamples.of_errors(evaluated)


def _render_points(evaluated: EvaluatedModel, coordinates: np.ndarray, method: str) -> None:
    report = evaluated.report
    title = f"Features of the test {evaluated.noun}s, by {_METHODS[method]}"
    axis = "Principal component" if method == "pca" else "t-SNE dimension"
    figure = feature_map_figure(
        coordinates,
        report.labels,
        report.is_correct,
        evaluated.class_names,
        title=title,
        axis_title=axis,
    )
    n_wrong = int((~report.is_correct).sum())
    st.plotly_chart(
        figure,
        key=_CHART,
        on_select=callback(_handle_click),
        selection_mode="points",
        config=PLOTLY_CONFIG,
        alt=f"{title}; {n_wrong} errors are marked. The view Images lists the same images.",
    )
    n_correct = len(report.labels) - n_wrong
    subset = (
        f" Only {MAX_CORRECT_POINTS:,} of the {n_correct:,} correct ones are drawn."
        if n_correct > MAX_CORRECT_POINTS
        else ""
    )
    st.caption(
        f"Each point is a test {evaluated.noun}, each cross an error. Click one to open it.{subset}"
    )


def _handle_click() -> None:
    points = st.session_state[_CHART]["selection"]["points"]
    if points:
        index = points[-1]["customdata"]
        st.session_state[_LAST_CLICKED] = str(int(index[0] if isinstance(index, list) else index))
    # A second click on a point clears its selection; it opens the same sample again.
    update_url(sample=st.session_state.get(_LAST_CLICKED))
