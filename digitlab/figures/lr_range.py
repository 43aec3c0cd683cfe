"""The loss of a learning rate range test."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import MUTED, TRAINING, VALIDATION, VALUE_AXIS, WRONG, apply_theme

# The axis: from 0.000001 to 1.
_EXPONENTS = (-6, 0)

_HEIGHT_PX = 300


def lr_range_figure(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    *,
    steepest: float | None,
    diverging: float | None,
) -> go.Figure:
    """Draw the loss by learning rate, and mark the steepest and the diverging point.

    Args:
        rates: of the steps, rising.
        losses, smoothed: of the same steps.
        steepest, diverging: rates to mark.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=rates, y=losses, mode="lines", line={"color": MUTED, "width": 1},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=rates, y=smoothed, mode="lines", line={"color": TRAINING, "width": 2.5},
        hovertemplate="rate %{x:.2g}: loss %{y:.3f}<extra></extra>",
    )  # fmt: skip
    for rate, name, colour, side in (
        (steepest, "steepest", VALIDATION, "right"),
        (diverging, "diverging", WRONG, "left"),
    ):
        if rate is not None:
            figure.add_vline(x=rate, line={"color": colour, "width": 1.5, "dash": "dash"})
            figure.add_annotation(
                # On a logarithmic axis, plotly places annotations by the logarithm.
                x=math.log10(rate), xanchor=side, y=1.02, yref="paper", yanchor="bottom",
                text=name, font={"color": colour, "size": 12}, showarrow=False,
            )  # fmt: skip
    top = max(smoothed, default=1.0)
    apply_theme(
        figure,
        "Loss by learning rate",
        height_px=_HEIGHT_PX,
        top_px=52,
        showlegend=False,
        xaxis={
            "type": "log", "title": {"text": "Learning rate", "font": {"size": 12}},
            "dtick": 1, "exponentformat": "power", "showgrid": False, "fixedrange": True,
            "range": _EXPONENTS,
        },
        yaxis={
            "title": {"text": "Loss", "font": {"size": 12}}, "automargin": True,
            "range": [0, 1.15 * top], **VALUE_AXIS,
        },
    )  # fmt: skip
    return figure


def describe_lr_range(
    rates: Sequence[float], *, steepest: float | None, diverging: float | None
) -> str:
    """Text alternative, and the sentence below the chart; arguments as `lr_range_figure`."""
    if steepest is None:
        return "The loss does not fall at any learning rate: try other settings."
    text = f"The loss falls fastest at {steepest:.1g}"
    if diverging is None:
        return f"{text} and does not diverge up to {rates[-1]:.1g}."
    return f"{text} and diverges from {diverging:.1g} on."
