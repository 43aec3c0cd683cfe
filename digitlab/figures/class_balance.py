"""The number of images of each class."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.class_names import build_class_axis, escape_text
from digitlab.figures.theme import MUTED, TRAINING, apply_theme


def class_balance_figure(counts: Sequence[int], class_names: Sequence[str]) -> go.Figure:
    """Draw one bar for each class.

    Args:
        counts: images of each class.
        class_names: of the classes, in order.
    """
    bars = go.Bar(
        x=list(range(len(class_names))),
        customdata=[escape_text(name) for name in class_names],
        y=list(counts),
        width=0.5,
        marker={"color": TRAINING},
        hovertemplate="%{customdata}: %{y:,} images<extra></extra>",
    )
    figure = go.Figure(bars)
    apply_theme(
        figure,
        "Images per class",
        height_px=180,
        xaxis=build_class_axis(class_names) | {"title": None},
        yaxis={"fixedrange": True, "gridcolor": MUTED, "gridwidth": 0.4, "nticks": 4},
    )
    return figure


def describe_class_balance(counts: Sequence[int], class_names: Sequence[str]) -> str:
    """Text alternative of the chart."""
    pairs = zip(class_names, counts, strict=True)
    return "Images per class: " + ", ".join(f"{name} {n:,}" for name, n in pairs) + "."
