"""The probabilities of one prediction."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import MUTED, TRAINING, apply_theme

_DIGITS = tuple("0123456789")


def probability_figure(
    probabilities: Sequence[float], class_names: Sequence[str] = _DIGITS
) -> go.Figure:
    """Draw one bar for each class, the highest in blue.

    Args:
        probabilities: one for each class, 0 to 1.
        class_names: of the classes, in order.
    """
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    bars = go.Bar(
        x=list(class_names),
        y=list(probabilities),
        width=0.5,
        marker={"color": [TRAINING if k == best else MUTED for k in range(len(probabilities))]},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )
    figure = go.Figure(bars)
    apply_theme(
        figure,
        "Class probabilities",
        height_px=240,
        xaxis={"type": "category", "fixedrange": True, "title": _label_axis("Class")},
        yaxis={
            "title": _label_axis("Probability"),
            "range": [0, 1],
            "tickformat": ".0%",
            "tickvals": [0, 0.5, 1],
            "fixedrange": True,
            "gridcolor": MUTED,
            "gridwidth": 0.5,
        },
    )
    return figure


def _label_axis(text: str) -> dict[str, object]:
    return {"text": text, "font": {"size": 12}}


def describe_probabilities(
    probabilities: Sequence[float], class_names: Sequence[str] = _DIGITS
) -> str:
    """Text alternative of the chart."""
    order = sorted(range(len(probabilities)), key=lambda k: -probabilities[k])
    parts = [f"{class_names[k]}: {probabilities[k]:.1%}" for k in order]
    return "Class probabilities, highest first. " + ", ".join(parts) + "."
