"""How many images there are of each class."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import MUTED, TRAINING, apply_theme


def class_balance_figure(counts: Sequence[int], class_names: Sequence[str]) -> go.Figure:
    """One bar a class.

    Args:
        counts: images of each class.
        class_names: as many.
    """
    bars = go.Bar(
        x=list(class_names),
        y=list(counts),
        width=0.5,
        marker={"color": TRAINING},
        hovertemplate="%{x}: %{y:,} images<extra></extra>",
    )
    figure = go.Figure(bars)
    apply_theme(
        figure,
        "Images of each class",
        height_px=180,
        xaxis={"type": "category", "fixedrange": True, "title": None},
        yaxis={"fixedrange": True, "gridcolor": MUTED, "gridwidth": 0.4, "nticks": 4},
    )
    return figure


def describe_class_balance(counts: Sequence[int], class_names: Sequence[str]) -> str:
    """The same in words."""
    pairs = zip(class_names, counts, strict=True)
    return "Images of each class: " + ", ".join(f"{name} {n:,}" for name, n in pairs) + "."
