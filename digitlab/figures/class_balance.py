"""How many images there are of each class."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.palette import QUIET, TRAINING, TRANSPARENT


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
    figure.update_layout(
        title={"text": "Images of each class", "font": {"size": 13, "weight": 400}},
        height=180,
        margin={"l": 0, "r": 0, "t": 36, "b": 0},
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        xaxis={"type": "category", "fixedrange": True, "title": None},
        yaxis={"fixedrange": True, "gridcolor": QUIET, "gridwidth": 0.4, "nticks": 4},
    )
    return figure


def describe_class_balance(counts: Sequence[int], class_names: Sequence[str]) -> str:
    """The same in words."""
    pairs = zip(class_names, counts, strict=True)
    return "Images of each class: " + ", ".join(f"{name} {n:,}" for name, n in pairs) + "."
