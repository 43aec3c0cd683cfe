"""How accuracy falls as digits get harder to read."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import INK_BLUE, MUTED, VALIDATION, apply_theme

_BAND = "rgba(68, 121, 189, 0.2)"


def robustness_figure(
    strengths: Sequence[float],
    accuracies: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    refused: Sequence[float],
    *,
    label: str,
    unit: str,
    neutral: float,
) -> go.Figure:
    """Accuracy against strength with its 95 % interval; dashed, the share taken for no digit.

    Args:
        strengths: rising.
        accuracies, refused: one a strength, 0 to 1.
        intervals: lower and upper end, one a strength.
        neutral: the strength that changes nothing, marked.
    """
    lows, highs = [low for low, _ in intervals], [high for _, high in intervals]
    figure = go.Figure()
    figure.add_scatter(
        x=[*strengths, *reversed(strengths)], y=[*highs, *reversed(lows)], fill="toself",
        fillcolor=_BAND, line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=list(strengths), y=list(accuracies), mode="lines+markers", name="read right",
        line={"color": INK_BLUE, "width": 2.2},
        hovertemplate="%{x}: %{y:.2%} right<extra></extra>",
    )  # fmt: skip
    if any(refused):
        figure.add_scatter(
            x=list(strengths), y=list(refused), mode="lines", name="taken for no digit",
            line={"color": VALIDATION, "width": 2, "dash": "dash"},
            hovertemplate="%{x}: %{y:.1%} taken for no digit<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=neutral, line={"color": MUTED, "width": 1.5, "dash": "dot"})
    _lay_out(figure, label, unit)
    return figure


def describe_robustness(
    strengths: Sequence[float], accuracies: Sequence[float], label: str, unit: str
) -> str:
    """The same in words."""
    parts = [f"{s:g}: {a:.1%}" for s, a in zip(strengths, accuracies, strict=True)]
    return f"Accuracy by {label.lower()} ({unit}). " + ", ".join(parts) + "."


def _lay_out(figure: go.Figure, label: str, unit: str) -> None:
    axis = {"fixedrange": True, "gridcolor": MUTED, "gridwidth": 0.4, "zeroline": False}
    apply_theme(
        figure,
        f"{label}: how many are still read right",
        height_px=320,
        top_px=60,
        right_px=4,
        dragmode=False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=axis | {"title": {"text": f"{label}, {unit}", "font": {"size": 12}}},
        yaxis=axis | {"range": [0, 1.03], "tickformat": ".0%", "automargin": True},
    )  # fmt: skip
