"""The test set in feature space, one point for each image."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.class_names import MANY_CLASSES, escape_text, shorten_class_name
from digitlab.figures.theme import CLASSES, WRONG, apply_theme

# Browsers are slow with more points.
MAX_CORRECT_POINTS = 3000


def feature_map_figure(
    coordinates: np.ndarray,
    labels: np.ndarray,
    is_correct: np.ndarray,
    class_names: Sequence[str],
    *,
    title: str,
    axis_title: str,
) -> go.Figure:
    """Draw one colour for each class, and errors as crosses with a red outline on top.

    Of the correct predictions at most `MAX_CORRECT_POINTS` are drawn, evenly spaced.

    Args:
        coordinates: `(n, 2)`.
        labels: `(n,)` integers.
        is_correct: `(n,)` bool.
        axis_title: what the axes are, such as "Principal component"; their numbers are added.
    """
    figure = go.Figure()
    correct = np.flatnonzero(is_correct)
    correct = correct[:: max(1, -(-len(correct) // MAX_CORRECT_POINTS))]
    for k, name in enumerate(class_names):
        _add_points(figure, coordinates, correct[labels[correct] == k], name,
                    {"color": CLASSES[k % len(CLASSES)], "size": 5, "opacity": 0.55})  # fmt: skip
    wrong = np.flatnonzero(~is_correct)
    if len(wrong):
        colours = [CLASSES[k % len(CLASSES)] for k in labels[wrong]]
        _add_points(figure, coordinates, wrong, "errors",
                    {"color": colours, "size": 9, "symbol": "x",
                     "line": {"color": WRONG, "width": 1.5}})  # fmt: skip
    _apply_layout(figure, title, axis_title, has_legend=len(class_names) <= MANY_CLASSES)
    return figure


def _add_points(
    figure: go.Figure,
    coordinates: np.ndarray,
    indices: np.ndarray,
    name: str,
    marker: dict[str, object],
) -> None:
    unchanged = {"marker": {"opacity": marker.get("opacity", 1.0)}}
    figure.add_scatter(
        x=coordinates[indices, 0],
        y=coordinates[indices, 1],
        # Plain integers, which a click event returns unchanged.
        customdata=indices.tolist(),
        mode="markers",
        name=shorten_class_name(name),
        marker=marker,
        selected=unchanged,
        unselected=unchanged,
        hovertemplate=f"{escape_text(name)}, index %{{customdata}}<br>Click to open it"
        "<extra></extra>",
    )


def _apply_layout(figure: go.Figure, title: str, axis_title: str, *, has_legend: bool) -> None:
    # The coordinates themselves have no meaning, and no unit.
    axis = {"showticklabels": False, "showgrid": False, "zeroline": False, "fixedrange": True}
    apply_theme(
        figure,
        title,
        height_px=480,
        clickmode="event+select",
        dragmode=False,
        hovermode="closest",
        # Of many classes it would be longer than the map; hovering names them.
        showlegend=has_legend,
        # Below the map: above it, on a phone, its three lines would cover the title.
        legend={"orientation": "h", "x": 0, "y": -0.06, "yanchor": "top"},
        xaxis=axis | {"title": {"text": f"{axis_title} 1", "font": {"size": 12}, "standoff": 4}},
        yaxis=axis | {"title": {"text": f"{axis_title} 2", "font": {"size": 12}, "standoff": 4}},
    )
