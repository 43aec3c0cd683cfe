"""The test set as the network sees it, a point a digit."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.theme import DIGITS, WRONG, apply_theme

# More points than this take the browser long to draw.
MAX_CORRECT_POINTS = 3000


def feature_map_figure(
    places: np.ndarray,
    labels: np.ndarray,
    is_correct: np.ndarray,
    class_names: Sequence[str],
    title: str,
) -> go.Figure:
    """A colour a class; mistakes as crosses ringed in red, above all others.

    Of the correct predictions at most `MAX_CORRECT_POINTS` are drawn, evenly spaced.

    Args:
        places: `(n, 2)`.
        labels: `(n,)` integers.
        is_correct: `(n,)` bool.
    """
    figure = go.Figure()
    right = np.flatnonzero(is_correct)
    right = right[:: max(1, -(-len(right) // MAX_CORRECT_POINTS))]
    for k, name in enumerate(class_names):
        _add_points(figure, places, right[labels[right] == k], name,
                    {"color": DIGITS[k % len(DIGITS)], "size": 5, "opacity": 0.55})  # fmt: skip
    wrong = np.flatnonzero(~is_correct)
    if len(wrong):
        colours = [DIGITS[k % len(DIGITS)] for k in labels[wrong]]
        _add_points(figure, places, wrong, "read wrong",
                    {"color": colours, "size": 9, "symbol": "x",
                     "line": {"color": WRONG, "width": 1.5}})  # fmt: skip
    _lay_out(figure, title)
    return figure


def _add_points(
    figure: go.Figure,
    places: np.ndarray,
    indices: np.ndarray,
    name: str,
    marker: dict[str, object],
) -> None:
    same = {"marker": {"opacity": marker.get("opacity", 1.0)}}
    figure.add_scatter(
        x=places[indices, 0],
        y=places[indices, 1],
        # As plain numbers, which come back with a click as they are.
        customdata=indices.tolist(),
        mode="markers",
        name=name,
        marker=marker,
        selected=same,
        unselected=same,
        hovertemplate=f"{name}, place %{{customdata}}<extra></extra>",
    )


def _lay_out(figure: go.Figure, title: str) -> None:
    hidden = {"visible": False, "fixedrange": True}
    apply_theme(
        figure,
        title,
        height_px=520,
        top_px=64,
        clickmode="event+select",
        dragmode=False,
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        xaxis=hidden,
        yaxis=hidden,
    )
