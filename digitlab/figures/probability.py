"""The ten probabilities of one answer."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import INK_BLUE, MUTED, apply_theme

_DIGITS = tuple("0123456789")


def probability_figure(
    probabilities: Sequence[float], class_names: Sequence[str] = _DIGITS
) -> go.Figure:
    """Ten thin bars, the highest in ink-blue.

    Args:
        probabilities: ten floats from 0 to 1.
        class_names: of the classes, in order.
    """
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    what = "digit" if tuple(class_names) == _DIGITS else "class"
    bars = go.Bar(
        x=list(class_names),
        y=list(probabilities),
        width=0.5,
        marker={"color": [INK_BLUE if k == best else MUTED for k in range(len(probabilities))]},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )
    figure = go.Figure(bars)
    apply_theme(
        figure,
        f"How probable each {what} is",
        height_px=220,
        xaxis={"type": "category", "fixedrange": True, "title": None, "tickfont": {"size": 14}},
        yaxis={
            "range": [0, 1],
            "tickformat": ".0%",
            "tickvals": [0, 0.5, 1],
            "fixedrange": True,
            "gridcolor": MUTED,
            "gridwidth": 0.5,
        },
    )
    return figure


def describe_probabilities(
    probabilities: Sequence[float], class_names: Sequence[str] = _DIGITS
) -> str:
    """The same in words, for those who cannot see the chart."""
    order = sorted(range(len(probabilities)), key=lambda k: -probabilities[k])
    parts = [f"{class_names[k]}: {probabilities[k]:.1%}" for k in order]
    return "Probability of each digit, highest first. " + ", ".join(parts) + "."
