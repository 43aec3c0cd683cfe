"""Robustness: accuracy against the strength of a corruption."""

from collections.abc import Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import MUTED, REJECTED, TRAINING, VALUE_AXIS, apply_theme

_BAND = "rgba(68, 121, 189, 0.2)"


def robustness_figure(
    strengths: Sequence[float],
    accuracies: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    rejected: Sequence[float],
    *,
    label: str,
    unit: str,
    neutral: float,
) -> go.Figure:
    """Draw accuracy with its 95 % confidence interval; dashed, the fraction rejected as no digit.

    Args:
        strengths: rising.
        accuracies, rejected: one for each strength, 0 to 1.
        intervals: lower and upper end, one for each strength.
        label, unit: of the strengths.
        neutral: the strength that changes nothing; it is marked.
    """
    lows, highs = [low for low, _ in intervals], [high for _, high in intervals]
    figure = go.Figure()
    figure.add_scatter(
        x=[*strengths, *reversed(strengths)], y=[*highs, *reversed(lows)], fill="toself",
        fillcolor=_BAND, line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=list(strengths), y=list(accuracies), mode="lines+markers", name="accuracy",
        line={"color": TRAINING, "width": 2.2},
        hovertemplate="%{x}: accuracy %{y:.2%}<extra></extra>",
    )  # fmt: skip
    if any(rejected):
        figure.add_scatter(
            x=list(strengths), y=list(rejected), mode="lines", name="rejected",
            line={"color": REJECTED, "width": 2, "dash": "dash"},
            hovertemplate="%{x}: %{y:.1%} rejected as no digit<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=neutral, line={"color": MUTED, "width": 1.5, "dash": "dot"})
    _apply_layout(figure, label, unit)
    return figure


def describe_robustness(
    strengths: Sequence[float], accuracies: Sequence[float], label: str, unit: str
) -> str:
    """Text alternative of the chart."""
    parts = [f"{s:g}: {a:.1%}" for s, a in zip(strengths, accuracies, strict=True)]
    return f"Accuracy by {label.lower()} ({unit}). " + ", ".join(parts) + "."


def _apply_layout(figure: go.Figure, label: str, unit: str) -> None:
    apply_theme(
        figure,
        f"{label}: accuracy by strength",
        height_px=240,
        top_px=60,
        right_px=18,
        dragmode=False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=VALUE_AXIS | {"title": {"text": f"{label}, {unit}", "font": {"size": 12}}},
        yaxis=VALUE_AXIS
        | {"range": [0, 1.03], "tickformat": ".0%", "automargin": True}
        | {"title": {"text": "Fraction of the images", "font": {"size": 12}}},
    )  # fmt: skip
