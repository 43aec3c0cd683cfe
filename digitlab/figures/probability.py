"""The probabilities of one prediction."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.class_names import MANY_CLASSES, build_class_axis, escape_text
from digitlab.figures.theme import MUTED, TRAINING, apply_theme

_DIGITS = tuple("0123456789")
# Of many classes the most probable ones.
_N_SHOWN = 10


def probability_figure(
    probabilities: Sequence[float], class_names: Sequence[str] = _DIGITS
) -> go.Figure:
    """Draw one bar for each class, the highest in blue; of many, the most probable ones.

    Args:
        probabilities: one for each class, 0 to 1.
        class_names: of the classes, in order.
    """
    shown = list(range(len(probabilities)))
    title = "Class probabilities"
    if len(shown) > MANY_CLASSES:
        shown = _sort_by_probability(probabilities)[:_N_SHOWN]
        title = f"The {_N_SHOWN} most probable classes"
    best = max(shown, key=probabilities.__getitem__)
    names = [class_names[k] for k in shown]
    bars = go.Bar(
        x=list(range(len(shown))),
        y=[probabilities[k] for k in shown],
        customdata=[escape_text(name) for name in names],
        width=0.5,
        marker={"color": [TRAINING if k == best else MUTED for k in shown]},
        hovertemplate="%{customdata}: %{y:.1%}<extra></extra>",
    )
    figure = go.Figure(bars)
    apply_theme(
        figure,
        title,
        height_px=240,
        xaxis=build_class_axis(names) | {"title": _label_axis("Class")},
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


def _sort_by_probability(probabilities: Sequence[float]) -> list[int]:
    return sorted(range(len(probabilities)), key=lambda k: -probabilities[k])


def describe_probabilities(
    probabilities: Sequence[float], class_names: Sequence[str] = _DIGITS
) -> str:
    """Text alternative of the chart."""
    order = _sort_by_probability(probabilities)[:MANY_CLASSES]
    parts = [f"{class_names[k]}: {probabilities[k]:.1%}" for k in order]
    return "Class probabilities, highest first. " + ", ".join(parts) + "."
